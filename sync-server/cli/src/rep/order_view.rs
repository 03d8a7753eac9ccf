//! An order as people read it: each line with the story of its price, the sums, what is nearly
//! reached, and what the server said. It knows the shape of the answer, not how prices come about.

use outfield_core::base::unit::Unit;
use serde_json::Value as Json;

use crate::render::text;

/// The whole order.
pub(crate) fn order(data: &Json) -> Vec<String> {
    let at = |name: &str| text(&data[name]);
    let mut lines = vec![
        format!("id: {}", at("id")),
        format!(
            "{}  {}  {}  {}",
            at("number"),
            at("account_name"),
            at("ordered_on"),
            at("status")
        ),
    ];
    lines.extend(
        data["counts_from"]
            .as_str()
            .map(|day| format!("counts from {day}: the clock of the device was wrong")),
    );
    let digits = data["gross"]
        .as_str()
        .and_then(|gross| gross.split_once('.'))
        .map_or(0, |(_, after)| after.len());
    for line in items(data, "lines") {
        lines.extend(one_line(line, digits));
    }
    if data["gross"].is_string() {
        lines.extend(sums(data));
    }
    lines.extend(items(data, "near_misses").flat_map(|near| near_miss(near, data)));
    lines.extend(
        data["problem"]["message"]
            .as_str()
            .map(|problem| format!("no price: {problem}")),
    );
    lines.push(standing(data));
    lines.extend(amendment(data));
    lines.extend(wished(data));
    lines
}

fn items<'a>(data: &'a Json, name: &str) -> impl Iterator<Item = &'a Json> {
    data[name].as_array().into_iter().flatten()
}

fn one_line(line: &Json, digits: usize) -> Vec<String> {
    let at = |name: &str| text(&line[name]);
    let unit: Option<Unit> = line["unit"].as_str().and_then(|unit| unit.parse().ok());
    let unit = unit.map_or_else(
        || at("unit"),
        |unit| unit.name().unwrap_or(unit.code()).to_owned(),
    );
    // A fee has no unit.
    let unit = if line["unit"].is_string() { &unit } else { "x" };
    let head = format!("{} {unit}  {}", at("quantity"), at("product_name"));
    if !line["net"].is_string() {
        return vec![head];
    }
    let (price, net) = (padded(&at("unit_price"), digits), at("net"));
    let kind = match line["charge"]["kind"].as_str() {
        Some(kind) => format!("  {kind}"),
        None if line["free"] == Json::Bool(true) => "  free".to_owned(),
        None => String::new(),
    };
    let story = items(line, "trace")
        .filter(|step| step["step"] != "tax")
        .filter_map(step);
    std::iter::once(format!("{head}  at {price}  net {net}{kind}"))
        .chain(story)
        .collect()
}

/// One step, if it changed something.
fn step(step: &Json) -> Option<String> {
    let (before, after) = (&step["in"], &step["out"]);
    if before == after && step["step"] != "tax_part" {
        return None;
    }
    let (stage, why) = (text(&step["step"]).replace('_', " "), text(&step["why"]));
    if step["step"] == "tax_part" {
        let rule = text(&step["rule"]);
        let name = rule
            .rsplit_once('/')
            .map_or(rule.as_str(), |(_, name)| name);
        return Some(format!("    tax {name}: {why}: {}", text(after)));
    }
    let rule = match step["step"].as_str() {
        // The entry of a list has no name that says anything; its list has.
        Some("list_price" | "agreed_price" | "quantity_break") => text(&step["rule"])
            .rsplit_once('/')
            .map(|(list, _)| format!(" of {list}"))
            .unwrap_or_default(),
        Some("line_promotion" | "order_promotion") => format!(" {}", text(&step["rule"])),
        Some(_) | None => String::new(),
    };
    if step["step"] == "line_amount" {
        return Some(format!("    {why} = {}", text(after)));
    }
    let moved = if before.is_null() {
        text(after)
    } else {
        format!("{} -> {}", text(before), text(after))
    };
    Some(format!("    {stage}{rule}: {why}: {moved}"))
}

/// A number with at least so many digits after the point.
fn padded(number: &str, digits: usize) -> String {
    let (whole, after) = number.split_once('.').unwrap_or((number, ""));
    if digits == 0 && after.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{after:0<digits$}")
    }
}

fn sums(data: &Json) -> Vec<String> {
    let at = |name: &str| text(&data[name]);
    let currency = at("currency");
    let mut lines = vec![format!("net {} {currency}", at("net"))];
    let groups: Vec<String> = items(data, "tax_groups")
        .map(|group| format!("tax {}", tax_group(group, &currency)))
        .collect();
    lines.extend(if groups.is_empty() {
        vec![format!("tax {} {currency}", at("tax"))]
    } else {
        groups
    });
    lines.push(format!("total {} {currency}", at("gross")));
    if data["payable"].is_string() && data["payable"] != data["gross"] {
        lines.push(format!("to pay in cash {} {currency}", at("payable")));
    }
    lines
}

/// One tax of the whole order, by its name where lines have several.
fn tax_group(group: &Json, currency: &str) -> String {
    let at = |name: &str| text(&group[name]);
    let name = group["name"].as_str().map(|name| format!("{name} "));
    let charge = match (group["amount_per_unit"].as_str(), group["unit"].as_str()) {
        (None, _) => format!("{} % of {}", at("rate"), at("base")),
        (Some(amount), None) => format!("{amount} a unit"),
        (Some(amount), Some(unit)) => format!("{amount} a {unit}"),
    };
    format!(
        "{}{} {currency}: {charge}",
        name.unwrap_or_default(),
        at("tax")
    )
}

/// How much more brings a promotion, one line for each thing that is missing.
fn near_miss(near: &Json, data: &Json) -> Vec<String> {
    let promotion = text(&near["promotion"]);
    let line = near["line"]
        .as_u64()
        .and_then(|line| usize::try_from(line).ok());
    let product = line.and_then(|line| data["lines"][line]["product_name"].as_str());
    let gap = |gap: &Json| {
        let missing = text(&gap["missing"]);
        match (gap["of"].as_str(), product) {
            (Some("quantity"), Some(product)) => format!("{missing} more of {product}"),
            (Some("quantity"), None) => format!("{missing} more"),
            (Some("value"), _) => format!("{missing} {} more", text(&data["currency"])),
            (_, _) => format!("{missing} more of {}", text(&gap["of"])),
        }
    };
    let gaps: Vec<String> = items(near, "missing").map(gap).collect();
    vec![format!("{} and {promotion} applies", gaps.join(" and "))]
}

/// Where the order stands, and what to do.
fn standing(data: &Json) -> String {
    let verdict = &data["verdict"];
    match data["status"].as_str() {
        Some("draft") => "draft: submit it when it is right".to_owned(),
        Some("waiting") if verdict["verdict"] == "waiting" => {
            format!("waiting for approval: {}", text(&verdict["message"]))
        }
        Some("waiting") => "waiting: the server has not said yes or no; sync to hear it".to_owned(),
        Some("confirmed") if data["amendment"].is_null() => {
            format!("confirmed at {}", text(&verdict["judged_at"]))
        }
        Some("on_hold") => "on hold: nothing is delivered until it is resumed".to_owned(),
        Some("closed") => "closed: nothing more is delivered".to_owned(),
        Some("rejected") => {
            let (code, message) = (text(&verdict["code"]), text(&verdict["message"]));
            format!("rejected ({code}): {message}; then submit it again")
        }
        Some(_) | None => text(&data["status"]),
    }
}

/// How far the revision is that is to follow what is confirmed.
fn amendment(data: &Json) -> Option<String> {
    let amendment = data["amendment"].as_object()?;
    let revision = text(&amendment["revision"]);
    let verdict = &data["verdict"];
    Some(match amendment["status"].as_str() {
        Some("draft") => format!("revision {revision} is a draft: submit it when it is right"),
        Some("rejected") => format!(
            "revision {revision} is rejected ({}): {}; what was confirmed before stands",
            text(&verdict["code"]),
            text(&verdict["message"])
        ),
        Some(_) if verdict["verdict"] == "waiting" => {
            let why = text(&verdict["message"]);
            format!("revision {revision} waits for approval: {why}")
        }
        Some(_) | None => format!("revision {revision} waits: sync to hear what the server says"),
    })
}

/// What was wished last, if the server has not granted it.
fn wished(data: &Json) -> Option<String> {
    let wish = data["wish"].as_object()?;
    let asked = text(&wish["wish"]);
    let answer = &wish["answer"];
    match answer["verdict"].as_str() {
        None => Some(format!(
            "the server was asked to {asked} it; sync to hear what it says"
        )),
        Some("refused") => Some(format!(
            "asked to {asked} it, the server said no ({}): {}",
            text(&answer["code"]),
            text(&answer["message"])
        )),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_tells_how_its_price_came_about() {
        let step = |step: &str, rule: &str, before: Json, after: &str, why: &str| {
            json!({
                "step": step, "rule": rule, "version": 1, "in": before, "out": after, "why": why,
            })
        };
        let line = json!({
            "product": "9", "product_name": "Pen", "quantity": "10", "unit": "EA",
            "unit_price": "2", "net": "18.05", "free": false,
            "trace": [
                step("list_price", "Standard/7", Json::Null, "2", "for everybody"),
                step("line_amount", "line", json!("2"), "20.00", "10 x 2"),
                step("line_promotion", "Five off", json!("20.00"), "19.00", "5 % off"),
                step("discount", "line", json!("19.00"), "18.05", "5 % off"),
                step("line_rounding", "USD", json!("18.05"), "18.05", "two decimals"),
            ],
        });
        let expected = [
            "10 each  Pen  at 2.00  net 18.05",
            "    list price of Standard: for everybody: 2",
            "    10 x 2 = 20.00",
            "    line promotion Five off: 5 % off: 20.00 -> 19.00",
            "    discount: 5 % off: 19.00 -> 18.05",
        ];
        assert_eq!(one_line(&line, 2), expected);
    }

    #[test]
    fn what_is_nearly_reached_and_what_the_server_said_are_told() {
        let missing = json!([{ "of": "quantity", "have": "10", "need": "12", "missing": "2" }]);
        let data = json!({
            "id": "7", "number": "SO-A-1", "account_name": "Harp's", "ordered_on": "2026-11-24",
            "status": "rejected", "currency": "USD", "net": "1.00", "tax": "0.09", "gross": "1.09",
            "lines": [], "tax_groups": [],
            "near_misses": [
                { "promotion": "Dozen", "version": 1, "line": null, "missing": missing },
            ],
            "verdict": {
                "code": "discontinued",
                "message": "Pen is no longer sold; take it out of the order",
            },
        });
        let expected = [
            "id: 7",
            "SO-A-1  Harp's  2026-11-24  rejected",
            "net 1.00 USD",
            "tax 0.09 USD",
            "total 1.09 USD",
            "2 more and Dozen applies",
            "rejected (discontinued): Pen is no longer sold; take it out of the order; \
             then submit it again",
        ];
        assert_eq!(order(&data), expected);
    }
}
