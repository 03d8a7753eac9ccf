//! What posting a record comes to: movements, pots as they are afterwards, and holds.
//! It does not know how they are kept.

use crate::base::decimal::Decimal;
use crate::domain::refusal::Refusal;
use crate::objects::{Hold, Phase, PotAddress};

/// So much of one unit from a pot to a pot; it is written once and never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// The name of the posting.
    pub posting: String,
    /// The line of the source, or nothing.
    pub line: String,
    /// What it does.
    pub phase: Phase,
    /// The pot that is drawn from; none: outside.
    pub from: Option<PotAddress>,
    /// The pot that is filled; none: outside.
    pub to: Option<PotAddress>,
    /// What it is held for, of all phases but `post`.
    pub held: Option<HeldLine>,
    /// How much, above 0.
    pub quantity: Decimal,
    /// Of what: a currency or the id of a product; nothing where the pot does not say.
    pub unit: String,
}

/// What something is held for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeldLine {
    /// The record.
    pub record: crate::base::id::RecordId,
    /// The posting that holds.
    pub posting: String,
    /// The line, or nothing.
    pub line: String,
}

/// A pot, before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PotChange {
    /// Which.
    pub pot: PotAddress,
    /// What stood in it.
    pub before: Decimal,
    /// What stands in it now.
    pub value: Decimal,
    /// The field that says how much is held, and what it says now.
    pub held: Option<HeldAmount>,
    /// The field that says when it moved.
    pub as_of: Option<String>,
    /// Whether a draw lowers it.
    pub has_floor: bool,
}

/// How much of a pot is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldAmount {
    /// The field.
    pub field: String,
    /// The amount.
    pub amount: Decimal,
}

/// What posting a record comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Posted {
    /// In the order in which they happen.
    pub movements: Vec<Movement>,
    /// The pots that move.
    pub pots: Vec<PotChange>,
    /// Holds that changed, as they are afterwards.
    pub holds: Vec<Hold>,
    /// One refusal for each bound that it breaks: a verdict is refused by it, a fact is flagged.
    pub short: Vec<Refusal>,
}
