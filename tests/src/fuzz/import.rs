//! CSV files of accounts and products into a tenant's file. It does not know what columns there may
//! be.

use std::cell::RefCell;
use std::sync::Arc;

use outfield_cli::import_text;
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
    let text = String::from_utf8_lossy(rest);
    if text.matches(['\r', '\n']).count() > ROWS_MAX {
        return;
    }
    let what = if how & 1 == 0 { "accounts" } else { "products" };
    PLACE.with_borrow_mut(|place| {
        let looked = imported(&mut place.tenant, what, &text, true);
        assert_eq!(
            imported(&mut place.tenant, what, &text, true),
            looked,
            "looking changed something"
        );
        let is_row = |counts: &[u64; 4]| counts[1] + counts[2] > 0;
        if how & 2 == 0 || !looked.as_ref().is_some_and(is_row) {
            return;
        }
        assert_eq!(imported(&mut place.tenant, what, &text, false), looked);
        let [rows, created, changed, unchanged] = looked.unwrap();
        let again = [rows, 0, 0, created + changed + unchanged];
        assert_eq!(
            imported(&mut place.tenant, what, &text, false),
            Some(again),
            "a second time changes something"
        );
    });
}

/// Rows, and of them created, changed and unchanged ones; none where the file as a whole is
/// refused.
fn imported(tenant: &mut Tenant, what: &str, text: &str, dry_run: bool) -> Option<[u64; 4]> {
    let (exit, told) = import_text(tenant, what, text, dry_run);
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
    let breaks = text.replace("\r\n", "\n").matches(['\r', '\n']).count() as u64;
    assert!(
        lines.is_sorted() && lines.iter().all(|line| (2..=breaks + 1).contains(line)),
        "{lines:?}"
    );
    assert!(rejected.iter().all(|row| {
        row["reason"]
            .as_str()
            .is_some_and(|reason| !reason.is_empty())
    }));
    Some(counts)
}
