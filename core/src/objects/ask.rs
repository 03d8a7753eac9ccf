//! A document that asks for a verdict and has none yet.
//! It does not know what is asked.

use crate::base::id::RecordId;
use crate::base::time::Timestamp;

/// A document that waits for the server's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAsk {
    /// The object of the verdict.
    pub verdict: String,
    /// The object of the document.
    pub object: String,
    /// The document.
    pub record: RecordId,
    /// Since when, by this device's clock.
    pub since: Timestamp,
}
