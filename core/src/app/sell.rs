//! Answers what a rep asks while selling: what a basket costs, how an order stands, what a scanner
//! read. It does not know prices: rules do.

use super::{Device, FieldError};
use crate::base::day::Day;
use crate::base::time::TimeError;
use crate::domain::rules::sell::{price_book::book, pricing};
use crate::objects::Reader;

/// Prices a basket, given as JSON, on a day of a time zone; the same JSON text on phone and server.
pub fn priced(
    reader: &dyn Reader,
    basket: &str,
    today: &str,
    time_zone: &str,
) -> Result<String, FieldError> {
    let today: Day = today
        .parse()
        .map_err(|error: TimeError| FieldError::broken(error))?;
    let basket = pricing::Basket::parse(basket, today, time_zone)?;
    Ok(pricing::price(&basket, &book(reader, &basket)?)?.to_json())
}

impl Device {
    /// Prices a basket, given as JSON, by what this device holds; the answer is JSON text.
    pub fn price(&mut self, basket: &str) -> Result<String, FieldError> {
        let _still = self.still()?;
        let context = self.context()?;
        priced(&self.reader(), basket, &context.today(), &context.time_zone)
    }
}
