//! Why a command was not carried out, as a value that a screen can show.
//! It does not know which rule refused.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::base::fraction::FractionError;
use crate::base::money::MoneyError;
use crate::base::quantity::QuantityError;
use crate::objects::ReadError;

/// What sort of no it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// The command itself is wrong: a name, a kind of value, something missing.
    BadInput,
    /// The command itself holds more than one command may.
    TooLarge,
    /// A rule or a right forbids it.
    Rule,
    /// It speaks of a record that is not here.
    NotFound,
    /// The store could not be read; nobody did anything wrong.
    Broken,
}

/// A command was refused, and nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// What sort of no it is.
    pub kind: RefusalKind,
    /// A stable name of the reason, in snake case.
    pub code: String,
    /// What is wrong and what to do, for a person.
    pub message: String,
    /// The fields or inputs that it is about.
    #[serde(default)]
    pub fields: Vec<String>,
    /// The numbers and names behind the reason, for a screen.
    #[serde(default)]
    pub numbers: Map<String, Json>,
}

impl Refusal {
    /// The command itself is wrong.
    #[must_use]
    pub fn bad_input(code: &str, message: impl Into<String>) -> Self {
        Self::new(RefusalKind::BadInput, code, message)
    }

    /// The command itself holds more than one command may.
    #[must_use]
    pub fn too_large(code: &str, message: impl Into<String>) -> Self {
        Self::new(RefusalKind::TooLarge, code, message)
    }

    /// A rule or a right forbids it.
    #[must_use]
    pub fn rule(code: &str, message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Rule, code, message)
    }

    /// The record is not here.
    #[must_use]
    pub fn not_found(code: &str, message: impl Into<String>) -> Self {
        Self::new(RefusalKind::NotFound, code, message)
    }

    /// Nothing if all of these agree; else one refusal of all that is wrong, under the first code.
    pub fn all<const N: usize>(asked: [Result<(), Refusal>; N]) -> Result<(), Refusal> {
        Refusal::every(asked.into())
    }

    /// The same for any number of questions.
    pub fn every(asked: Vec<Result<(), Refusal>>) -> Result<(), Refusal> {
        let mut wrong: Vec<Refusal> = asked.into_iter().filter_map(Result::err).collect();
        if wrong.is_empty() {
            return Ok(());
        }
        let mut all = wrong.remove(0);
        for refusal in wrong {
            all.message = format!("{}; {}", all.message, refusal.message);
            all.fields.extend(refusal.fields);
            all.numbers.extend(refusal.numbers);
        }
        Err(all)
    }

    /// Names one more field that it is about.
    #[must_use]
    pub fn about(mut self, field: impl Into<String>) -> Self {
        self.fields.push(field.into());
        self
    }

    /// Adds a number or a name behind the reason.
    #[must_use]
    pub fn with(mut self, name: &str, number: impl Into<Json>) -> Self {
        self.numbers.insert(name.to_owned(), number.into());
        self
    }

    fn new(kind: RefusalKind, code: &str, message: impl Into<String>) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        Refusal {
            kind,
            code,
            message,
            fields: Vec::new(),
            numbers: Map::new(),
        }
    }
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        Self::new(RefusalKind::Broken, "store_unreadable", error.to_string())
    }
}

impl From<FractionError> for Refusal {
    fn from(error: FractionError) -> Self {
        Self::rule("too_large", error.to_string())
    }
}

impl From<MoneyError> for Refusal {
    fn from(error: MoneyError) -> Self {
        let code = match error {
            MoneyError::Overflow => "too_large",
            MoneyError::CurrencyMismatch(..) => "two_currencies",
            MoneyError::TooFine { .. } => "too_fine",
        };
        Self::rule(code, error.to_string())
    }
}

impl From<QuantityError> for Refusal {
    fn from(error: QuantityError) -> Self {
        let code = match error {
            QuantityError::Inexact(_) => "too_large",
            QuantityError::UnknownUnit { .. } => "unknown_unit",
            QuantityError::Twice(_) | QuantityError::Empty(_) => "bad_packaging",
        };
        Self::rule(code, error.to_string())
    }
}
