//! Each outside crate that matters has its owners; nobody else names it, also not through an alias
//! or a nested group.

use super::finding::Finding;
use super::place::ModuleMap;

/// Outside crates, and the places below the workspace that own them.
pub const OWNERS: &[(&str, &[&str])] = &[
    (
        "automerge",
        &["core/src/crdt/", "core/tests/crdt", "tests/"],
    ),
    (
        "rusqlite",
        &[
            "core/src/store/",
            "sync-server/src/tenant/",
            "sync-server/src/people/",
            "sync-server/src/work/",
            "sync-server/src/sync/",
            "sync-server/src/office/",
            "sync-server/src/backup/",
            "sync-server/src/data_dir.rs",
            "sync-server/src/error.rs",
            "tests/",
        ],
    ),
    ("image", &["core/src/media/", "tests/src/pictures.rs"]),
    ("reqwest", &["core/src/sync/http.rs", "tests/"]),
    (
        "rustls",
        &[
            "core/src/sync/http.rs",
            "sync-server/src/http",
            "sync-server/src/files/",
        ],
    ),
    ("chacha20poly1305", &["core/src/store/sealed.rs"]),
    ("crypto_box", &["core/src/base/parcel.rs"]),
    ("geo", &["core/src/base/place.rs"]),
    (
        "icu_normalizer",
        &[
            "core/src/base/text.rs",
            "core/src/base/fold.rs",
            "core/tests/words.rs",
        ],
    ),
    ("jiff", &["core/src/base/time.rs"]),
    ("getrandom", &["core/src/app/surroundings.rs"]),
    ("uniffi", &["bindings/src/"]),
    ("uniffi_bindgen", &["tests/"]),
    ("hmac", &["sync-server/src/tenant/"]),
    ("axum", &["sync-server/src/http"]),
    ("tower_http", &["sync-server/src/http"]),
    (
        "futures_util",
        &["sync-server/src/http", "sync-server/src/files/"],
    ),
    ("object_store", &["sync-server/src/files/"]),
    ("http_body", &["sync-server/src/http"]),
    ("hyper", &["sync-server/src/http"]),
    ("hyper_util", &["sync-server/src/http"]),
    ("rlimit", &["sync-server/src/http"]),
    ("tokio_io_timeout", &["sync-server/src/http"]),
    ("tokio_rustls", &["sync-server/src/http"]),
    ("tower_service", &["sync-server/src/http"]),
    ("clap", &["sync-server/cli/src/", "tests/demo/"]),
    ("csv", &["sync-server/cli/src/office/"]),
    ("clap_complete", &["sync-server/cli/src/"]),
    ("calamine", &["sync-server/cli/src/office/import/"]),
    ("encoding_rs", &["sync-server/cli/src/office/import/"]),
    ("zip", &["sync-server/cli/src/office/import/"]),
    ("tar", &["sync-server/src/backup/archive.rs"]),
    (
        "rustix",
        &[
            "sync-server/src/backup/disk.rs",
            "sync-server/src/data_disk.rs",
        ],
    ),
    ("qrcode", &["sync-server/cli/src/render/"]),
    ("unicode_width", &["sync-server/cli/src/render/"]),
    ("terminal_size", &["sync-server/cli/src/print.rs"]),
    ("indicatif", &["tests/demo/src/"]),
    ("rcgen", &["tests/tests/"]),
    ("syn", &["tests/src/tidy/scan.rs"]),
    ("proc_macro2", &["tests/src/tidy/scan.rs"]),
];

/// Outside crates that a stranger names.
pub fn check(map: &ModuleMap<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, file) in map.files.iter().enumerate() {
        for reach in map.reaches(index) {
            let Some(outside) = reach.path.first() else {
                continue;
            };
            let Some((_, owners)) = OWNERS.iter().find(|(name, _)| name == outside) else {
                continue;
            };
            if !owners.iter().any(|owner| file.path.starts_with(owner)) {
                findings.push(Finding {
                    file: file.path.clone(),
                    line: reach.line,
                    wrong: format!("`{}` names `{outside}`", reach.path.join("::")),
                    mend: format!("ask its owner instead: {}", owners.join(", ")),
                });
            }
        }
    }
    findings.sort();
    findings.dedup();
    findings
}
