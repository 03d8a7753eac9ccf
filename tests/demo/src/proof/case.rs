//! All that the claims are about: what commands answered, the phones, the server. It imports
//! nothing of the core, and does not know what is claimed.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use serde_json::Value as Json;

use super::evidence::EvidenceFile;
use super::ledger::StoryLedger;

/// A phone and what its own commands say.
pub(crate) struct PhoneEvidence<'a> {
    /// Whose it is.
    pub(crate) who: &'a str,
    /// The person's id.
    pub(crate) user: String,
    /// The id of the person's territory.
    pub(crate) territory: String,
    /// Its database.
    pub(crate) file: EvidenceFile<'a>,
    /// Its access token.
    pub(crate) token: String,
    /// Its digests, by its own word.
    pub(crate) digest: Json,
    /// Its open conflicts, by its own word.
    pub(crate) conflicts: Json,
    /// The conflicts that it showed before they were decided.
    pub(crate) conflicts_before: Json,
}

/// All that the claims are about.
pub(crate) struct ProofCase<'a> {
    /// What commands answered.
    pub(crate) ledger: &'a StoryLedger,
    /// The phones.
    pub(crate) phones: Vec<PhoneEvidence<'a>>,
    /// The server's own file of the tenant.
    pub(crate) server_file: EvidenceFile<'a>,
    /// Where the server listens.
    pub(crate) server: SocketAddr,
    /// The check in which two counted one shelf.
    pub(crate) shelf_check: String,
    /// What `visit shelf` said that it comes to.
    pub(crate) shelf_shown: Json,
    /// The day of the story.
    pub(crate) day: String,
    /// Its figures, by the phones' own word.
    pub(crate) figures: Vec<Json>,
}

/// A claim in words, or what is against it.
pub(crate) type Checked = Result<String, String>;

impl<'a> ProofCase<'a> {
    /// All phones' files and the server's.
    pub(crate) fn files(&self) -> impl Iterator<Item = &EvidenceFile<'a>> {
        self.phones
            .iter()
            .map(|phone| &phone.file)
            .chain([&self.server_file])
    }

    /// The files that hold what these people write: those of the phones in their territories, and
    /// the server's.
    pub(crate) fn holding(&self, by: &BTreeSet<String>) -> impl Iterator<Item = &EvidenceFile<'a>> {
        let phones: Vec<&EvidenceFile<'a>> = self.seeing(by).map(|phone| &phone.file).collect();
        phones.into_iter().chain([&self.server_file])
    }

    /// The phones of these people's territories.
    pub(crate) fn seeing(&self, by: &BTreeSet<String>) -> impl Iterator<Item = &PhoneEvidence<'a>> {
        let territories: BTreeSet<&String> = self
            .phones
            .iter()
            .filter(|phone| by.contains(phone.who))
            .map(|phone| &phone.territory)
            .collect();
        self.phones
            .iter()
            .filter(move |phone| territories.contains(&phone.territory))
    }
}

/// The first problem, and how many more there are.
pub(crate) fn first(problems: Vec<String>, what: &str) -> Result<(), String> {
    match problems.as_slice() {
        [] => Ok(()),
        [one] => Err(format!("{what}: {one}")),
        [one, more @ ..] => Err(format!("{what}: {one}; and {} more", more.len())),
    }
}

/// A value as a problem shows it.
pub(crate) fn shown(value: Option<&Json>) -> String {
    value.map_or_else(|| "nothing".to_owned(), Json::to_string)
}

/// A value as a claim shows it.
pub(crate) fn plain(value: &Json) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
