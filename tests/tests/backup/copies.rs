//! Backups of a folder that is served meanwhile, what is made of them again, and what is damaged on
//! the way. It does not know what phones do about it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use outfield_core::base::id::ChangeHash;
use outfield_tests::dice::Dice;
use outfield_tests::served::{Yard, binary};
use serde_json::{Value as Json, json};

use crate::put_back::{file, open};

/// A yard with something in it.
fn yard() -> Yard {
    let yard = Yard::new();
    let north = yard.office(&["territory", "list"])["data"][0]["id"].clone();
    for number in 0..40 {
        let name = format!("name=Shop {number}");
        let territory = format!("territory={}", north.as_str().unwrap());
        let code = format!("code={number}");
        yard.office(&["put", "account", &name, &code, &territory]);
    }
    yard
}

/// What the command line answers, done or not.
fn outfield(words: &[&str]) -> Json {
    let output = Command::new(binary()).arg("--json").args(words).output();
    serde_json::from_slice(&output.unwrap().stdout).unwrap()
}

/// What a command of backups answers; it must succeed.
#[track_caller]
fn done(words: &[&str]) -> Json {
    let answer = outfield(words);
    assert_eq!(answer["ok"], true, "{words:?}: {answer}");
    answer["data"].clone()
}

/// The code of a refusal.
#[track_caller]
fn refused(words: &[&str]) -> String {
    let answer = outfield(words);
    assert_eq!(answer["ok"], false, "{words:?}: {answer}");
    answer["error"]["code"].as_str().unwrap().to_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[track_caller]
fn back_up(yard: &Yard) -> Json {
    done(&[
        "backup",
        "--data",
        text(&yard.data()),
        "--to",
        text(&yard.path("backups")),
    ])
}

#[track_caller]
fn restore(yard: &Yard, to: &str) -> Json {
    let (from, to) = (yard.path("backups"), yard.path(to));
    done(&["restore", "--from", text(&from), "--data", text(&to)])
}

/// Names of all accounts that stand in a data folder.
fn accounts(data: &Path) -> Vec<String> {
    names(&open(data).all("account").unwrap().into())
}

fn names(listed: &Json) -> Vec<String> {
    let records = listed.as_array().unwrap().iter();
    let mut names: Vec<String> = records
        .map(|record| record["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn territories(data: &Path) -> Vec<String> {
    names(&done(&["territory", "list", "--data", text(data)]))
}

fn generations(yard: &Yard) -> Vec<String> {
    let folder = fs::read_dir(yard.path("backups").join("generations")).unwrap();
    let mut names: Vec<String> = folder
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// All pieces that a folder of backups holds.
fn pieces(yard: &Yard) -> Vec<PathBuf> {
    let mut pieces = Vec::new();
    for folder in fs::read_dir(yard.path("backups").join("chunks")).unwrap() {
        let folder = folder.unwrap().path();
        if folder.is_dir() {
            let files = fs::read_dir(folder).unwrap();
            pieces.extend(files.map(|file| file.unwrap().path()));
        }
    }
    pieces.sort();
    pieces
}

/// A piece that two backups in a row have: what is written in between is not in it.
fn lasting_piece(yard: &Yard) -> PathBuf {
    let [first, second] = [(); 2].map(|()| {
        let generation = back_up(yard)["generation"].as_str().unwrap().to_owned();
        let folder = yard.path("backups").join("generations").join(generation);
        let files = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path());
        let lists = files.filter(|file| file.extension().is_some_and(|of| of == "chunks"));
        lists
            .flat_map(|list| fs::read(list).unwrap())
            .collect::<Vec<u8>>()
    });
    let is_in = |list: &[u8], name: &str| {
        let mut hashes = list.chunks_exact(32).map(ChangeHash::from_slice);
        hashes.any(|hash| hash.unwrap().to_string() == name)
    };
    let mut pieces = pieces(yard);
    pieces.retain(|piece| {
        let parts = [piece.parent().unwrap(), piece].map(|part| part.file_name().unwrap());
        let name = parts.map(|part| part.to_str().unwrap()).concat();
        is_in(&first, &name) && is_in(&second, &name)
    });
    pieces.remove(0)
}

#[test]
fn a_backup_of_a_served_folder_is_one_state_and_comes_back_as_it_was() {
    let yard = yard();
    let served = yard.serve("127.0.0.1:0");
    let code = yard.user("Ann", "manager");
    let ann = served.enrol(&code, "a phone");
    let token = ann["token"].as_str().unwrap();
    let writer = std::thread::spawn({
        let data = yard.data();
        move || {
            for number in 0..30 {
                let name = format!("Meanwhile {number}");
                done(&["territory", "add", &name, "--data", text(&data)]);
            }
        }
    });
    while !writer.is_finished() {
        let taken = back_up(&yard);
        let generation = taken["generation"].as_str().unwrap();
        let to = yard.path(&format!("of {generation}"));
        let from = yard.path("backups");
        done(&[
            "restore",
            "--from",
            text(&from),
            "--at",
            generation,
            "--data",
            text(&to),
        ]);
        // One after the other: what is there is the beginning of what was written.
        let there = territories(&to).len() - 1;
        for number in 0..there {
            assert!(territories(&to).contains(&format!("Meanwhile {number}")));
        }
        assert_eq!(done(&["check", "--data", text(&to)]), json!([]));
    }
    writer.join().unwrap();
    let taken = back_up(&yard);
    let digest = served.digest(token);
    served.kill();
    let put_back = restore(&yard, "again");
    assert_eq!(put_back["generation"], taken["generation"]);
    assert_eq!(put_back["tenants"][0]["tick"], taken["tenants"][0]["tick"]);
    assert_ne!(
        put_back["tenants"][0]["epoch"],
        taken["tenants"][0]["epoch"]
    );
    assert_eq!(territories(&yard.path("again")), territories(&yard.data()));
    fs::rename(yard.data(), yard.path("gone")).unwrap();
    fs::rename(yard.path("again"), yard.data()).unwrap();
    assert_eq!(yard.serve("127.0.0.1:0").digest(token), digest);
}

#[test]
fn the_second_backup_writes_what_changed() {
    let yard = yard();
    let first = back_up(&yard);
    yard.office(&["territory", "add", "South"]);
    let second = back_up(&yard);
    let (first, second) = (first["written"].as_u64(), second["written"].as_u64());
    assert!(
        second.unwrap() * 3 < first.unwrap() * 2,
        "{second:?} of {first:?}"
    );
    let third = back_up(&yard)["written"].as_u64().unwrap();
    assert!(
        third < 8 * 1024,
        "nothing changed, and {third} bytes were written"
    );
}

#[test]
fn older_generations_are_kept_until_there_are_enough() {
    let yard = yard();
    let (data, to) = (yard.data(), yard.path("backups"));
    let take = || {
        let words = [
            "backup",
            "--data",
            text(&data),
            "--to",
            text(&to),
            "--keep",
            "2",
        ];
        done(&words)["generation"].as_str().unwrap().to_owned()
    };
    let first = take();
    yard.office(&["territory", "add", "South"]);
    let second = take();
    yard.office(&["territory", "add", "West"]);
    let third = take();
    assert_eq!(generations(&yard), [second.clone(), third]);
    let old = yard.path("old");
    let words = |at| {
        [
            "restore",
            "--from",
            text(&to),
            "--at",
            at,
            "--data",
            text(&old),
        ]
    };
    assert_eq!(refused(&words(&first)), "unknown_generation");
    done(&words(&second));
    assert_eq!(territories(&old), ["North", "South"]);
    assert_eq!(done(&["check", "--data", text(&to)]), json!([]));
}

/// Somebody kills a command a little after it began; answers whether it was still at work.
fn is_killed_within(dice: &mut Dice, words: &[&str]) -> bool {
    let mut child = Command::new(binary())
        .args(words)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(dice.roll(120) as u64));
    child.kill().unwrap();
    !child.wait().unwrap().success()
}

#[test]
fn a_killed_backup_is_none_and_the_next_goes_on() {
    let (yard, mut dice) = (yard(), Dice::new(7));
    let (data, to) = (yard.data(), yard.path("backups"));
    let mut killed = 0;
    for round in 0..12 {
        let words = ["backup", "--data", text(&data), "--to", text(&to)];
        killed += usize::from(is_killed_within(&mut dice, &words));
        yard.office(&["territory", "add", &format!("South {round}")]);
        if to.join("generations").is_dir() {
            assert_eq!(done(&["check", "--data", text(&to)]), json!([]));
        }
    }
    assert!(killed > 0);
    back_up(&yard);
    restore(&yard, "again");
    assert_eq!(territories(&yard.path("again")), territories(&data));
}

#[test]
fn what_is_damaged_is_named_and_nothing_of_it_comes_back() {
    let yard = yard();
    let piece = lasting_piece(&yard);
    let mut bytes = fs::read(&piece).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&piece, bytes).unwrap();
    let (to, data) = (yard.path("backups"), yard.path("again"));
    let wrong = done_with_faults(&to);
    assert_eq!(wrong[0]["code"], "backup_damaged", "{wrong}");
    let words = ["restore", "--from", text(&to), "--data", text(&data)];
    assert_eq!(refused(&words), "backup_damaged");
    assert!(!data.join("outfield.db").exists());
    // The next one writes it anew, and so mends the older one too.
    back_up(&yard);
    assert_eq!(done(&["check", "--data", text(&to)]), json!([]));
    restore(&yard, "again");
}

/// What a check finds, and it leaves with a code that says so.
#[track_caller]
fn done_with_faults(folder: &Path) -> Json {
    let answer = outfield(&["check", "--data", text(folder)]);
    assert_eq!(answer["ok"], false, "{answer}");
    assert_eq!(answer["error"]["code"], "unsound");
    answer["data"].clone()
}

#[test]
fn a_manifest_that_was_changed_or_leads_elsewhere_is_refused() {
    let yard = yard();
    let taken = back_up(&yard);
    let folder = yard
        .path("backups")
        .join("generations")
        .join(taken["generation"].as_str().unwrap());
    let manifest = fs::read_to_string(folder.join("manifest.json")).unwrap();
    let sums = fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
    let (from, to) = (yard.path("backups"), yard.path("again"));
    let words = ["restore", "--from", text(&from), "--data", text(&to)];
    let elsewhere = manifest.replacen("outfield.db", "../outfield.db", 1);
    fs::write(folder.join("manifest.json"), &elsewhere).unwrap();
    assert_eq!(refused(&words), "backup_damaged", "another hash");
    let old = sums
        .lines()
        .find(|line| line.ends_with("manifest.json"))
        .unwrap();
    let hash = ChangeHash::of(elsewhere.as_bytes());
    let sums = sums.replace(old, &format!("{hash}  manifest.json"));
    fs::write(folder.join("SHA256SUMS"), sums).unwrap();
    assert_eq!(refused(&words), "backup_damaged", "outside the folder");
    assert!(!yard.path("outfield.db").exists());
}

#[test]
fn a_restore_spares_what_is_there_and_puts_it_aside_when_told() {
    let yard = yard();
    back_up(&yard);
    yard.office(&["territory", "add", "Lost"]);
    let (from, data) = (yard.path("backups"), yard.data());
    let words = ["restore", "--from", text(&from), "--data", text(&data)];
    assert_eq!(refused(&words), "not_empty");
    assert_eq!(territories(&data), ["Lost", "North"]);
    let report = done(&[&words[..], &["--replace"]].concat());
    assert_eq!(territories(&data), ["North"]);
    assert_eq!(accounts(&data).len(), 40);
    let aside = PathBuf::from(report["aside"].as_str().unwrap());
    assert_eq!(territories(&aside), ["Lost", "North"]);
}

#[test]
fn a_folder_that_is_served_is_not_replaced() {
    let yard = yard();
    back_up(&yard);
    let lock = fs::File::create(yard.data().join("serve.lock")).unwrap();
    lock.lock().unwrap();
    let (from, data) = (yard.path("backups"), yard.data());
    let words = [
        "restore",
        "--from",
        text(&from),
        "--data",
        text(&data),
        "--replace",
    ];
    assert_eq!(refused(&words), "already_served");
    assert_eq!(territories(&data), ["North"]);
    lock.unlock().unwrap();
    done(&words);
}

#[test]
fn a_killed_restore_goes_on_and_nobody_works_on_half_of_it() {
    let (yard, mut dice) = (yard(), Dice::new(9));
    back_up(&yard);
    let before = territories(&yard.data());
    let (from, to) = (yard.path("backups"), yard.path("again"));
    let mut halves = 0;
    // How soon a process dies is the machine's affair.
    for _ in 0..200 {
        if halves == 3 {
            break;
        }
        let words = [
            "restore",
            "--from",
            text(&from),
            "--data",
            text(&to),
            "--replace",
        ];
        is_killed_within(&mut dice, &words);
        if to.join(".restore").exists() {
            halves += 1;
            let words = ["tenant", "add", "Acme", "--data", text(&to)];
            assert_eq!(refused(&words), "restore_unfinished");
        }
    }
    assert!(halves > 0, "no restore was killed in between");
    done(&[
        "restore",
        "--from",
        text(&from),
        "--data",
        text(&to),
        "--replace",
    ]);
    assert_eq!(territories(&to), before);
}

#[test]
fn a_backup_is_its_owners_alone() {
    let yard = yard();
    back_up(&yard);
    let mut open_to_others = Vec::new();
    let mut folders = vec![yard.path("backups")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let mode = entry.metadata().unwrap().permissions().mode();
            if mode & 0o077 != 0 {
                open_to_others.push((entry.path(), mode));
            }
            if entry.path().is_dir() {
                folders.push(entry.path());
            }
        }
    }
    assert_eq!(open_to_others, []);
    restore(&yard, "again");
    let tenant = file(&yard.path("again"));
    for path in [yard.path("again").join("outfield.db"), tenant] {
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{path:?}");
    }
}

#[test]
fn one_backup_in_one_file_comes_back() {
    let yard = yard();
    let (data, file, to) = (yard.data(), yard.path("one.tar"), yard.path("again"));
    for _ in 0..2 {
        done(&["backup", "--data", text(&data), "--to", text(&file)]);
    }
    assert!(file.is_file() && !yard.path("one.tar.unfinished").exists());
    done(&["restore", "--from", text(&file), "--data", text(&to)]);
    assert_eq!(territories(&to), territories(&data));
    assert_eq!(accounts(&to).len(), 40);
}

#[test]
fn places_that_cannot_be_meant_are_refused() {
    let yard = yard();
    let (data, nowhere) = (yard.data(), yard.path("nowhere"));
    let within = data.join("backups");
    let full = yard.path("full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("mine"), "").unwrap();
    for (code, words) in [
        (
            "bad_folder",
            ["backup", "--data", text(&nowhere), "--to", text(&nowhere)],
        ),
        (
            "bad_folder",
            ["backup", "--data", text(&data), "--to", text(&within)],
        ),
        (
            "bad_folder",
            ["backup", "--data", text(&data), "--to", text(&full)],
        ),
        (
            "bad_folder",
            ["restore", "--data", text(&nowhere), "--from", text(&full)],
        ),
        (
            "bad_folder",
            [
                "restore",
                "--data",
                text(&nowhere),
                "--from",
                text(&nowhere),
            ],
        ),
    ] {
        assert_eq!(refused(&words), code, "{words:?}");
    }
    assert!(!nowhere.exists() && !within.exists());
    assert_eq!(fs::read_dir(full).unwrap().count(), 1);
}
