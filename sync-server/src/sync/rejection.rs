//! Why an entry does not become true: refused with a reason, not yet, or a fault of the server's
//! own. It does not know how reasons are found.

use outfield_core::crdt::CrdtError;
use outfield_core::domain::Refusal;
use outfield_core::objects::ReadError;
use outfield_core::store::StoreError;
use outfield_core::sync::frames::Ruling;
use serde_json::Value as Json;

use crate::error::ServerError;

/// Bytes of a refusal's message; it quotes what was pushed.
const MESSAGE_BYTES_MAX: usize = 2_000;
/// Fields that a refusal names, and the bytes that the path of a field may have.
const FIELDS_NAMED_MAX: usize = 20;
const FIELD_BYTES_MAX: usize = 200;

/// Why something is quarantined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rejection {
    pub code: String,
    pub message: String,
    pub fields: Vec<String>,
    /// The numbers and names behind it, as a JSON object; none if there are none.
    pub numbers: Option<String>,
}

impl Rejection {
    pub(super) fn new(code: &str, message: impl Into<String>) -> Rejection {
        Rejection {
            code: code.to_owned(),
            message: message.into(),
            fields: Vec::new(),
            numbers: None,
        }
    }

    /// Short enough that a hundred of them fit one answer.
    pub(super) fn shortened(mut self) -> Rejection {
        if self.message.len() > MESSAGE_BYTES_MAX {
            let end = (0..=MESSAGE_BYTES_MAX)
                .rev()
                .find(|end| self.message.is_char_boundary(*end))
                .unwrap_or(0);
            self.message.truncate(end);
            self.message.push('…');
        }
        self.fields.retain(|field| field.len() <= FIELD_BYTES_MAX);
        self.fields.truncate(FIELDS_NAMED_MAX);
        self.numbers
            .take_if(|numbers| numbers.len() > MESSAGE_BYTES_MAX);
        self
    }

    /// The rejection as the answer that a device gets.
    pub(super) fn ruling(self) -> Ruling {
        let Rejection {
            code,
            message,
            fields,
            numbers,
        } = self.shortened();
        Ruling::Quarantined {
            code,
            message,
            fields,
            numbers,
        }
    }
}

impl From<Refusal> for Rejection {
    fn from(refusal: Refusal) -> Self {
        let numbers = (!refusal.numbers.is_empty()).then_some(Json::Object(refusal.numbers));
        Rejection {
            code: refusal.code,
            message: refusal.message,
            fields: refusal.fields,
            numbers: numbers.map(|numbers| numbers.to_string()),
        }
    }
}

/// Why an entry does not become true now.
pub(super) enum Denial {
    /// It is refused, and kept with its reason.
    Rejected(Rejection),
    /// The device is asked for something first; nothing is kept.
    NotYet(Ruling),
    /// The server itself failed.
    Fault(ServerError),
}

/// A denial by name of its reason.
pub(super) fn rejected(code: &str, message: impl Into<String>) -> Denial {
    Denial::Rejected(Rejection::new(code, message))
}

impl From<Refusal> for Denial {
    fn from(refusal: Refusal) -> Self {
        Denial::Rejected(refusal.into())
    }
}

impl From<ReadError> for Denial {
    fn from(error: ReadError) -> Self {
        Denial::Fault(error.into())
    }
}

impl From<CrdtError> for Denial {
    fn from(error: CrdtError) -> Self {
        rejected(error.code(), error.to_string())
    }
}

impl From<StoreError> for Denial {
    fn from(error: StoreError) -> Self {
        Denial::Fault(error.into())
    }
}

impl From<ServerError> for Denial {
    fn from(error: ServerError) -> Self {
        Denial::Fault(error)
    }
}
