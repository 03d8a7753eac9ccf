//! What a promotion is: a hurdle, a reward, and how it gets on with others.
//! It does not know baskets; `level` applies it.
//!
//! ERPNext's pricing rules are the model where the business leaves room: a higher number is a
//! higher priority; a hurdle is judged on quantities in the base unit and on amounts before any
//! promotion; a quantity or value hurdle of a line is judged on that line alone, unless several are
//! looked at together (there `mixed_conditions`, here `Hurdle::Mix` or an order's promotion); two
//! that exclude each other at one priority are an error that names both.

use super::scope::{Buyers, Goods, Validity, bad_book};
use super::trace::PriceStage;
use crate::base::currency::Currency;
use crate::base::decimal::Decimal;
use crate::base::money::Money;
use crate::base::quantity::QUANTITY_SCALE_MAX;
use crate::domain::refusal::Refusal;

/// Where a promotion gives its reward; lines come before the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// On each line by itself.
    Line,
    /// On the lines together, spread over them.
    Order,
}

/// What has to be bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hurdle {
    /// So many base units.
    Quantity(Decimal),
    /// So much money, before promotions of the same level, with or without tax as the basket has
    /// it.
    Value(Money),
    /// So many base units of each of several goods.
    Mix(Vec<(Goods, Decimal)>),
}

/// What is given for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reward {
    /// Per cent off.
    Percent(Decimal),
    /// An amount off, never more than what it is taken from.
    Amount(Money),
    /// Goods for nothing, in base units, as a line of their own.
    FreeGoods {
        /// The product's id.
        product: String,
        /// How many base units.
        quantity: Decimal,
    },
}

/// One promotion. It is applied whenever its hurdle is reached and is gone whenever it is not,
/// because a basket is always priced from its lines alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promotion {
    /// The id that traces name.
    pub id: String,
    /// Which version of the promotion this is.
    pub version: u32,
    /// Where it gives its reward.
    pub level: Level,
    /// Whom it is for.
    pub buyers: Buyers,
    /// The goods that count and that are rewarded: any of these.
    pub goods: Vec<Goods>,
    /// When it holds.
    pub validity: Validity,
    /// What has to be bought.
    pub hurdle: Hurdle,
    /// What is given.
    pub reward: Reward,
    /// Whether amount or free goods are given again each time the hurdle is reached: one free for
    /// every ten.
    pub repeats: bool,
    /// Whether a line that takes it takes no other promotion, of either level, and it takes no line
    /// that has another.
    pub excludes: bool,
    /// The higher is applied first.
    pub priority: i32,
}

impl Promotion {
    /// By which promotions are sorted: level, priority, reward, id. Per cent come before amounts,
    /// so that an amount is not made smaller by a promotion of equal priority.
    pub(super) fn order(&self) -> (Level, std::cmp::Reverse<i32>, u8, &str) {
        let reward = match self.reward {
            Reward::Percent(_) => 0,
            Reward::Amount(_) => 1,
            Reward::FreeGoods { .. } => 2,
        };
        (
            self.level,
            std::cmp::Reverse(self.priority),
            reward,
            &self.id,
        )
    }

    /// The part of the waterfall that it belongs to.
    pub(super) fn stage(&self) -> PriceStage {
        match self.level {
            Level::Line => PriceStage::LinePromotion,
            Level::Order => PriceStage::OrderPromotion,
        }
    }

    /// The currency it speaks of, if it speaks of money.
    pub(super) fn currency(&self) -> Option<Currency> {
        let hurdle = match &self.hurdle {
            Hurdle::Value(money) => Some(money.currency()),
            Hurdle::Quantity(_) | Hurdle::Mix(_) => None,
        };
        let reward = match &self.reward {
            Reward::Amount(money) => Some(money.currency()),
            Reward::Percent(_) | Reward::FreeGoods { .. } => None,
        };
        hurdle.or(reward)
    }
}

/// Refuses a promotion that contradicts itself.
pub(super) fn check_promotion(promotion: &Promotion) -> Result<(), Refusal> {
    let bad = |why: &str| Err(bad_book(&promotion.id, why));
    let is_positive =
        |decimal: &Decimal| *decimal > Decimal::ZERO && decimal.scale() <= QUANTITY_SCALE_MAX;
    if promotion.goods.is_empty() {
        return bad("it names no goods");
    }
    let hurdle_stands = match &promotion.hurdle {
        Hurdle::Quantity(least) => is_positive(least),
        Hurdle::Value(least) => least.minor() > 0,
        Hurdle::Mix(parts) => {
            !parts.is_empty() && parts.iter().all(|(_, least)| is_positive(least))
        }
    };
    if !hurdle_stands {
        return bad("its hurdle is more than nothing and has at most 6 decimals");
    }
    let reward_stands = match &promotion.reward {
        Reward::Percent(percent) => is_positive(percent) && *percent <= Decimal::from(100),
        Reward::Amount(money) => money.minor() > 0,
        Reward::FreeGoods { quantity, .. } => is_positive(quantity),
    };
    if !reward_stands {
        return bad("its reward is more than nothing, at most 100 %, and has at most 6 decimals");
    }
    if let (Hurdle::Value(hurdle), Reward::Amount(reward)) = (&promotion.hurdle, &promotion.reward)
        && hurdle.currency() != reward.currency()
    {
        return bad("its hurdle and its reward are in two currencies");
    }
    let is_mix_of_lines =
        promotion.level == Level::Line && matches!(promotion.hurdle, Hurdle::Mix(_));
    match promotion.reward {
        Reward::Amount(_) | Reward::FreeGoods { .. } if is_mix_of_lines => {
            bad("a mix of lines is rewarded in per cent; \
             give an amount or free goods once, to the order")
        }
        Reward::Percent(_) if promotion.repeats => bad("per cent are not given again and again"),
        Reward::Percent(_) | Reward::Amount(_) | Reward::FreeGoods { .. } => Ok(()),
    }
}
