//! Applies the promotions of one level: judges hurdles, refuses rivals, gives rewards, tells what was nearly reached.
//! It does not know prices nor taxes.
//!
//! Each promotion that takes a part of a line leaves a whole number of smallest units, rounded from what the one before
//! left. So every reduction can stand on an invoice as an allowance of its own (EN 16931 BT-136, at most two decimals),
//! and one reduction of an unrounded price is rounded once: 10 x 30.75 less 5 % is 292.13.

use std::cmp::Reverse;

use super::book::{Book, Product, bad_book};
use super::hurdle::{Judged, judge};
use super::promotion::{Level, Promotion, Reward};
use super::sheet::{FreeLine, LineTax, Sheet, SheetLine};
use super::trace::{Stage, Step, told};
use crate::base::fraction::Fraction;
use crate::base::spread::in_proportion;
use crate::domain::refusal::Refusal;
use crate::domain::rules::tax::TaxKey;

/// Applies promotions of one level, which stand in order. Those of one priority are judged together, on what those
/// before them left.
pub(super) fn apply<'a>(
    level: Level,
    promotions: &[&'a Promotion],
    sheet: &mut Sheet<'a>,
    book: &'a Book,
) -> Result<(), Refusal> {
    for line in &mut sheet.lines {
        line.opening = line.amount.rounded();
    }
    let of_level: Vec<&Promotion> = promotions.iter().copied().filter(|promotion| promotion.level == level).collect();
    for equals in of_level.chunk_by(|one, other| one.priority == other.priority) {
        let judged = equals.iter().map(|promotion| judge(promotion, sheet)).collect::<Result<Vec<Judged>, _>>()?;
        refuse_rivals(equals, &judged, sheet.lines.len())?;
        for (promotion, judged) in equals.iter().zip(&judged).filter(|(_, judged)| !judged.hits.is_empty()) {
            reward(promotion, judged, sheet, book)?;
        }
        // What nearly counted is asked again: a line that was taken meanwhile can no longer be counted on.
        for (promotion, _) in equals.iter().zip(&judged).filter(|(_, judged)| !judged.misses.is_empty()) {
            sheet.near_misses.extend(judge(promotion, sheet)?.misses);
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
                    "`{}` and `{}` both want `lines[{index}]`, and one excludes the other; give one a higher priority",
                    names[0], names[1]
                );
                let refusal = Refusal::rule("ambiguous_promotion", message).with("entries", names.to_vec());
                return Err(refusal.about(format!("lines[{index}]")));
            }
        }
    }
    Ok(())
}

fn reward<'a>(promotion: &'a Promotion, judged: &Judged, sheet: &mut Sheet<'a>, book: &'a Book) -> Result<(), Refusal> {
    match (&promotion.reward, promotion.level) {
        (Reward::FreeGoods { product, quantity }, level) => {
            let Some(product) = book.product(product) else {
                return Err(bad_book(&promotion.id, &format!("its free product `{product}` is not in the book")));
            };
            let tax = super::line_tax(book, product, sheet.basket)?;
            let given = (product, Fraction::from(*quantity), tax);
            let times = judged.hits.iter().map(|(_, times)| *times);
            let times: Vec<i128> = if level == Level::Order { times.take(1).collect() } else { times.collect() };
            give(promotion, &given, &times, sheet)?;
            for (index, _) in &judged.hits {
                sheet.lines[*index].taken.push(promotion);
            }
            Ok(())
        }
        (Reward::Percent(_) | Reward::Amount(_), Level::Line) => {
            judged.hits.iter().try_for_each(|(index, times)| reduce_line(promotion, *index, *times, sheet))
        }
        (Reward::Percent(_) | Reward::Amount(_), Level::Order) => reduce_order(promotion, judged, sheet),
    }
}

/// Gives goods so many times: once for an order, once for each line that earned them.
fn give<'a>(
    promotion: &'a Promotion,
    (product, quantity, tax): &(&'a Product, Fraction, LineTax<'a>),
    times: &[i128],
    sheet: &mut Sheet<'a>,
) -> Result<(), Refusal> {
    for times in times {
        let quantity = quantity.times(Fraction::whole(*times))?;
        sheet.free.push(FreeLine { product, quantity, promotion, tax: tax.clone() });
    }
    Ok(())
}

/// What a reward leaves of an amount, in whole smallest units.
fn left(reward: &Reward, amount: Fraction, times: i128) -> Result<Fraction, Refusal> {
    let after = match reward {
        Reward::Percent(percent) => amount.times(Fraction::ONE.minus(Fraction::percent(*percent)?)?)?,
        Reward::Amount(off) => {
            let off = Fraction::whole(i128::from(off.minor())).times(Fraction::whole(times))?;
            amount.minus(off)?.max(Fraction::ZERO)
        }
        Reward::FreeGoods { .. } => amount,
    };
    Ok(Fraction::whole(after.rounded()))
}

fn reduce_line<'a>(promotion: &'a Promotion, index: usize, times: i128, sheet: &mut Sheet<'a>) -> Result<(), Refusal> {
    let currency = sheet.currency();
    let line = &mut sheet.lines[index];
    if !line.amount.is_positive() {
        return Ok(());
    }
    let after = left(&promotion.reward, line.amount, times)?;
    line.step(
        (Stage::LinePromotion, (&promotion.id, Some(promotion.version))),
        after,
        why(promotion, times),
        currency,
    )?;
    line.taken.push(promotion);
    Ok(())
}

/// Takes off the lines together, and spreads what is taken over them by largest remainder in proportion to their
/// amounts. A last unit goes to the larger amount, then by tax, then by product; so the order of lines changes nothing.
fn reduce_order<'a>(promotion: &'a Promotion, judged: &Judged, sheet: &mut Sheet<'a>) -> Result<(), Refusal> {
    let currency = sheet.currency();
    let amount = |index: usize| sheet.lines[index].amount.numerator();
    let mut members: Vec<usize> =
        judged.hits.iter().map(|(index, _)| *index).filter(|index| amount(*index) > 0).collect();
    let Some(times) = judged.hits.first().map(|(_, times)| *times).filter(|_| !members.is_empty()) else {
        return Ok(());
    };
    members.sort_by(|one, other| claim(&sheet.lines[*one]).cmp(&claim(&sheet.lines[*other])));
    let weights: Vec<i128> = members.iter().map(|index| amount(*index)).collect();
    let whole = Fraction::whole(weights.iter().sum());
    let rest = left(&promotion.reward, whole, times)?;
    let shares = in_proportion(whole.minus(rest)?.numerator(), &weights)?;
    let why = why(promotion, times);
    let rule = (promotion.id.as_str(), Some(promotion.version));
    for (index, share) in members.into_iter().zip(shares) {
        let line = &mut sheet.lines[index];
        let after = line.amount.minus(Fraction::whole(share))?;
        line.step((Stage::OrderPromotion, rule), after, why.clone(), currency)?;
        line.taken.push(promotion);
    }
    let (before, after) = (Some(told(whole, currency)?), told(rest, currency)?);
    let (rule, version) = (promotion.id.clone(), Some(promotion.version));
    sheet.steps.push(Step { stage: Stage::OrderPromotion, rule, version, before, after, why });
    Ok(())
}

/// Who goes first when a last unit is claimed by several.
fn claim<'s>(line: &'s SheetLine<'_>) -> (Reverse<Fraction>, &'s TaxKey, Option<&'s str>) {
    (Reverse(line.amount), &line.tax.key, line.product.map(|product| product.id.as_str()))
}

fn why(promotion: &Promotion, times: i128) -> String {
    let again = if times == 1 { String::new() } else { format!(", {times} times") };
    match &promotion.reward {
        Reward::Percent(percent) => format!("{percent} % off"),
        Reward::Amount(off) => format!("{off} {} off{again}", off.currency()),
        Reward::FreeGoods { product, quantity } => format!("{quantity} of {product} free{again}"),
    }
}
