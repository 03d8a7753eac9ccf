//! Applies the promotions of one level: judges hurdles, refuses rivals, gives rewards, tells what
//! was nearly reached. It does not know prices nor taxes.
//!
//! Each promotion that takes a part of a line leaves a whole number of smallest units, rounded from
//! what the one before left. So every reduction can stand on an invoice as an allowance of its own
//! (EN 16931 BT-136, at most two decimals), and one reduction of an unrounded price is rounded
//! once: 10 x 30.75 less 5 % is 292.13.

use std::cmp::Reverse;

use super::book::Book;
use super::hurdle::{Judged, judge, near_misses};
use super::promotion::{Level, Promotion, Reward};
use super::scope::{Product, bad_book};
use super::sheet::{FreeLine, LineTax, Sheet, SheetLine};
use super::tax_line::{TaxedGoods, line_tax};
use super::trace::{PriceReason, PriceStage, told};
use crate::base::fraction::{Fraction, FractionError};
use crate::base::spread::in_proportion;
use crate::domain::refusal::Refusal;
use crate::domain::rules::sell::tax::TaxKey;

/// Applies promotions of one level, which stand in order. Those of one priority are judged
/// together, on what those before them left.
pub(super) fn apply<'a>(
    level: Level,
    promotions: &[&'a Promotion],
    sheet: &mut Sheet<'a>,
    book: &'a Book,
) -> Result<(), Refusal> {
    for line in &mut sheet.lines {
        line.opening = line.amount.rounded();
    }
    let of_level: Vec<&Promotion> = promotions
        .iter()
        .copied()
        .filter(|promotion| promotion.level == level)
        .collect();
    for equals in of_level.chunk_by(|one, other| one.priority == other.priority) {
        let judged = equals
            .iter()
            .map(|promotion| judge(promotion, sheet))
            .collect::<Result<Vec<Judged>, _>>()?;
        refuse_rivals(equals, &judged, sheet.lines.len())?;
        for (promotion, judged) in equals
            .iter()
            .zip(&judged)
            .filter(|(_, judged)| !judged.hits.is_empty())
        {
            reward(promotion, judged, sheet, book)?;
        }
        // What nearly counted is asked again: a line that was taken meanwhile can no longer be
        // counted on.
        for (promotion, _) in equals
            .iter()
            .zip(&judged)
            .filter(|(_, judged)| judged.is_short)
        {
            sheet.near_misses.extend(near_misses(promotion, sheet)?);
        }
    }
    Ok(())
}

/// Refuses two promotions of one priority that want the same line although one excludes the other.
fn refuse_rivals(equals: &[&Promotion], judged: &[Judged], lines: usize) -> Result<(), Refusal> {
    let mut takers: Vec<Option<&Promotion>> = vec![None; lines];
    for (promotion, judged) in equals.iter().zip(judged) {
        for (index, _) in &judged.hits {
            let Some(taker) = takers[*index] else {
                takers[*index] = Some(promotion);
                continue;
            };
            if promotion.excludes || taker.excludes {
                let mut names = [taker.id.as_str(), promotion.id.as_str()];
                names.sort_unstable();
                let message = format!(
                    "`{}` and `{}` both want `lines[{index}]`, and one excludes the other; \
                     give one a higher priority",
                    names[0], names[1]
                );
                let refusal =
                    Refusal::rule("ambiguous_promotion", message).with("entries", names.to_vec());
                return Err(refusal.about(format!("lines[{index}]")));
            }
        }
    }
    Ok(())
}

fn reward<'a>(
    promotion: &'a Promotion,
    judged: &Judged,
    sheet: &mut Sheet<'a>,
    book: &'a Book,
) -> Result<(), Refusal> {
    match (&promotion.reward, promotion.level) {
        (Reward::FreeGoods { product, quantity }, level) => {
            let Some(product) = book.product(product) else {
                return Err(bad_book(
                    &promotion.id,
                    &format!("its free product `{product}` is not in the book"),
                ));
            };
            let tax = line_tax(book, TaxedGoods::from(product), sheet.basket)?;
            let times = judged.hits.iter().map(|(_, times)| *times);
            let times: Vec<i128> = if level == Level::Order {
                times.take(1).collect()
            } else {
                times.collect()
            };
            give(promotion, product, (*quantity).into(), &tax, &times, sheet)?;
            for (index, _) in &judged.hits {
                sheet.lines[*index].taken.push(promotion);
            }
            Ok(())
        }
        (Reward::Percent(percent), _) => {
            let share = Fraction::ONE.minus(Fraction::percent(*percent)?)?;
            reduce(promotion, &Taker::Share(share), judged, sheet)
        }
        (Reward::Amount(off), _) => {
            let off = Taker::Amount(i128::from(off.minor()));
            reduce(promotion, &off, judged, sheet)
        }
    }
}

fn reduce<'a>(
    promotion: &'a Promotion,
    taker: &Taker,
    judged: &Judged,
    sheet: &mut Sheet<'a>,
) -> Result<(), Refusal> {
    match promotion.level {
        Level::Line => reduce_lines(promotion, taker, judged, sheet),
        Level::Order => reduce_order(promotion, taker, judged, sheet),
    }
}

/// Gives goods so many times: once for an order, once for each line that earned them.
fn give<'a>(
    promotion: &'a Promotion,
    product: &'a Product,
    quantity: Fraction,
    tax: &LineTax<'a>,
    times: &[i128],
    sheet: &mut Sheet<'a>,
) -> Result<(), Refusal> {
    for times in times {
        let quantity = quantity.times(Fraction::whole(*times))?;
        sheet.free.push(FreeLine {
            product,
            quantity,
            promotion,
            tax: tax.clone(),
        });
    }
    Ok(())
}

/// What takes something off, made ready once for all lines.
enum Taker {
    /// What is left of each unit of money.
    Share(Fraction),
    /// What goes, in smallest units.
    Amount(i128),
}

impl Taker {
    /// What is left of an amount, in whole smallest units.
    fn left(&self, amount: Fraction, times: i128) -> Result<Fraction, FractionError> {
        let after = match self {
            Taker::Share(share) => amount.times(*share)?,
            Taker::Amount(off) => {
                let off = Fraction::whole(*off).times(Fraction::whole(times))?;
                amount.minus(off)?.max(Fraction::ZERO)
            }
        };
        Ok(Fraction::whole(after.rounded()))
    }
}

fn reduce_lines<'a>(
    promotion: &'a Promotion,
    taker: &Taker,
    judged: &Judged,
    sheet: &mut Sheet<'a>,
) -> Result<(), Refusal> {
    let currency = sheet.currency();
    let mut told = (1, reason(promotion, 1));
    for (index, times) in &judged.hits {
        let line = &mut sheet.lines[*index];
        if !line.amount.is_positive() {
            continue;
        }
        if told.0 != *times {
            told = (*times, reason(promotion, *times));
        }
        line.step(
            PriceStage::LinePromotion,
            &told.1,
            taker.left(line.amount, *times)?,
            currency,
        )?;
        line.taken.push(promotion);
    }
    Ok(())
}

/// Takes off the lines together, and spreads what is taken over them by largest remainder in
/// proportion to their amounts. A last unit goes to the larger amount, then by tax, then by
/// product; so the order of lines changes nothing.
fn reduce_order<'a>(
    promotion: &'a Promotion,
    taker: &Taker,
    judged: &Judged,
    sheet: &mut Sheet<'a>,
) -> Result<(), Refusal> {
    let currency = sheet.currency();
    let amount = |index: usize| sheet.lines[index].amount.numerator();
    let mut members: Vec<usize> = judged
        .hits
        .iter()
        .map(|(index, _)| *index)
        .filter(|index| amount(*index) > 0)
        .collect();
    let Some(times) = judged
        .hits
        .first()
        .map(|(_, times)| *times)
        .filter(|_| !members.is_empty())
    else {
        return Ok(());
    };
    members.sort_by(|one, other| claim(&sheet.lines[*one]).cmp(&claim(&sheet.lines[*other])));
    let weights: Vec<i128> = members.iter().map(|index| amount(*index)).collect();
    let whole = Fraction::whole(weights.iter().sum());
    let rest = taker.left(whole, times)?;
    let shares = in_proportion(whole.minus(rest)?.numerator(), &weights)?;
    let reason = reason(promotion, times);
    for (index, share) in members.into_iter().zip(shares) {
        let line = &mut sheet.lines[index];
        let after = line.amount.minus(Fraction::whole(share))?;
        line.step(PriceStage::OrderPromotion, &reason, after, currency)?;
        line.taken.push(promotion);
    }
    sheet.steps.push(reason.step(
        PriceStage::OrderPromotion,
        Some(told(whole, currency)?),
        told(rest, currency)?,
    ));
    Ok(())
}

/// Who goes first when a last unit is claimed by several.
fn claim<'s>(line: &'s SheetLine<'_>) -> (Reverse<Fraction>, &'s TaxKey, Option<&'s str>) {
    (
        Reverse(line.amount),
        &line.tax.key,
        line.product.map(|product| product.id.as_str()),
    )
}

fn reason(promotion: &Promotion, times: i128) -> PriceReason {
    let again = if times == 1 {
        String::new()
    } else {
        format!(", {times} times")
    };
    let why = match &promotion.reward {
        Reward::Percent(percent) => format!("{percent} % off"),
        Reward::Amount(off) => format!("{off} {} off{again}", off.currency()),
        Reward::FreeGoods { product, quantity } => format!("{quantity} of {product} free{again}"),
    };
    PriceReason::new(&promotion.id, Some(promotion.version), &why)
}
