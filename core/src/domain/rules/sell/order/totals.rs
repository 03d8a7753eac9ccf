//! An order's sums, priced by the book as it is on the order's day.
//! It does not know limits nor verdicts.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::bounds::{fits, in_base, orderable, takeable};
use super::kept::KeptPrices;
use super::stage::COUNTS_FROM;
use crate::base::currency::Currency;
use crate::base::decimal::{Decimal, DecimalError};
use crate::base::fraction::Fraction;
use crate::base::money::Money;
use crate::base::time::TimeError;
use crate::base::unit::{Unit, UnitError};
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::{LINES, PRODUCT};
use crate::domain::rules::sell::price_book::of_order;
use crate::domain::rules::sell::pricing::{
    Basket, BasketLine, Item, LineCharge, PriceStage, Priced, PricedLine, price,
};
use crate::domain::rules::sell::tax::WordError;
use crate::objects::path::{POSITION, line_path};
use crate::objects::{Reader, Record};

/// What an order is worth, in amounts with exactly the digits of its currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// The currency of every amount.
    pub currency: Currency,
    /// Without tax.
    pub net: Money,
    /// The tax.
    pub tax: Money,
    /// With tax.
    pub gross: Money,
    /// What is paid in cash.
    pub payable: Money,
    /// Each tax, and what it was taken of, as JSON.
    pub tax_groups: Json,
    /// What the goods come to without tax: deposits and fees stand beside it.
    pub goods_net: Money,
    /// By position.
    pub lines: Vec<LineTotal>,
    /// The price lists, promotions and tax classes that were used, with their versions.
    pub sources: Json,
}

/// One line's share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineTotal {
    /// The line's id.
    pub line: String,
    /// The product's id.
    pub product: String,
    /// The unit; none where the line names none.
    pub unit: Option<Unit>,
    /// What it is, if it is no goods.
    pub charge: Option<LineCharge>,
    /// Whether a promotion gives it for nothing.
    pub free: bool,
    /// How many of it.
    pub quantity: Decimal,
    /// How many base units that is.
    pub base_quantity: Fraction,
    /// The price of one unit before promotions and discount, to six decimals.
    pub unit_price: Decimal,
    /// The exact one.
    pub exact_price: Fraction,
    /// What the seller takes off; none of a line that follows from others.
    pub discount_percent: Option<Decimal>,
    /// Without tax.
    pub net: Money,
    /// The tax.
    pub tax: Money,
    /// With tax.
    pub gross: Money,
    /// How its price came about, as JSON.
    pub trace: String,
}

/// An amount as people read it, with the digits of its currency.
pub(super) fn told(amount: Fraction, currency: Currency) -> Result<String, Refusal> {
    Ok(Money::rounded(amount, currency)?.to_string())
}

/// Prices an order by the book as it is, for the order's day; what was confirmed and did not change
/// keeps its price.
pub(super) fn priced(reader: &dyn Reader, order: &Record) -> Result<Priced, Refusal> {
    priced_basket(reader, order, &basket(reader, order)?)
}

fn priced_basket(reader: &dyn Reader, order: &Record, basket: &Basket) -> Result<Priced, Refusal> {
    price(basket, &of_order(reader, basket, order)?)
}

/// An order's sums.
pub fn totals(reader: &dyn Reader, order: &Record) -> Result<Totals, Refusal> {
    let basket = basket(reader, order)?;
    let priced = priced_basket(reader, order, &basket)?;
    let ordered = by_position(order);
    let mut goods_net = Money::new(0, priced.currency);
    let mut lines = Vec::with_capacity(priced.lines.len());
    for (index, line) in priced.lines.iter().enumerate() {
        let product = line.product.clone().unwrap_or_default();
        let base_quantity = match &line.charge {
            Some(_) => line.quantity.into(),
            None => {
                goods_net = goods_net.plus(line.net)?;
                in_base(reader, &product, line.quantity, line.unit)?
            }
        };
        lines.push(LineTotal {
            line: line_id(&ordered, index, line),
            base_quantity,
            product,
            unit: line.unit,
            charge: line.charge.clone(),
            free: line.free,
            quantity: line.quantity,
            unit_price: line.unit_price,
            exact_price: line.exact_price,
            discount_percent: basket.lines.get(index).map(|line| line.discount_percent),
            net: line.net,
            tax: line.tax,
            gross: line.gross,
            trace: serde_json::to_string(&line.trace).unwrap_or_default(),
        });
    }
    Ok(Totals {
        currency: priced.currency,
        net: priced.net,
        tax: priced.tax,
        gross: priced.gross,
        payable: priced.payable,
        goods_net,
        tax_groups: json!(priced.tax_groups),
        lines,
        sources: sources(&priced),
    })
}

/// The id of a line: the order's own, or that of a line which follows from others.
fn line_id(ordered: &[&str], index: usize, line: &PricedLine) -> String {
    let derived = line.charge.as_ref().and_then(|charge| charge.id.clone());
    match (ordered.get(index), derived) {
        (Some(own), _) => (*own).to_owned(),
        (None, Some(derived)) => derived,
        (None, None) => format!("free~{}", index - ordered.len()),
    }
}

/// Whether a product is a container, which may come back.
fn is_container(reader: &dyn Reader, product: &str) -> Result<bool, Refusal> {
    let row = product
        .parse()
        .ok()
        .map_or(Ok(None), |id| reader.record(PRODUCT, id))?;
    Ok(row.is_some_and(|row| row.value("is_container").is_true()))
}

/// The ids of an order's lines as people put them.
pub(super) fn by_position(order: &Record) -> Vec<&str> {
    let lines = order.lines(LINES);
    let position = |id: &str| lines.get(id).and_then(|line| line.get(POSITION)?.int());
    let mut ids: Vec<&str> = lines.keys().copied().collect();
    ids.sort_by_key(|id| (position(id), *id));
    ids
}

fn basket(reader: &dyn Reader, order: &Record) -> Result<Basket, Refusal> {
    let wrong = |field: &str, why: String| {
        Refusal::rule("bad_order", format!("`{field}` of the order: {why}")).about(field)
    };
    let text = |field: &str| order.text(field).unwrap_or_default();
    let lines = order.lines(LINES);
    fits(lines.len())?;
    let kept = KeptPrices::of(reader, order)?;
    let line = |id: &str| -> Result<BasketLine, Refusal> {
        let text = |field: &str| {
            lines
                .get(id)
                .and_then(|line| line.get(field)?.text())
                .unwrap_or_default()
        };
        let decimal = |field: &str| -> Result<Decimal, Refusal> {
            text(field).parse().map_err(|error: DecimalError| {
                wrong(&line_path(LINES, id, field), error.to_string())
            })
        };
        let unit = text("unit")
            .parse()
            .map_err(|error: UnitError| wrong(&line_path(LINES, id, "unit"), error.to_string()));
        let is_full = text("discount_percent").is_empty();
        let discount_percent = if is_full {
            Decimal::ZERO
        } else {
            decimal("discount_percent")?
        };
        let quantity = decimal("quantity")?;
        let is_container = quantity.is_negative() && is_container(reader, text("product"))?;
        orderable(quantity, is_container)
            .map_err(|why| wrong(&line_path(LINES, id, "quantity"), why))?;
        takeable(discount_percent)
            .map_err(|why| wrong(&line_path(LINES, id, "discount_percent"), why))?;
        let line = BasketLine {
            item: Item::Product(text("product").to_owned()),
            quantity,
            unit: Some(unit?),
            discount_percent,
            kept: None,
        };
        Ok(BasketLine {
            kept: kept.of_line(id, &line)?,
            ..line
        })
    };
    Ok(Basket {
        currency: Currency::named(text("currency"))
            .map_err(|error| wrong("currency", error.to_string()))?,
        tax_mode: text("tax_mode")
            .parse()
            .map_err(|error: WordError| wrong("tax_mode", error.to_string()))?,
        tax_rounding: text("tax_rounding")
            .parse()
            .map_err(|error: WordError| wrong("tax_rounding", error.to_string()))?,
        account: order.text("account").map(str::to_owned),
        at: priced_on(order)
            .parse()
            .map_err(|error: TimeError| wrong("ordered_on", error.to_string()))?,
        lines: by_position(order)
            .into_iter()
            .map(line)
            .collect::<Result<_, _>>()?,
    })
}

/// The day whose prices an order has: what its device's clock said, unless the server knows better.
fn priced_on(order: &Record) -> &str {
    let counts = order.text(COUNTS_FROM);
    counts.or(order.text("ordered_on")).unwrap_or_default()
}

/// The lists, promotions and taxes that made the prices by kind and name, each once, with its
/// version.
fn sources(priced: &Priced) -> Json {
    let steps = priced
        .lines
        .iter()
        .flat_map(|line| &line.trace)
        .chain(&priced.trace);
    let mut kinds: BTreeMap<&str, BTreeMap<&str, u32>> = BTreeMap::new();
    for step in steps {
        let (kind, rule) = match step.stage {
            // The rule of such a step is an entry of a list, as LIST/ENTRY.
            PriceStage::ListPrice | PriceStage::AgreedPrice | PriceStage::QuantityBreak => (
                "price_list",
                step.rule
                    .rsplit_once('/')
                    .map_or(&*step.rule, |(list, _)| list),
            ),
            PriceStage::LinePromotion | PriceStage::OrderPromotion => ("promotion", &*step.rule),
            PriceStage::Fee => ("fee", &*step.rule),
            PriceStage::Tax | PriceStage::TaxPart | PriceStage::TaxConversion => {
                ("tax_class", &*step.rule)
            }
            PriceStage::OwnPrice
            | PriceStage::KeptPrice
            | PriceStage::LineAmount
            | PriceStage::Discount
            | PriceStage::LineRounding
            | PriceStage::CashRounding => {
                continue;
            }
        };
        if let Some(version) = step.version {
            kinds.entry(kind).or_default().insert(rule, version);
        }
    }
    json!(kinds)
}
