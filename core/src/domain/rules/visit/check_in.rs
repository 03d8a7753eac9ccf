//! Rules of visits: starting, checking in and out, cancelling, and what a template brings.
//! A check-in never moves the account. It does not know how actions are answered: `actions` does.

use crate::base::decimal::{Decimal, DecimalError};
use crate::base::fraction::Fraction;
use crate::base::id::RecordId;
use crate::base::place::Position;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{
    ACCOUNT, ACTIONS, IN_PROGRESS, QUESTIONS, TO_DO, VISIT, VISIT_TEMPLATE,
};
use crate::domain::situation::Situation;
use crate::objects::path::{POSITION, line_path};
use crate::objects::{Record, Value, Values, Write};

/// Metres around the account within which a check-in needs no reason, at perfect accuracy.
pub const FENCE_M: i64 = 200;

/// What a visit keeps of its template's lines.
pub(super) const COPIED: &[(&str, &[&str])] = &[
    (ACTIONS, &["kind", "title", "mandatory", POSITION]),
    (
        QUESTIONS,
        &[
            "action",
            "text",
            "kind",
            "choices",
            "required",
            "when_question",
            "when_value",
            POSITION,
        ],
    ),
];

/// One open visit at a time: the person must have no other in progress to open one. One that is
/// open already goes on, such as either of two that were begun on two phones.
pub fn no_other_visit_open(situation: &Situation<'_>) -> Result<(), Refusal> {
    if situation.record.value("state") == &Value::from(IN_PROGRESS) {
        return Ok(());
    }
    let mine = Value::from(situation.context.user.to_string());
    let open = situation
        .reader
        .find(VISIT, &[("owner", mine), ("state", IN_PROGRESS.into())])?;
    let Some(open) = open.iter().find(|visit| visit.id != situation.id) else {
        return Ok(());
    };
    let place = match open.reference("account") {
        Some(account) => situation.reader.record(ACCOUNT, account)?,
        None => None,
    };
    let name = place
        .as_ref()
        .and_then(|account| account.text("name"))
        .unwrap_or("an account");
    let message = format!(
        "the visit to {name} ({}) is still open; check out of it or cancel it first",
        open.id
    );
    Err(Refusal::rule("visit_open", message)
        .with("visit", open.id.to_string())
        .with("account", name))
}

/// A visit has one check-in.
pub fn not_yet_checked_in(situation: &Situation<'_>) -> Result<(), Refusal> {
    match situation.record.value("checked_in_at").int() {
        None => Ok(()),
        Some(at) => {
            let at = crate::base::time::Timestamp(at).rfc3339();
            let message =
                format!("this visit was checked in at {at}; go on with its actions or check out");
            Err(Refusal::rule("already_checked_in", message).with("checked_in_at", at))
        }
    }
}

/// Only who has checked in can check out.
pub fn checked_in(situation: &Situation<'_>) -> Result<(), Refusal> {
    if situation.record.value("checked_in_at").is_null() {
        return Err(Refusal::rule(
            "not_checked_in",
            "nobody has checked in to this visit; check in or cancel it",
        ));
    }
    Ok(())
}

/// Starts a visit that nobody planned: today, in progress at once, with the template's actions.
pub fn start_visit(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let template = template(situation, situation.input("template"))?;
    let mut write = situation.write([
        ("planned_on", Value::from(situation.context.today())),
        ("unplanned", Value::Bool(true)),
        ("started_at", Value::Int(situation.context.now.0)),
        ("started_on", Value::from(situation.context.today())),
    ]);
    write.values.extend(template.iter().flat_map(from_template));
    Ok(vec![write])
}

/// Records where and when the person arrived, and by which fence that was judged.
pub fn check_in(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let here: Position = (situation
        .input("position")
        .text()
        .unwrap_or_default()
        .parse())
    .map_err(|error: crate::base::place::PlaceError| bad_position(&error.to_string()))?;
    let accuracy_m = accuracy_m(situation.input("accuracy_m"))?;
    let account = match situation.record.reference("account") {
        Some(id) => situation.reader.record(ACCOUNT, id)?,
        None => None,
    };
    let place: Option<Position> = account
        .as_ref()
        .and_then(|account| account.text("position"))
        .and_then(|text| text.parse().ok());
    let distance_m = place.map(|place| here.metres_to(place));
    let reason = situation.words("reason");
    if let (Some(distance_m), None) = (distance_m, reason) {
        check_fence(distance_m, accuracy_m.unwrap_or(0))?;
    }
    let or_null = |metres: Option<i64>| metres.map_or(Value::Null, Value::Int);
    let mut write = situation.write([
        ("checked_in_at", Value::Int(situation.context.now.0)),
        ("check_in_position", Value::from(here.to_string())),
        ("check_in_accuracy_m", or_null(accuracy_m)),
        ("check_in_mock", situation.input("mock").clone()),
        ("check_in_reason", reason.map_or(Value::Null, Value::from)),
        ("fence_m", Value::Int(FENCE_M)),
        ("distance_m", or_null(distance_m)),
        (
            "account_position",
            place.map_or(Value::Null, |place| Value::from(place.to_string())),
        ),
    ]);
    if situation.record.value("started_at").is_null() {
        write
            .values
            .insert("started_at".to_owned(), Value::Int(situation.context.now.0));
        write.values.insert(
            "started_on".to_owned(),
            Value::from(situation.context.today()),
        );
    }
    if situation.record.lines(ACTIONS).is_empty() {
        let template = template(situation, situation.record.value("template"))?;
        write.values.extend(template.iter().flat_map(from_template));
    }
    Ok(vec![write])
}

/// Records when the person left: not before they came, whatever the clock was set to meanwhile.
pub fn check_out(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let now = situation.context.now.0;
    let came = situation.record.value("checked_in_at").int();
    let left = Value::Int(came.map_or(now, |came| now.max(came)));
    Ok(vec![situation.write([("checked_out_at", left)])])
}

/// How far off a position may be, in whole metres: phones tell parts of one, which count as whole.
fn accuracy_m(said: &Value) -> Result<Option<i64>, Refusal> {
    let wrong = |why: &str| {
        Refusal::bad_input("bad_value", format!("`accuracy_m`: {why}")).about("accuracy_m")
    };
    let metres: Decimal = match said {
        Value::Null => return Ok(None),
        Value::Int(metres) => (*metres).into(),
        Value::Text(text) => text
            .parse()
            .map_err(|error: DecimalError| wrong(&error.to_string()))?,
        Value::Bool(_) => return Err(wrong("metres are a number")),
    };
    if metres.is_negative() {
        return Err(wrong("metres are 0 or more"));
    }
    let metres = Fraction::from(metres);
    let whole = metres.floor() + i128::from(!metres.is_whole());
    let whole = i64::try_from(whole).map_err(|_| wrong("nobody is so far off"))?;
    Ok(Some(whole))
}

/// Records why and when the visit was called off.
pub fn cancel_visit(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let Some(reason) = situation.words("reason") else {
        return Err(no_reason("cancel the visit"));
    };
    let now = Value::Int(situation.context.now.0);
    Ok(vec![situation.write([
        ("cancel_reason", Value::from(reason)),
        ("cancelled_at", now),
    ])])
}

fn no_reason(what: &str) -> Refusal {
    Refusal::bad_input("required", format!("a reason is needed to {what}")).about("reason")
}

fn bad_position(why: &str) -> Refusal {
    Refusal::bad_input("bad_value", format!("`position`: {why}")).about("position")
}

/// The fence shrinks by what the position may be wrong; one that is vaguer than the fence shows
/// nothing, wherever its middle lies.
fn check_fence(distance_m: i64, accuracy_m: i64) -> Result<(), Refusal> {
    let allowed_m = FENCE_M - accuracy_m;
    if distance_m <= allowed_m {
        return Ok(());
    }
    let refusal = if allowed_m < 0 {
        let message = format!(
            "the position is exact to {accuracy_m} m, and the fence has {FENCE_M} m; wait for a \
             better one or give a `reason`"
        );
        Refusal::rule("vague_position", message)
    } else {
        let message = format!(
            "{distance_m} m from the account, {allowed_m} m are allowed (a fence of {FENCE_M} m \
             less {accuracy_m} m of accuracy); go nearer or give a `reason`"
        );
        Refusal::rule("outside_fence", message)
    };
    let refusal = refusal.about("position").about("reason");
    Err(refusal
        .with("distance_m", distance_m)
        .with("fence_m", FENCE_M)
        .with("accuracy_m", accuracy_m))
}

/// The named template, or else the tenant's default one.
fn template(situation: &Situation<'_>, named: &Value) -> Result<Option<Record>, Refusal> {
    match named.text().and_then(|id| id.parse::<RecordId>().ok()) {
        Some(id) => Ok(situation.reader.record(VISIT_TEMPLATE, id)?),
        None => Ok(situation
            .reader
            .find(VISIT_TEMPLATE, &[("is_default", Value::Bool(true))])?
            .into_iter()
            .next()),
    }
}

/// The template's version pinned, its actions to do, and its questions. Lines keep the template's
/// ids, so that copies made on two devices are one; what the template becomes later does not touch
/// them.
fn from_template(template: &Record) -> Values {
    let mut values = Values::new();
    values.insert("template".to_owned(), Value::from(template.id.to_string()));
    values.insert(
        "template_version".to_owned(),
        template.value("template_version").clone(),
    );
    for (lines, fields) in COPIED {
        for (line, held) in template.lines(lines) {
            let copied = fields
                .iter()
                .filter_map(|field| Some((line_path(lines, line, field), held.get(field)?)));
            values.extend(copied.map(|(path, value)| (path, (*value).clone())));
        }
    }
    for line in template.lines(ACTIONS).keys() {
        values.insert(line_path(ACTIONS, line, "state"), Value::from(TO_DO));
    }
    values
}
