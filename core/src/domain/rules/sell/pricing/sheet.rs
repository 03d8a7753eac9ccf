//! The lines of a basket while they are being priced: amounts, what they have taken, their story so
//! far. It does not know which rules act on them.

use super::basket::{Basket, BasketLine};
use super::book::Book;
use super::charge::LineCharge;
use super::near_miss::NearMiss;
use super::promotion::Promotion;
use super::scope::Product;
use super::trace::{PriceReason, PriceStage, PriceStep, told};
use crate::base::currency::Currency;
use crate::base::decimal::Decimal;
use crate::base::fraction::{Fraction, FractionError};
use crate::base::unit::Unit;
use crate::domain::refusal::Refusal;
use crate::domain::rules::sell::tax::{TaxKey, TaxTreatment};
use crate::domain::rules::sell::tax_parts::LinePart;

/// A basket on its way through the waterfall.
pub(super) struct Sheet<'a> {
    pub(super) basket: &'a Basket,
    pub(super) book: &'a Book,
    pub(super) lines: Vec<SheetLine<'a>>,
    /// What is given for nothing, in the order in which it was given.
    pub(super) free: Vec<FreeLine<'a>>,
    /// Deposits and fees.
    pub(super) charges: Vec<ChargeLine<'a>>,
    pub(super) near_misses: Vec<NearMiss>,
    pub(super) steps: Vec<PriceStep>,
}

/// One line of it. Amounts are in smallest units, net or gross as the basket has it.
pub(super) struct SheetLine<'a> {
    pub(super) line: &'a BasketLine,
    pub(super) product: Option<&'a Product>,
    /// The quantity in base units.
    pub(super) quantity: Fraction,
    /// The price of one unit.
    pub(super) unit_price: Fraction,
    /// Price times quantity.
    pub(super) full: Fraction,
    /// What is left of it; exact until something rounds it.
    pub(super) amount: Fraction,
    /// What was left when the level began, rounded; hurdles are judged on it.
    pub(super) opening: i128,
    pub(super) tax: LineTax<'a>,
    /// Whether it is a container by itself, which stands beside promotions and discounts.
    pub(super) is_container: bool,
    pub(super) taken: Vec<&'a Promotion>,
    pub(super) steps: Vec<PriceStep>,
}

/// How a line is taxed, and by which rule.
#[derive(Debug, Clone)]
pub(super) struct LineTax<'a> {
    pub(super) key: TaxKey,
    /// The rate of the goods, which the prices of a list may hold; of a buyer without tax it is not
    /// the key's.
    pub(super) listed: Decimal,
    pub(super) class: Option<(&'a str, u32)>,
    /// Where there are several taxes: each, and its value for one base unit. Then these are taken,
    /// and not the key's.
    pub(super) parts: Vec<LinePart<'a>>,
    /// Those of the goods, which the prices of a list may hold.
    pub(super) listed_parts: Vec<LinePart<'a>>,
    /// Why no tax is taken of the buyer.
    pub(super) treatment: Option<TaxTreatment>,
}

/// Goods that a promotion gives.
pub(super) struct FreeLine<'a> {
    pub(super) product: &'a Product,
    /// In base units.
    pub(super) quantity: Fraction,
    pub(super) promotion: &'a Promotion,
    pub(super) tax: LineTax<'a>,
}

/// A line that follows from others.
pub(super) struct ChargeLine<'a> {
    pub(super) charge: LineCharge,
    /// The container.
    pub(super) product: Option<&'a Product>,
    pub(super) quantity: Fraction,
    pub(super) unit: Option<Unit>,
    pub(super) unit_price: Fraction,
    /// Net or gross, as the basket has it, in smallest units.
    pub(super) minor: i128,
    pub(super) tax: LineTax<'a>,
    pub(super) steps: Vec<PriceStep>,
}

impl Sheet<'_> {
    pub(super) fn currency(&self) -> Currency {
        self.basket.currency
    }
}

impl SheetLine<'_> {
    /// Whether a promotion may count and reward the line: something is bought, and no promotion
    /// that excludes others stands in the way.
    pub(super) fn may_take(&self, promotion: &Promotion) -> bool {
        let is_open = !self.taken.iter().any(|taken| taken.excludes);
        self.quantity.is_positive()
            && !self.is_container
            && self.opening > 0
            && is_open
            && (self.taken.is_empty() || !promotion.excludes)
    }

    /// Goes on with another amount, and tells the step.
    pub(super) fn step(
        &mut self,
        stage: PriceStage,
        reason: &PriceReason,
        after: Fraction,
        currency: Currency,
    ) -> Result<(), FractionError> {
        let before = told(self.amount, currency)?;
        self.steps
            .push(reason.step(stage, Some(before), told(after, currency)?));
        self.amount = after;
        Ok(())
    }
}

/// Names the line that a refusal is about.
pub(super) fn on_line(index: usize) -> impl FnOnce(Refusal) -> Refusal {
    move |mut refusal| {
        let place = format!("lines[{index}]");
        refusal.message = format!("`{place}`: {}", refusal.message);
        refusal.fields = match refusal.fields.is_empty() {
            true => vec![place],
            false => refusal
                .fields
                .iter()
                .map(|member| format!("{place}.{member}"))
                .collect(),
        };
        refusal
    }
}
