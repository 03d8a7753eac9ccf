//! What a device holds, for a floor to hold the same. It does not know what is measured.

use outfield_core::objects::Registry;
use rusqlite::Connection;

use super::floor::{Rows, rows};

/// Tables of all objects and of their lines.
#[must_use]
pub fn object_tables(registry: &Registry) -> Vec<String> {
    let of = |object: &str, lines: &[&String]| {
        let lines = lines.iter().map(|lines| format!("{object}__{lines}"));
        std::iter::once(object.to_owned())
            .chain(lines)
            .collect::<Vec<_>>()
    };
    registry
        .all()
        .flat_map(|object| of(&object.object, &object.lines.keys().collect::<Vec<_>>()))
        .collect()
}

/// The tables of a floor: those of all objects, the blobs, and the words that are searched.
#[must_use]
pub fn tables(registry: &Registry) -> Vec<String> {
    let others = ["document", "search_entry", "search"].map(str::to_owned);
    object_tables(registry).into_iter().chain(others).collect()
}

/// All rows, blobs and words of a device.
#[must_use]
pub fn all_rows(registry: &Registry, device: &Connection) -> Vec<Rows> {
    let whole = |table: &str| {
        rows(
            device,
            &format!("\"{table}\""),
            &format!("SELECT * FROM \"{table}\""),
            &[],
        )
    };
    let mut found: Vec<Rows> = object_tables(registry)
        .iter()
        .map(|table| whole(table))
        .collect();
    found.extend([whole("document"), whole("search_entry")]);
    for object in registry.all().filter(|object| !object.search.is_empty()) {
        let words: Vec<String> = object
            .search
            .iter()
            // What lines say stands in tables of their own.
            .filter(|field| !field.contains('/'))
            .map(|field| format!("coalesce(t.\"{field}\", '')"))
            .collect();
        let query = format!(
            "SELECT e.rowid, {} FROM search_entry e JOIN \"{}\" t ON t.id = e.id",
            words.join(" || ' ' || "),
            object.object
        );
        found.push(rows(device, "search (rowid, words)", &query, &[]));
    }
    found
}
