//! The workload: territories with what was done in them, written by the office. Stores and products
//! are real where files are given, else a seed makes them. It does not know what is measured on it.

use std::path::Path;

use outfield_core::base::id::{RecordId, UserId};
use outfield_core::base::time::Timestamp;
use outfield_core::objects::{Value, Values, Write};
use outfield_server::{office::standard_id, tenant::Tenant};
use serde_json::{Value as Json, json};

use super::goods;
use super::site::works_ago;
use crate::dice::Dice;
use crate::world::values;

/// How much there is of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// Accounts of a territory.
    pub accounts: usize,
    /// Contacts of a territory.
    pub contacts: usize,
    /// Products of the tenant.
    pub products: usize,
    /// Price entries a product.
    pub entries: usize,
    /// Visits of a territory.
    pub visits: usize,
    /// Orders of a territory.
    pub orders: usize,
}

/// A territory as the plan has it: about 77,000 rows.
pub const T: Scale = Scale {
    accounts: 500,
    contacts: 2_000,
    products: 2_000,
    entries: 5,
    visits: 1_000,
    orders: 1_000,
};
/// A hundredth of it or so, to see that everything works.
pub const SMALL: Scale = Scale {
    accounts: 60,
    contacts: 120,
    products: 120,
    entries: 2,
    visits: 10,
    orders: 10,
};
/// What a day needs to be spent in, and no more.
pub const PATCH: Scale = Scale {
    accounts: 20,
    contacts: 30,
    visits: 0,
    orders: 0,
    ..T
};

/// Actions of a visit, counts of a check, lines of an order.
pub const ACTIONS: usize = 5;
/// See [`ACTIONS`].
pub const COUNTS: usize = 40;
/// See [`ACTIONS`].
pub const ORDER_LINES: usize = 15;
/// Promotions of the tenant.
pub const PROMOTIONS: usize = 50;

/// Writes of one transaction of the office.
const BATCH: usize = 500;
/// How long ago the first of it was written; the last of it was written now.
const SINCE_MS: i64 = 60 * 24 * 60 * 60 * 1000;
/// The first moment of anything.
const BEGIN_MS: i64 = 1_780_000_000_000;
/// Between two records.
const STEP_MS: i64 = 61_000;

const KINDS: [&str; ACTIONS] = [
    "photo",
    "shelf_count",
    "price_check",
    "promotion_check",
    "task",
];
const TITLES: [&str; ACTIONS] = [
    "Photo of the storefront",
    "Count the shelf",
    "Check the prices",
    "Check the promotion",
    "Ask how sales go",
];
const ANSWERS: [&str; ACTIONS] = [
    "storefront, cooler at the door",
    "40 products",
    "as listed",
    "present",
    "two cases more",
];

/// The product catalogue.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// Ids of the products.
    pub products: Vec<String>,
}

/// One territory.
#[derive(Debug, Clone, Default)]
pub struct BenchTerritory {
    /// Its name.
    pub name: String,
    /// Its accounts.
    pub accounts: Vec<BenchAccount>,
    /// Ids of its contacts.
    pub contacts: Vec<String>,
    /// Its visits.
    pub visits: Vec<BenchVisit>,
}

/// One account.
#[derive(Debug, Clone, Default)]
pub struct BenchAccount {
    /// Its id.
    pub id: String,
    /// Where it is.
    pub position: String,
}

/// One visit.
#[derive(Debug, Clone, Default)]
pub struct BenchVisit {
    /// Its id.
    pub id: String,
    /// The id of its inventory check.
    pub check: String,
}

/// Makes records, one after the other, as a seed decides.
pub struct Maker {
    dice: Dice,
    made: i64,
    stores: Vec<goods::RetailStore>,
    wares: Vec<goods::Ware>,
}

impl Maker {
    /// A maker that a seed and files of stores and products, if there are any, decide.
    #[must_use]
    pub fn new(seed: u64, stores: Option<&Path>, products: Option<&Path>) -> Maker {
        let mut dice = Dice::new(seed);
        let stores = stores.map_or_else(|| goods::stores(&mut dice), goods::read_stores);
        let wares = products.map_or_else(|| goods::wares(&mut dice), goods::read_wares);
        Maker {
            dice,
            made: 0,
            stores,
            wares,
        }
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.dice.roll(all.len())]
    }

    fn now(&self) -> i64 {
        BEGIN_MS + self.made * STEP_MS
    }

    fn day(&self) -> String {
        Timestamp(self.now()).day_in("UTC")
    }

    fn write(&mut self, object: &str, fields: Values) -> Write {
        self.made += 1;
        let random: [u8; 10] = self.dice.bytes(10).try_into().unwrap();
        Write {
            object: object.to_owned(),
            id: RecordId::at(self.now(), random),
            new: true,
            values: fields,
            verb: None,
        }
    }

    fn phone(&mut self) -> String {
        format!("+1479{:07}", self.dice.roll(10_000_000))
    }

    /// Products with units, prices and promotions.
    pub fn goods(&mut self, tenant: &mut Tenant, scale: Scale) -> Catalogue {
        let list = standard_id("price_list", "Standard").to_string();
        let (mut writes, mut products) = (Vec::new(), Vec::new());
        for n in 0..scale.products {
            let ware = self.wares[n % self.wares.len()].clone();
            let class = standard_id("tax_class", if n % 7 == 0 { "Reduced" } else { "Standard" })
                .to_string();
            let write = self.write("product", values(&json!({
                "name": ware.name, "gtin": ware.gtin, "category": ware.category,
                "base_unit": "EA", "tax_class": class,
                "units/case/unit": "XCS", "units/case/numerator": 12, "units/case/denominator": 1,
            })));
            let (product, cents) = (write.id.to_string(), 49 + self.dice.roll(1_951));
            writes.push(write);
            for step in 0..scale.entries {
                let cents = cents * (100 - 3 * step) / 100;
                let mut fields = values(&json!({
                    "price_list": list, "product": product, "unit": "EA",
                    "unit_price": format!("{}.{:02}", cents / 100, cents % 100),
                }));
                if step > 0 {
                    fields.insert(
                        "minimum_quantity".into(),
                        Value::from((12 << step).to_string()),
                    );
                }
                writes.push(self.write("price_entry", fields));
            }
            products.push(product);
        }
        for n in 0..PROMOTIONS {
            writes.push(self.write(
                "promotion",
                values(&json!({
                    "name": format!("Promotion {n}"), "promotion_version": 1, "level": "line",
                    "hurdle": "quantity",
                    "hurdle_quantity": "10", "reward": "percent",
                    "reward_percent": (1 + n % 9).to_string(),
                    "product": products[n % products.len()], "priority": n,
                })),
            ));
        }
        put(tenant, &writes);
        Catalogue { products }
    }

    /// A territory with what was done in it, by these people in turn.
    pub fn territory(
        &mut self,
        tenant: &mut Tenant,
        name: &str,
        goods: &Catalogue,
        reps: &[UserId],
        scale: Scale,
    ) -> BenchTerritory {
        let id = tenant.territory_named(name).unwrap().unwrap().to_string();
        let mut territory = BenchTerritory {
            name: name.to_owned(),
            ..BenchTerritory::default()
        };
        let mut writes = Vec::new();
        for n in 0..scale.accounts {
            let store = self.stores[n % self.stores.len()].clone();
            let write = self.account(&store, &id);
            territory.accounts.push(BenchAccount {
                id: write.id.to_string(),
                position: store.position,
            });
            writes.push(write);
        }
        for n in 0..scale.contacts {
            let account = territory.accounts[n % scale.accounts].id.clone();
            let write = self.contact(&account, reps[n % reps.len()]);
            territory.contacts.push(write.id.to_string());
            writes.push(write);
        }
        for n in 0..scale.visits {
            let account = territory.accounts[n * 7 % scale.accounts].clone();
            let rep = reps[n % reps.len()];
            let visit = self.visit(&account, rep);
            let check = self.check(&account.id, &visit.id.to_string(), rep, goods);
            territory.visits.push(BenchVisit {
                id: visit.id.to_string(),
                check: check.id.to_string(),
            });
            writes.extend([visit, check]);
        }
        for n in 0..scale.orders {
            let account = territory.accounts[n * 11 % scale.accounts].id.clone();
            writes.push(self.order(&account, reps[n % reps.len()], goods));
        }
        put(tenant, &writes);
        territory
    }

    /// An account at a store.
    pub fn account(&mut self, store: &goods::RetailStore, territory: &str) -> Write {
        let (phone, code) = (self.phone(), format!("S{:06}", self.made));
        self.write(
            "account",
            values(&json!({
                "name": format!("{} {}", store.kind, store.city), "code": code,
                "type": store.kind, "tier": "B",
                "street": store.street, "city": store.city, "region": store.region,
                "postal_code": store.postal_code,
                "country": "US", "phone": phone, "position": store.position,
                "time_zone": "America/Chicago",
                "territory": territory, "opened_on": store.opened,
            })),
        )
    }

    /// The store of this number.
    #[must_use]
    pub fn store(&self, n: usize) -> goods::RetailStore {
        self.stores[n % self.stores.len()].clone()
    }

    fn contact(&mut self, account: &str, owner: UserId) -> Write {
        let (first, last) = (*self.pick(&goods::FIRST), *self.pick(&goods::LAST));
        let (phone, title) = (
            self.phone(),
            *self.pick(&["Store manager", "Buyer", "Night manager", "Owner"]),
        );
        self.write(
            "contact",
            values(&json!({
                "name": format!("{first} {last}"), "job_title": title, "phone": phone,
                "consent_email": true,
                "email": format!("{}.{}@example.com", first.to_lowercase(), last.to_lowercase()),
                "owner": owner.to_string(), format!("roles/{account}/account"): account,
                format!("roles/{account}/role"): title,
            })),
        )
    }

    fn visit(&mut self, at: &BenchAccount, owner: UserId) -> Write {
        let template = RecordId::derived(&[b"visit_template", b"standard"]).to_string();
        let (now, day) = (self.now(), self.day());
        let mut fields = values(&json!({
            "account": at.id, "owner": owner.to_string(), "planned_on": day, "started_on": day,
            "started_at": now,
            "checked_in_at": now + 60_000, "check_in_position": at.position,
            "check_in_accuracy_m": 12, "fence_m": 200,
            "distance_m": 31, "account_position": at.position,
            "checked_out_at": now + 1_800_000, "state": "completed",
            "template": template, "template_version": 1,
        }));
        for n in 0..ACTIONS {
            let line = |field: &str| format!("actions/a{n}/{field}");
            fields.extend(values(&json!({
                line("kind"): KINDS[n], line("title"): TITLES[n], line("mandatory"): n < 3,
                line("state"): "done",
                line("answer"): ANSWERS[n], line("position"): n + 1,
            })));
        }
        self.write("visit", fields)
    }

    fn check(&mut self, account: &str, visit: &str, user: UserId, goods: &Catalogue) -> Write {
        let (at, day, user) = (self.now(), self.day(), user.to_string());
        let mut fields = values(&json!({
            "account": account, "visit": visit, "action": "a1", "owner": user, "at": at,
            "counted_on": day,
            "state": "finished",
        }));
        let first = self.dice.roll(goods.products.len());
        for n in 0..COUNTS {
            let product = &goods.products[(first + n) % goods.products.len()];
            let line = |field: &str| format!("counts/{product}~{user}/{field}");
            let facings = self.dice.roll(12);
            fields.extend(values(&json!({
                line("product"): product, line("user"): user, line("at"): at + 1_000 * n as i64,
                line("status"): "present", line("listed"): true, line("facings"): facings,
                line("on_shelf_units"): facings * 4, line("back_stock_units"): self.dice.roll(30),
                line("category"): "grocery", line("own"): true,
            })));
        }
        self.write("inventory_check", fields)
    }

    fn order(&mut self, account: &str, owner: UserId, goods: &Catalogue) -> Write {
        let (at, day, number) = (self.now(), self.day(), self.made);
        let mut fields = values(&json!({
            "account": account, "owner": owner.to_string(),
            "number": format!("SO-0badcafe-{number}"),
            "series": "0badcafe", "ordered_on": day, "currency": "USD", "tax_mode": "exclusive",
            "tax_rounding": "document", "state": "submitted", "submitted_at": at,
            "net": "412.35", "tax": "35.05",
            "gross": "447.40", "content_hash": format!("{:064x}", self.dice.roll(usize::MAX)),
        }));
        let first = self.dice.roll(goods.products.len());
        for n in 0..ORDER_LINES {
            let product = &goods.products[(first + n) % goods.products.len()];
            let line = |field: &str| format!("lines/{product}~EA/{field}");
            let quantity = (1 + self.dice.roll(48)).to_string();
            fields.extend(values(&json!({
                line("product"): product, line("unit"): "EA", line("quantity"): quantity,
                line("base_quantity"): quantity, line("position"): n + 1,
            })));
        }
        self.write("sales_order", fields)
    }
}

fn put(tenant: &mut Tenant, writes: &[Write]) {
    let batches: Vec<&[Write]> = writes.chunks(BATCH).collect();
    let count = i64::try_from(batches.len()).unwrap();
    for (n, batch) in (1..).zip(batches) {
        works_ago(SINCE_MS * (count - n) / count);
        tenant.write(batch).unwrap();
    }
}

/// A scale as JSON, for a report.
#[must_use]
pub fn described(scale: Scale, seed: u64) -> Json {
    let Scale {
        accounts,
        contacts,
        products,
        entries,
        visits,
        orders,
    } = scale;
    json!({
        "accounts": accounts, "contacts": contacts, "products": products,
        "price_entries": products * entries,
        "visits": visits, "orders": orders, "actions": ACTIONS, "counts": COUNTS,
        "order_lines": ORDER_LINES,
        "seed": seed,
    })
}
