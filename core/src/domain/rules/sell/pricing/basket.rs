//! What is to be priced, as a value and as JSON: who buys what, when, and how tax is taken.
//! It does not know prices: the book does.

use super::super::tax::{Rounding, TaxMode};
use super::strict::{self, JsonMembers};
use crate::base::currency::Currency;
use crate::base::day::Day;
use crate::base::decimal::Decimal;
use crate::base::fraction::Fraction;
use crate::base::limits::{LINES_MAX, REQUEST_BYTES_MAX};
use crate::base::money::UNIT_PRICE_SCALE_MAX;
use crate::base::quantity::QUANTITY_SCALE_MAX;
use crate::base::time::Timestamp;
use crate::base::unit::Unit;
use crate::domain::refusal::Refusal;

/// Digits that a percentage may have after the point.
pub const PERCENT_SCALE_MAX: u8 = 6;
/// Units in one line, either way.
pub const LINE_QUANTITY_MAX: i64 = 1_000_000_000;
/// Price of one unit, either way.
pub const LINE_PRICE_MAX: i64 = 1_000_000_000_000;
/// Per cent of tax.
pub const TAX_RATE_MAX: i64 = 1_000;

const BASKET: &[&str] = &[
    "account",
    "at",
    "currency",
    "lines",
    "tax_mode",
    "tax_rounding",
];
const LINE: &[&str] = &[
    "discount_percent",
    "product",
    "quantity",
    "tax_rate",
    "unit",
    "unit_price",
];

/// A basket: an order, quotation or invoice while it is being put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basket {
    /// The currency of every amount.
    pub currency: Currency,
    /// Whether prices hold the tax.
    pub tax_mode: TaxMode,
    /// Where tax is rounded.
    pub tax_rounding: Rounding,
    /// Who buys, if that is known.
    pub account: Option<String>,
    /// The day whose prices, promotions and taxes hold.
    pub at: Day,
    /// What is bought.
    pub lines: Vec<BasketLine>,
}

/// One line of a basket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasketLine {
    /// What is bought.
    pub item: Item,
    /// How many of the unit; less than nothing takes back.
    pub quantity: Decimal,
    /// The unit; the base unit of the product where none is named.
    pub unit: Option<Unit>,
    /// What the seller takes off this line, in per cent.
    pub discount_percent: Decimal,
    /// The price that stays as it was confirmed; no basket can say this of itself.
    pub kept: Option<KeptPrice>,
}

/// A price of one unit that was confirmed, as the basket counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptPrice {
    /// The price of one unit, exact.
    pub unit_price: Fraction,
    /// In which revision it was confirmed.
    pub revision: i64,
}

/// What a line is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A product, or a variant of one; the book prices it.
    Product(String),
    /// Something that carries its own price and tax rate (per cent), and that no price list knows.
    Own {
        /// The price of one unit.
        unit_price: Decimal,
        /// Per cent of tax.
        tax_rate: Decimal,
    },
}

impl Basket {
    /// Reads a basket from JSON. `at` is a day, or a moment that falls on a day in the time zone;
    /// without it the basket is of today. Refusals name the line and the member.
    pub fn parse(text: &str, today: Day, time_zone: &str) -> Result<Basket, Refusal> {
        if text.len() > REQUEST_BYTES_MAX {
            return Err(Basket::too_large());
        }
        let mut members = strict::read(text, "basket")?;
        let currency = members.text("currency")?;
        let currency = members.needed("currency", currency)?;
        let currency =
            Currency::named(&currency).map_err(|error| members.wrong("currency", error))?;
        let tax_mode = members.parsed("tax_mode")?;
        let tax_mode = members.needed("tax_mode", tax_mode)?;
        let tax_rounding = members.parsed("tax_rounding")?;
        let tax_rounding = members.needed("tax_rounding", tax_rounding)?;
        let account = members.text("account")?;
        let at = at(&mut members, today, time_zone)?;
        let lines = members.lines("lines")?;
        members.nothing_left(BASKET)?;
        if lines.len() > LINES_MAX {
            return Err(members.wrong(
                "lines",
                format!("{} lines; at most {LINES_MAX} are possible", lines.len()),
            ));
        }
        let lines = lines.into_iter().map(line).collect::<Result<_, _>>()?;
        Ok(Basket {
            currency,
            tax_mode,
            tax_rounding,
            account,
            at,
            lines,
        })
    }

    /// The refusal of a basket that no request could carry.
    #[must_use]
    pub fn too_large() -> Refusal {
        let message =
            format!("a basket has at most {REQUEST_BYTES_MAX} bytes; price less at a time");
        Refusal::too_large("too_large", message)
    }
}

fn at(members: &mut JsonMembers, today: Day, time_zone: &str) -> Result<Day, Refusal> {
    let Some(text) = members.text("at")? else {
        return Ok(today);
    };
    if let Ok(day) = text.parse() {
        return Ok(day);
    }
    let moment = Timestamp::parse(&text)
        .ok()
        .and_then(|moment| moment.day_in(time_zone).parse().ok());
    let expected =
        "a day such as 2026-11-24, or a moment such as 2026-11-24T08:30:00Z, is expected";
    moment.ok_or_else(|| members.wrong("at", format!("`{text}`: {expected}")))
}

fn line(mut members: JsonMembers) -> Result<BasketLine, Refusal> {
    let item = item(&mut members)?;
    let quantity = bounded(
        &mut members,
        "quantity",
        QUANTITY_SCALE_MAX,
        -LINE_QUANTITY_MAX,
        LINE_QUANTITY_MAX,
    )?;
    let quantity = members.needed("quantity", quantity)?;
    let unit = members.parsed("unit")?;
    let discount = bounded(&mut members, "discount_percent", PERCENT_SCALE_MAX, 0, 100)?;
    members.nothing_left(LINE)?;
    Ok(BasketLine {
        item,
        quantity,
        unit,
        discount_percent: discount.unwrap_or_default(),
        kept: None,
    })
}

fn item(members: &mut JsonMembers) -> Result<Item, Refusal> {
    if let Some(product) = members.text("product")? {
        for own in ["unit_price", "tax_rate"] {
            if members.has(own) {
                return Err(
                    members.wrong(own, "the price list says this of a product; leave it out")
                );
            }
        }
        return Ok(Item::Product(product));
    }
    if !members.has("unit_price") && !members.has("tax_rate") {
        let message = "a line names a `product`, or carries its own `unit_price` and `tax_rate`";
        return Err(members.wrong("product", message));
    }
    let unit_price = bounded(
        members,
        "unit_price",
        UNIT_PRICE_SCALE_MAX,
        -LINE_PRICE_MAX,
        LINE_PRICE_MAX,
    )?;
    let tax_rate = bounded(members, "tax_rate", PERCENT_SCALE_MAX, 0, TAX_RATE_MAX)?;
    Ok(Item::Own {
        unit_price: members.needed("unit_price", unit_price)?,
        tax_rate: members.needed("tax_rate", tax_rate)?,
    })
}

/// A decimal with so many digits after the point at most, between two bounds.
fn bounded(
    members: &mut JsonMembers,
    name: &str,
    scale_max: u8,
    least: i64,
    most: i64,
) -> Result<Option<Decimal>, Refusal> {
    let Some(decimal) = members.decimal(name)? else {
        return Ok(None);
    };
    if decimal.scale() > scale_max {
        return Err(members.wrong(
            name,
            format!("{decimal} has more than {scale_max} digits after the point"),
        ));
    }
    if decimal < Decimal::from(least) || decimal > Decimal::from(most) {
        return Err(members.wrong(name, format!("{decimal} is not between {least} and {most}")));
    }
    Ok(Some(decimal))
}
