//! What a barcode says, element by element. It does not know how it was written.

use std::collections::BTreeMap;

use crate::base::day::Day;
use crate::base::decimal::Decimal;

/// A scan that could not be read, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the scan `{text}` cannot be read: {reason}")]
pub struct ScanError {
    /// What was scanned, separators shown as a blank.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What a barcode says.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Scan {
    /// 00: the parcel or pallet, as an SSCC.
    pub sscc: Option<String>,
    /// 01, or a plain number: the trade item, as a GTIN of 14 digits.
    pub gtin: Option<String>,
    /// What else eight digits may mean that are both EAN-8, which is `gtin` then, and UPC-E.
    pub or_gtin: Option<String>,
    /// 02: the trade items inside, as a GTIN of 14 digits.
    pub content: Option<String>,
    /// 10: the batch.
    pub batch: Option<String>,
    /// 11: the day of production.
    pub produced: Option<Day>,
    /// 12: the day on which it is to be paid.
    pub due: Option<Day>,
    /// 13: the day of packaging.
    pub packed: Option<Day>,
    /// 15: the day up to which it is at its best.
    pub best_before: Option<Day>,
    /// 16: the day up to which it may be sold.
    pub sell_by: Option<Day>,
    /// 17: the day after which it may not be used.
    pub expiry: Option<Day>,
    /// 7003: the minute after which it may not be used, such as `2027-06-30T14:05`.
    pub expiry_time: Option<String>,
    /// 20: the variant.
    pub variant: Option<String>,
    /// 21: the serial number.
    pub serial: Option<String>,
    /// 240: what else its maker knows it by.
    pub additional_id: Option<String>,
    /// 310n: the net weight in kilograms.
    pub net_weight_kg: Option<Decimal>,
    /// 311n to 369n: other measures, by name with the unit at its end.
    pub measures: BTreeMap<&'static str, Decimal>,
    /// 30: how many pieces it is.
    pub pieces: Option<u32>,
    /// 37: how many trade items are inside.
    pub count: Option<u32>,
    /// 390n, 391n: the amount to be paid.
    pub amount_due: Option<Decimal>,
    /// 392n, 393n: the price of this piece.
    pub price: Option<Decimal>,
    /// 391n, 393n: in which currency, by the three digits of ISO 4217.
    pub currency_number: Option<String>,
    /// 394n: the discount of a coupon, in percent.
    pub discount_percent: Option<Decimal>,
    /// 395n: the price of one unit of measure.
    pub price_per_measure: Option<Decimal>,
    /// 8005: the price of one unit of measure, as the digits of the label.
    pub price_digits: Option<String>,
    /// 400: the customer's order.
    pub order_number: Option<String>,
    /// 410: where it goes, as a GLN.
    pub ship_to: Option<String>,
    /// 411: who is billed, as a GLN.
    pub bill_to: Option<String>,
    /// 412: of whom it was bought, as a GLN.
    pub bought_of: Option<String>,
    /// 413: for whom it is, as a GLN.
    pub ship_for: Option<String>,
    /// 414: the place, as a GLN.
    pub location: Option<String>,
    /// 415: who bills, as a GLN.
    pub billed_by: Option<String>,
    /// 90 to 99: what partners and companies agreed on, by identifier.
    pub internal: BTreeMap<String, String>,
    /// Identifiers that are not read here; their data was passed over.
    pub unread: Vec<String>,
}

impl Scan {
    /// Whether it says which goods, parcel or place it is about.
    #[must_use]
    pub fn names_goods(&self) -> bool {
        [&self.gtin, &self.content, &self.sscc, &self.location]
            .iter()
            .any(|name| name.is_some())
    }

    /// Whether nothing of it was read.
    pub(super) fn is_empty(&self) -> bool {
        let read = Scan {
            unread: Vec::new(),
            ..self.clone()
        };
        read == Scan::default()
    }
}
