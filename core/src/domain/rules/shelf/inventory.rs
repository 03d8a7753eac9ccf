//! Rules of inventory checks: beginning with what the last one knew, counting, being done, and what
//! a check shows. It does not know lines (`counting` does) nor the arithmetic of a shelf (`shelf`
//! does).

use std::collections::BTreeMap;

use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{
    ACTIONS, COUNTS, DONE, FINISHED, IN_PROGRESS, INVENTORY_CHECK, SHELF_COUNT, VISIT,
};
use crate::domain::rules::shelf::counting::{counted, is_counted, prefilled};
use crate::domain::situation::Situation;
use crate::objects::path::line_path;
use crate::objects::{ReadError, Reader, Record, Value, Values, Write};

/// Begins a check, or takes part in one that has begun: a line for each product of the account's
/// last check, of its assortments and of this check, with its par level and whether it is listed,
/// not checked yet.
pub fn start_count(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let (account, mut values) = begun(situation)?;
    values.extend(prefilled(situation, &account)?);
    Ok(vec![Write {
        values,
        ..situation.write([])
    }])
}

/// Keeps what the person counted, by product and person; the first count of a check begins it.
pub fn count(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let (account, mut values) = begun(situation)?;
    if situation.new {
        values.extend(prefilled(situation, &account)?);
    }
    let counted = counted(situation, &values)?;
    values.extend(counted);
    Ok(vec![Write {
        values,
        ..situation.write([])
    }])
}

/// Ends the counting; the action of the visit for which it was done is done with it.
pub fn finish_count(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    if !is_counted(situation.record) {
        let message = "nothing is counted yet; count at least one product";
        return Err(Refusal::rule("nothing_counted", message).about(COUNTS));
    }
    let visit = visit(situation.reader, situation.record.value("visit"))?;
    let (Some(visit), Some(action)) = (visit, situation.record.text("action")) else {
        return Ok(Vec::new());
    };
    let path = |field: &str| line_path(ACTIONS, action, field);
    let answer = situation.id.to_string();
    let is_answered =
        visit.text(&path("answer")) == Some(&answer) && visit.text(&path("state")) == Some(DONE);
    if visit.text("state") != Some(IN_PROGRESS)
        || !visit.lines(ACTIONS).contains_key(action)
        || is_answered
    {
        return Ok(Vec::new());
    }
    let values = Values::from([
        (path("answer"), Value::from(answer)),
        (path("state"), Value::from(DONE)),
        (path("skip_reason"), Value::Null),
    ]);
    Ok(vec![Write {
        object: VISIT.to_owned(),
        id: visit.id,
        new: false,
        values,
        verb: None,
    }])
}

/// The write that ends a check, unless it has ended.
#[must_use]
pub fn finished(check: &Record) -> Option<Write> {
    let values = Values::from([("state".to_owned(), Value::from(FINISHED))]);
    let is_open = check.text("state") != Some(FINISHED);
    is_open.then(|| Write {
        object: INVENTORY_CHECK.to_owned(),
        id: check.id,
        new: false,
        values,
        verb: None,
    })
}

/// The account of the check, and what a new one holds beside its lines. All of a visit's check
/// comes from the visit, so that two devices that make it write the same.
fn begun(situation: &Situation<'_>) -> Result<(String, Values), Refusal> {
    if situation.new {
        return match visit(situation.reader, situation.input("visit"))? {
            Some(visit) => of_visit(situation, &visit),
            None => of_account(situation),
        };
    }
    for name in ["account", "visit", "action"] {
        let (given, held) = (situation.input(name), situation.record.value(name));
        if !given.is_null() && given != held {
            let message = format!(
                "check {} is of another {name}; leave `{name}` out",
                situation.id
            );
            return Err(Refusal::rule("other_check", message).about(name));
        }
    }
    if let Some(visit) = visit(situation.reader, situation.record.value("visit"))? {
        check_open(&visit)?;
    }
    Ok((
        situation
            .record
            .text("account")
            .unwrap_or_default()
            .to_owned(),
        Values::new(),
    ))
}

fn of_account(situation: &Situation<'_>) -> Result<(String, Values), Refusal> {
    let Some(account) = situation.words("account") else {
        let message = "name the `visit`, or the `account` if there is none";
        return Err(Refusal::bad_input("required", message).about("account"));
    };
    if let Some(action) = situation.words("action") {
        let message = format!("action `{action}` belongs to a visit; name the `visit` too");
        return Err(Refusal::bad_input("required", message).about("visit"));
    }
    let (at, day) = (
        Value::Int(situation.context.now.0),
        Value::from(situation.context.today()),
    );
    let write = situation.write([("at", at), ("counted_on", day)]);
    Ok((account.to_owned(), write.values))
}

fn of_visit(situation: &Situation<'_>, visit: &Record) -> Result<(String, Values), Refusal> {
    check_open(visit)?;
    check_action(visit, situation.words("action"))?;
    let account = visit.value("account");
    if ![&Value::Null, account].contains(&situation.input("account")) {
        let message = "the visit is to another account; leave `account` out";
        return Err(Refusal::rule("other_account", message).about("account"));
    }
    let held = |name: &str| visit.value(name).clone();
    let write = situation.write([
        ("account", account.clone()),
        ("owner", held("owner")),
        ("at", held("started_at")),
        ("counted_on", held("started_on")),
    ]);
    Ok((account.text().unwrap_or_default().to_owned(), write.values))
}

fn visit(reader: &dyn Reader, id: &Value) -> Result<Option<Record>, ReadError> {
    let id = id.text().and_then(|id| id.parse().ok());
    id.map_or(Ok(None), |id| reader.record(VISIT, id))
}

fn check_open(visit: &Record) -> Result<(), Refusal> {
    let state = visit.text("state").unwrap_or_default();
    if state == IN_PROGRESS {
        return Ok(());
    }
    let message = format!("the visit is {state}; shelves are counted while it is {IN_PROGRESS}");
    Err(Refusal::rule("wrong_state", message)
        .about("visit")
        .with("state", state))
}

/// A visit's check is of one of its shelf counts, if it has any, so that nobody counts a shelf
/// twice.
fn check_action(visit: &Record, action: Option<&str>) -> Result<(), Refusal> {
    let shelves = shelves(visit);
    let fits = match action {
        None => shelves.is_empty(),
        Some(action) => shelves.contains_key(action),
    };
    if fits {
        return Ok(());
    }
    let known: Vec<String> = shelves
        .iter()
        .map(|(id, title)| format!("{id} ({title})"))
        .collect();
    let known = if known.is_empty() {
        "the visit has none; leave `action` out".to_owned()
    } else {
        known.join(", ")
    };
    let message = format!("`action` is to name the shelf count that this is: {known}");
    Err(Refusal::bad_input("unknown_action", message).about("action"))
}

/// The shelf counts of a visit: action and title.
fn shelves(visit: &Record) -> BTreeMap<String, String> {
    let mut shelves = BTreeMap::new();
    for (id, line) in visit.lines(ACTIONS) {
        let text = |name: &str| {
            line.get(name)
                .and_then(|value| value.text())
                .unwrap_or_default()
        };
        if text("kind") == SHELF_COUNT {
            shelves.insert(id.to_owned(), text("title").to_owned());
        }
    }
    shelves
}
