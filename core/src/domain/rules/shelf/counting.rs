//! The lines of an inventory check: what each person counted of each product, checked and kept side
//! by side. It does not know how a check begins or ends, nor what its counts come to.

use std::collections::BTreeMap;

use crate::base::decimal::Decimal;
use crate::base::gtin;
use crate::base::id::RecordId;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{COUNTS, INVENTORY_CHECK, PRODUCT};
use crate::domain::rules::shelf::arithmetic::{Count, Status};
use crate::domain::rules::shelf::assortment::{self, Listed};
use crate::domain::situation::Situation;
use crate::objects::path::{REMOVED, line_path};
use crate::objects::{Path, ReadError, Record, Value, Values};

/// What a new line takes over from an earlier one of the same product.
const KEPT: &[&str] = &["listed", "par_units", "category", "own", "sum"];
/// What says that somebody looked.
const SEEN: &[&str] = &[
    "facings",
    "on_shelf_units",
    "back_stock_units",
    "price",
    "expiry",
];
/// What only a product on the shelf has.
const ON_SHELF: &[&str] = &["facings", "on_shelf_units"];
/// What is counted in whole numbers.
const UNITS: &[&str] = &["facings", "on_shelf_units", "back_stock_units", "par_units"];

/// The fields of a line by name.
type Fields<'a> = BTreeMap<&'a str, &'a Value>;

/// All counts of a check as plain values.
#[must_use]
pub fn counts(check: &Record) -> Vec<Count> {
    check.lines(COUNTS).values().filter_map(count_of).collect()
}

/// Whether somebody has looked for at least one product.
#[must_use]
pub fn is_counted(check: &Record) -> bool {
    counts(check)
        .iter()
        .any(|count| count.status != Status::NotChecked)
}

/// Whether somebody has noted at least one price.
#[must_use]
pub fn has_prices(check: &Record) -> bool {
    check
        .lines(COUNTS)
        .values()
        .any(|line| line.contains_key("price"))
}

/// Lines of this person's own, not checked yet, for the products of the account's last check, of
/// its assortments, and of this check; a product that the office took away is left out. What an
/// assortment says goes before what the last check knew, and what this check knows before both.
pub(super) fn prefilled(situation: &Situation<'_>, account: &str) -> Result<Values, ReadError> {
    let mut values = Values::new();
    let there = situation.record.lines(COUNTS);
    let last = last(situation, account)?;
    let assortment: BTreeMap<String, Values> =
        assortment::listed(situation.reader, account, &situation.context.today())?
            .into_iter()
            .map(|(product, listed)| (product, office_says(listed)))
            .collect();
    let mut known = last.as_ref().map(by_product).unwrap_or_default();
    for (product, says) in &assortment {
        known
            .entry(product)
            .or_default()
            .extend(says.iter().map(|(field, value)| (field.as_str(), value)));
    }
    known.extend(by_product(situation.record));
    for (product, line) in known {
        if there.contains_key(own_line(situation, product).as_str()) {
            continue;
        }
        let id = product.parse::<RecordId>().ok();
        if id
            .map(|id| situation.reader.record(PRODUCT, id))
            .transpose()?
            .flatten()
            .is_some()
        {
            values.extend(begun_line(situation, product, &line));
        }
    }
    Ok(values)
}

fn office_says(listed: Listed) -> Values {
    let mut says = Values::from([("listed".to_owned(), Value::Bool(true))]);
    says.extend(
        listed
            .par_units
            .map(|units| ("par_units".to_owned(), Value::Int(units))),
    );
    says
}

/// This person's lines of the products that the input names, as they are after counting; `begun`
/// holds lines that the command itself begins.
pub(super) fn counted(situation: &Situation<'_>, begun: &Values) -> Result<Values, Refusal> {
    let mut given: BTreeMap<&str, Fields<'_>> = BTreeMap::new();
    for (path, value) in situation.input {
        if let Some(Path::Line { line, field, .. }) = Path::parse(path) {
            given.entry(line).or_default().insert(field, value);
        }
    }
    if given.is_empty() {
        let message = "say what was counted, such as `counts/<product>/status` and \
                       `counts/<product>/facings`";
        return Err(Refusal::bad_input("required", message).about(COUNTS));
    }
    let mut values = Values::new();
    for (name, given) in given {
        let product = product(situation, name)?;
        let own = own_line(situation, &product.id.to_string());
        let path = |field: &str| line_path(COUNTS, &own, field);
        let is_there = |held: &&Values| held.contains_key(&path("product"));
        if ![begun, &values, &situation.record.values]
            .iter()
            .any(is_there)
        {
            values.extend(first_line(situation, &product));
        }
        let held = begun
            .get(&path("status"))
            .or_else(|| values.get(&path("status")));
        let held = held.unwrap_or_else(|| situation.record.value(&path("status")));
        let status = given
            .get("status")
            .filter(|status| !status.is_null())
            .map_or(held, |status| *status);
        let status = Status::named(status.text().unwrap_or_default());
        check(status, name, &given)?;
        values.extend(
            given
                .iter()
                .map(|(field, value)| (path(field), (*value).clone())),
        );
        if situation.record.value(&path(REMOVED)).is_true() {
            values.insert(path(REMOVED), Value::Bool(false));
        }
        values.extend(
            seen(situation, status)
                .into_iter()
                .map(|(field, value)| (path(field), value)),
        );
    }
    Ok(values)
}

/// What a status says beside what was counted.
fn seen(situation: &Situation<'_>, status: Status) -> Vec<(&'static str, Value)> {
    let mut values = vec![
        ("status", Value::from(status.name())),
        ("at", Value::Int(situation.context.now.0)),
    ];
    values.extend(
        status
            .is_listed()
            .map(|listed| ("listed", Value::Bool(listed))),
    );
    if !status.is_on_shelf() {
        values.extend(ON_SHELF.iter().map(|field| (*field, Value::Null)));
    }
    values
}

/// Two people who count one product have a line each, so that both counts stay.
fn own_line(situation: &Situation<'_>, product: &str) -> String {
    format!("{product}~{}", situation.context.user)
}

/// A line of this person's own, not checked yet, with what an earlier line of the product knew.
fn begun_line(situation: &Situation<'_>, product: &str, earlier: &Fields<'_>) -> Values {
    let own = own_line(situation, product);
    let path = |field: &str| line_path(COUNTS, &own, field);
    let mut values = Values::from([
        (path("product"), Value::from(product)),
        (
            path("user"),
            Value::from(situation.context.user.to_string()),
        ),
        (path("status"), Value::from(Status::NotChecked.name())),
        (path("own"), Value::Bool(true)),
    ]);
    values.extend(
        KEPT.iter()
            .filter_map(|name| Some((path(name), (*earlier.get(name)?).clone()))),
    );
    values
}

/// The line of a product that this person has none of: as others know it in this check, which began
/// with what the last one knew, else as the office does.
fn first_line(situation: &Situation<'_>, product: &Record) -> Values {
    let id = product.id.to_string();
    let mut earlier = by_product(situation.record)
        .remove(id.as_str())
        .unwrap_or_default();
    if !product.value("category").is_null() {
        earlier
            .entry("category")
            .or_insert_with(|| product.value("category"));
    }
    begun_line(situation, &id, &earlier)
}

/// The account's last check that knows any product, beside this one.
fn last(situation: &Situation<'_>, account: &str) -> Result<Option<Record>, ReadError> {
    let mut checks = situation
        .reader
        .find(INVENTORY_CHECK, &[("account", Value::from(account))])?;
    checks.retain(|check| check.id != situation.id && !check.lines(COUNTS).is_empty());
    Ok(checks
        .into_iter()
        .max_by_key(|check| (check.value("at").int(), check.id)))
}

/// The latest line of each product.
fn by_product(check: &Record) -> BTreeMap<&str, Fields<'_>> {
    let mut found: BTreeMap<&str, Fields<'_>> = BTreeMap::new();
    for line in check.lines(COUNTS).into_values() {
        let Some(product) = line.get("product").and_then(|product| product.text()) else {
            continue;
        };
        if found
            .get(product)
            .is_none_or(|known| at(known) <= at(&line))
        {
            found.insert(product, line);
        }
    }
    found
}

/// When and by whom a line was counted; of two lines the later stands.
fn at(line: &Fields<'_>) -> (i64, String) {
    let user = line
        .get("user")
        .and_then(|user| user.text())
        .unwrap_or_default();
    (
        line.get("at").and_then(|at| at.int()).unwrap_or(0),
        user.to_owned(),
    )
}

fn count_of(line: &Fields<'_>) -> Option<Count> {
    let int = |name: &str| line.get(name).and_then(|value| value.int());
    let text = |name: &str| {
        line.get(name)
            .and_then(|value| value.text())
            .unwrap_or_default()
    };
    Some(Count {
        product: text("product").parse().ok()?,
        at: at(line),
        status: Status::named(text("status")),
        facings: int("facings").unwrap_or(0),
        on_shelf_units: int("on_shelf_units").unwrap_or(0),
        back_stock_units: int("back_stock_units").unwrap_or(0),
        par_units: int("par_units"),
        category: text("category").to_owned(),
        own: line.get("own").is_none_or(|own| own.is_true()),
        sum: line.get("sum").is_some_and(|sum| sum.is_true()),
    })
}

/// The product with this id or GTIN.
fn product(situation: &Situation<'_>, name: &str) -> Result<Record, Refusal> {
    let mut found: Vec<Record> = Vec::new();
    if let Ok(id) = name.parse::<RecordId>() {
        found.extend(situation.reader.record(PRODUCT, id)?);
    }
    // Eight digits may be a GTIN and UPC-E: the product that is here decides.
    for gtin in [gtin::said(name), gtin::expanded(name)]
        .into_iter()
        .flatten()
    {
        for product in situation.reader.find(PRODUCT, &[("gtin", gtin.into())])? {
            if found.iter().all(|other| other.id != product.id) {
                found.push(product);
            }
        }
    }
    match <[Record; 1]>::try_from(found) {
        Ok([product]) => Ok(product),
        Err(found) if found.is_empty() => {
            let message = format!(
                "there is no product `{name}` here; give the id or the GTIN of one from the list"
            );
            Err(Refusal::not_found("unknown_product", message).about(COUNTS))
        }
        Err(found) => {
            let message = format!(
                "{} products have the GTIN {name}; give the id of one",
                found.len()
            );
            Err(Refusal::bad_input("several_products", message).about(COUNTS))
        }
    }
}

/// Units of one product that may be counted: so few that no sum of counts overflows.
const UNITS_MAX: i64 = 1_000_000_000;

/// Refuses numbers below nothing or beyond all shelves, prices that are none, and counts that the
/// status contradicts.
fn check(status: Status, name: &str, given: &Fields<'_>) -> Result<(), Refusal> {
    let at = |field: &str| line_path(COUNTS, name, field);
    let int = |field: &str| given.get(field).and_then(|value| value.int());
    if let Some(field) = UNITS
        .iter()
        .find(|field| int(field).is_some_and(|units| units < 0))
    {
        let message = format!(
            "`{field}`: {} is below 0; count 0 or more",
            int(field).unwrap_or(0)
        );
        return Err(Refusal::bad_input("bad_value", message).about(at(field)));
    }
    if let Some(field) = UNITS
        .iter()
        .find(|field| int(field).is_some_and(|units| units > UNITS_MAX))
    {
        let message = format!(
            "`{field}`: a shelf has no more than {UNITS_MAX} of a product; look at the number again"
        );
        return Err(Refusal::bad_input("bad_value", message).about(at(field)));
    }
    let is_price = |text: &str| Decimal::typed(text).is_some_and(|price| !price.is_negative());
    if let Some(price) = given
        .get("price")
        .and_then(|price| price.text())
        .filter(|price| !is_price(price))
    {
        let message =
            format!("`price`: `{price}` is not an exact decimal of 0 or more, such as 1.99");
        return Err(Refusal::bad_input("bad_value", message).about(at("price")));
    }
    let says = |field: &&&str| given.get(**field).is_some_and(|value| !value.is_null());
    if let (Status::NotChecked, Some(field)) = (status, SEEN.iter().find(says)) {
        let message = format!(
            "`{field}` is counted, so say how the product was found: `status` is present, \
             expired, listed_void or \
             not_listed"
        );
        return Err(Refusal::bad_input("status_needed", message).about(at("status")));
    }
    let is_there = |field: &&&str| int(field).is_some_and(|units| units > 0);
    if let (false, Some(field)) = (status.is_on_shelf(), ON_SHELF.iter().find(is_there)) {
        let message = format!(
            "a product that is {} has no `{field}`; say `present` or leave it out",
            status.name()
        );
        return Err(Refusal::bad_input("contradiction", message)
            .about(at("status"))
            .about(at(field)));
    }
    Ok(())
}
