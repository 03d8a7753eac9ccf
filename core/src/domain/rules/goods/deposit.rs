//! Which containers come with a product, as its row has them, and whether they can: a container may
//! lie in another, never in itself. It does not know what they cost.

use std::collections::BTreeSet;

use crate::base::id::RecordId;
use crate::base::limits::{DEPOSIT_CONTAINERS_MAX, DEPOSIT_COUNT_MAX, DEPOSIT_DEPTH_MAX};
use crate::base::unit::{Unit, UnitError};
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::PRODUCT;
use crate::objects::path::line_path;
use crate::objects::{Reader, Record};

/// The lines of a product that say what it is packed in.
const UNITS: &str = "units";

/// The container that comes with one unit of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitDeposit {
    /// The unit; none means the base unit.
    pub unit: Option<Unit>,
    /// The container.
    pub container: RecordId,
    /// How many of them.
    pub count: u32,
}

/// The containers that come with a product.
pub fn deposits(product: &Record) -> Result<Vec<UnitDeposit>, Refusal> {
    each(product).into_iter().collect()
}

/// Names all that is wrong with the containers of a product, as it will be.
pub(super) fn problems(reader: &dyn Reader, product: &Record) -> Vec<Result<(), Refusal>> {
    let mut found = Vec::new();
    let mut containers = Vec::new();
    for deposit in each(product) {
        found.push(deposit.map(|deposit| containers.push(deposit.container)));
    }
    found.push(lie_in_each_other(reader, product, containers));
    found
}

fn each(product: &Record) -> Vec<Result<UnitDeposit, Refusal>> {
    let own = deposit(product, None);
    let lines = product.lines(UNITS);
    let of_units = lines.keys().map(|line| deposit(product, Some(*line)));
    std::iter::once(own)
        .chain(of_units)
        .filter_map(Result::transpose)
        .collect()
}

/// What comes with one unit of a line, or with one base unit.
fn deposit(product: &Record, line: Option<&str>) -> Result<Option<UnitDeposit>, Refusal> {
    let of = |field: &str| match line {
        Some(line) => line_path(UNITS, line, field),
        None => field.to_owned(),
    };
    let (container, count) = (of("deposit_product"), of("deposit_count"));
    let number = product.value(&count).int();
    let Some(id) = product.reference(&container) else {
        if number.is_some() {
            let why = "there is a number of containers and no container; name it";
            return Err(bad(product, &count, why));
        }
        return Ok(None);
    };
    let number = number.unwrap_or(1);
    let most = DEPOSIT_COUNT_MAX;
    let fits = u32::try_from(number)
        .ok()
        .filter(|_| (1..=most).contains(&number));
    let Some(fitting) = fits else {
        return Err(bad(
            product,
            &count,
            &format!("{number} is not 1 to {most}"),
        ));
    };
    let unit = line.map(|_| of("unit"));
    let unit = unit.and_then(|unit| Some((product.text(&unit)?.parse(), unit)));
    let unit = unit.map(|(read, path)| {
        read.map_err(|error: UnitError| bad(product, &path, &error.to_string()))
    });
    Ok(Some(UnitDeposit {
        unit: unit.transpose()?,
        container: id,
        count: fitting,
    }))
}

/// Whether containers lie in each other no deeper than can be counted, and none in itself.
fn lie_in_each_other(
    reader: &dyn Reader,
    product: &Record,
    mut level: Vec<RecordId>,
) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    for _ in 0..DEPOSIT_DEPTH_MAX {
        let mut inner = Vec::new();
        for id in level {
            if id == product.id {
                let why = "the container lies in itself; take it out of one of them";
                return Err(bad(product, "deposit_product", why));
            }
            if !seen.insert(id) {
                continue;
            }
            if seen.len() > DEPOSIT_CONTAINERS_MAX {
                let why = format!("more than {DEPOSIT_CONTAINERS_MAX} containers come with it");
                return Err(bad(product, "deposit_product", &why));
            }
            // What a container says of its own stands there for whoever changes it.
            if let Some(container) = reader.record(PRODUCT, id)? {
                inner.extend(
                    each(&container)
                        .into_iter()
                        .flatten()
                        .map(|of| of.container),
                );
            }
        }
        if inner.is_empty() {
            return Ok(());
        }
        level = inner;
    }
    let why = format!("containers lie in each other deeper than {DEPOSIT_DEPTH_MAX}");
    Err(bad(product, "deposit_product", &why))
}

fn bad(product: &Record, field: &str, why: &str) -> Refusal {
    let name = product.text("name").unwrap_or_default();
    let message = format!("`{field}` of product `{name}`: {why}");
    Refusal::rule("bad_deposit", message).about(field)
}
