//! What earlier versions left behind is opened by today's: a server's folder, and a phone with work
//! that it had not sent when it got its update. `scripts/keep-version` made each. It does not know
//! what those versions did.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

use outfield_core::base::time::Timestamp;
use outfield_tests::World;
use serde_json::{Value as Json, json};

/// The moment at which a version was kept.
const KEPT_AT: &str = "2026-11-24T08:30:00Z";

/// Every version that is kept.
fn versions() -> Vec<PathBuf> {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("kept");
    let mut found: Vec<PathBuf> = fs::read_dir(kept)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no version is kept");
    found
}

/// Unpacks all that a version left, as it left it.
fn unpack(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            unpack(&path, &to.join(name));
        } else if let Some(name) = name.strip_suffix(".zst") {
            let bytes = zstd::decode_all(fs::File::open(&path).unwrap()).unwrap();
            fs::write(to.join(name), bytes).unwrap();
        }
    }
}

#[test]
fn a_phone_of_yesterday_pushes_and_pulls_and_nothing_is_lost() {
    for version in versions() {
        let kept = fs::read_to_string(version.join("kept.json")).unwrap();
        let kept: Json = serde_json::from_str(&kept).unwrap();
        let named = |name: &str| kept[name].as_str().unwrap().to_owned();
        let folder = tempfile::tempdir().unwrap();
        unpack(&version, folder.path());
        let at = Timestamp::parse(KEPT_AT).unwrap();
        let world = World::again(folder, 3, at.0, named("tenant").parse().unwrap());
        world.clock.advance(60_000);
        let mut ana = world.new_phone("ana");
        assert!(ana.unsent() >= 4, "{version:?} left unsent work");
        ana.sync();
        assert_eq!((ana.unsent(), ana.needs_attention()), (0, vec![]));
        for order in ["confirmed", "unsent"] {
            let shown = ana.device().order(&named(order)).unwrap().data;
            assert_eq!(shown["status"], "confirmed", "{order}: {shown}");
        }
        let order = named("confirmed");
        let cancel = json!({"do": "cancel_order", "sales_order": order, "reason": "Late"});
        let used = if kept["holds"] == true {
            ana.does(&cancel);
            ana.sync();
            "20"
        } else {
            // What was confirmed before orders held anything counts as delivered.
            assert_eq!(ana.refused(&cancel).0, "already_delivered");
            "40"
        };
        let phone = ana.get("contact", &named("contact"))["phone"].clone();
        assert_eq!(phone, "+14795550100");
        // Figures of before the ledger entered it as they stood: 10, 20 and 10.
        let wrong = world.office(|office| (office.check_rows().unwrap(), office.check_ledger()));
        assert_eq!((wrong.0, wrong.1.unwrap()), (vec![], vec![]));
        let credit = world.office(|office| office.all("credit_figure")).unwrap();
        assert_eq!(credit[0]["used"], used, "{version:?}: {credit:?}");
        assert_eq!(ana.device().waiting().unwrap().data, json!([]));
        world.agree(&mut [&mut ana]);
    }
}
