//! Whether a hurdle is reached, by which lines, how often, and what is missing if it is not.
//! It does not know what is given for it.

use super::book::Goods;
use super::entry::goods_told;
use super::priced::{Gap, NearMiss};
use super::promotion::{Hurdle, Level, Promotion};
use super::sheet::{Sheet, SheetLine};
use crate::base::decimal::Decimal;
use crate::base::fraction::{Fraction, FractionError};
use crate::base::money::Money;
use crate::base::quantity::QUANTITY_SCALE_MAX;
use crate::domain::refusal::Refusal;

/// What was found of one promotion.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Lines that are rewarded, and how many times the hurdle was reached.
    pub(super) hits: Vec<(usize, i128)>,
    /// What falls short although something of it is there.
    pub(super) misses: Vec<NearMiss>,
}

/// Judges a promotion on the lines as they are. A quantity or value on lines is asked of each line alone; everything else
/// of all lines together.
pub(super) fn judge(promotion: &Promotion, sheet: &Sheet<'_>) -> Result<Judged, Refusal> {
    let is_one = |line: &SheetLine<'_>| {
        line.may_take(promotion) && promotion.goods.iter().any(|goods| goods.include(line.product))
    };
    let members: Vec<usize> = (0..sheet.lines.len()).filter(|index| is_one(&sheet.lines[*index])).collect();
    let each_alone = promotion.level == Level::Line && !matches!(promotion.hurdle, Hurdle::Mix(_));
    let pools: Vec<&[usize]> = if each_alone { members.chunks(1).collect() } else { vec![&members] };
    let mut judged = Judged::default();
    for pool in pools.into_iter().filter(|pool| !pool.is_empty()) {
        let measures = measure(promotion, pool, sheet)?;
        let times = measures.iter().map(|measure| measure.times(promotion.repeats)).collect::<Result<Vec<_>, _>>()?;
        match times.into_iter().min().unwrap_or_default() {
            0 if measures.iter().any(|measure| measure.have.is_positive()) => {
                let short = measures.iter().filter(|measure| measure.have < measure.need);
                let missing = short.map(|measure| measure.gap(sheet)).collect::<Result<Vec<_>, _>>()?;
                let line = each_alone.then(|| pool.first().copied()).flatten();
                let (id, version) = (promotion.id.clone(), promotion.version);
                judged.misses.push(NearMiss { promotion: id, version, line, missing });
            }
            0 => {}
            times => judged.hits.extend(pool.iter().map(|index| (*index, times))),
        }
    }
    Ok(judged)
}

/// One thing a hurdle asks for.
struct Measure {
    of: String,
    have: Fraction,
    need: Fraction,
    is_money: bool,
}

fn measure(promotion: &Promotion, pool: &[usize], sheet: &Sheet<'_>) -> Result<Vec<Measure>, FractionError> {
    let lines = pool.iter().map(|index| &sheet.lines[*index]);
    match &promotion.hurdle {
        Hurdle::Quantity(least) => {
            Ok(vec![Measure { of: String::new(), have: pieces(lines)?, need: Fraction::from(*least), is_money: false }])
        }
        Hurdle::Value(least) => {
            let have = lines.map(|line| line.opening).sum();
            let need = Fraction::whole(i128::from(least.minor()));
            Ok(vec![Measure { of: String::new(), have: Fraction::whole(have), need, is_money: true }])
        }
        Hurdle::Mix(parts) => {
            let part = |(goods, least): &(Goods, Decimal)| {
                let is_one = |line: &&SheetLine<'_>| line.may_take(promotion) && goods.include(line.product);
                let have = pieces(sheet.lines.iter().filter(is_one))?;
                Ok(Measure { of: goods_told(goods), have, need: Fraction::from(*least), is_money: false })
            };
            parts.iter().map(part).collect()
        }
    }
}

fn pieces<'s, 'a: 's>(lines: impl Iterator<Item = &'s SheetLine<'a>>) -> Result<Fraction, FractionError> {
    lines.map(|line| line.quantity).try_fold(Fraction::ZERO, Fraction::plus)
}

impl Measure {
    /// How often it is there; once at most, unless it is asked for again and again.
    fn times(&self, repeats: bool) -> Result<i128, FractionError> {
        if repeats { Ok(self.have.over(self.need)?.floor()) } else { Ok(i128::from(self.have >= self.need)) }
    }

    fn gap(&self, sheet: &Sheet<'_>) -> Result<Gap, Refusal> {
        let missing = self.need.minus(self.have)?;
        if self.is_money {
            let told = |minor: Fraction| Money::of(minor.numerator(), sheet.currency()).map(|money| money.to_string());
            let (have, need, missing) = (told(self.have)?, told(self.need)?, told(missing)?);
            return Ok(Gap { of: "value".to_owned(), have, need, missing });
        }
        let of = if self.of.is_empty() { "quantity".to_owned() } else { self.of.clone() };
        let told = |quantity: Fraction| quantity.shown(QUANTITY_SCALE_MAX).map(|quantity| quantity.to_string());
        // Rounded up, so that whoever buys what is missing has reached it.
        let missing = missing.shown_at_least(QUANTITY_SCALE_MAX)?.to_string();
        Ok(Gap { of, have: told(self.have)?, need: told(self.need)?, missing })
    }
}
