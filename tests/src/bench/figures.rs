//! Every figure that is measured, with its budget beside it as data. It does not know how a figure
//! is measured.

/// What a figure is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BenchUnit {
    /// Nanoseconds.
    Time,
    /// Bytes.
    Bytes,
    /// Hundredths of a byte.
    ByteHundredths,
    /// So many each second.
    Rate,
    /// A plain count.
    Count,
}

/// What a figure may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// So many hundredths of its floor.
    Floor(u64),
    /// At most so much.
    AtMost(u64),
    /// At least so much.
    AtLeast(u64),
}

/// One figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BenchFigure {
    /// The part that measures it.
    pub part: &'static str,
    /// What it is.
    pub name: &'static str,
    /// What it is counted in.
    pub unit: BenchUnit,
    /// What it may be.
    pub budget: Budget,
}

const MS: u64 = 1_000_000;
const MIB: u64 = 1024 * 1024;

macro_rules! figures {
    ($($part:literal, $name:literal, $unit:ident, $budget:ident($limit:expr);)*) => {
        &[$(BenchFigure {
            part: $part,
            name: $name,
            unit: BenchUnit::$unit,
            budget: Budget::$budget($limit),
        },)*]
    };
}

/// All figures, in the order of the plan.
pub const FIGURES: &[BenchFigure] = figures! {
    "first-sync", "first sync of T, CPU of the device", Time, Floor(150);
    "first-sync", "first sync of T, on the wire a row", ByteHundredths, AtMost(6_200);
    "first-sync", "device database a row", ByteHundredths, AtMost(25_000);
    "first-sync", "memory added by the first sync", Bytes, AtMost(64 * MIB);
    "write", "write a visit of 45 lines, warm, p50", Time, Floor(150);
    "write", "write a visit of 45 lines, warm, p99", Time, Floor(150);
    "write", "write a visit of 45 lines, cold, p50", Time, Floor(400);
    "write", "write a visit of 45 lines, cold, p99", Time, Floor(400);
    "write", "edit one field, warm, p50", Time, Floor(150);
    "write", "edit one field, warm, p99", Time, Floor(150);
    "write", "edit one field, cold, p50", Time, Floor(400);
    "write", "edit one field, cold, p99", Time, Floor(400);
    "write", "change one count of 40, warm, p50", Time, Floor(150);
    "write", "change one count of 40, warm, p99", Time, Floor(150);
    "read", "open a visit of 45 lines", Time, AtMost(MS);
    "read", "list 50 accounts nearby", Time, AtMost(5 * MS);
    "search", "search a prefix over 50,000 accounts", Time, AtMost(5 * MS);
    "price", "price an order of 100 lines with 50 promotions", Time, AtMost(2 * MS);
    "push", "push a one-field change in a batch of 100", ByteHundredths, AtMost(9_000);
    "push", "push a one-field change alone", Bytes, AtMost(400);
    "push", "server push of one-field changes, warm", Rate, AtLeast(8_000);
    "idle", "no-op sync of 64 buckets, bytes sent", Bytes, AtMost(2_048);
    "idle", "no-op sync of 64 buckets, bytes received", Bytes, AtMost(2_048);
    "idle", "no-op sync of 64 buckets, round trips", Count, AtMost(1);
    "idle", "no-op sync of 64 buckets, CPU of the device", Time, AtMost(5 * MS);
    "idle", "no-op sync of 64 buckets, CPU of the server", Time, AtMost(5 * MS);
    "online", "a write to another device, server side, p50", Time, AtMost(20 * MS);
    "online", "a write to another device, server side, p99", Time, AtMost(150 * MS);
    "cost", "an honest push of 100 contacts, CPU of the server", Time, AtMost(50 * MS);
    "cost", "an honest push of 100 contacts, memory", Bytes, AtMost(8 * MIB);
    "cost", "an honest push of 100 contacts, times its bytes on disk", Count, AtMost(20);
    "cost", "lines removed and edited at once, CPU of the server", Time, AtMost(50 * MS);
    "cost", "lines removed and edited at once, memory", Bytes, AtMost(8 * MIB);
    "cost", "lines removed and edited at once, times its bytes on disk", Count, AtMost(20);
    "cost", "values that compete, CPU of the server", Time, AtMost(50 * MS);
    "cost", "values that compete, memory", Bytes, AtMost(8 * MIB);
    "cost", "values that compete, times its bytes on disk", Count, AtMost(20);
    "cost", "repeated needs, CPU of the server", Time, AtMost(50 * MS);
    "cost", "repeated needs, memory", Bytes, AtMost(8 * MIB);
    "cost", "a greeting that inflates, CPU of the server", Time, AtMost(50 * MS);
    "cost", "a greeting that inflates, memory", Bytes, AtMost(8 * MIB);
    "live", "a write on one phone to the row on another, p50", Time, AtMost(20 * MS);
    "live", "a write on one phone to the row on another, p99", Time, AtMost(150 * MS);
    "live", "memory of 10,000 idle listeners", Bytes, AtMost(200_000_000);
    "restored", "changes that a restored server lost are given back", Time, AtMost(5_000 * MS);
    "library", "mobile library, stripped", Bytes, AtMost(6 * MIB);
};

/// Parts that show how cost grows; they have no budget.
pub const GROWTH: &[&str] = &["scale", "judging", "devices", "evening", "monday"];

/// A number as people read it.
#[must_use]
pub fn shown(unit: BenchUnit, number: u64) -> String {
    let fraction = |step: u64| format!("{}.{:02}", number / step, number % step * 100 / step);
    match unit {
        BenchUnit::Time if number >= 1_000 * MS => format!("{} s", fraction(1_000 * MS)),
        BenchUnit::Time if number >= MS => format!("{} ms", fraction(MS)),
        BenchUnit::Time => format!("{} us", fraction(1_000)),
        BenchUnit::Bytes if number >= MIB => format!("{} MiB", fraction(MIB)),
        BenchUnit::Bytes if number >= 10 * 1024 => format!("{} KiB", fraction(1024)),
        BenchUnit::Bytes => format!("{number} B"),
        BenchUnit::ByteHundredths => format!("{} B", fraction(100)),
        BenchUnit::Rate => format!("{number} /s"),
        BenchUnit::Count => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_in_the_unit_that_suits_them() {
        let times = [950, 1_234_567, 61_500_000_000].map(|ns| shown(BenchUnit::Time, ns));
        assert_eq!(times, ["0.95 us", "1.23 ms", "61.50 s"]);
        let bytes = [400, 20 * 1024, 6 * MIB + MIB / 2].map(|bytes| shown(BenchUnit::Bytes, bytes));
        assert_eq!(bytes, ["400 B", "20.00 KiB", "6.50 MiB"]);
        assert_eq!(
            [
                shown(BenchUnit::ByteHundredths, 6_207),
                shown(BenchUnit::Rate, 9)
            ],
            ["62.07 B", "9 /s"]
        );
    }

    #[test]
    fn no_two_figures_have_one_name() {
        let names: std::collections::BTreeSet<&str> =
            FIGURES.iter().map(|figure| figure.name).collect();
        assert_eq!(names.len(), FIGURES.len());
    }
}
