//! A rep's day: visits with their actions and counts, orders, edits of contacts, all by the
//! commands that an app gives. It does not know what is measured.

use serde_json::{Map, Value as Json, json};

use super::site::SiteDevice;
use super::workload::{BenchAccount, BenchTerritory, COUNTS, Catalogue, ORDER_LINES};

/// How much is done in a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BenchDay {
    /// Visits.
    pub visits: usize,
    /// Orders.
    pub orders: usize,
    /// Edits of contacts.
    pub edits: usize,
}

/// A day as the plan has it.
pub const D: BenchDay = BenchDay {
    visits: 20,
    orders: 15,
    edits: 30,
};
/// A short one.
pub const SHORT: BenchDay = BenchDay {
    visits: 2,
    orders: 1,
    edits: 3,
};

/// The command that counts forty products on a shelf.
#[must_use]
pub fn count(visit: &str, goods: &Catalogue, first: usize) -> Json {
    let mut command = Map::new();
    command.insert("do".into(), "count".into());
    command.insert("visit".into(), visit.into());
    command.insert("action".into(), "shelf".into());
    for n in 0..COUNTS {
        let product = &goods.products[(first + n) % goods.products.len()];
        command.insert(format!("counts/{product}/status"), "present".into());
        command.insert(format!("counts/{product}/facings"), json!(n % 12));
        command.insert(
            format!("counts/{product}/on_shelf_units"),
            json!(n % 12 * 4),
        );
        command.insert(format!("counts/{product}/back_stock_units"), json!(n % 30));
    }
    Json::Object(command)
}

fn visit(device: &mut SiteDevice, account: &BenchAccount, goods: &Catalogue, n: usize) {
    let visit = device.does(&json!({"do": "start_visit", "account": account.id}));
    device.does(&json!({
        "do": "check_in", "visit": visit, "position": account.position, "accuracy_m": 12,
    }));
    device.does(&count(&visit, goods, n * COUNTS));
    let answers = [
        ("storefront", Some("cooler at the door")),
        ("shelf", None),
        ("prices", Some("as listed")),
    ];
    for (action, value) in answers.into_iter().chain([("promotion", Some("present"))]) {
        device.does(
            &json!({"do": "answer_action", "visit": visit, "action": action, "value": value}),
        );
    }
    device.does(&json!({
        "do": "answer_question", "visit": visit, "action": "survey", "question": "sells",
        "value": "yes",
    }));
    device.does(&json!({"do": "check_out", "visit": visit}));
}

/// An order of [`ORDER_LINES`] lines, submitted.
pub fn order(device: &mut SiteDevice, account: &str, goods: &Catalogue, n: usize) {
    let order = device.does(&json!({"do": "new_order", "account": account}));
    for line in 0..ORDER_LINES {
        let product = &goods.products[(n * ORDER_LINES + line) % goods.products.len()];
        let quantity = (1 + line).to_string();
        device.does(&json!({
            "do": "set_order_line", "sales_order": order, "product": product,
            "quantity": quantity,
        }));
    }
    device.does(&json!({"do": "submit_order", "sales_order": order}));
}

/// Spends a day offline in a territory.
pub fn spend(
    device: &mut SiteDevice,
    day: BenchDay,
    territory: &BenchTerritory,
    goods: &Catalogue,
) {
    let account = |n: usize| &territory.accounts[n % territory.accounts.len()];
    for n in 0..day.visits {
        visit(device, account(n), goods, n);
    }
    for n in 0..day.orders {
        order(device, &account(n).id, goods, n);
    }
    for n in 0..day.edits {
        let contact = &territory.contacts[n % territory.contacts.len()];
        device.edits(
            "contact",
            contact,
            &json!({"phone": format!("+1479555{n:04}")}),
        );
    }
}
