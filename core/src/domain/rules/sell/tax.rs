//! Tax on amounts that are fixed: net plus tax, or tax out of gross, rounded per line or per
//! document. It does not know products, prices nor promotions; later every document that carries
//! tax comes here.
//!
//! Sources: EN 16931-1:2017, business rules BR-CO-10, BR-CO-13 to BR-CO-17 (sums of rounded
//! amounts; tax of a group = base x rate, rounded once) and BR-S-08 (a group is one category and
//! one rate). Where the tax of a group must be told line by line although it was rounded once, the
//! lines share it by largest remainder, so that the lines still sum to the document; Odoo does the
//! same with its rounding difference (`round_globally`).

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::base::decimal::Decimal;
use crate::base::fraction::{Fraction, FractionError};
use crate::base::spread::to_claims;

/// Whether the amounts hold the tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxMode {
    /// Amounts are net; tax comes on top (EN 16931).
    Exclusive,
    /// Amounts are gross and stay what they are; tax is the part inside.
    Inclusive,
}

/// Where tax is rounded; a field of the document, frozen when the document is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Each line by itself; a group is the sum of its lines.
    Line,
    /// Each group of a document once.
    Document,
}

/// A text that is neither of two words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is neither {words}")]
pub struct WordError {
    /// What was given.
    pub text: String,
    /// What is possible.
    pub words: &'static str,
}

impl FromStr for TaxMode {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        match text {
            "exclusive" => Ok(TaxMode::Exclusive),
            "inclusive" => Ok(TaxMode::Inclusive),
            _ => Err(WordError {
                text: text.to_owned(),
                words: "exclusive nor inclusive",
            }),
        }
    }
}

impl FromStr for Rounding {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        match text {
            "line" => Ok(Rounding::Line),
            "document" => Ok(Rounding::Document),
            _ => Err(WordError {
                text: text.to_owned(),
                words: "line nor document",
            }),
        }
    }
}

/// A buyer of whom no tax is taken, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaxTreatment {
    /// The law leaves the buyer out.
    Exempt,
    /// The goods leave the country.
    Export,
    /// The buyer pays the tax to the state.
    ReverseCharge,
}

impl TaxTreatment {
    /// All of them.
    pub const ALL: [TaxTreatment; 3] = [
        TaxTreatment::Exempt,
        TaxTreatment::Export,
        TaxTreatment::ReverseCharge,
    ];

    /// The word by which an account says it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            TaxTreatment::Exempt => "exempt",
            TaxTreatment::Export => "export",
            TaxTreatment::ReverseCharge => "reverse_charge",
        }
    }

    /// The category of EN 16931 (UNTDID 5305).
    #[must_use]
    pub fn category(self) -> &'static str {
        match self {
            TaxTreatment::Exempt => "E",
            TaxTreatment::Export => "G",
            TaxTreatment::ReverseCharge => "AE",
        }
    }

    /// The treatment of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<TaxTreatment> {
        TaxTreatment::ALL.into_iter().find(|of| of.name() == name)
    }
}

/// What decides how a line is taxed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaxKey {
    /// The category of EN 16931 (UNTDID 5305), such as S or Z.
    pub category: String,
    /// Per cent.
    pub rate: Decimal,
}

/// One amount to be taxed.
#[derive(Debug, Clone, Copy)]
pub struct Taxable<'a> {
    /// Net or gross, as the mode says, in smallest units.
    pub minor: i128,
    /// How it is taxed.
    pub key: &'a TaxKey,
    /// Breaks a tie for the last unit of a group's tax, least first; equal ranks go by position.
    pub rank: &'a str,
}

/// Net and tax of one line or group, in smallest units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Split {
    /// Without tax.
    pub net: i128,
    /// The tax.
    pub tax: i128,
}

/// The taxes of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taxed {
    /// Each line, in the order they came; they sum to the groups.
    pub lines: Vec<Split>,
    /// Each group, by category and rate.
    pub groups: BTreeMap<TaxKey, Split>,
}

/// Taxes amounts. A rate's exact tax is never shown and never summed: only rounded figures are.
pub fn tax(
    lines: &[Taxable<'_>],
    mode: TaxMode,
    rounding: Rounding,
) -> Result<Taxed, FractionError> {
    let mut members: BTreeMap<&TaxKey, Vec<usize>> = BTreeMap::new();
    for (index, line) in lines.iter().enumerate() {
        members.entry(line.key).or_default().push(index);
    }
    let mut taxed = Taxed {
        lines: vec![Split::default(); lines.len()],
        groups: BTreeMap::new(),
    };
    for (key, members) in members {
        let amounts: Vec<i128> = members.iter().map(|index| lines[*index].minor).collect();
        let rate = Fraction::percent(key.rate)?;
        let splits = match rounding {
            Rounding::Line => amounts
                .iter()
                .map(|minor| split(*minor, rate, mode))
                .collect::<Result<_, _>>()?,
            Rounding::Document => {
                let ranks: Vec<&str> = members.iter().map(|index| lines[*index].rank).collect();
                shared(&amounts, &ranks, rate, mode)?
            }
        };
        let mut group = Split::default();
        for (index, split) in members.into_iter().zip(splits) {
            group = Split {
                net: sum(group.net, split.net)?,
                tax: sum(group.tax, split.tax)?,
            };
            taxed.lines[index] = split;
        }
        taxed.groups.insert(key.clone(), group);
    }
    Ok(taxed)
}

/// The tax of one figure, rounded once, halves away from zero. Of a gross figure it is the net that
/// is rounded, and the tax is what is left: 8.01 with 20 % is 6.68 and 1.33.
fn split(minor: i128, rate: Fraction, mode: TaxMode) -> Result<Split, FractionError> {
    let amount = Fraction::whole(minor);
    match mode {
        TaxMode::Exclusive => Ok(Split {
            net: minor,
            tax: amount.times(rate)?.rounded(),
        }),
        TaxMode::Inclusive => {
            let net = amount.over(Fraction::ONE.plus(rate)?)?.rounded();
            Ok(Split {
                net,
                tax: minor - net,
            })
        }
    }
}

/// The tax of a group, rounded once, and shared by its lines: each has its exact tax rounded down,
/// and the largest remainders get one more. Who gets the last unit does not depend on the order of
/// the lines, only on amount and rank.
fn shared(
    amounts: &[i128],
    ranks: &[&str],
    rate: Fraction,
    mode: TaxMode,
) -> Result<Vec<Split>, FractionError> {
    let whole = amounts
        .iter()
        .try_fold(0, |total, minor| sum(total, *minor))?;
    let group = split(whole, rate, mode)?;
    // The exact tax of a line is its amount x share, with one denominator for all lines of the
    // group.
    let share = match mode {
        TaxMode::Exclusive => rate,
        TaxMode::Inclusive => rate.over(Fraction::ONE.plus(rate)?)?,
    };
    let mut order: Vec<usize> = (0..amounts.len()).collect();
    order.sort_by_key(|index| (std::cmp::Reverse(amounts[*index]), ranks[*index]));
    let claim = |index: &usize| {
        amounts[*index]
            .checked_mul(share.numerator())
            .ok_or(FractionError::TooLarge)
    };
    let claims = order.iter().map(claim).collect::<Result<Vec<i128>, _>>()?;
    let mut splits = vec![Split::default(); amounts.len()];
    for (index, tax) in order
        .into_iter()
        .zip(to_claims(group.tax, &claims, share.denominator())?)
    {
        let net = match mode {
            TaxMode::Exclusive => amounts[index],
            TaxMode::Inclusive => amounts[index] - tax,
        };
        splits[index] = Split { net, tax };
    }
    Ok(splits)
}

fn sum(one: i128, other: i128) -> Result<i128, FractionError> {
    one.checked_add(other).ok_or(FractionError::TooLarge)
}
