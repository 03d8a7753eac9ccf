//! The ways in which a test spoils a file, or what a phone showed, to see the proof fail, and their
//! names. It does not know how a file is spoiled.

/// A way to spoil Ben's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlantedDefect {
    /// A visit is not there.
    LoseVisit,
    /// A visit is there twice.
    DoubleVisit,
    /// An edit of an e-mail address was lost.
    ForgetEmail,
    /// Ann's count of the shelf that both counted is not there.
    LoseCount,
    /// One of the competing values of a conflict is not there.
    LoseSide,
    /// Ben was shown the other's value as his own.
    SwapSides,
    /// A conflict that was decided is open again.
    ReopenConflict,
    /// What somebody chose is not written down.
    LoseChoice,
    /// The refused order was confirmed at once.
    ForgetRefusal,
    /// A confirmed order has a line that is a cent dearer.
    AddCent,
    /// More of the credit is used than was sold.
    Overdraw,
    /// A visit counts as made by another day.
    MoveVisit,
}

/// The names by which defects are asked for.
const NAMED: [(&str, PlantedDefect); 12] = [
    ("lose-visit", PlantedDefect::LoseVisit),
    ("double-visit", PlantedDefect::DoubleVisit),
    ("forget-email", PlantedDefect::ForgetEmail),
    ("lose-count", PlantedDefect::LoseCount),
    ("lose-side", PlantedDefect::LoseSide),
    ("swap-sides", PlantedDefect::SwapSides),
    ("reopen-conflict", PlantedDefect::ReopenConflict),
    ("lose-choice", PlantedDefect::LoseChoice),
    ("forget-refusal", PlantedDefect::ForgetRefusal),
    ("add-cent", PlantedDefect::AddCent),
    ("overdraw", PlantedDefect::Overdraw),
    ("move-visit", PlantedDefect::MoveVisit),
];

impl PlantedDefect {
    /// The names by which defects are asked for.
    #[must_use]
    pub(crate) fn names() -> [&'static str; 12] {
        NAMED.map(|(name, _)| name)
    }

    /// The name by which it is asked for.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        NAMED
            .iter()
            .find(|(_, defect)| *defect == self)
            .map_or("", |(name, _)| *name)
    }

    /// The defect of this name.
    #[must_use]
    pub(crate) fn named(name: &str) -> Option<PlantedDefect> {
        NAMED
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, defect)| *defect)
    }
}
