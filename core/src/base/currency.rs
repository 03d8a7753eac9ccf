//! Currencies by their ISO 4217 codes, with the digits that their amounts have after the point.
//! It does not know exchange rates.

use std::fmt;

/// The codes by their exponent. Funds, metals and test codes, which have none, are left out; codes
/// withdrawn since 2020 stay, because open documents still carry them. Source: ISO 4217:2015, list
/// one, as amended to January 2026.
const CODES: &[(u8, &str)] = &[
    (
        0,
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    ),
    (
        2,
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP \
         BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR \
         FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR \
         KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR \
         MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK \
         SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN \
         UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG ZWL",
    ),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
    (4, "CLF UYW"),
];

/// A text that is no currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a currency of ISO 4217, such as EUR, JPY or KWD")]
pub struct CurrencyError(pub String);

/// One currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: &'static str,
    exponent: u8,
}

impl Currency {
    /// The currency with this code, which is three capital letters.
    pub fn named(code: &str) -> Result<Currency, CurrencyError> {
        let known = CODES
            .iter()
            .flat_map(|(exponent, codes)| codes.split(' ').map(move |code| (*exponent, code)));
        let found = known.into_iter().find(|(_, known)| *known == code);
        found
            .map(|(exponent, code)| Currency { code, exponent })
            .ok_or_else(|| CurrencyError(code.to_owned()))
    }

    /// The code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.code
    }

    /// How many digits an amount has after the point.
    #[must_use]
    pub fn exponent(self) -> u8 {
        self.exponent
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

impl serde::Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_currency_has_the_digits_of_iso_4217() {
        for (code, exponent) in [
            ("JPY", 0),
            ("EUR", 2),
            ("CHF", 2),
            ("KWD", 3),
            ("CLF", 4),
            ("XCG", 2),
        ] {
            assert_eq!(
                Currency::named(code).map(Currency::exponent),
                Ok(exponent),
                "{code}"
            );
        }
        for code in ["eur", "EU", "EURO", "XAU", "XXX", "", "E R", "EUR USD"] {
            assert!(Currency::named(code).is_err(), "{code}");
        }
    }

    #[test]
    fn every_code_stands_once_and_is_three_capitals() {
        let codes: Vec<&str> = CODES
            .iter()
            .flat_map(|(_, codes)| codes.split(' '))
            .collect();
        assert!(
            codes
                .iter()
                .all(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()))
        );
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    }
}
