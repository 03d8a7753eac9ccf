//! Prices: from a basket and a book of rules to exact amounts, with the story of each. It does not
//! know storage, orders nor payment: a basket and a book go in as values, and the same two give the
//! same bytes on phone and server. Rebates and wallet are payment, not price.
//!
//! The waterfall: list price -> contract or account price -> quantity break -> line promotion ->
//! the seller's discount -> order promotion -> deposits and fees -> tax -> cash rounding. Where the
//! business leaves room:
//! - A line's amount stays exact until the first reduction rounds it, or else the end of the line's
//!   own steps does; each further reduction is rounded again. So price x quantity is rounded once,
//!   as in Odoo (`price_subtotal`), and every reduction is an allowance that EN 16931 can carry
//!   (BR-DEC-24: two decimals).
//! - A price that holds tax, in a basket whose prices do not (or the other way round), is converted
//!   exactly by the tax rate of the line; only the line's amount is rounded. ERPNext and
//!   Odoo convert such prices too.
//! - A line without a product is of category S, or of Z if its rate is nothing (EN 16931 BR-S-05,
//!   BR-Z-05).
//! - A line that was confirmed and did not change keeps its price of one unit, whatever the lists
//!   say by now. Promotions, deposits, fees and taxes look at more than one line, and follow anew.
//! - Tax rates are per cent, as EN 16931 has them (BT-152): "8.5" is 8.5 %.

mod basket;
mod book;
mod charge;
mod charging;
mod container;
mod deposit;
mod entry;
mod fee;
mod fee_line;
mod hurdle;
mod level;
mod line;
mod near_miss;
mod priced;
mod promotion;
mod scope;
mod sheet;
mod strict;
mod tax_line;
mod taxing;
mod trace;
mod waterfall;

pub use basket::{
    Basket, BasketLine, Item, KeptPrice, LINE_PRICE_MAX, LINE_QUANTITY_MAX, PERCENT_SCALE_MAX,
    TAX_RATE_MAX,
};
pub use book::{Book, DatedPart, PriceEntry, PriceList, TaxRate};
pub use charge::{ChargeKind, LineCharge};
pub use deposit::Deposit;
pub use fee::{Fee, FeeCharge, FeePer};
pub use near_miss::{Gap, NearMiss};
pub use priced::{Priced, PricedLine};
pub use promotion::{Hurdle, Level, Promotion, Reward};
pub use scope::{Account, Buyers, Goods, Product, Validity};
pub use taxing::{LineTaxShare, TaxGroup};
pub use trace::{PriceStage, PriceStep, TraceFigure};
pub use waterfall::price;
