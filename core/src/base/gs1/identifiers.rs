//! The application identifiers that are read, and how the data of each is. It does not know where
//! one element ends and the next begins.

use super::scanned::Scan;
use crate::base::codes::{CodeError, check_gln, check_sscc};
use crate::base::day::Day;
use crate::base::decimal::Decimal;
use crate::base::gtin;

/// The most digits after the point that an identifier can say.
const DECIMALS_MAX: u8 = 5;

/// How long an element's data is.
#[derive(Clone, Copy)]
pub(super) enum Length {
    /// Always so long.
    Exactly(usize),
    /// At least one character and at most so many.
    UpTo(usize),
}

/// One element as it stands in the text.
pub(super) struct Element<'a> {
    /// Two to four digits.
    pub(super) identifier: &'a str,
    /// What stands behind them.
    pub(super) data: &'a str,
    /// The day that decides the century.
    pub(super) today: Day,
}

/// An application identifier that is read.
pub(super) struct Identifier {
    /// Its digits; `n` stands for one digit: how many decimals there are, 0 to 5; `m` for any.
    pattern: &'static str,
    /// How long its data is.
    pub(super) length: Length,
    read: fn(&mut Scan, &Element<'_>) -> Result<(), String>,
}

const fn exactly(
    pattern: &'static str,
    length: usize,
    read: fn(&mut Scan, &Element<'_>) -> Result<(), String>,
) -> Identifier {
    Identifier {
        pattern,
        length: Length::Exactly(length),
        read,
    }
}

const fn up_to(
    pattern: &'static str,
    length: usize,
    read: fn(&mut Scan, &Element<'_>) -> Result<(), String>,
) -> Identifier {
    Identifier {
        pattern,
        length: Length::UpTo(length),
        read,
    }
}

/// The application identifiers that are read.
const IDENTIFIERS: &[Identifier] = &[
    exactly("00", 18, |scan, element| {
        put(&mut scan.sscc, element.numbered(check_sscc)?)
    }),
    exactly("01", 14, |scan, element| {
        put(&mut scan.gtin, element.gtin()?)
    }),
    exactly("02", 14, |scan, element| {
        put(&mut scan.content, element.gtin()?)
    }),
    up_to("10", 20, |scan, element| {
        put(&mut scan.batch, element.characters()?)
    }),
    exactly("11", 6, |scan, element| {
        put(&mut scan.produced, element.day()?)
    }),
    exactly("12", 6, |scan, element| put(&mut scan.due, element.day()?)),
    exactly("13", 6, |scan, element| {
        put(&mut scan.packed, element.day()?)
    }),
    exactly("15", 6, |scan, element| {
        put(&mut scan.best_before, element.day()?)
    }),
    exactly("16", 6, |scan, element| {
        put(&mut scan.sell_by, element.day()?)
    }),
    exactly("17", 6, |scan, element| {
        put(&mut scan.expiry, element.day()?)
    }),
    exactly("20", 2, |scan, element| {
        put(&mut scan.variant, element.digits()?)
    }),
    up_to("21", 20, |scan, element| {
        put(&mut scan.serial, element.characters()?)
    }),
    up_to("240", 30, |scan, element| {
        put(&mut scan.additional_id, element.characters()?)
    }),
    up_to("30", 8, |scan, element| {
        put(&mut scan.pieces, element.whole()?)
    }),
    exactly("310n", 6, |scan, element| {
        put(&mut scan.net_weight_kg, element.decimal(element.data)?)
    }),
    exactly("3mmn", 6, measure),
    up_to("37", 8, |scan, element| {
        put(&mut scan.count, element.whole()?)
    }),
    up_to("390n", 15, |scan, element| {
        put(&mut scan.amount_due, element.decimal(element.data)?)
    }),
    up_to("391n", 18, |scan, element| {
        let amount = element.in_currency(scan)?;
        put(&mut scan.amount_due, amount)
    }),
    up_to("392n", 15, |scan, element| {
        put(&mut scan.price, element.decimal(element.data)?)
    }),
    up_to("393n", 18, |scan, element| {
        let amount = element.in_currency(scan)?;
        put(&mut scan.price, amount)
    }),
    exactly("394n", 4, |scan, element| {
        put(&mut scan.discount_percent, element.decimal(element.data)?)
    }),
    exactly("395n", 6, |scan, element| {
        put(&mut scan.price_per_measure, element.decimal(element.data)?)
    }),
    up_to("400", 30, |scan, element| {
        put(&mut scan.order_number, element.characters()?)
    }),
    exactly("410", 13, |scan, element| {
        put(&mut scan.ship_to, element.numbered(check_gln)?)
    }),
    exactly("411", 13, |scan, element| {
        put(&mut scan.bill_to, element.numbered(check_gln)?)
    }),
    exactly("412", 13, |scan, element| {
        put(&mut scan.bought_of, element.numbered(check_gln)?)
    }),
    exactly("413", 13, |scan, element| {
        put(&mut scan.ship_for, element.numbered(check_gln)?)
    }),
    exactly("414", 13, |scan, element| {
        put(&mut scan.location, element.numbered(check_gln)?)
    }),
    exactly("415", 13, |scan, element| {
        put(&mut scan.billed_by, element.numbered(check_gln)?)
    }),
    exactly("7003", 10, |scan, element| {
        put(&mut scan.expiry_time, element.minute()?)
    }),
    exactly("8005", 6, |scan, element| {
        put(&mut scan.price_digits, element.digits()?)
    }),
    up_to("9m", 90, |scan, element| {
        let data = element.characters()?;
        let before = scan
            .internal
            .insert(element.identifier.to_owned(), data.clone());
        same(before, &data)
    }),
];

/// Measures by the first three digits of their identifier.
const MEASURES: &[(&str, &str)] = &[
    ("311", "length_m"),
    ("312", "width_m"),
    ("313", "height_m"),
    ("314", "area_m2"),
    ("315", "net_volume_l"),
    ("316", "net_volume_m3"),
    ("320", "net_weight_lb"),
    ("321", "length_in"),
    ("322", "length_ft"),
    ("323", "length_yd"),
    ("324", "width_in"),
    ("325", "width_ft"),
    ("326", "width_yd"),
    ("327", "height_in"),
    ("328", "height_ft"),
    ("329", "height_yd"),
    ("330", "gross_weight_kg"),
    ("331", "gross_length_m"),
    ("332", "gross_width_m"),
    ("333", "gross_height_m"),
    ("334", "gross_area_m2"),
    ("335", "gross_volume_l"),
    ("336", "gross_volume_m3"),
    ("337", "kg_per_m2"),
    ("340", "gross_weight_lb"),
    ("341", "gross_length_in"),
    ("342", "gross_length_ft"),
    ("343", "gross_length_yd"),
    ("344", "gross_width_in"),
    ("345", "gross_width_ft"),
    ("346", "gross_width_yd"),
    ("347", "gross_height_in"),
    ("348", "gross_height_ft"),
    ("349", "gross_height_yd"),
    ("350", "area_in2"),
    ("351", "area_ft2"),
    ("352", "area_yd2"),
    ("353", "gross_area_in2"),
    ("354", "gross_area_ft2"),
    ("355", "gross_area_yd2"),
    ("356", "net_weight_troy_oz"),
    ("357", "net_weight_oz"),
    ("360", "net_volume_qt"),
    ("361", "net_volume_gal"),
    ("362", "gross_volume_qt"),
    ("363", "gross_volume_gal"),
    ("364", "net_volume_in3"),
    ("365", "net_volume_ft3"),
    ("366", "net_volume_yd3"),
    ("367", "gross_volume_in3"),
    ("368", "gross_volume_ft3"),
    ("369", "gross_volume_yd3"),
];

/// The identifier that is read by these digits.
pub(super) fn lookup(identifier: &str) -> Option<&'static Identifier> {
    let mut fitting = IDENTIFIERS
        .iter()
        .filter(|known| fits(known.pattern, identifier));
    fitting.find(|known| known.pattern != "3mmn" || measure_name(identifier).is_some())
}

fn fits(pattern: &str, identifier: &str) -> bool {
    let same = |(wanted, is): (u8, u8)| match wanted {
        b'n' => (b'0'..=b'0' + DECIMALS_MAX).contains(&is),
        b'm' => is.is_ascii_digit(),
        digit => digit == is,
    };
    pattern.len() == identifier.len() && pattern.bytes().zip(identifier.bytes()).all(same)
}

fn measure_name(identifier: &str) -> Option<&'static str> {
    let kind = identifier.get(..3)?;
    let found = MEASURES.iter().find(|(known, _)| *known == kind);
    found.map(|(_, name)| *name)
}

/// The first three digits of the identifier of a measure of this name; the fourth says how many
/// decimals it has.
#[must_use]
pub fn measure_identifier(name: &str) -> Option<&'static str> {
    let found = MEASURES.iter().find(|(_, known)| *known == name);
    found.map(|(identifier, _)| *identifier)
}

fn measure(scan: &mut Scan, element: &Element<'_>) -> Result<(), String> {
    let Some(name) = measure_name(element.identifier) else {
        return Ok(());
    };
    let measured = element.decimal(element.data)?;
    same(scan.measures.insert(name, measured), &measured)
}

/// Keeps a value; the same element may stand there again, another value may not.
fn put<T: PartialEq>(place: &mut Option<T>, value: T) -> Result<(), String> {
    same(place.take(), &value)?;
    *place = Some(value);
    Ok(())
}

/// Refuses a value that stands there for the second time and is another.
fn same<T: PartialEq>(before: Option<T>, value: &T) -> Result<(), String> {
    match before {
        Some(before) if before != *value => {
            Err("it stands there twice with different data".to_owned())
        }
        Some(_) | None => Ok(()),
    }
}

impl Identifier {
    /// Reads an element into the scan, or says what is wrong with it.
    pub(super) fn take(
        known: &Identifier,
        scan: &mut Scan,
        element: &Element<'_>,
    ) -> Result<(), String> {
        let Element {
            identifier, data, ..
        } = element;
        let length = data.chars().count();
        match known.length {
            Length::Exactly(wanted) if length != wanted => {
                return Err(format!(
                    "({identifier}) has {length} characters; {wanted} are needed"
                ));
            }
            Length::UpTo(most) if length == 0 || length > most => {
                return Err(format!(
                    "({identifier}) has {length} characters; 1 to {most} are possible"
                ));
            }
            Length::Exactly(_) | Length::UpTo(_) => {}
        }
        (known.read)(scan, element).map_err(|reason| format!("({identifier}) `{data}`: {reason}"))
    }
}

impl Element<'_> {
    fn numbered(&self, check: fn(&str) -> Result<(), CodeError>) -> Result<String, String> {
        check(self.data).map_err(|error| error.reason)?;
        Ok(self.data.to_owned())
    }

    fn gtin(&self) -> Result<String, String> {
        gtin::normalised(self.data).map_err(|error| error.reason)
    }

    /// Characters that can be seen. GS1 allows fewer than these, and labels have the others.
    fn characters(&self) -> Result<String, String> {
        let mut letters = self.data.chars();
        match letters.find(|letter| !letter.is_ascii_graphic() && *letter != ' ') {
            None => Ok(self.data.to_owned()),
            Some(letter) => Err(format!("{letter:?} has no place in it")),
        }
    }

    fn digits(&self) -> Result<String, String> {
        whole_number(self.data)?;
        Ok(self.data.to_owned())
    }

    fn whole(&self) -> Result<u32, String> {
        let number = whole_number(self.data)?;
        u32::try_from(number).map_err(|_| "it is too large".to_owned())
    }

    /// Digits of which the identifier's last says how many stand behind the point.
    fn decimal(&self, digits: &str) -> Result<Decimal, String> {
        let last = self.identifier.bytes().last();
        let decimals = last.map_or(0, |digit| digit.saturating_sub(b'0'));
        let number = i128::from(whole_number(digits)?);
        Decimal::new(number, decimals).map_err(|error| error.reason)
    }

    /// An amount behind the three digits of its currency.
    fn in_currency(&self, scan: &mut Scan) -> Result<Decimal, String> {
        let (Some(currency), Some(amount)) = (self.data.get(..3), self.data.get(3..)) else {
            return Err("the currency has three digits".to_owned());
        };
        whole_number(currency)?;
        put(&mut scan.currency_number, currency.to_owned())?;
        self.decimal(amount)
    }

    /// YYMMDD; a day of 00 is the last of its month.
    fn day(&self) -> Result<Day, String> {
        day(self.data, self.today)
    }

    /// YYMMDDHHMM, as a minute of a day.
    fn minute(&self) -> Result<String, String> {
        whole_number(self.data)?;
        let (date, time) = self.data.split_at(6);
        let (hour, minute) = time.split_at(2);
        if hour > "23" || minute > "59" {
            return Err("a day has no such minute; it is written YYMMDDHHMM".to_owned());
        }
        Ok(format!("{}T{hour}:{minute}", day(date, self.today)?))
    }
}

fn whole_number(text: &str) -> Result<u64, String> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| text.parse().ok()).flatten();
    number.ok_or_else(|| "it is made of digits alone".to_owned())
}

fn day(text: &str, today: Day) -> Result<Day, String> {
    let digits = u32::try_from(whole_number(text)?).unwrap_or(u32::MAX);
    let (year, month, day) = (digits / 10_000, digits / 100 % 100, digits % 100);
    let year = full_year(year, u32::from(today.year()));
    let part = |number: u32| u8::try_from(number).ok();
    let found = u16::try_from(year)
        .ok()
        .zip(part(month))
        .and_then(|(year, month)| match day {
            0 => Day::month_end(year, month),
            _ => Day::new(year, month, part(day)?),
        });
    found.ok_or_else(|| "the calendar has no such day; it is written YYMMDD".to_owned())
}

/// The year nearest to this one: 51 and more ahead was in the century before, 50 and more behind is
/// in the next one.
fn full_year(two_digits: u32, this_year: u32) -> u32 {
    let (century, now) = (this_year / 100 * 100, this_year % 100);
    if two_digits >= now + 51 {
        (century + two_digits).saturating_sub(100)
    } else if two_digits + 50 <= now {
        century + two_digits + 100
    } else {
        century + two_digits
    }
}
