//! The floor: what plain prepared SQLite needs for the same rows with the same indexes and pragmas,
//! and nothing else. It knows no document, no outbox and no server.

use std::path::Path;

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params_from_iter};

/// Rows of one table.
pub struct Rows {
    insert: String,
    rows: Vec<Vec<Sql>>,
}

/// What a query finds.
pub fn all(db: &Connection, query: &str, bound: &[Sql]) -> Vec<Vec<Sql>> {
    let mut statement = db.prepare_cached(query).unwrap();
    let width = statement.column_count();
    let rows = statement.query_map(params_from_iter(bound), |row| {
        (0..width).map(|column| row.get(column)).collect()
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// Rows of another database, to be inserted into a table.
pub fn rows(from: &Connection, table: &str, query: &str, bound: &[Sql]) -> Rows {
    let rows = all(from, query, bound);
    let marks = vec!["?"; rows.first().map_or(1, Vec::len)].join(", ");
    Rows {
        insert: format!("INSERT INTO {table} VALUES ({marks})"),
        rows,
    }
}

/// A database with the tables and indexes of another one.
pub struct Floor {
    /// The database.
    pub db: Connection,
}

impl Floor {
    /// Makes the same tables and indexes in a new file; commits wait for the disk if they do in
    /// what is compared.
    #[must_use]
    pub fn like(model: &Connection, tables: &[String], file: &Path, is_durable: bool) -> Floor {
        let db = Connection::open(file).unwrap();
        db.pragma_update(None, "journal_mode", "wal").unwrap();
        db.pragma_update(
            None,
            "synchronous",
            if is_durable { "full" } else { "normal" },
        )
        .unwrap();
        db.pragma_update(None, "fullfsync", is_durable).unwrap();
        db.set_prepared_statement_cache_capacity(256);
        for table in tables {
            let sql = "SELECT sql FROM sqlite_schema \
                WHERE tbl_name = ?1 AND sql IS NOT NULL ORDER BY type DESC";
            for sql in all(model, sql, &[Sql::Text(table.clone())]) {
                let [Sql::Text(sql)] = &sql[..] else {
                    panic!("{table} has no schema")
                };
                db.execute_batch(sql).unwrap();
            }
        }
        Floor { db }
    }

    /// Inserts rows in one commit.
    pub fn insert(&self, tables: &[Rows]) {
        let tx = self.db.unchecked_transaction().unwrap();
        for Rows { insert, rows } in tables.iter().filter(|table| !table.rows.is_empty()) {
            let mut statement = self.db.prepare_cached(insert).unwrap();
            for row in rows {
                statement.execute(params_from_iter(row)).unwrap();
            }
        }
        tx.commit().unwrap();
    }

    /// Carries out statements with their values in one commit.
    pub fn commit(&self, statements: &[(&str, Vec<Sql>)]) {
        let tx = self.db.unchecked_transaction().unwrap();
        for (sql, bound) in statements {
            self.db
                .prepare_cached(sql)
                .unwrap()
                .execute(params_from_iter(bound))
                .unwrap();
        }
        tx.commit().unwrap();
    }

    /// Reads what these queries find, all columns of it; answers how many rows there were.
    pub fn read(&self, queries: &[(String, Vec<Sql>)]) -> usize {
        queries
            .iter()
            .map(|(query, bound)| all(&self.db, query, bound).len())
            .sum()
    }
}
