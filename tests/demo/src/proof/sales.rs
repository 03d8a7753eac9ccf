//! What is claimed of shelves and orders: counts of two people stay, one order is refused and then
//! confirmed, credit holds, and every sum is what plain arithmetic makes of the products' GTINs. It
//! imports nothing of the core.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::case::{Checked, ProofCase, first, plain};
use super::evidence::EvidenceFile;
use super::exact::{ONE, micros, money, times_to_cents};
use super::ledger::{AnsweredOrder, Expected, PlainValues};

/// Records of an object by id.
type Records = BTreeMap<String, PlainValues>;

/// Text of a value; empty if there is none.
fn text(values: &PlainValues, path: &str) -> String {
    values.get(path).map(plain).unwrap_or_default()
}

fn number(values: &PlainValues, path: &str) -> Option<i128> {
    values.get(path).map(plain).and_then(|text| micros(&text))
}

fn sole(who: &str) -> BTreeSet<String> {
    BTreeSet::from([who.to_owned()])
}

/// Two people counted one shelf; both counts are in each file, and they add up.
pub(crate) fn both_counts(case: &ProofCase<'_>, expected: &[Expected]) -> Checked {
    let (check, shelf) = (&case.shelf_check, &case.shelf_shown);
    let Some(record) = expected
        .iter()
        .find(|record| record.id == *check && record.by.len() == 2)
    else {
        return Err("no shelf was counted by two".to_owned());
    };
    let mut counted: BTreeMap<String, BTreeMap<&str, i64>> = BTreeMap::new();
    for file in case.holding(&record.by) {
        let found = file
            .records("inventory_check")?
            .remove(check)
            .unwrap_or_default();
        for phone in case.seeing(&record.by) {
            let own = record
                .values
                .iter()
                .filter(|(path, _)| path.ends_with(&format!("~{}/facings", phone.user)));
            for (path, facings) in own {
                if found.get(path) != Some(facings) {
                    return Err(format!(
                        "{} has lost {}'s count of {facings} facings",
                        file.name, phone.who
                    ));
                }
                let product = path
                    .trim_start_matches("counts/")
                    .split('~')
                    .next()
                    .unwrap_or_default();
                let facings = facings.as_i64().unwrap_or(0);
                counted
                    .entry(product.to_owned())
                    .or_default()
                    .insert(phone.who, facings);
            }
        }
    }
    let Some((product, by)) = counted.iter().find(|(_, by)| by.len() == 2) else {
        return Err("no product was counted by two".to_owned());
    };
    let sum: i64 = by.values().sum();
    let shown = shelf["products"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|of| of["id"] == product.as_str());
    if shown.map(|of| &of["facings"]) != Some(&Json::from(sum)) {
        return Err(format!(
            "`visit shelf` says {shown:?}; the counts add up to {sum} facings"
        ));
    }
    let by: Vec<String> = by
        .iter()
        .map(|(who, facings)| format!("{who} {facings}"))
        .collect();
    Ok(format!(
        "both counts of one shelf stay: {} facings of one product, {sum} in all by `visit shelf`",
        by.join(", ")
    ))
}

/// The order that the server refused, by what was answered.
fn mended<'a>(case: &'a ProofCase<'_>) -> Result<(&'a String, &'a AnsweredOrder), String> {
    let all: Vec<_> = case
        .ledger
        .orders()
        .iter()
        .filter(|(_, order)| !order.refused.is_empty())
        .collect();
    match all.as_slice() {
        [(id, order)] if order.refused.len() == 1 && order.submitted.len() == 2 => {
            Ok((*id, *order))
        }
        other => Err(format!(
            "{} orders were refused by what was answered; the story has one, once",
            other.len()
        )),
    }
}

/// How often each verdict was given on an order in a file.
fn verdicts(
    file: &EvidenceFile<'_>,
    order: &str,
) -> Result<BTreeMap<String, Vec<PlainValues>>, String> {
    let mut found: BTreeMap<String, Vec<PlainValues>> = BTreeMap::new();
    for verdict in file
        .records("order_verdict")?
        .into_values()
        .filter(|of| text(of, "order") == order)
    {
        found
            .entry(text(&verdict, "verdict"))
            .or_default()
            .push(verdict);
    }
    Ok(found)
}

/// One order was refused once, with the numbers, and confirmed once as it was mended; all others
/// were confirmed at once.
pub(crate) fn refused_and_mended(case: &ProofCase<'_>, expected: &[Expected]) -> Checked {
    let (id, order) = mended(case)?;
    let mut problems = Vec::new();
    for (other, of) in case.ledger.orders() {
        let due = if other == id {
            vec![("confirmed", 1), ("rejected", 1)]
        } else {
            vec![("confirmed", 1)]
        };
        for file in case.holding(&sole(&of.who)) {
            let found = verdicts(file, other)?;
            let counts: Vec<(&str, usize)> = found
                .iter()
                .map(|(name, of)| (name.as_str(), of.len()))
                .collect();
            if counts != due {
                problems.push(format!(
                    "{}: an order of {} has the verdicts {counts:?}",
                    file.name, of.who
                ));
            }
            let hashes: BTreeSet<String> = found
                .values()
                .flatten()
                .map(|of| text(of, "content_hash"))
                .collect();
            if hashes.len() != due.len() {
                problems.push(format!(
                    "{}: one content of an order of {} was judged twice",
                    file.name, of.who
                ));
            }
        }
    }
    first(problems, "not each order has its verdict")?;
    let (verdict, was) = (&order.refused[0]["verdict"], &order.submitted[0]);
    let numbers = &verdict["numbers"];
    let at = |name: &str| numbers[name].as_str().and_then(micros).unwrap_or(0);
    if verdict["code"] != "credit_exceeded"
        || numbers["gross"] != was["gross"]
        || at("gross") <= at("free")
    {
        return Err(format!("the refusal does not say why: {verdict}"));
    }
    let visit = expected
        .iter()
        .find(|record| Some(record.id.as_str()) == was["visit"].as_str());
    if visit.and_then(|visit| visit.values.get("state")) != Some(&Json::from("completed")) {
        return Err("the visit in which the refused order was made is not completed".to_owned());
    }
    Ok(format!(
        "refused once: {}'s order of {}, where {} of {} were free, by what no phone knew; mended, and confirmed once \
         with {}; the other {} orders are confirmed once each",
        order.who,
        plain(&was["gross"]),
        plain(&numbers["free"]),
        plain(&numbers["limit"]),
        plain(&order.submitted[1]["gross"]),
        case.ledger.orders().len() - 1
    ))
}

/// What an account owes is the sum of its confirmed orders, and not more than it may.
pub(crate) fn credit(case: &ProofCase<'_>, _: &[Expected]) -> Checked {
    let (_, order) = mended(case)?;
    let account = plain(&order.submitted[1]["account"]);
    let at_account = case
        .ledger
        .orders()
        .values()
        .filter_map(|of| of.submitted.last());
    let due: i128 = (at_account.filter(|of| of["account"] == account.as_str()))
        .filter_map(|of| of["gross"].as_str().and_then(micros))
        .sum();
    let mut limit = 0;
    for file in case.holding(&sole(&order.who)) {
        let figures = file.records("credit_figure")?;
        let [figure] = figures
            .values()
            .filter(|of| text(of, "account") == account)
            .collect::<Vec<_>>()[..]
        else {
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
        "credit holds: two ordered at one account without knowing of each other; {} of {} is used, the sum of what was \
         confirmed",
        money(due),
        money(limit)
    ))
}

/// What the proof knows of products: price by the GTIN, and tax.
struct ProofProducts {
    products: Records,
    classes: Records,
}

impl ProofProducts {
    /// The price of one, by the published formula: 49 + n mod 1951 cents, n the 12 digits before
    /// the check digit.
    fn price(&self, product: &str) -> Result<i128, String> {
        let gtin = self
            .products
            .get(product)
            .map(|of| text(of, "gtin"))
            .unwrap_or_default();
        let digits = gtin
            .get(1..13)
            .and_then(|digits| digits.parse::<i128>().ok());
        digits
            .map(|n| (49 + n % 1951) * (ONE / 100))
            .ok_or_else(|| format!("product {product} has no GTIN"))
    }

    /// The tax on one.
    fn rate(&self, product: &str) -> Result<i128, String> {
        let class = self
            .products
            .get(product)
            .map(|of| text(of, "tax_class"))
            .unwrap_or_default();
        let rate = self
            .classes
            .get(&class)
            .and_then(|of| number(of, "rate_percent"));
        rate.map(|percent| percent / 100)
            .ok_or_else(|| format!("product {product} has no tax"))
    }
}

/// Net, tax and gross of an order by its lines' products and quantities alone; tax is rounded once
/// for each rate.
fn computed(goods: &ProofProducts, order: &Json) -> Result<[i128; 3], String> {
    let mut by_rate: BTreeMap<i128, i128> = BTreeMap::new();
    for line in order["lines"].as_array().into_iter().flatten() {
        let product = plain(&line["product"]);
        let quantity = line["quantity"].as_str().and_then(micros).unwrap_or(0);
        *by_rate.entry(goods.rate(&product)?).or_default() +=
            times_to_cents(goods.price(&product)?, quantity);
    }
    let net: i128 = by_rate.values().sum();
    let tax: i128 = by_rate
        .iter()
        .map(|(rate, base)| times_to_cents(*base, *rate))
        .sum();
    Ok([net, tax, net + tax])
}

/// Every order's sums, as answered on the phone and as frozen by the server, are those of plain
/// arithmetic.
pub(crate) fn sums(case: &ProofCase<'_>, _: &[Expected]) -> Checked {
    let goods = ProofProducts {
        products: case.server_file.records("product")?,
        classes: case.server_file.records("tax_class")?,
    };
    let (mut problems, mut all, mut lines_all) = (Vec::new(), 0, 0);
    for (id, order) in case.ledger.orders() {
        let Some(answered) = order.submitted.last() else {
            continue;
        };
        let due = computed(&goods, answered)?;
        let said = ["net", "tax", "gross"]
            .map(|name| answered[name].as_str().and_then(micros).unwrap_or(-1));
        if said != due {
            problems.push(format!(
                "{}'s phone answered {}, due was {}",
                order.who,
                sum(said),
                sum(due)
            ));
        }
        for file in case.holding(&sole(&order.who)) {
            let confirmed = verdicts(file, id)?.remove("confirmed").unwrap_or_default();
            for verdict in &confirmed {
                let frozen =
                    ["net", "tax", "gross"].map(|name| number(verdict, name).unwrap_or(-1));
                let (lines, net) = frozen_lines(&goods, verdict)?;
                let answered = answered["lines"].as_array().map_or(0, Vec::len);
                if frozen != due || net != due[0] || lines != answered {
                    let (name, due) = (&file.name, sum(due));
                    problems.push(format!(
                        "{name}: {} frozen, {} its {lines} lines, {due} due",
                        sum(frozen),
                        money(net)
                    ));
                }
            }
        }
        all += due[2];
        lines_all += answered["lines"].as_array().map_or(0, Vec::len);
    }
    first(problems, "a sum is wrong")?;
    Ok(format!(
        "to the cent: {} orders, {lines_all} lines, {} in all; prices made here from the GTINs, tax rounded once a \
         rate, are those on the phones and those that the server froze",
        case.ledger.orders().len(),
        money(all)
    ))
}

fn sum([net, tax, gross]: [i128; 3]) -> String {
    format!("{} + {} = {}", money(net), money(tax), money(gross))
}

/// How many lines a verdict has frozen at the price that is due, and the sum of their amounts.
fn frozen_lines(goods: &ProofProducts, verdict: &PlainValues) -> Result<(usize, i128), String> {
    let (mut lines, mut net) = (0, 0);
    for (path, product) in verdict
        .iter()
        .filter(|(path, _)| path.starts_with("lines/") && path.ends_with("/product"))
    {
        let at = |field: &str| number(verdict, &path.replace("/product", field)).unwrap_or(-1);
        let is_right = at("/unit_price") == goods.price(&plain(product))?
            && at("/net") == times_to_cents(at("/unit_price"), at("/quantity"));
        lines += usize::from(is_right);
        net += at("/net");
    }
    Ok((lines, net))
}
