//! How many of one unit make another: each, inner, case and pallet of one thing, in exact fractions
//! of its base unit. It does not know prices nor stock.

use std::collections::BTreeMap;

use super::fraction::{Fraction, FractionError};
use super::unit::Unit;

/// Digits that a quantity may have after the point.
pub const QUANTITY_SCALE_MAX: u8 = 6;

/// What cannot be converted, or cannot be a package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// The thing is not packed in this unit.
    #[error("it is not packed in {unit}; there are {known}")]
    UnknownUnit {
        /// The unit that was asked for.
        unit: Unit,
        /// The units that there are.
        known: String,
    },
    /// A unit has two contents, and nobody knows which holds.
    #[error("{0} has a content already")]
    Twice(Unit),
    /// A package that holds nothing, or less.
    #[error("{0} must hold more than nothing")]
    Empty(Unit),
    /// The exact answer does not fit.
    #[error(transparent)]
    Inexact(#[from] FractionError),
}

/// The units one thing comes in, each with what it holds of the base unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packaging {
    base: Unit,
    contents: BTreeMap<Unit, Fraction>,
}

impl Packaging {
    /// A thing that is counted in this unit.
    #[must_use]
    pub fn in_base(base: Unit) -> Packaging {
        Packaging {
            base,
            contents: BTreeMap::from([(base, Fraction::ONE)]),
        }
    }

    /// The same with one more unit, which holds `count` of a unit that is known: a case of 4
    /// inners, an inner of 6 each. The count may be a fraction: a pound is 45359237/100000000 of a
    /// kilogram.
    pub fn with(
        mut self,
        unit: Unit,
        count: Fraction,
        of: Unit,
    ) -> Result<Packaging, QuantityError> {
        if self.contents.contains_key(&unit) {
            return Err(QuantityError::Twice(unit));
        }
        if !count.is_positive() {
            return Err(QuantityError::Empty(unit));
        }
        let content = self.content(of)?.times(count)?;
        self.contents.insert(unit, content);
        Ok(self)
    }

    /// The unit that everything else is counted in.
    #[must_use]
    pub fn base(&self) -> Unit {
        self.base
    }

    /// What one of the unit holds of the base unit.
    pub fn content(&self, unit: Unit) -> Result<Fraction, QuantityError> {
        self.contents.get(&unit).copied().ok_or_else(|| {
            let known: Vec<&str> = self.contents.keys().map(Unit::code).collect();
            QuantityError::UnknownUnit {
                unit,
                known: known.join(", "),
            }
        })
    }

    /// So many of a unit, in the base unit.
    pub fn to_base(&self, quantity: Fraction, unit: Unit) -> Result<Fraction, QuantityError> {
        Ok(quantity.times(self.content(unit)?)?)
    }

    /// So many of the base unit, in another unit.
    pub fn from_base(&self, quantity: Fraction, unit: Unit) -> Result<Fraction, QuantityError> {
        Ok(quantity.over(self.content(unit)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(code: &str) -> Unit {
        code.parse().unwrap()
    }

    /// A pallet of 40 cases of 4 inners of 6 each.
    fn packed() -> Packaging {
        let of = Fraction::whole;
        let inner = Packaging::in_base(Unit::EACH)
            .with(unit("XPK"), of(6), Unit::EACH)
            .unwrap();
        inner
            .with(unit("XCS"), of(4), unit("XPK"))
            .unwrap()
            .with(unit("XPX"), of(40), unit("XCS"))
            .unwrap()
    }

    #[test]
    fn every_level_converts_exactly_to_the_base_unit_and_back() {
        let packed = packed();
        for (code, held) in [("EA", 1), ("XPK", 6), ("XCS", 24), ("XPX", 960)] {
            assert_eq!(
                packed.to_base(Fraction::ONE, unit(code)),
                Ok(Fraction::whole(held)),
                "{code}"
            );
        }
        let third = packed.from_base(Fraction::whole(8), unit("XCS")).unwrap();
        assert_eq!(third, Fraction::new(1, 3).unwrap());
        assert_eq!(packed.to_base(third, unit("XCS")), Ok(Fraction::whole(8)));
        assert_eq!(packed.base(), Unit::EACH);
    }

    #[test]
    fn a_ratio_may_be_a_fraction() {
        let pound = Fraction::new(45_359_237, 100_000_000).unwrap();
        let meat = Packaging::in_base(unit("KGM"))
            .with(unit("LBR"), pound, unit("KGM"))
            .unwrap();
        let hundred = meat.to_base(Fraction::whole(100), unit("LBR")).unwrap();
        assert_eq!(hundred.shown(6).unwrap().to_string(), "45.359237");
    }

    #[test]
    fn a_package_that_is_unknown_empty_or_named_twice_is_refused() {
        let said = packed()
            .to_base(Fraction::ONE, unit("KGM"))
            .unwrap_err()
            .to_string();
        assert_eq!(said, "it is not packed in KGM; there are EA, XCS, XPK, XPX");
        let again = packed().with(unit("XCS"), Fraction::ONE, Unit::EACH);
        assert_eq!(again, Err(QuantityError::Twice(unit("XCS"))));
        let empty = packed().with(unit("XBX"), Fraction::ZERO, Unit::EACH);
        assert_eq!(empty, Err(QuantityError::Empty(unit("XBX"))));
    }
}
