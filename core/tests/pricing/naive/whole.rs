//! The second pricing from beginning to end. It does not know how each part is done.

use outfield_core::domain::rules::sell::pricing::{Basket, Level};

use super::closing::{NaivePriced, close};
use super::number::Number;
use super::opening::open;
use super::promotions::Till;
use crate::support::PriceShop;

pub(crate) fn price(shop: &PriceShop, basket: &Basket) -> Result<NaivePriced, String> {
    if basket
        .account
        .iter()
        .any(|id| !shop.accounts.iter().any(|account| account.id == *id))
    {
        return Err("unknown_account".to_owned());
    }
    let mut lines = Vec::new();
    for line in &basket.lines {
        lines.push(open(
            shop,
            basket,
            &line.item,
            &line.quantity.to_string(),
            line.unit.map(|unit| unit.to_string()),
        )?);
    }
    let mut till = Till {
        shop,
        basket,
        lines,
        free: Vec::new(),
        near: Vec::new(),
    };
    till.level(Level::Line)?;
    for (line, asked) in till.lines.iter_mut().zip(&basket.lines) {
        let left = Number::whole(100).minus(&Number::read(&asked.discount_percent.to_string()));
        line.amount = Number::whole(line.amount.times(&left).over(&Number::whole(100)).nearest());
    }
    till.level(Level::Order)?;
    Ok(close(till))
}
