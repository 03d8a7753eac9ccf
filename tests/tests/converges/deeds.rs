//! What people, lines and the office do in a run: as values that a property draws, and as commands.
//! It does not know what has to hold afterwards.

use outfield_core::base::context::Role;
use outfield_tests::world::HERE;
use outfield_tests::{Fault, Phone};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value as Json, json};

/// What somebody does on a phone. An index chooses among what is there.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    Add,
    Edit(Index, &'static str),
    Link(Index, Index),
    EditRole(Index),
    Unlink(Index),
    Note(Index),
    Call(Index),
    Rename(Index),
    OpenShop,
    Start(Index),
    CheckIn,
    Answer(&'static str),
    CheckOut,
    Cancel,
    Purpose(Index),
    Resolve(Index, &'static str),
    Order(Index),
    OrderLine(Index, u8),
    Submit(Index),
    CancelOrder(Index),
}

/// What the office does.
#[derive(Debug, Clone)]
pub(crate) enum Order {
    Move(Index, &'static str),
    Role(Index, Role),
    Follow(Index, &'static [&'static str]),
    Revoke(usize),
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Do(usize, Deed),
    Sync(usize, Vec<(&'static str, Fault)>),
    Reopen(usize),
    Kill(usize),
    RestartServer,
    /// The server packs what its buckets hold, and forgets what their logs say twice.
    Compact,
    Wait(i64),
    Order(Order),
    /// The phone's files are copied to another phone, with the mark beside them or without.
    Copy(usize, bool),
    /// The files of the phone are kept aside.
    BackUp(usize),
    /// They come back.
    Restore(usize),
}

impl Step {
    /// The phone that it happens to.
    pub(crate) fn phone(&self) -> Option<usize> {
        match self {
            Step::Do(phone, _)
            | Step::Sync(phone, _)
            | Step::Reopen(phone)
            | Step::Kill(phone)
            | Step::Order(Order::Revoke(phone))
            | Step::Copy(phone, _)
            | Step::BackUp(phone)
            | Step::Restore(phone) => Some(*phone),
            Step::RestartServer | Step::Compact | Step::Wait(_) | Step::Order(_) => None,
        }
    }
}

fn deed() -> impl Strategy<Value = Deed> {
    let index = any::<Index>;
    prop_oneof![
        1 => Just(Deed::Add),
        9 => (index(), select(vec!["job_title", "phone"])).prop_map(|(i, f)| Deed::Edit(i, f)),
        1 => (index(), index()).prop_map(|(contact, shop)| Deed::Link(contact, shop)),
        3 => index().prop_map(Deed::EditRole),
        1 => index().prop_map(Deed::Unlink),
        2 => index().prop_map(Deed::Note),
        4 => index().prop_map(Deed::Call),
        6 => index().prop_map(Deed::Rename),
        1 => Just(Deed::OpenShop),
        2 => index().prop_map(Deed::Start),
        2 => Just(Deed::CheckIn),
        4 => select(vec!["shelf", "prices"]).prop_map(Deed::Answer),
        3 => Just(Deed::CheckOut),
        1 => Just(Deed::Cancel),
        2 => index().prop_map(Deed::Purpose),
        6 => (index(), select(vec!["mine", "theirs"])).prop_map(|(i, choice)| Deed::Resolve(i, choice)),
    ]
}

/// Orders are judged: what comes after a confirmation is refused, so they have no place where
/// nothing may be.
fn sale() -> impl Strategy<Value = Deed> {
    let index = any::<Index>;
    prop_oneof![
        3 => index().prop_map(Deed::Order),
        4 => (index(), 1..40_u8).prop_map(|(order, quantity)| Deed::OrderLine(order, quantity)),
        3 => index().prop_map(Deed::Submit),
        1 => index().prop_map(Deed::CancelOrder),
    ]
}

fn fault() -> impl Strategy<Value = (&'static str, Fault)> {
    let call = select(vec!["/hello", "/push", "/pull", "/refresh", ""]);
    prop_oneof![
        2 => call.clone().prop_map(|call| (call, Fault::RequestLost)),
        2 => call.clone().prop_map(|call| (call, Fault::AnswerLost)),
        2 => call.clone().prop_map(|call| (call, Fault::Twice)),
        1 => (call.clone(), 0..100_000_u64).prop_map(|(call, ms)| (call, Fault::Busy(ms))),
        2 => (call, any::<u16>()).prop_map(|(call, bytes)| (call, Fault::Cut(bytes.into()))),
        2 => any::<u16>().prop_map(|bytes| ("/pull", Fault::Short(bytes.into()))),
    ]
}

fn order(phones: usize) -> impl Strategy<Value = Order> {
    let index = any::<Index>;
    let followed: Vec<&'static [&'static str]> =
        vec![&["North"], &["South"], &["North", "South"], &[]];
    prop_oneof![
        4 => (index(), select(vec!["North", "South"])).prop_map(|(shop, to)| Order::Move(shop, to)),
        3 => (index(), select(vec![Role::Rep, Role::Manager])).prop_map(|(who, role)| Order::Role(who, role)),
        2 => (index(), select(followed)).prop_map(|(who, territories)| Order::Follow(who, territories)),
        1 => (0..phones).prop_map(Order::Revoke),
    ]
}

/// What happens while the office looks on.
pub(crate) fn step(phones: usize) -> impl Strategy<Value = Step> {
    let phone = move || 0..phones;
    prop_oneof![
        24 => (phone(), deed()).prop_map(|(phone, deed)| Step::Do(phone, deed)),
        6 => phone().prop_map(|phone| Step::Sync(phone, Vec::new())),
        5 => (phone(), prop::collection::vec(fault(), 1..8)).prop_map(|(phone, faults)| Step::Sync(phone, faults)),
        1 => phone().prop_map(Step::Reopen),
        1 => phone().prop_map(Step::Kill),
        1 => Just(Step::RestartServer),
        1 => Just(Step::Compact),
        2 => (0..90_000_000_i64).prop_map(Step::Wait),
        1 => (0..20 * 86_400_000_i64).prop_map(Step::Wait),
    ]
}

/// What happens while the office gives and takes, and databases are copied and come back.
pub(crate) fn hard_step(phones: usize) -> impl Strategy<Value = Step> {
    let phone = move || 0..phones;
    prop_oneof![
        24 => step(phones),
        6 => (phone(), sale()).prop_map(|(phone, deed)| Step::Do(phone, deed)),
        4 => order(phones).prop_map(Step::Order),
        1 => (phone(), any::<bool>()).prop_map(|(phone, with_mark)| Step::Copy(phone, with_mark)),
        1 => phone().prop_map(Step::BackUp),
        1 => phone().prop_map(Step::Restore),
    ]
}

/// The command that a deed comes to on a phone, if there is anything to do it with. Texts hold the
/// number of the deed, so that no two are alike.
pub(crate) fn command(deed: &Deed, phone: &mut Phone, number: u32) -> Option<Json> {
    let contact = |phone: &mut Phone, index: &Index| one_of(&ids(phone, "contact"), index);
    let shop = |phone: &mut Phone, index: &Index| one_of(&ids(phone, "account"), index);
    let order = |phone: &mut Phone, index: &Index| one_of(&ids(phone, "sales_order"), index);
    let open = |phone: &mut Phone| {
        phone.device().today().unwrap().data[0]["id"]
            .as_str()
            .map(str::to_owned)
    };
    let edit = |object: &str, id: String, fields: Json| json!({"do": "edit", "object": object, "id": id, "fields": fields});
    Some(match deed {
        Deed::Add => {
            let home = ids(phone, "account").first()?.clone();
            let fields = json!({"name": format!("Person {number}"), "roles/first/account": home});
            json!({"do": "add", "object": "contact", "fields": fields})
        }
        Deed::Edit(index, field) => {
            let value = match *field {
                "phone" => format!("+1479{number:07}"),
                "email" => format!("p{number}@harps.example"),
                _ => format!("Title {number}"),
            };
            edit("contact", contact(phone, index)?, json!({ *field: value }))
        }
        Deed::Link(index, at) => {
            let (contact, shop) = (contact(phone, index)?, shop(phone, at)?);
            json!({"do": "link_contact", "contact": contact, "account": shop, "role": format!("Role {number}")})
        }
        Deed::EditRole(index) => edit(
            "contact",
            contact(phone, index)?,
            json!({"roles/first/role": format!("Role {number}")}),
        ),
        Deed::Unlink(index) => {
            let id = contact(phone, index)?;
            let linked = phone.get("contact", &id)["roles"]
                .as_object()?
                .keys()
                .next_back()?
                .clone();
            // The first role stays, or nobody would see the contact.
            edit(
                "contact",
                id,
                json!({ format!("roles/{linked}/removed"): linked != "first" }),
            )
        }
        Deed::Note(index) => {
            json!({"do": "log_follow_up", "account": shop(phone, index)?, "note": format!("Note {number}")})
        }
        Deed::Call(index) => edit(
            "account",
            shop(phone, index)?,
            json!({"phone": format!("+1479{number:07}")}),
        ),
        Deed::Rename(index) => edit(
            "account",
            shop(phone, index)?,
            json!({"name": format!("Shop {number}")}),
        ),
        Deed::OpenShop => {
            let territory = ids(phone, "territory").first()?.clone();
            let fields = json!({"name": format!("Shop {number}"), "territory": territory});
            json!({"do": "add", "object": "account", "fields": fields})
        }
        Deed::Start(index) => json!({"do": "start_visit", "account": shop(phone, index)?}),
        Deed::CheckIn => json!({"do": "check_in", "visit": open(phone)?, "position": HERE}),
        Deed::Answer(action) => {
            let (visit, value) = (open(phone)?, format!("Answer {number}"));
            json!({"do": "answer_action", "visit": visit, "action": action, "value": value})
        }
        Deed::CheckOut => json!({"do": "check_out", "visit": open(phone)?}),
        Deed::Cancel => {
            json!({"do": "cancel_visit", "visit": open(phone)?, "reason": format!("Reason {number}")})
        }
        Deed::Order(index) => {
            json!({"do": "new_order", "account": shop(phone, index)?, "note": format!("Order {number}")})
        }
        Deed::OrderLine(index, quantity) => {
            let (order, product) = (order(phone, index)?, ids(phone, "product").first()?.clone());
            json!({"do": "set_order_line", "sales_order": order, "product": product, "quantity": quantity.to_string()})
        }
        Deed::Submit(index) => json!({"do": "submit_order", "sales_order": order(phone, index)?}),
        Deed::CancelOrder(index) => {
            json!({"do": "cancel_order", "sales_order": order(phone, index)?, "reason": format!("Reason {number}")})
        }
        // Of visits that ended long ago too, whose history only the server has.
        Deed::Purpose(index) => edit(
            "visit",
            one_of(&ids(phone, "visit"), index)?,
            json!({"purpose": format!("Purpose {number}")}),
        ),
        Deed::Resolve(index, choice) => {
            let conflict = one_of(&phone.conflicts(), index)?["id"].clone();
            json!({"do": "resolve_conflict", "conflict": conflict, "choose": choice})
        }
    })
}

fn one_of<T: Clone>(all: &[T], index: &Index) -> Option<T> {
    (!all.is_empty()).then(|| index.get(all).clone())
}

/// Ids of all records of an object on a phone.
pub(crate) fn ids(phone: &mut Phone, object: &str) -> Vec<String> {
    let all = phone.device().list(object, None, 10_000).unwrap().data;
    all.as_array()
        .unwrap()
        .iter()
        .map(|record| record["id"].as_str().unwrap().to_owned())
        .collect()
}
