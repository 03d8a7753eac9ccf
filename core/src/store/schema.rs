//! What a database file is, and the tables that phone and server begin with.
//! It does not know what stands in them.

/// An open database; functions take it by reference and so run inside the caller's transaction.
pub type Db = rusqlite::Connection;

/// One state of a database, until it is dropped.
pub type Still<'a> = rusqlite::Transaction<'a>;

/// The tables that phone and server both keep.
pub const SHARED: &str = include_str!("sql/shared.sql");

/// The tables of the ledger that phone and server both keep.
pub const LEDGER: &str = include_str!("sql/ledger.sql");

/// The index of words that phone and server both keep.
pub const WORDS: &str = include_str!("sql/words.sql");

/// What a database file is for, and how it came to be as it is.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// SQLite's `application_id`, by which a file of another kind is refused and left as it is.
    pub application: i32,
    /// What it is, for a message.
    pub what: &'static str,
    /// Position is the version, and entries are only ever appended.
    pub migrations: &'static [&'static str],
}

/// A phone's database.
pub const PHONE: Schema = Schema {
    application: i32::from_be_bytes(*b"OFrp"),
    what: "a rep's database",
    migrations: &[
        SHARED,
        include_str!("sql/phone.sql"),
        include_str!("sql/phone_verbs.sql"),
        LEDGER,
        include_str!("sql/phone_groups.sql"),
        include_str!("sql/seals.sql"),
        include_str!("sql/own_work.sql"),
        include_str!("sql/blobs.sql"),
        WORDS,
        include_str!("sql/phone_told.sql"),
    ],
};
