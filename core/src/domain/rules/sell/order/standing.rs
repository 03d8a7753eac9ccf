//! What becomes of a confirmed order: held, resumed, closed, reopened, cancelled. People wish, the
//! server grants. It does not know what is given back: the answer posts it.

use super::stage::{CLOSED, CONFIRMED, ON_HOLD, asked_at, confirmed, standing, still_open};
use crate::domain::named::Findings;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{CANCELLED, ORDER_STANDING};
use crate::domain::situation::Situation;
use crate::objects::{Record, Value, Values, Write};

/// The wish to call off an order.
pub(super) const CANCEL: &str = "cancel";

/// A wish, the standings from which it leads, and the one it leads to.
struct Step {
    wish: &'static str,
    from: &'static [&'static str],
    to: &'static str,
}

const STEPS: &[Step] = &[
    Step {
        wish: "hold",
        from: &[CONFIRMED],
        to: ON_HOLD,
    },
    Step {
        wish: "resume",
        from: &[ON_HOLD],
        to: CONFIRMED,
    },
    Step {
        wish: "close",
        from: &[CONFIRMED, ON_HOLD],
        to: CLOSED,
    },
    Step {
        wish: "reopen",
        from: &[CLOSED],
        to: CONFIRMED,
    },
    Step {
        wish: CANCEL,
        from: &[CONFIRMED, ON_HOLD],
        to: CANCELLED,
    },
];

/// Records a wish, which the verb says, with its reason.
pub fn wish_order(situation: &Situation<'_>) -> Result<Vec<Write>, Refusal> {
    let reason = situation.words("reason").map_or(Value::Null, Value::from);
    Ok(vec![situation.write([
        ("wish_reason", reason),
        ("wished_at", asked_at(situation, "wished_at")),
        ("hold_until", situation.input("until").clone()),
    ])])
}

/// One wish at a time: the one before has its answer.
pub fn no_other_wish(situation: &Situation<'_>) -> Result<(), Refusal> {
    let order = situation.record;
    let Some(wish) = order.text("wish") else {
        return Ok(());
    };
    let wanted = [
        ("order", Value::from(order.id.to_string())),
        ("wish", wish.into()),
        ("wished_at", order.value("wished_at").clone()),
    ];
    if !situation.reader.find(ORDER_STANDING, &wanted)?.is_empty() {
        return Ok(());
    }
    let message =
        format!("the server was asked to {wish} this order already; sync, then look at its answer");
    Err(Refusal::rule("already_asked", message)
        .about("wish")
        .with("wish", wish))
}

/// Examines what is wished of a confirmed order.
pub fn examine_wish(situation: &Situation<'_>) -> Result<Findings, Refusal> {
    let order = situation.record;
    let wish = order.text("wish").unwrap_or_default();
    let Some(verdict) = confirmed(situation.reader, order.id)? else {
        let message = format!("the order is not confirmed yet, so that there is nothing to {wish}");
        return Err(Refusal::rule("not_confirmed_yet", message).about("wish"));
    };
    let now = standing(order);
    let step = STEPS.iter().find(|step| step.wish == wish);
    let Some(step) = step.filter(|step| step.from.contains(&now)) else {
        if wish != "reopen" {
            still_open(order)?;
        }
        let shown = now.replace('_', " ");
        let message = format!("the order is {shown}; it cannot be asked to {wish}");
        return Err(Refusal::rule("wrong_standing", message)
            .about("wish")
            .with("standing", now));
    };
    if step.wish == CANCEL {
        nothing_delivered(situation, &verdict)?;
    }
    let standing = Values::from([("standing".to_owned(), step.to.into())]);
    Ok(Findings {
        found: standing.clone(),
        beside: standing,
        waits: None,
    })
}

/// What was delivered is not called off. An order that was confirmed before anything was held for
/// orders counts as delivered.
fn nothing_delivered(situation: &Situation<'_>, verdict: &Record) -> Result<(), Refusal> {
    let holds = situation.reader.set_aside(situation.id)?;
    let is_held = !verdict.value("on_credit").is_null();
    if is_held && holds.iter().all(|hold| hold.captured.is_zero()) {
        return Ok(());
    }
    let message =
        "a part of the order is delivered already; close it, and ask for a return of the rest";
    Err(Refusal::rule("already_delivered", message).about("wish"))
}
