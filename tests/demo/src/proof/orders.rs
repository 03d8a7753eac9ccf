//! What is claimed of orders: one is refused and then confirmed, all others are confirmed at once,
//! and credit holds. It imports nothing of the core.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::case::{Checked, ProofCase, first, plain};
use super::evidence::EvidenceFile;
use super::exact::{micros, money};
use super::ledger::{AnsweredOrder, Expected, PlainValues};

/// Text of a value; empty if there is none.
pub(crate) fn text(values: &PlainValues, path: &str) -> String {
    values.get(path).map(plain).unwrap_or_default()
}

/// A number as millionths.
pub(crate) fn number(values: &PlainValues, path: &str) -> Option<i128> {
    micros(&plain(values.get(path)?))
}

/// The files that hold what one person writes.
pub(crate) fn files_of<'a>(case: &'a ProofCase<'_>, who: &str) -> Vec<&'a EvidenceFile<'a>> {
    case.holding(&BTreeSet::from([who.to_owned()])).collect()
}

/// The verdicts on an order in a file, by what they say.
pub(crate) fn verdicts(
    file: &EvidenceFile<'_>,
    order: &str,
) -> Result<BTreeMap<String, Vec<PlainValues>>, String> {
    let mut found: BTreeMap<String, Vec<PlainValues>> = BTreeMap::new();
    for verdict in file.records("order_verdict")?.into_values() {
        if text(&verdict, "order") == order {
            let says = text(&verdict, "verdict");
            found.entry(says).or_default().push(verdict);
        }
    }
    Ok(found)
}

/// The order that the server refused, by what was answered.
fn mended<'a>(case: &'a ProofCase<'_>) -> Result<(&'a String, &'a AnsweredOrder), String> {
    let orders = case.ledger.orders().iter();
    let refused: Vec<_> = orders
        .filter(|(_, order)| !order.refused.is_empty())
        .collect();
    match refused.as_slice() {
        [(id, order)] if order.refused.len() == 1 && order.submitted.len() == 2 => {
            Ok((*id, *order))
        }
        other => Err(format!(
            "{} orders were refused by what was answered; the story has one, once",
            other.len()
        )),
    }
}

/// One order was refused once, with the numbers, and confirmed once as it was mended; all others
/// were confirmed at once.
pub(crate) fn refused_and_mended(case: &ProofCase<'_>, expected: &[Expected]) -> Checked {
    let (id, order) = mended(case)?;
    let mut problems = Vec::new();
    for (other, of) in case.ledger.orders() {
        let due: &[(&str, usize)] = if other == id {
            &[("confirmed", 1), ("rejected", 1)]
        } else {
            &[("confirmed", 1)]
        };
        for file in files_of(case, &of.who) {
            problems.extend(misjudged(file, other, of, due)?);
        }
    }
    first(problems, "not each order has its verdict")?;
    let was = &order.submitted[0];
    let numbers = &order.refused[0]["verdict"]["numbers"];
    check_refusal(&order.refused[0]["verdict"], was)?;
    let mut visits = expected.iter();
    let visit = visits.find(|record| was["visit"] == record.id.as_str());
    let state = visit.and_then(|visit| visit.values.get("state"));
    if state != Some(&Json::from("completed")) {
        return Err("the visit in which the refused order was made is not completed".to_owned());
    }
    Ok(format!(
        "refused once: {}'s order of {}, where {} of {} were free, by what no phone knew; \
         mended, and confirmed once with {}; the other {} orders are confirmed once each",
        order.who,
        plain(&was["gross"]),
        plain(&numbers["room"]),
        plain(&numbers["limit"]),
        plain(&order.submitted[1]["gross"]),
        case.ledger.orders().len() - 1
    ))
}

/// What is wrong with the verdicts on an order in a file.
fn misjudged(
    file: &EvidenceFile<'_>,
    id: &str,
    order: &AnsweredOrder,
    due: &[(&str, usize)],
) -> Result<Vec<String>, String> {
    let (name, who) = (&file.name, &order.who);
    let found = verdicts(file, id)?;
    let mut counts = Vec::new();
    let mut hashes = BTreeSet::new();
    for (says, verdicts) in &found {
        counts.push((says.as_str(), verdicts.len()));
        hashes.extend(verdicts.iter().map(|of| text(of, "content_hash")));
    }
    let mut problems = Vec::new();
    if counts != due {
        problems.push(format!(
            "{name}: an order of {who} has the verdicts {counts:?}"
        ));
    }
    if hashes.len() != due.len() {
        problems.push(format!(
            "{name}: one content of an order of {who} was judged twice"
        ));
    }
    Ok(problems)
}

/// A refusal says why, with the numbers.
fn check_refusal(verdict: &Json, order: &Json) -> Result<(), String> {
    let numbers = &verdict["numbers"];
    let at = |name: &str| numbers[name].as_str().and_then(micros).unwrap_or(0);
    let says_why = verdict["code"] == "credit_exceeded"
        && numbers["wanted"] == order["gross"]
        && at("wanted") > at("room");
    if says_why {
        return Ok(());
    }
    Err(format!("the refusal does not say why: {verdict}"))
}

/// What an account owes is the sum of its confirmed orders, and not more than it may.
pub(crate) fn credit(case: &ProofCase<'_>, _: &[Expected]) -> Checked {
    let (_, order) = mended(case)?;
    let account = plain(&order.submitted[1]["account"]);
    let mut due = 0;
    for order in case.ledger.orders().values() {
        if let Some(last) = order.submitted.last()
            && last["account"] == account.as_str()
        {
            due += last["gross"].as_str().and_then(micros).unwrap_or(0);
        }
    }
    let mut limit = 0;
    for file in files_of(case, &order.who) {
        let mut figures = file.records("credit_figure")?;
        figures.retain(|_, figure| text(figure, "account") == account);
        let [figure] = figures.values().collect::<Vec<_>>()[..] else {
            return Err(format!(
                "{} does not have one credit figure for the account",
                file.name
            ));
        };
        let used = number(figure, "used").unwrap_or(-1);
        limit = number(figure, "limit").unwrap_or(-1);
        if used != due || used > limit {
            let (used, due, limit) = (money(used), money(due), money(limit));
            return Err(format!(
                "{}: {used} of {limit} is used; confirmed orders come to {due}",
                file.name
            ));
        }
    }
    Ok(format!(
        "credit holds: two ordered at one account without knowing of each other; \
         {} of {} is used, the sum of what was confirmed",
        money(due),
        money(limit)
    ))
}
