//! Several taxes of one line: shares of the net or of the net and the taxes before, amounts a unit,
//! on top or inside the amount; each is rounded by itself, per line or per document. It does not
//! know products, prices nor days.
//!
//! Each tax is linear in the net of its line, so that a net is found exactly below any number of
//! taxes that an amount holds. Then only rounded figures are summed and taxed: a tax on tax is one
//! on the figures that stand there. Where an amount holds a tax, half a unit goes to the net, as
//! `tax` has it for a single rate.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::tax::{Rounding, Split};
use crate::base::decimal::Decimal;
use crate::base::fraction::{Fraction, FractionError};
use crate::base::spread::to_fractions;
use crate::base::unit::Unit;

/// How much a tax is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaxCharge {
    /// Per cent.
    Percent(Decimal),
    /// An amount of the document's currency for each unit.
    PerUnit {
        /// The amount.
        amount: Decimal,
        /// The unit; the base unit of the goods where none is named.
        unit: Option<Unit>,
    },
}

/// What a share is a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaxBase {
    /// The net.
    Net,
    /// The net and all taxes of the line that stand before.
    NetAndBefore,
}

/// One of several taxes of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxPart {
    /// What people call it.
    pub name: String,
    /// Which version of it this is.
    pub version: u32,
    /// Where it stands among the others.
    pub position: i64,
    /// The category of EN 16931, such as S.
    pub category: String,
    /// How much it is.
    pub charge: TaxCharge,
    /// What a share is a share of.
    pub base: TaxBase,
    /// Whether prices hold it; where nothing is said they do as the document has it.
    pub inside: Option<bool>,
}

/// A tax as it is taken of one line.
#[derive(Debug, Clone, Copy)]
pub struct LinePart<'a> {
    /// Which one.
    pub part: &'a TaxPart,
    /// The share, or the amount for so many as the line is about.
    pub value: Fraction,
    /// Whether the line's amount holds it.
    pub inside: bool,
}

/// One amount to be taxed, in smallest units.
#[derive(Debug, Clone)]
pub struct PartTaxable<'a> {
    /// It holds those taxes that are inside.
    pub minor: i128,
    /// Its taxes, in order.
    pub parts: Vec<LinePart<'a>>,
    /// Breaks a tie for the last unit of a group's tax, least first; equal ranks go by position.
    pub rank: &'a str,
}

/// What makes taxes of several lines one tax.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartKey<'a> {
    /// What people call it.
    pub name: &'a str,
    /// The category of EN 16931.
    pub category: &'a str,
    /// How much it is.
    pub charge: &'a TaxCharge,
}

/// The taxes of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartSplit {
    /// Without tax.
    pub net: i128,
    /// Each tax with what it was taken of, in the order of the parts.
    pub taxes: Vec<Split>,
}

/// The taxes of all lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartTaxes<'a> {
    /// Each line, in the order they came; they sum to the groups.
    pub lines: Vec<PartSplit>,
    /// Each tax with what it was taken of: in the order in which they stand on lines, then by name.
    pub groups: Vec<(PartKey<'a>, Split)>,
}

impl TaxPart {
    fn key(&self) -> PartKey<'_> {
        PartKey {
            name: &self.name,
            category: &self.category,
            charge: &self.charge,
        }
    }

    fn is_on_tax(&self) -> bool {
        self.base == TaxBase::NetAndBefore && matches!(self.charge, TaxCharge::Percent(_))
    }
}

impl<'a> LinePart<'a> {
    /// The same for so many, where it is an amount for one.
    pub fn times(self, quantity: Fraction) -> Result<LinePart<'a>, FractionError> {
        let value = match self.part.charge {
            TaxCharge::Percent(_) => self.value,
            TaxCharge::PerUnit { .. } => self.value.times(quantity)?,
        };
        Ok(LinePart { value, ..self })
    }

    /// The same on amounts that hold tax or do not, unless it says that itself.
    #[must_use]
    pub fn among(self, is_with_tax: bool) -> LinePart<'a> {
        let inside = self.part.inside.unwrap_or(is_with_tax);
        LinePart { inside, ..self }
    }
}

/// A tax as it depends on the net: so much of it, and so much whatever it is.
#[derive(Debug, Clone, Copy)]
struct Slope {
    share: Fraction,
    fixed: Fraction,
}

impl Slope {
    const NOTHING: Slope = Slope {
        share: Fraction::ZERO,
        fixed: Fraction::ZERO,
    };

    fn plus(self, other: Slope) -> Result<Slope, FractionError> {
        Ok(Slope {
            share: self.share.plus(other.share)?,
            fixed: self.fixed.plus(other.fixed)?,
        })
    }

    fn of(self, net: Fraction) -> Result<Fraction, FractionError> {
        net.times(self.share)?.plus(self.fixed)
    }
}

fn slopes(parts: &[LinePart<'_>]) -> Result<Vec<Slope>, FractionError> {
    let mut before = Slope::NOTHING;
    let mut slopes = Vec::with_capacity(parts.len());
    for line_part in parts {
        let value = line_part.value;
        let own = match (&line_part.part.charge, line_part.part.base) {
            (TaxCharge::PerUnit { .. }, _) => Slope {
                share: Fraction::ZERO,
                fixed: value,
            },
            (TaxCharge::Percent(_), TaxBase::Net) => Slope {
                share: value,
                fixed: Fraction::ZERO,
            },
            (TaxCharge::Percent(_), TaxBase::NetAndBefore) => Slope {
                share: Fraction::ONE.plus(before.share)?.times(value)?,
                fixed: before.fixed.times(value)?,
            },
        };
        before = before.plus(own)?;
        slopes.push(own);
    }
    Ok(slopes)
}

fn held(parts: &[LinePart<'_>]) -> Result<Slope, FractionError> {
    let mut held = Slope::NOTHING;
    for (part, slope) in parts.iter().zip(slopes(parts)?) {
        if part.inside {
            held = held.plus(slope)?;
        }
    }
    Ok(held)
}

/// What an amount is without the taxes that it holds.
pub fn net_of(amount: Fraction, parts: &[LinePart<'_>]) -> Result<Fraction, FractionError> {
    let held = held(parts)?;
    amount
        .minus(held.fixed)?
        .over(Fraction::ONE.plus(held.share)?)
}

/// What a net is with the taxes that its amount holds.
pub fn with_held(net: Fraction, parts: &[LinePart<'_>]) -> Result<Fraction, FractionError> {
    net.plus(held(parts)?.of(net)?)
}

/// Taxes amounts.
pub fn tax_parts<'a>(
    lines: &'a [PartTaxable<'a>],
    rounding: Rounding,
) -> Result<PartTaxes<'a>, FractionError> {
    let taxes = lines.iter().map(|line| vec![None; line.parts.len()]);
    let mut taxing = Taxing {
        lines,
        rounding,
        nets: lines.iter().map(|line| line.minor).collect(),
        taxes: taxes.collect(),
    };
    taxing.inside()?;
    taxing.on_top()?;
    taxing.told()
}

/// One tax of one line.
#[derive(Debug, Clone, Copy)]
struct PartPlace {
    line: usize,
    part: usize,
}

/// A tax of a line before it is rounded.
struct TaxClaim {
    place: PartPlace,
    exact: Fraction,
}

/// Lines of which some taxes are known.
struct Taxing<'a> {
    lines: &'a [PartTaxable<'a>],
    rounding: Rounding,
    nets: Vec<i128>,
    taxes: Vec<Vec<Option<i128>>>,
}

impl<'a> Taxing<'a> {
    fn part(&self, place: PartPlace) -> LinePart<'a> {
        self.lines[place.line].parts[place.part]
    }

    /// Takes out of amounts what they hold.
    fn inside(&mut self) -> Result<(), FractionError> {
        let mut groups: BTreeMap<PartKey<'a>, Vec<TaxClaim>> = BTreeMap::new();
        for (index, line) in self.lines.iter().enumerate() {
            if !line.parts.iter().any(|part| part.inside) {
                continue;
            }
            let net = net_of(Fraction::whole(line.minor), &line.parts)?;
            for (at, slope) in slopes(&line.parts)?.into_iter().enumerate() {
                let place = PartPlace {
                    line: index,
                    part: at,
                };
                if line.parts[at].inside {
                    let exact = slope.of(net)?;
                    let group = groups.entry(line.parts[at].part.key()).or_default();
                    group.push(TaxClaim { place, exact });
                }
            }
        }
        groups
            .into_values()
            .try_for_each(|claims| self.settle(claims))?;
        for (net, taxes) in self.nets.iter_mut().zip(&self.taxes) {
            for tax in taxes.iter().flatten() {
                *net = net.checked_sub(*tax).ok_or(FractionError::TooLarge)?;
            }
        }
        Ok(())
    }

    /// Adds what comes on top. A tax waits for those before it, if it is a tax on them, and for the
    /// line on which most stand before it, so that it is rounded once; where lines have taxes in
    /// orders that contradict each other, it is not waited for ever.
    fn on_top(&mut self) -> Result<(), FractionError> {
        let (mut left, deepest) = self.waiting();
        let mut turn = 0;
        while !left.is_empty() {
            let (mut groups, mut later) = (BTreeMap::new(), Vec::new());
            for place in left {
                let part = self.part(place).part;
                let is_ready = !part.is_on_tax() || self.is_known_before(place);
                if turn < deepest[&part.key()] || !is_ready {
                    later.push(place);
                    continue;
                }
                let exact = self.exact(place)?;
                let group: &mut Vec<TaxClaim> = groups.entry(part.key()).or_default();
                group.push(TaxClaim { place, exact });
            }
            groups
                .into_values()
                .try_for_each(|claims| self.settle(claims))?;
            (left, turn) = (later, turn + 1);
        }
        Ok(())
    }

    /// The taxes on top, and how many turns each has to wait at most.
    fn waiting(&self) -> (Vec<PartPlace>, BTreeMap<PartKey<'a>, usize>) {
        let (mut left, mut deepest) = (Vec::new(), BTreeMap::new());
        for (index, line) in self.lines.iter().enumerate() {
            let mut depth = 0;
            for (at, line_part) in line.parts.iter().enumerate() {
                if line_part.inside {
                    continue;
                }
                let is_on_tax = line_part.part.is_on_tax();
                depth += usize::from(is_on_tax);
                let own = if is_on_tax { depth } else { 0 };
                let most = deepest.entry(line_part.part.key()).or_insert(own);
                *most = own.max(*most);
                left.push(PartPlace {
                    line: index,
                    part: at,
                });
            }
        }
        (left, deepest)
    }

    fn is_known_before(&self, place: PartPlace) -> bool {
        let mut before = self.taxes[place.line][..place.part].iter();
        before.all(Option::is_some)
    }

    /// What a tax is taken of.
    fn base(&self, place: PartPlace) -> Result<i128, FractionError> {
        let net = self.nets[place.line];
        if !self.part(place).part.is_on_tax() {
            return Ok(net);
        }
        let mut before = self.taxes[place.line][..place.part].iter().flatten();
        before.try_fold(net, |sum, tax| plus(sum, *tax))
    }

    fn exact(&self, place: PartPlace) -> Result<Fraction, FractionError> {
        let line_part = self.part(place);
        match line_part.part.charge {
            TaxCharge::PerUnit { .. } => Ok(line_part.value),
            TaxCharge::Percent(_) => Fraction::whole(self.base(place)?).times(line_part.value),
        }
    }

    /// Rounds one tax: on each line, or once and shared by its lines. Who gets the last unit does
    /// not depend on the order of the lines, only on amount and rank.
    fn settle(&mut self, mut claims: Vec<TaxClaim>) -> Result<(), FractionError> {
        let lines = self.lines;
        let of = |claim: &TaxClaim| &lines[claim.place.line];
        let is_inside = |claim: &TaxClaim| of(claim).parts[claim.place.part].inside;
        let taxes = match self.rounding {
            Rounding::Line => claims
                .iter()
                .map(|claim| rounded(of(claim).minor, claim.exact, is_inside(claim)))
                .collect::<Result<Vec<i128>, _>>()?,
            Rounding::Document => {
                claims.sort_by_key(|claim| (Reverse(of(claim).minor), of(claim).rank));
                let exact: Vec<Fraction> = claims.iter().map(|claim| claim.exact).collect();
                let whole = exact
                    .iter()
                    .try_fold(Fraction::ZERO, |sum, exact| sum.plus(*exact))?;
                let amount = claims
                    .iter()
                    .try_fold(0, |sum, claim| plus(sum, of(claim).minor))?;
                let tax = rounded(amount, whole, claims.first().is_some_and(is_inside))?;
                to_fractions(tax, &exact)?
            }
        };
        for (claim, tax) in claims.iter().zip(taxes) {
            self.taxes[claim.place.line][claim.place.part] = Some(tax);
        }
        Ok(())
    }

    fn told(self) -> Result<PartTaxes<'a>, FractionError> {
        let mut groups: BTreeMap<PartKey<'a>, (i64, Split)> = BTreeMap::new();
        let mut told = Vec::with_capacity(self.lines.len());
        for (index, line) in self.lines.iter().enumerate() {
            let mut taxes = Vec::with_capacity(line.parts.len());
            for (at, line_part) in line.parts.iter().enumerate() {
                let place = PartPlace {
                    line: index,
                    part: at,
                };
                let split = Split {
                    net: self.base(place)?,
                    tax: self.taxes[index][at].unwrap_or_default(),
                };
                let position = line_part.part.position;
                let group = groups
                    .entry(line_part.part.key())
                    .or_insert((position, Split::default()));
                group.0 = group.0.min(position);
                group.1.net = plus(group.1.net, split.net)?;
                group.1.tax = plus(group.1.tax, split.tax)?;
                taxes.push(split);
            }
            told.push(PartSplit {
                net: self.nets[index],
                taxes,
            });
        }
        let mut sorted: Vec<(PartKey<'a>, (i64, Split))> = groups.into_iter().collect();
        sorted.sort_by_key(|(_, (position, _))| *position);
        let groups = sorted.into_iter().map(|(key, (_, split))| (key, split));
        Ok(PartTaxes {
            lines: told,
            groups: groups.collect(),
        })
    }
}

/// A tax in whole units: halves away from zero where it comes on top; of an amount that holds it,
/// what the rounded rest leaves.
fn rounded(amount: i128, exact: Fraction, is_inside: bool) -> Result<i128, FractionError> {
    if !is_inside {
        return Ok(exact.rounded());
    }
    let rest = Fraction::whole(amount).minus(exact)?.rounded();
    amount.checked_sub(rest).ok_or(FractionError::TooLarge)
}

fn plus(one: i128, other: i128) -> Result<i128, FractionError> {
    one.checked_add(other).ok_or(FractionError::TooLarge)
}
