//! Figures and shelves as short lines for people. It does not know how they come about.

use serde_json::Value as Json;

use super::record::text;

/// What is told of each product on a shelf.
const SHELF_VALUES: [&str; 5] = [
    "facings",
    "on_hand_units",
    "par_units",
    "order_units",
    "action",
];

/// Figures: of what day and whose they are, then each with its halves.
pub(crate) fn figures(data: &Json) -> Vec<String> {
    let mut lines = Vec::new();
    let days: &[&str] = if data["from"].is_null() {
        &["day"]
    } else {
        &["from", "to"]
    };
    for name in days.iter().chain(&["rep", "territory"]) {
        lines.push(format!("{name}: {}", text(&data[*name])));
    }
    for one in items(data, "figures") {
        lines.push(figure(one));
        lines.extend(items(one, "parts").map(part));
    }
    lines
}

fn items<'a>(data: &'a Json, name: &str) -> impl Iterator<Item = &'a Json> {
    data[name].as_array().into_iter().flatten()
}

/// What one part adds to a weighed figure.
fn part(part: &Json) -> String {
    let at = |name: &str| text(&part[name]);
    let unit = if part["value"].is_null() { "" } else { " %" };
    format!(
        "  {}  {}{unit}  {} of {} points, all of them from {} %",
        at("name"),
        at("value"),
        at("points"),
        at("weight_percent"),
        at("target_percent")
    )
}

fn figure(figure: &Json) -> String {
    let at = |name: &str| text(&figure[name]);
    let category = match figure["category"].as_str() {
        Some(category) => format!(" {category}"),
        None => String::new(),
    };
    let unit = match figure["unit"].as_str() {
        Some(unit) if !unit.is_empty() && !figure["value"].is_null() => format!(" {unit}"),
        Some(_) | None => String::new(),
    };
    format!(
        "{}{category}  {}{unit}  {} {} / {} {}",
        at("name"),
        at("value"),
        at("numerator"),
        at("numerator_name"),
        at("denominator"),
        at("denominator_name")
    )
}

/// A shelf: each product, then the figures, then our share by category.
pub(crate) fn shelf(data: &Json) -> Vec<String> {
    let products = items(data, "products").map(shelf_product);
    let figures = items(data, "figures").map(figure);
    let categories = items(data, "categories").map(figure);
    products.chain(figures).chain(categories).collect()
}

fn shelf_product(product: &Json) -> String {
    let at = |name: &str| text(&product[name]);
    let mut line = format!("{}  {}  {}", at("id"), at("name"), at("status"));
    for name in SHELF_VALUES {
        line.push_str(&format!("  {name}={}", at(name)));
    }
    if product["must_stock"] == Json::Bool(true) {
        line.push_str("  must be on the shelf");
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_figure_shows_both_its_halves_and_a_dash_where_there_is_none() {
        let figure = |value: Json, unit: &str| {
            json!({
                "name": "drop_size", "value": value, "unit": unit,
                "numerator": "7.50", "numerator_name": "order value",
                "denominator": 2, "denominator_name": "productive visits",
            })
        };
        let data = json!({
            "day": "2026-11-24", "rep": "Ana", "territory": null,
            "figures": [
                figure(json!("3.75"), "USD"),
                figure(json!("3.8"), ""),
                figure(Json::Null, "%"),
            ],
        });
        let of = "7.50 order value / 2 productive visits";
        let line = |value: &str| format!("drop_size  {value}  {of}");
        assert_eq!(
            figures(&data)[..3],
            ["day: 2026-11-24", "rep: Ana", "territory: -"]
        );
        assert_eq!(
            figures(&data)[3..],
            [line("3.75 USD"), line("3.8"), line("-")]
        );
    }
}
