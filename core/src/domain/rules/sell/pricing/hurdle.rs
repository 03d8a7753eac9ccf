//! Whether a hurdle is reached, by which lines, how often, and what is missing if it is not.
//! It does not know what is given for it.

use super::entry::goods_told;
use super::near_miss::{Gap, NearMiss};
use super::promotion::{Hurdle, Level, Promotion};
use super::scope::Goods;
use super::sheet::{Sheet, SheetLine};
use crate::base::fraction::{Fraction, FractionError};
use crate::base::money::Money;
use crate::base::quantity::QUANTITY_SCALE_MAX;
use crate::domain::refusal::Refusal;

/// What was found of one promotion.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Lines that are rewarded, and how many times the hurdle was reached.
    pub(super) hits: Vec<(usize, i128)>,
    /// Whether something falls short although a part of it is there.
    pub(super) is_short: bool,
}

/// Judges a promotion on the lines as they are. A quantity or value on lines is asked of each line
/// alone; everything else of all lines together.
pub(super) fn judge(promotion: &Promotion, sheet: &Sheet<'_>) -> Result<Judged, Refusal> {
    let members = members(promotion, sheet);
    let mut judged = Judged::default();
    let mut measures = Vec::new();
    for pool in pools(promotion, &members) {
        measure(promotion, pool, sheet, &mut measures)?;
        match times(promotion, &measures)? {
            0 => judged.is_short |= measures.iter().any(|measure| measure.have.is_positive()),
            times => judged.hits.extend(pool.iter().map(|index| (*index, times))),
        }
    }
    Ok(judged)
}

/// What a promotion falls short of, on the lines as they are.
pub(super) fn near_misses(
    promotion: &Promotion,
    sheet: &Sheet<'_>,
) -> Result<Vec<NearMiss>, Refusal> {
    let members = members(promotion, sheet);
    let mut found = Vec::new();
    let mut measures = Vec::new();
    for pool in pools(promotion, &members) {
        measure(promotion, pool, sheet, &mut measures)?;
        let is_near = measures.iter().any(|measure| measure.have.is_positive());
        if is_near && times(promotion, &measures)? == 0 {
            let short = measures
                .iter()
                .filter(|measure| measure.have < measure.need);
            let missing = short
                .map(|measure| measure.gap(sheet))
                .collect::<Result<Vec<_>, _>>()?;
            let line = pool.first().copied().filter(|_| is_each_alone(promotion));
            found.push(NearMiss {
                promotion: promotion.id.clone(),
                version: promotion.version,
                line,
                missing,
            });
        }
    }
    Ok(found)
}

/// The lines that a promotion counts and rewards.
fn members(promotion: &Promotion, sheet: &Sheet<'_>) -> Vec<usize> {
    let is_one = |line: &SheetLine<'_>| {
        line.may_take(promotion)
            && promotion
                .goods
                .iter()
                .any(|goods| goods.include(line.product))
    };
    (0..sheet.lines.len())
        .filter(|index| is_one(&sheet.lines[*index]))
        .collect()
}

fn is_each_alone(promotion: &Promotion) -> bool {
    promotion.level == Level::Line && !matches!(promotion.hurdle, Hurdle::Mix(_))
}

/// The lines that are asked together; none are never asked.
fn pools<'m>(promotion: &Promotion, members: &'m [usize]) -> std::slice::Chunks<'m, usize> {
    members.chunks(if is_each_alone(promotion) {
        1
    } else {
        members.len().max(1)
    })
}

/// One thing a hurdle asks for.
struct Measure<'a> {
    of: Of<'a>,
    have: Fraction,
    need: Fraction,
}

/// What is measured.
enum Of<'a> {
    Quantity,
    Value,
    Part(&'a Goods),
}

fn measure<'a>(
    promotion: &'a Promotion,
    pool: &[usize],
    sheet: &Sheet<'_>,
    measures: &mut Vec<Measure<'a>>,
) -> Result<(), FractionError> {
    measures.clear();
    let lines = pool.iter().map(|index| &sheet.lines[*index]);
    match &promotion.hurdle {
        Hurdle::Quantity(least) => {
            measures.push(Measure {
                of: Of::Quantity,
                have: pieces(lines)?,
                need: Fraction::from(*least),
            });
        }
        Hurdle::Value(least) => {
            let (have, need) = (
                lines.map(|line| line.opening).sum(),
                i128::from(least.minor()),
            );
            measures.push(Measure {
                of: Of::Value,
                have: Fraction::whole(have),
                need: Fraction::whole(need),
            });
        }
        Hurdle::Mix(parts) => {
            for (goods, least) in parts {
                let is_one =
                    |line: &&SheetLine<'_>| line.may_take(promotion) && goods.include(line.product);
                let have = pieces(sheet.lines.iter().filter(is_one))?;
                measures.push(Measure {
                    of: Of::Part(goods),
                    have,
                    need: Fraction::from(*least),
                });
            }
        }
    }
    Ok(())
}

/// How often everything that is asked for is there; once at most, unless it is asked for again and
/// again.
fn times(promotion: &Promotion, measures: &[Measure<'_>]) -> Result<i128, FractionError> {
    if !promotion.repeats {
        return Ok(i128::from(
            measures.iter().all(|measure| measure.have >= measure.need),
        ));
    }
    let each = measures
        .iter()
        .map(|measure| Ok(measure.have.over(measure.need)?.floor()));
    Ok(each
        .collect::<Result<Vec<i128>, FractionError>>()?
        .into_iter()
        .min()
        .unwrap_or_default())
}

fn pieces<'s, 'a: 's>(
    lines: impl Iterator<Item = &'s SheetLine<'a>>,
) -> Result<Fraction, FractionError> {
    lines
        .map(|line| line.quantity)
        .try_fold(Fraction::ZERO, Fraction::plus)
}

impl Measure<'_> {
    fn gap(&self, sheet: &Sheet<'_>) -> Result<Gap, Refusal> {
        let missing = self.need.minus(self.have)?;
        let of = match self.of {
            Of::Quantity => "quantity".to_owned(),
            Of::Part(goods) => goods_told(goods, sheet.book),
            Of::Value => {
                let told = |minor: Fraction| {
                    Money::of(minor.numerator(), sheet.currency()).map(|money| money.to_string())
                };
                let (have, need, missing) = (told(self.have)?, told(self.need)?, told(missing)?);
                return Ok(Gap {
                    of: "value".to_owned(),
                    have,
                    need,
                    missing,
                });
            }
        };
        let told = |quantity: Fraction| {
            quantity
                .shown(QUANTITY_SCALE_MAX)
                .map(|quantity| quantity.to_string())
        };
        // Rounded up, so that whoever buys what is missing has reached it.
        let missing = missing.shown_at_least(QUANTITY_SCALE_MAX)?.to_string();
        Ok(Gap {
            of,
            have: told(self.have)?,
            need: told(self.need)?,
            missing,
        })
    }
}
