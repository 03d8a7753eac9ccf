//! How far a tenant's numbers have risen. It does not know what they count.

use outfield_core::store::{Db, StoreError};

/// The highest numbers that were given out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Height {
    pub(crate) tick: u64,
    pub(crate) verdict: u64,
}

impl Height {
    /// As a tenant's file says.
    pub(crate) fn of(db: &Db) -> Result<Height, StoreError> {
        Ok(Height {
            tick: given_out(db, "log")?,
            verdict: given_out(db, "verdict")?,
        })
    }

    /// Whether one of its numbers is above the other's.
    pub(crate) fn exceeds(self, other: Height) -> bool {
        self.tick > other.tick || self.verdict > other.verdict
    }

    /// Each number as high as in either.
    pub(crate) fn or(self, other: Height) -> Height {
        Height {
            tick: self.tick.max(other.tick),
            verdict: self.verdict.max(other.verdict),
        }
    }

    /// The next numbers that are given out are above these.
    pub(crate) fn reach(self, db: &Db) -> Result<(), StoreError> {
        for (table, number) in [("log", self.tick), ("verdict", self.verdict)] {
            let number = number.cast_signed();
            let raised = "UPDATE sqlite_sequence SET seq = max(seq, ?2) WHERE name = ?1";
            if db.execute(raised, (table, number))? == 0 {
                let begun = "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)";
                db.execute(begun, (table, number))?;
            }
        }
        Ok(())
    }
}

/// The highest number that a table gave out, whether or not its row is still there.
fn given_out(db: &Db, table: &str) -> Result<u64, StoreError> {
    let sql = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?1";
    let number: i64 = db
        .prepare_cached(sql)?
        .query_row([table], |row| row.get(0))?;
    Ok(number.cast_unsigned())
}
