//! A condition as data: what must hold of a record, of its lines and of whoever acts, in a small
//! form of JSON that phone and server read alike. It does not know what a record holds: it is asked
//! in `domain::condition`, and checked in `check`.

mod json;

use super::value::Value;
use crate::base::context::Role;

/// What must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// All of these hold.
    All(Vec<Condition>),
    /// At least one of these holds.
    Any(Vec<Condition>),
    /// This does not hold.
    Not(Box<Condition>),
    /// It holds of each line that is not removed; also where there is none.
    Every(LineCondition),
    /// It holds of a line that is not removed.
    Some(LineCondition),
    /// Whoever acts has one of these roles, or a tenant's own that is like one of them.
    Role(Vec<Role>),
    /// A value passes a test.
    Field(FieldTest),
}

/// What must hold of lines. Paths in it begin at the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineCondition {
    /// The name of the lines.
    pub lines: String,
    /// What must hold of one of them.
    pub that: Box<Condition>,
}

/// A test of one value. No empty value passes, but that of being empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldTest {
    /// The field, behind a dot for each reference that leads to its record:
    /// `account.territory.name`.
    pub path: String,
    /// What is asked of the value.
    pub test: Test,
}

/// What is asked of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Whether there is none, or whether there is one.
    Empty(bool),
    /// It is one of these.
    OneOf(Vec<Value>),
    /// How it stands to another.
    Compare(Relation, Operand),
}

/// How a value stands to another. Numbers are compared as exact fractions, days and times as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// They are the same.
    Equals,
    /// It is greater, or later.
    Above,
    /// It is not less, nor earlier.
    AtLeast,
    /// It is less, or earlier.
    Below,
    /// It is not greater, nor later.
    AtMost,
    /// The text begins with the other, letter by letter.
    Starts,
}

/// What a value is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// A text, a whole number, yes or no.
    Scalar(Value),
    /// The value at another path.
    Field(String),
    /// The person who acts.
    Me,
    /// The day so many days before today in the tenant's zone; for times the moment.
    DaysAgo(u32),
}

impl Relation {
    /// All there are.
    pub const ALL: [Relation; 6] = [
        Relation::Equals,
        Relation::Above,
        Relation::AtLeast,
        Relation::Below,
        Relation::AtMost,
        Relation::Starts,
    ];

    /// Its name in data.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Relation::Equals => "equals",
            Relation::Above => "above",
            Relation::AtLeast => "at_least",
            Relation::Below => "below",
            Relation::AtMost => "at_most",
            Relation::Starts => "starts",
        }
    }
}

impl Test {
    /// Its name in data.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Test::Empty(_) => "empty",
            Test::OneOf(_) => "one_of",
            Test::Compare(relation, _) => relation.name(),
        }
    }
}

impl Condition {
    /// The conditions that it is made of, itself excluded.
    #[must_use]
    pub fn parts(&self) -> &[Condition] {
        match self {
            Condition::All(of) | Condition::Any(of) => of,
            Condition::Not(of) => std::slice::from_ref(&**of),
            Condition::Every(of) | Condition::Some(of) => std::slice::from_ref(&*of.that),
            Condition::Role(_) | Condition::Field(_) => &[],
        }
    }

    /// How deep its parts lie in each other; 1 for a test.
    #[must_use]
    pub fn depth(&self) -> usize {
        let deepest = self.parts().iter().map(Condition::depth).max();
        1 + deepest.unwrap_or(0)
    }

    /// How many tests it makes of one record with one line of each kind.
    #[must_use]
    pub fn tests(&self) -> usize {
        match self {
            Condition::Role(_) | Condition::Field(_) => 1,
            Condition::All(_)
            | Condition::Any(_)
            | Condition::Not(_)
            | Condition::Every(_)
            | Condition::Some(_) => self.parts().iter().map(Condition::tests).sum(),
        }
    }

    /// Whether its answer follows from the record and from whoever acts: it follows no reference
    /// and does not ask what day it is.
    #[must_use]
    pub fn looks_at_record_alone(&self) -> bool {
        let is_alone = match self {
            Condition::Field(FieldTest { path, test }) => {
                let operand = match test {
                    Test::Compare(_, Operand::DaysAgo(_)) => false,
                    Test::Compare(_, Operand::Field(other)) => !other.contains('.'),
                    Test::Compare(_, Operand::Scalar(_) | Operand::Me)
                    | Test::Empty(_)
                    | Test::OneOf(_) => true,
                };
                operand && !path.contains('.')
            }
            Condition::All(_)
            | Condition::Any(_)
            | Condition::Not(_)
            | Condition::Every(_)
            | Condition::Some(_)
            | Condition::Role(_) => true,
        };
        is_alone && self.parts().iter().all(Condition::looks_at_record_alone)
    }
}
