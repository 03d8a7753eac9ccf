//! Files of accounts and products, in any encoding, with anything between their cells, or packed as
//! a workbook, into a tenant's file. It does not know what columns there may be.

use std::cell::RefCell;
use std::sync::Arc;

use outfield_cli::import_bytes;
use outfield_core::app::System;
use outfield_server::data_dir::DataDir;
use outfield_server::tenant::Tenant;
use serde_json::Value as Json;

/// Rows that one file may have here, so that no file takes long.
const ROWS_MAX: usize = 40;

/// A tenant on a folder of its own, which goes with it.
struct FuzzTenant {
    tenant: Tenant,
    _folder: tempfile::TempDir,
}

thread_local! {
    static PLACE: RefCell<FuzzTenant> = RefCell::new(found());
}

fn found() -> FuzzTenant {
    let folder = tempfile::tempdir().unwrap();
    let mut office = DataDir::open(folder.path(), Arc::new(System::open().unwrap())).unwrap();
    office.add_tenant("Acme", "UTC").unwrap();
    let tenant = office.tenant(None).unwrap();
    FuzzTenant {
        tenant,
        _folder: folder,
    }
}

/// The first byte says what the rest holds, and whether it is only looked at.
pub fn import(bytes: &[u8]) {
    let Some((how, rest)) = bytes.split_first() else {
        return;
    };
    let is_break = |byte: &&u8| matches!(byte, b'\r' | b'\n');
    if rest.iter().filter(is_break).count() > ROWS_MAX {
        return;
    }
    let is_packed = rest.starts_with(b"PK");
    let what = if how & 1 == 0 { "accounts" } else { "products" };
    PLACE.with_borrow_mut(|place| {
        let looked = imported(&mut place.tenant, what, rest, true);
        assert_eq!(
            imported(&mut place.tenant, what, rest, true),
            looked,
            "looking changed something"
        );
        let is_row = |counts: &[u64; 4]| counts[1] + counts[2] > 0;
        if how & 2 == 0 || is_packed || !looked.as_ref().is_some_and(is_row) {
            return;
        }
        assert_eq!(imported(&mut place.tenant, what, rest, false), looked);
        let [rows, created, changed, unchanged] = looked.unwrap();
        let again = [rows, 0, 0, created + changed + unchanged];
        assert_eq!(
            imported(&mut place.tenant, what, rest, false),
            Some(again),
            "a second time changes something"
        );
    });
}

/// Rows, and of them created, changed and unchanged ones; none where the file as a whole is
/// refused.
fn imported(tenant: &mut Tenant, what: &str, bytes: &[u8], dry_run: bool) -> Option<[u64; 4]> {
    let (exit, told) = import_bytes(tenant, what, bytes, dry_run);
    assert!(matches!(exit, 0 | 2), "{exit}: {told}");
    if let Json::String(message) = &told {
        assert!(
            !message.is_empty() && !message.contains('\n'),
            "{message:?}"
        );
        return None;
    }
    let counts =
        ["rows", "created", "changed", "unchanged"].map(|name| told[name].as_u64().unwrap());
    let rejected = told["rejected"].as_array().unwrap();
    assert_eq!(exit == 2, !rejected.is_empty());
    assert_eq!(
        counts[0],
        counts[1] + counts[2] + counts[3] + rejected.len() as u64
    );
    let lines: Vec<u64> = rejected
        .iter()
        .map(|row| row["line"].as_u64().unwrap())
        .collect();
    let is_of_file = |line: &u64| (2..=bytes.len() as u64 + 1).contains(line);
    let is_packed = bytes.starts_with(b"PK");
    assert!(
        lines.is_sorted() && (is_packed || lines.iter().all(is_of_file)),
        "{lines:?}"
    );
    assert!(rejected.iter().all(|row| {
        row["reason"]
            .as_str()
            .is_some_and(|reason| !reason.is_empty())
    }));
    Some(counts)
}
