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
pub(crate) enum PhoneDeed {
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
pub(crate) enum OfficeDeed {
    Move(Index, &'static str),
    Role(Index, Role),
    Follow(Index, &'static [&'static str]),
    Revoke(usize),
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub(crate) enum RunStep {
    Do(usize, PhoneDeed),
    Sync(usize, Vec<(&'static str, Fault)>),
    Reopen(usize),
    Kill(usize),
    RestartServer,
    /// The server packs what its buckets hold, and forgets what their logs say twice.
    Compact,
    Wait(i64),
    Order(OfficeDeed),
    /// The phone's files are copied to another phone, with the mark beside them or without.
    Copy(usize, bool),
    /// The files of the phone are kept aside.
    BackUp(usize),
    /// They come back.
    Restore(usize),
}

impl RunStep {
    /// The phone that it happens to.
    pub(crate) fn phone(&self) -> Option<usize> {
        match self {
            RunStep::Do(phone, _)
            | RunStep::Sync(phone, _)
            | RunStep::Reopen(phone)
            | RunStep::Kill(phone)
            | RunStep::Order(OfficeDeed::Revoke(phone))
            | RunStep::Copy(phone, _)
            | RunStep::BackUp(phone)
            | RunStep::Restore(phone) => Some(*phone),
            RunStep::RestartServer | RunStep::Compact | RunStep::Wait(_) | RunStep::Order(_) => {
                None
            }
        }
    }
}

fn deed() -> impl Strategy<Value = PhoneDeed> {
    let index = any::<Index>;
    prop_oneof![
        1 => Just(PhoneDeed::Add),
        9 => (index(), select(vec!["job_title", "phone"])).prop_map(|(i, f)| PhoneDeed::Edit(i, f)),
        1 => (index(), index()).prop_map(|(contact, shop)| PhoneDeed::Link(contact, shop)),
        3 => index().prop_map(PhoneDeed::EditRole),
        1 => index().prop_map(PhoneDeed::Unlink),
        2 => index().prop_map(PhoneDeed::Note),
        4 => index().prop_map(PhoneDeed::Call),
        6 => index().prop_map(PhoneDeed::Rename),
        1 => Just(PhoneDeed::OpenShop),
        2 => index().prop_map(PhoneDeed::Start),
        2 => Just(PhoneDeed::CheckIn),
        4 => select(vec!["shelf", "prices"]).prop_map(PhoneDeed::Answer),
        3 => Just(PhoneDeed::CheckOut),
        1 => Just(PhoneDeed::Cancel),
        2 => index().prop_map(PhoneDeed::Purpose),
        6 => (index(), select(vec!["mine", "theirs"])).prop_map(|(i, choice)| PhoneDeed::Resolve(i,
            choice)),
    ]
}

/// Orders are judged: what comes after a confirmation is refused, so they have no place where
/// nothing may be.
fn sale() -> impl Strategy<Value = PhoneDeed> {
    let index = any::<Index>;
    prop_oneof![
        3 => index().prop_map(PhoneDeed::Order),
        4 => (index(), 1..40_u8).prop_map(|(order, quantity)| PhoneDeed::OrderLine(order,
            quantity)),
        3 => index().prop_map(PhoneDeed::Submit),
        1 => index().prop_map(PhoneDeed::CancelOrder),
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

fn order(phones: usize) -> impl Strategy<Value = OfficeDeed> {
    let index = any::<Index>;
    let followed: Vec<&'static [&'static str]> =
        vec![&["North"], &["South"], &["North", "South"], &[]];
    prop_oneof![
        4 => (index(), select(vec!["North", "South"])).prop_map(|(shop, to)| OfficeDeed::Move(shop,
            to)),
        3 => (index(), select(vec![Role::REP, Role::MANAGER])).prop_map(|(who,
            role)| OfficeDeed::Role(who, role)),
        2 => (index(), select(followed)).prop_map(|(who, territories)| OfficeDeed::Follow(who,
            territories)),
        1 => (0..phones).prop_map(OfficeDeed::Revoke),
    ]
}

/// What happens while the office looks on.
pub(crate) fn step(phones: usize) -> impl Strategy<Value = RunStep> {
    let phone = move || 0..phones;
    prop_oneof![
        24 => (phone(), deed()).prop_map(|(phone, deed)| RunStep::Do(phone, deed)),
        6 => phone().prop_map(|phone| RunStep::Sync(phone, Vec::new())),
        5 => (phone(), prop::collection::vec(fault(), 1..8)).prop_map(|(phone,
            faults)| RunStep::Sync(phone, faults)),
        1 => phone().prop_map(RunStep::Reopen),
        1 => phone().prop_map(RunStep::Kill),
        1 => Just(RunStep::RestartServer),
        1 => Just(RunStep::Compact),
        2 => (0..90_000_000_i64).prop_map(RunStep::Wait),
        1 => (0..20 * 86_400_000_i64).prop_map(RunStep::Wait),
    ]
}

/// What happens while the office gives and takes, and databases are copied and come back.
pub(crate) fn hard_step(phones: usize) -> impl Strategy<Value = RunStep> {
    let phone = move || 0..phones;
    prop_oneof![
        24 => step(phones),
        6 => (phone(), sale()).prop_map(|(phone, deed)| RunStep::Do(phone, deed)),
        4 => order(phones).prop_map(RunStep::Order),
        1 => (phone(), any::<bool>()).prop_map(|(phone, with_mark)| RunStep::Copy(phone,
            with_mark)),
        1 => phone().prop_map(RunStep::BackUp),
        1 => phone().prop_map(RunStep::Restore),
    ]
}

/// The command that a deed comes to on a phone, if there is anything to do it with. Texts hold the
/// number of the deed, so that no two are alike.
pub(crate) fn command(deed: &PhoneDeed, phone: &mut Phone, number: u32) -> Option<Json> {
    Some(match deed {
        PhoneDeed::Add => add_contact(phone, number)?,
        PhoneDeed::Edit(index, field) => {
            let fields = json!({ *field: field_text(field, number) });
            edit("contact", contact(phone, index)?, &fields)
        }
        PhoneDeed::Link(index, at) => {
            let (contact, shop) = (contact(phone, index)?, shop(phone, at)?);
            let role = format!("Role {number}");
            json!({"do": "link_contact", "contact": contact, "account": shop, "role": role})
        }
        PhoneDeed::EditRole(index) => {
            let fields = json!({"roles/first/role": format!("Role {number}")});
            edit("contact", contact(phone, index)?, &fields)
        }
        PhoneDeed::Unlink(index) => {
            let id = contact(phone, index)?;
            unlink(phone, id)?
        }
        PhoneDeed::Note(index) => {
            let (shop, note) = (shop(phone, index)?, format!("Note {number}"));
            json!({"do": "log_follow_up", "account": shop, "note": note})
        }
        PhoneDeed::Call(index) => {
            let fields = json!({"phone": format!("+1479{number:07}")});
            edit("account", shop(phone, index)?, &fields)
        }
        PhoneDeed::Rename(index) => {
            let fields = json!({"name": format!("Shop {number}")});
            edit("account", shop(phone, index)?, &fields)
        }
        PhoneDeed::OpenShop => open_shop(phone, number)?,
        PhoneDeed::Start(index) => json!({"do": "start_visit", "account": shop(phone, index)?}),
        PhoneDeed::CheckIn => {
            json!({"do": "check_in", "visit": open_visit(phone)?, "position": HERE})
        }
        PhoneDeed::Answer(action) => {
            let (visit, value) = (open_visit(phone)?, format!("Answer {number}"));
            json!({"do": "answer_action", "visit": visit, "action": action, "value": value})
        }
        PhoneDeed::CheckOut => json!({"do": "check_out", "visit": open_visit(phone)?}),
        PhoneDeed::Cancel => {
            let (visit, reason) = (open_visit(phone)?, format!("Reason {number}"));
            json!({"do": "cancel_visit", "visit": visit, "reason": reason})
        }
        PhoneDeed::Order(index) => {
            let (shop, note) = (shop(phone, index)?, format!("Order {number}"));
            json!({"do": "new_order", "account": shop, "note": note})
        }
        PhoneDeed::OrderLine(index, quantity) => {
            let order = sales_order(phone, index)?;
            set_order_line(phone, order, *quantity)?
        }
        PhoneDeed::Submit(index) => {
            order_command("submit_order", sales_order(phone, index)?, &json!({}))
        }
        PhoneDeed::CancelOrder(index) => {
            let more = json!({"reason": format!("Reason {number}")});
            order_command("cancel_order", sales_order(phone, index)?, &more)
        }
        // Of visits that ended long ago too, whose history only the server has.
        PhoneDeed::Purpose(index) => edit(
            "visit",
            one_of(&ids(phone, "visit"), index)?,
            &json!({"purpose": format!("Purpose {number}")}),
        ),
        PhoneDeed::Resolve(index, choice) => {
            let conflict = one_of(&phone.conflicts(), index)?["id"].clone();
            json!({"do": "resolve_conflict", "conflict": conflict, "choose": choice})
        }
    })
}

fn contact(phone: &mut Phone, index: &Index) -> Option<String> {
    one_of(&ids(phone, "contact"), index)
}

fn shop(phone: &mut Phone, index: &Index) -> Option<String> {
    one_of(&ids(phone, "account"), index)
}

fn sales_order(phone: &mut Phone, index: &Index) -> Option<String> {
    one_of(&ids(phone, "sales_order"), index)
}

/// The first visit of the day that is not over.
fn open_visit(phone: &mut Phone) -> Option<String> {
    let visits = phone.device().today().unwrap().data;
    visits[0]["id"].as_str().map(str::to_owned)
}

fn add_contact(phone: &mut Phone, number: u32) -> Option<Json> {
    let home = ids(phone, "account").first()?.clone();
    let fields = json!({"name": format!("Person {number}"), "roles/first/account": home});
    Some(json!({"do": "add", "object": "contact", "fields": fields}))
}

fn open_shop(phone: &mut Phone, number: u32) -> Option<Json> {
    let territory = ids(phone, "territory").first()?.clone();
    let fields = json!({"name": format!("Shop {number}"), "territory": territory});
    Some(json!({"do": "add", "object": "account", "fields": fields}))
}

fn set_order_line(phone: &mut Phone, order: String, quantity: u8) -> Option<Json> {
    let product = ids(phone, "product").first()?.clone();
    let line = json!({"product": product, "quantity": quantity.to_string()});
    Some(order_command("set_order_line", order, &line))
}

fn edit(object: &str, id: String, fields: &Json) -> Json {
    json!({"do": "edit", "object": object, "id": id, "fields": fields})
}

/// A command on an order, with what it takes beside the order.
fn order_command(verb: &str, order: String, more: &Json) -> Json {
    let mut command = json!({"do": verb, "sales_order": order});
    for (name, value) in more.as_object().unwrap() {
        command[name] = value.clone();
    }
    command
}

fn field_text(field: &str, number: u32) -> String {
    match field {
        "phone" => format!("+1479{number:07}"),
        "email" => format!("p{number}@harps.example"),
        _ => format!("Title {number}"),
    }
}

/// Takes the last role off a contact. The first one stays, or nobody would see the contact.
fn unlink(phone: &mut Phone, id: String) -> Option<Json> {
    let contact = phone.get("contact", &id);
    let linked = contact["roles"].as_object()?.keys().next_back()?.clone();
    let removed = json!({ format!("roles/{linked}/removed"): linked != "first" });
    Some(edit("contact", id, &removed))
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
