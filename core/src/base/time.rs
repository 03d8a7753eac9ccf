//! Moments in milliseconds and days of a calendar, with their text forms.
//! It does not know what time it is: `Context` does.

use jiff::tz::TimeZone;

/// A time or day in text was not of the expected form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct TimeError {
    /// What was given.
    pub text: String,
    /// What it should have been.
    pub expected: &'static str,
}

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Earliest moment that has a text form.
    pub const MIN: Timestamp = Timestamp(-62_135_596_800_000);
    /// Latest moment that has a text form (9999-12-31).
    pub const MAX: Timestamp = Timestamp(253_370_764_799_999);

    /// Reads RFC 3339, for instance `2026-11-24T08:30:00Z`.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        text.parse::<jiff::Timestamp>()
            .map(|at| Timestamp(at.as_millisecond()))
            .map_err(|_| TimeError {
                text: text.to_owned(),
                expected: "a time in RFC 3339, such as 2026-11-24T08:30:00Z",
            })
    }

    /// RFC 3339 in UTC with milliseconds; moments out of range print as the nearest that is in it.
    #[must_use]
    pub fn rfc3339(self) -> String {
        let ms = self.0.clamp(Self::MIN.0, Self::MAX.0);
        jiff::Timestamp::from_millisecond(ms)
            .map_or_else(|_| ms.to_string(), |at| format!("{at:.3}"))
    }

    /// The calendar day so many days before that of this moment in a time zone; none before the
    /// calendar begins.
    #[must_use]
    pub fn days_before_in(self, days: u32, zone: &str) -> Option<String> {
        let day: jiff::civil::Date = self.day_in(zone).parse().ok()?;
        let back = jiff::Span::new().try_days(i64::from(days)).ok()?;
        Some(day.checked_sub(back).ok()?.to_string())
    }

    /// This moment less so many times 24 hours.
    #[must_use]
    pub fn days_before(self, days: u32) -> Timestamp {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        Timestamp(self.0.saturating_sub(i64::from(days) * DAY_MS))
    }

    /// The calendar day of this moment in a time zone, as `YYYY-MM-DD`.
    #[must_use]
    pub fn day_in(self, zone: &str) -> String {
        let ms = self.0.clamp(Self::MIN.0, Self::MAX.0);
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        jiff::Timestamp::from_millisecond(ms).map_or_else(
            |_| String::new(),
            |at| zone.to_datetime(at).date().to_string(),
        )
    }

    /// This moment by the clock of a time zone, to the minute: `2026-11-24 08:30`.
    #[must_use]
    pub fn minute_in(self, zone: &str) -> String {
        let ms = self.0.clamp(Self::MIN.0, Self::MAX.0);
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        jiff::Timestamp::from_millisecond(ms).map_or_else(
            |_| String::new(),
            |at| zone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string(),
        )
    }
}

/// Checks a day written `YYYY-MM-DD`.
pub fn check_day(text: &str) -> Result<(), TimeError> {
    let wrong = TimeError {
        text: text.to_owned(),
        expected: "a day such as 2026-11-24",
    };
    if text.len() != 10 {
        return Err(wrong);
    }
    text.parse::<jiff::civil::Date>()
        .map(|_| ())
        .map_err(|_| wrong)
}

/// Checks the name of an IANA time zone such as `Europe/Berlin`.
pub fn check_zone(name: &str) -> Result<(), TimeError> {
    TimeZone::get(name).map(|_| ()).map_err(|_| TimeError {
        text: name.to_owned(),
        expected: "an IANA time zone such as Europe/Berlin",
    })
}
