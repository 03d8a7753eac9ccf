//! What a call on a device answers. It does not know who called.

/// What a call answers: the id it is about, and the data as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// The record (or conflict) that the call made or changed.
    pub id: Option<String>,
    /// The answer itself; its shape is the call's.
    pub data: serde_json::Value,
}

impl Receipt {
    /// An answer about no record in particular.
    #[must_use]
    pub fn of(data: serde_json::Value) -> Self {
        Receipt { id: None, data }
    }
}
