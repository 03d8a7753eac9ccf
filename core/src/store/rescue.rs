//! Reads what can still be read out of a damaged database, row by row, and puts it into a new one.
//! What a server has is left to it. It does not know what the rows mean.

use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Row, params_from_iter};

use super::error::StoreError;
use super::schema::Db;
use super::{meta, outbox};

/// What of a database's own facts a new one must not have: it makes them anew.
const LEFT_OUT: &[&str] = &["installation", "tick", "last_verified", "shape"];

/// How much was read of what no server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rescued {
    /// Entries of the outbox.
    pub unsent: u64,
    /// Refused work.
    pub attention: u64,
    /// Numbers of either under which something lies that cannot be read.
    pub unreadable: u64,
}

/// A damaged database. A connection that met a page which cannot be read reads no other page any
/// more, so that each error is followed by a new one.
pub struct DamagedFile<'a> {
    open: &'a dyn Fn() -> Result<Db, StoreError>,
    db: Db,
}

impl<'a> DamagedFile<'a> {
    /// The database that this opens.
    pub fn new(open: &'a dyn Fn() -> Result<Db, StoreError>) -> Result<Self, StoreError> {
        Ok(DamagedFile { db: open()?, open })
    }

    /// Puts what can be read into a new, empty database, within the caller's transaction.
    pub fn carry_over(&mut self, new: &Db) -> Result<Rescued, StoreError> {
        for key in self.column::<String>("SELECT key FROM meta")? {
            let sql = "SELECT value FROM meta WHERE key = ?1";
            let value: Option<String> =
                self.read(|db| db.query_row(sql, [&key], |row| row.get(0)))?;
            if let Some(value) = value.filter(|_| !LEFT_OUT.contains(&key.as_str())) {
                meta::set(new, &key, &value)?;
            }
        }
        let (unsent, lost) = self.carry_table(new, "outbox")?;
        let (attention, lost_too) = self.carry_table(new, "attention")?;
        for series in self.column::<String>("SELECT series FROM number_series")? {
            let sql = "SELECT last FROM number_series WHERE series = ?1";
            let last: Option<i64> =
                self.read(|db| db.query_row(sql, [&series], |row| row.get(0)))?;
            if let Some(last) = last {
                let sql = "INSERT OR REPLACE INTO number_series (series, last) VALUES (?1, ?2)";
                new.execute(sql, (&series, last))?;
            }
        }
        let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'";
        if let Some(last) = self.read(|db| db.query_row(sql, [], |row| row.get::<_, i64>(0)))? {
            outbox::skip_to(new, last.unsigned_abs())?;
        }
        Ok(Rescued {
            unsent,
            attention,
            unreadable: lost + lost_too,
        })
    }

    /// Puts what the log holds into the file. Pages are moved as they are.
    pub fn fold_log(&mut self) -> Result<(), StoreError> {
        self.db = (self.open)()?;
        Ok(self
            .db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }

    /// What a question answers; none if it cannot be read.
    fn read<T>(
        &mut self,
        question: impl FnOnce(&Db) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        match question(&self.db) {
            Ok(answer) => Ok(Some(answer)),
            Err(_) => {
                self.db = (self.open)()?;
                Ok(None)
            }
        }
    }

    /// The values that a question gives before something cannot be read.
    fn column<T: rusqlite::types::FromSql>(&mut self, sql: &str) -> Result<Vec<T>, StoreError> {
        let mut found = Vec::new();
        self.read(|db| {
            let mut statement = db.prepare(sql)?;
            for value in statement.query_map([], |row| row.get(0))? {
                found.push(value?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Copies the rows of a table that can be read; answers how many, and under how many numbers
    /// something lies that cannot.
    fn carry_table(&mut self, new: &Db, table: &str) -> Result<(u64, u64), StoreError> {
        let up: Vec<i64> = self.column(&format!("SELECT number FROM {table} ORDER BY number"))?;
        let down: Vec<i64> =
            self.column(&format!("SELECT number FROM {table} ORDER BY number DESC"))?;
        let mut found: Vec<i64> = up.iter().chain(&down).copied().collect();
        // Between the ends that were read lies what has to be asked for one by one.
        if let (Some(low), Some(high)) = (up.last(), down.last()) {
            found.extend(*low..=*high);
        }
        found.sort_unstable();
        found.dedup();
        let (mut taken, mut unreadable) = (0, 0);
        for number in found {
            match self.read(|db| row(db, table, number))? {
                Some(Some(cells)) => {
                    put(new, table, cells)?;
                    taken += 1;
                }
                Some(None) => {}
                None => unreadable += 1,
            }
        }
        Ok((taken, unreadable))
    }
}

/// The cells of a row, with the names of their columns.
type NamedCells = Vec<(String, Value)>;

fn row(db: &Db, table: &str, number: i64) -> rusqlite::Result<Option<NamedCells>> {
    let sql = format!("SELECT * FROM {table} WHERE number = ?1");
    let mut statement = db.prepare_cached(&sql)?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let cells = |row: &Row<'_>| -> rusqlite::Result<NamedCells> {
        let cell = |(at, name): (usize, &String)| Ok((name.clone(), row.get(at)?));
        names.iter().enumerate().map(cell).collect()
    };
    statement.query_row([number], cells).optional()
}

fn put(new: &Db, table: &str, cells: NamedCells) -> Result<(), StoreError> {
    let places = vec!["?"; cells.len()].join(", ");
    let (names, values): (Vec<String>, Vec<Value>) = cells.into_iter().unzip();
    let names = names.join(", ");
    let sql = format!("INSERT OR IGNORE INTO {table} ({names}) VALUES ({places})");
    new.execute(&sql, params_from_iter(values))?;
    Ok(())
}
