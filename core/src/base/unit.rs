//! Units of measure by the codes of UN/ECE Recommendation 20, packages by those of Recommendation
//! 21. It does not know how many of one make another: `quantity` does.

use std::fmt;
use std::str::FromStr;

/// The codes of Recommendation 20 that goods are sold by, with their names; a code that is missing
/// is one more line. CS, CT, BX and PK have left the current list, but price files and EDI messages
/// still carry them.
const CODES: &[(&str, &str)] = &[
    ("BLL", "barrel (US)"),
    ("BX", "box"),
    ("C62", "one"),
    ("CEN", "hundred"),
    ("CLT", "centilitre"),
    ("CMQ", "cubic centimetre"),
    ("CMT", "centimetre"),
    ("CS", "case"),
    ("CT", "carton"),
    ("DAY", "day"),
    ("DLT", "decilitre"),
    ("DMQ", "cubic decimetre"),
    ("DPC", "dozen piece"),
    ("DZN", "dozen"),
    ("DZP", "dozen pack"),
    ("EA", "each"),
    ("FOT", "foot"),
    ("GLI", "gallon (UK)"),
    ("GLL", "gallon (US)"),
    ("GRM", "gram"),
    ("GRO", "gross"),
    ("H87", "piece"),
    ("HGM", "hectogram"),
    ("HLT", "hectolitre"),
    ("HUR", "hour"),
    ("INH", "inch"),
    ("KGM", "kilogram"),
    ("KMT", "kilometre"),
    ("KWH", "kilowatt hour"),
    ("LBR", "pound"),
    ("LTR", "litre"),
    ("MGM", "milligram"),
    ("MIL", "thousand"),
    ("MIN", "minute"),
    ("MLT", "millilitre"),
    ("MMT", "millimetre"),
    ("MON", "month"),
    ("MTK", "square metre"),
    ("MTQ", "cubic metre"),
    ("MTR", "metre"),
    ("NMP", "number of packs"),
    ("NPR", "number of pairs"),
    ("ONZ", "ounce"),
    ("OZA", "fluid ounce (US)"),
    ("PK", "pack"),
    ("PR", "pair"),
    ("PTI", "pint (UK)"),
    ("PTL", "liquid pint (US)"),
    ("QTL", "liquid quart (US)"),
    ("RM", "ream"),
    ("SET", "set"),
    ("TNE", "tonne"),
    ("YRD", "yard"),
];

/// Those of them that measure; what the others name is counted.
const MEASURES: &str = "BLL CLT CMQ CMT DAY DLT DMQ FOT GLI GLL GRM HGM HLT HUR INH KGM KMT KWH \
    LBR LTR MGM MIN MLT MMT MON MTK MTQ MTR ONZ OZA PTI PTL QTL TNE YRD";

/// The packages of Recommendation 21 that have a name here; any other `X` and two letters or digits
/// is a package too.
const PACKAGES: &[(&str, &str)] = &[
    ("XBA", "barrel"),
    ("XBG", "bag"),
    ("XBO", "bottle"),
    ("XBX", "box"),
    ("XCR", "crate"),
    ("XCS", "case"),
    ("XCT", "carton"),
    ("XKG", "keg"),
    ("XPA", "packet"),
    ("XPK", "package"),
    ("XPU", "tray"),
    ("XPX", "pallet"),
    ("XRO", "roll"),
    ("XSW", "shrinkwrapped"),
];

/// A text that is no unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a unit of UN/ECE Recommendation 20 or 21, such as EA, KGM, XCS (case) or XPX \
     (pallet)"
)]
pub struct UnitError(pub String);

/// One unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unit {
    code: [u8; 3],
}

impl Unit {
    /// Each: one piece that is sold by itself.
    pub const EACH: Unit = Unit { code: *b"EA\0" };

    /// The code.
    #[must_use]
    pub fn code(&self) -> &str {
        let end = self
            .code
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(self.code.len());
        // A unit is made of ASCII alone.
        std::str::from_utf8(&self.code[..end]).unwrap_or_default()
    }

    /// Whether there are parts of one, as of a kilogram; the others come whole.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        MEASURES.split_whitespace().any(|code| code == self.code())
    }

    /// What people call it, if it has a name here.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        CODES
            .iter()
            .chain(PACKAGES)
            .find(|(code, _)| *code == self.code())
            .map(|(_, name)| *name)
    }
}

impl FromStr for Unit {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let is_package = text.len() == 3
            && text.starts_with('X')
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        if !is_package && !CODES.iter().any(|(code, _)| *code == text) {
            return Err(UnitError(text.to_owned()));
        }
        let mut code = [0; 3];
        code.iter_mut()
            .zip(text.bytes())
            .for_each(|(place, byte)| *place = byte);
        Ok(Unit { code })
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl serde::Serialize for Unit {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_by_code_and_know_their_names() {
        for (code, name) in [
            ("EA", Some("each")),
            ("KGM", Some("kilogram")),
            ("XPX", Some("pallet")),
            ("C62", Some("one")),
            ("X4D", None),
        ] {
            let unit: Unit = code.parse().unwrap();
            assert_eq!((unit.code(), unit.name()), (code, name));
        }
        for measure in MEASURES.split_whitespace() {
            assert!(CODES.iter().any(|(code, _)| *code == measure), "{measure}");
        }
        for text in ["", "ea", "CASE", "QQQ", "X", "XC", "Xcs", "XCSS", "X-1"] {
            assert!(text.parse::<Unit>().is_err(), "{text}");
        }
        assert_eq!("EA".parse(), Ok(Unit::EACH));
    }
}
