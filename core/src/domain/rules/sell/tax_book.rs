//! The taxes of a class as the office keeps them: its one rate, the rates of later days, and
//! several taxes in their place. It does not know how lines are taxed.

use std::collections::BTreeMap;

use super::office_row::{mistake, needed, parsed};
use crate::base::currency::Currency;
use crate::base::day::Day;
use crate::base::decimal::Decimal;
use crate::base::fraction::{Fraction, FractionError};
use crate::base::limits::TAX_PARTS_MAX;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{TAX_PARTS, TAX_RATES};
use crate::domain::rules::sell::pricing::{Book, DatedPart, TaxRate, Validity};
use crate::domain::rules::sell::tax_parts::{
    LinePart, TaxBase, TaxCharge, TaxPart, net_of, with_held,
};
use crate::objects::path::{POSITION, line_path};
use crate::objects::{Record, Value};

/// An amount as large as any that a sum of taxes must be computable for.
const LARGE_MINOR: i128 = 1_000_000_000_000;

/// Puts the taxes of a class into a book. What cannot be read stops the price of what is of that
/// class, and of nothing else.
pub(super) fn add_class(book: &mut Book, row: &Record) {
    if let Err(refusal) = read_class(book, row) {
        book.spoil_class(&row.id.to_string(), refusal);
    }
}

fn read_class(book: &mut Book, row: &Record) -> Result<(), Refusal> {
    tax_rates(row)?
        .into_iter()
        .try_for_each(|rate| book.add_tax(rate))?;
    let class = row.id.to_string();
    for part in parts(row) {
        book.add_part(&class, part?)?;
    }
    Ok(())
}

/// Names everything that is wrong with the taxes of a class.
pub(super) fn class_is_sound(row: &Record) -> Result<(), Refusal> {
    let (class, mut book) = (row.id.to_string(), Book::default());
    let rates = tax_rates(row).and_then(|rates| {
        let mut rates = rates.into_iter();
        rates.try_for_each(|rate| book.add_tax(rate))
    });
    let mut found = vec![rates];
    let mut dated: Vec<DatedPart> = Vec::new();
    for part in parts(row) {
        found.push(part.and_then(|part| {
            book.add_part(&class, part.clone())?;
            dated.push(part);
            Ok(())
        }));
    }
    found.push(hold_together(row, &dated));
    Refusal::every(found)
}

/// Whether the taxes of each day are few enough, and can be taken out of a large amount that holds
/// them.
fn hold_together(row: &Record, dated: &[DatedPart]) -> Result<(), Refusal> {
    for first in dated.iter().map(|dated| dated.validity.from) {
        let holds = |dated: &&DatedPart| match first {
            Some(day) => dated.validity.holds(day),
            None => dated.validity.from.is_none(),
        };
        let holding: Vec<&TaxPart> = dated
            .iter()
            .filter(holds)
            .map(|dated| &dated.part)
            .collect();
        if holding.len() > TAX_PARTS_MAX {
            let day = first.map_or("the first day".to_owned(), |day| day.to_string());
            let why = format!("more than {TAX_PARTS_MAX} taxes hold on {day}; take some out");
            return Err(mistake(row, TAX_PARTS, why));
        }
        let together = holding.iter().map(|part| all_inside(part));
        let computed = together.collect::<Result<Vec<_>, _>>().and_then(|parts| {
            let net = net_of(Fraction::whole(LARGE_MINOR), &parts)?;
            with_held(net, &parts)
        });
        computed.map_err(|error| mistake(row, TAX_PARTS, error))?;
    }
    Ok(())
}

fn all_inside(part: &TaxPart) -> Result<LinePart<'_>, FractionError> {
    let value = match &part.charge {
        TaxCharge::Percent(percent) => Fraction::percent(*percent)?,
        TaxCharge::PerUnit { amount, .. } => Fraction::from(*amount),
    };
    Ok(LinePart {
        part,
        value,
        inside: true,
    })
}

/// The lines of several taxes; each holds until the day before the next one of its name does.
fn parts(row: &Record) -> Vec<Result<DatedPart, Refusal>> {
    let mut by_name: BTreeMap<&str, Vec<PartLine<'_>>> = BTreeMap::new();
    let mut found = Vec::new();
    for line in row.lines(TAX_PARTS).into_keys() {
        match part_line(row, line) {
            Ok(read) => by_name.entry(read.name).or_default().push(read),
            Err(refusal) => found.push(Err(refusal)),
        }
    }
    for mut lines in by_name.into_values() {
        lines.sort_by_key(|line| line.from);
        let next = lines.iter().skip(1).map(|line| line.from);
        let next: Vec<Option<Day>> = next.chain([None]).collect();
        for (version, (line, next)) in (1..).zip(lines.into_iter().zip(next)) {
            found.push(dated(row, &line, version, next));
        }
    }
    found
}

/// One line of them, as far as it must be read to know which it follows.
struct PartLine<'a> {
    line: &'a str,
    name: &'a str,
    from: Option<Day>,
}

fn part_line<'a>(row: &'a Record, line: &'a str) -> Result<PartLine<'a>, Refusal> {
    let name = line_path(TAX_PARTS, line, "name");
    Ok(PartLine {
        line,
        name: row
            .text(&name)
            .ok_or_else(|| mistake(row, &name, "it is needed"))?,
        from: parsed(row, &line_path(TAX_PARTS, line, "valid_from"))?,
    })
}

/// A tax with its days; `next` is the first day of the one of its name that follows it.
fn dated(
    row: &Record,
    line: &PartLine<'_>,
    version: u32,
    next: Option<Day>,
) -> Result<DatedPart, Refusal> {
    let of = |field: &str| line_path(TAX_PARTS, line.line, field);
    if next.is_some() && next == line.from {
        let message = format!(
            "two taxes `{}` hold from {} on; take one of them out",
            line.name,
            next.map(|day| day.to_string()).unwrap_or_default()
        );
        return Err(Refusal::rule("ambiguous_tax", message).about(of("valid_from")));
    }
    let last: Option<Day> = parsed(row, &of("valid_to"))?;
    let before_next = next.and_then(Day::previous);
    let to = match (last, before_next) {
        (Some(last), Some(before)) => Some(last.min(before)),
        (last, before) => last.or(before),
    };
    let currency = row.text(&of("currency")).map(Currency::named).transpose();
    let part = TaxPart {
        name: line.name.to_owned(),
        version,
        position: row.value(&of(POSITION)).int().unwrap_or_default(),
        category: match row.text(&of("category")) {
            Some(own) => own.to_owned(),
            None => needed(row, "category")?,
        },
        charge: charge(row, line)?,
        base: match row.text(&of("on")) {
            Some("net_and_before") => TaxBase::NetAndBefore,
            Some(_) | None => TaxBase::Net,
        },
        inside: match row.value(&of("inside")) {
            Value::Bool(inside) => Some(*inside),
            Value::Null | Value::Int(_) | Value::Text(_) => None,
        },
    };
    Ok(DatedPart {
        part,
        currency: currency.map_err(|error| mistake(row, &of("currency"), error))?,
        validity: Validity {
            from: line.from,
            to,
        },
    })
}

/// Either a rate or an amount a unit.
fn charge(row: &Record, line: &PartLine<'_>) -> Result<TaxCharge, Refusal> {
    let of = |field: &str| line_path(TAX_PARTS, line.line, field);
    let percent = parsed::<Decimal>(row, &of("rate_percent"))?;
    let amount = parsed::<Decimal>(row, &of("amount_per_unit"))?;
    match (percent, amount) {
        (Some(percent), None) if row.text(&of("unit")).is_none() => Ok(TaxCharge::Percent(percent)),
        (Some(_), None) => {
            let why = "a unit is that of an amount, and this tax has a rate; take one of them out";
            Err(mistake(row, &of("unit"), why))
        }
        (None, Some(amount)) => Ok(TaxCharge::PerUnit {
            amount,
            unit: parsed(row, &of("unit"))?,
        }),
        (Some(_), Some(_)) => {
            let why = "a tax has a rate or an amount a unit, not both; take one of them out";
            Err(mistake(row, &of("amount_per_unit"), why))
        }
        (None, None) => {
            let why = "a tax has a rate or an amount a unit; name one of them";
            Err(mistake(row, &of("rate_percent"), why))
        }
    }
}

/// The rates of a tax class, each until the day before the next one holds; the class itself says
/// the first.
fn tax_rates(row: &Record) -> Result<Vec<TaxRate>, Refusal> {
    let class = row.id.to_string();
    let mut later: BTreeMap<Day, &str> = BTreeMap::new();
    let lines = row.lines(TAX_RATES);
    for line in lines.keys() {
        let from = line_path(TAX_RATES, line, "valid_from");
        let day: Day = needed(row, &from)?;
        if later.insert(day, line).is_some() {
            let message = format!("two rates hold from {day} on; take one of them out");
            return Err(Refusal::rule("ambiguous_tax", message).about(from));
        }
    }
    let mut rates = vec![TaxRate {
        class: class.clone(),
        version: 1,
        category: needed(row, "category")?,
        rate: needed(row, "rate_percent")?,
        validity: Validity::default(),
    }];
    for ((from, line), version) in later.into_iter().zip(2..) {
        let of = |field: &str| line_path(TAX_RATES, line, field);
        if let Some(before) = rates.last_mut() {
            before.validity.to = from.previous();
        }
        rates.push(TaxRate {
            class: class.clone(),
            version,
            category: parsed(row, &of("category"))?.unwrap_or(needed(row, "category")?),
            rate: needed(row, &of("rate_percent"))?,
            validity: Validity {
                from: Some(from),
                to: None,
            },
        });
    }
    Ok(rates)
}
