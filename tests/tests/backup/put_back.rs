//! A tenant's file that was put back begins another epoch, however that was done; nothing else
//! does. It does not know what phones do about it.

use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use outfield_server::data_dir::DataDir;
use outfield_server::tenant::Tenant;
use outfield_server::work::{Epoch, EpochReason};
use outfield_tests::served::Yard;
use outfield_tests::{Clock, Luck, behind};

/// What a restore leaves free between the numbers of the lost time and those to come.
const LEAP: u64 = 1 << 32;

/// A folder with a tenant, an older copy of it, and what was accepted since the copy.
struct PutBackScene {
    folder: tempfile::TempDir,
    /// What was promised before the restore.
    epochs: Vec<Epoch>,
    tick: u64,
}

/// What happens to a folder: its name, and how it is done.
type PutBackWay = (&'static str, fn(&PutBackScene));

/// Opens the only tenant of a folder, each time with other luck.
pub(crate) fn open(folder: &Path) -> Tenant {
    DataDir::open(folder, luck()).unwrap().tenant(None).unwrap()
}

fn luck() -> Arc<Luck> {
    static OPENED: AtomicU64 = AtomicU64::new(0);
    let name = OPENED.fetch_add(1, Ordering::Relaxed).to_string();
    Luck::of(&Clock::at("2026-11-24T08:30:00Z"), 1, &name)
}

impl PutBackScene {
    fn new() -> PutBackScene {
        let folder = tempfile::tempdir().unwrap();
        let live = folder.path().join("live");
        DataDir::open(&live, luck())
            .unwrap()
            .add_tenant("Acme", "UTC")
            .unwrap();
        open(&live).add_territory("Before", None).unwrap();
        let mut scene = PutBackScene {
            folder,
            epochs: Vec::new(),
            tick: 0,
        };
        run("cp", &["-a", &scene.live_text(), &scene.copy_text()]);
        let mut tenant = open(&scene.live());
        tenant.add_territory("Lost", None).unwrap();
        scene.epochs = tenant.epochs().unwrap();
        drop(tenant);
        scene.tick = tick(&scene.live());
        scene
    }

    fn live(&self) -> PathBuf {
        self.folder.path().join("live")
    }

    fn copy(&self) -> PathBuf {
        self.folder.path().join("copy")
    }

    fn live_text(&self) -> String {
        self.live().display().to_string()
    }

    fn copy_text(&self) -> String {
        self.copy().display().to_string()
    }

    /// Another epoch has begun in this folder, and none of the lost ticks comes again.
    #[track_caller]
    fn began_another(&self, folder: &Path, way: &str) {
        let mut tenant = open(folder);
        let epochs = tenant.epochs().unwrap();
        let (last, before) = epochs.split_last().unwrap();
        assert_eq!(before, self.epochs, "{way}");
        assert_eq!(last.reason, EpochReason::Restored, "{way}");
        assert!(before.iter().all(|old| old.epoch != last.epoch), "{way}");
        assert_eq!(tenant.epoch().unwrap(), last.epoch, "{way}");
        assert!(last.tick > self.tick.max(LEAP), "{way}: {last:?}");
        tenant.add_territory("After", None).unwrap();
        drop(tenant);
        assert!(tick(folder) > last.tick, "{way}");
        assert_eq!(open(folder).epochs().unwrap(), epochs, "{way}: once");
    }

    /// It goes on as if nothing had been.
    #[track_caller]
    fn goes_on(&self, way: &str) {
        let mut tenant = open(&self.live());
        assert_eq!(tenant.epochs().unwrap(), self.epochs, "{way}");
        tenant.add_territory(way, None).unwrap();
        drop(tenant);
        let left = witnesses(&self.live());
        assert_eq!(left.len(), 1, "{way}: {left:?}");
        let name = left[0].file_name().unwrap().to_string_lossy().into_owned();
        let risen = format!("{}-", tick(&self.live()));
        assert!(name.starts_with(&risen), "{way}: {name}, not {risen}");
    }
}

/// The only tenant's file.
pub(crate) fn file(folder: &Path) -> PathBuf {
    let tenants = fs::read_dir(folder.join("tenants")).unwrap();
    let mut files = tenants.map(|entry| entry.unwrap().path());
    files
        .find(|path| path.extension().is_some_and(|end| end == "db"))
        .unwrap()
}

fn witness(folder: &Path) -> PathBuf {
    file(folder).with_extension("witness")
}

/// What lies in the place of the witness.
fn witnesses(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(witness(folder)).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// The highest tick that was given out; the folder goes to read it if nobody has it open.
fn tick(folder: &Path) -> u64 {
    let db = behind::open(&file(folder));
    let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'log'";
    let tick: i64 = db.query_row(sql, [], |row| row.get(0)).unwrap();
    tick.cast_unsigned()
}

#[track_caller]
fn run(program: &str, words: &[&str]) {
    let output = Command::new(program).args(words).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {words:?}: {said}");
}

/// How a program that brings a folder up to date sees that a file is as it should be, and how it
/// writes one that is not.
#[derive(Clone, Copy, PartialEq)]
struct Mirroring {
    by_content: bool,
    in_place: bool,
    deletes: bool,
}

/// Brings a folder up to date as rsync does.
fn mirror(from: &Path, to: &Path, how: Mirroring) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(to).unwrap().map(Result::unwrap) {
        if how.deletes && !from.join(entry.file_name()).exists() {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            mirror(&path, &target, how);
            continue;
        }
        let (bytes, now) = (fs::read(&path).unwrap(), fs::read(&target).ok());
        let time = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
        let is_same = now.is_some_and(|now| match how.by_content {
            true => now == bytes,
            false => now.len() == bytes.len() && time(&path) == time(&target),
        });
        if is_same {
            continue;
        }
        let written = if how.in_place {
            target.clone()
        } else {
            to.join(".new")
        };
        fs::write(&written, bytes).unwrap();
        let times = FileTimes::new().set_modified(time(&path));
        File::options()
            .write(true)
            .open(&written)
            .unwrap()
            .set_times(times)
            .unwrap();
        fs::rename(&written, &target).unwrap();
    }
}

#[test]
fn a_folder_that_was_put_back_begins_another_epoch() {
    let ways: &[PutBackWay] = &[
        ("copied over the old one, file by file", |scene| {
            run(
                "cp",
                &[
                    "-a",
                    &format!("{}/.", scene.copy_text()),
                    &scene.live_text(),
                ],
            );
        }),
        ("copied after the old one was deleted", |scene| {
            fs::remove_dir_all(scene.live()).unwrap();
            run("cp", &["-a", &scene.copy_text(), &scene.live_text()]);
        }),
        ("unpacked from an archive over the old one", |scene| {
            let archive = scene.folder.path().join("archive").display().to_string();
            run("tar", &["-C", &scene.copy_text(), "-cf", &archive, "."]);
            run("tar", &["-C", &scene.live_text(), "-xpf", &archive]);
        }),
        ("overwritten from an archive", |scene| {
            let archive = scene.folder.path().join("archive").display().to_string();
            run("tar", &["-C", &scene.copy_text(), "-cf", &archive, "."]);
            run(
                "tar",
                &["-C", &scene.live_text(), "--overwrite", "-xpf", &archive],
            );
        }),
        ("the copy itself moved into its place", |scene| {
            fs::remove_dir_all(scene.live()).unwrap();
            fs::rename(scene.copy(), scene.live()).unwrap();
            run("cp", &["-a", &scene.live_text(), &scene.copy_text()]);
        }),
        ("one tenant's file alone", |scene| {
            fs::copy(file(&scene.copy()), file(&scene.live())).unwrap();
        }),
        ("one tenant's files by their names", |scene| {
            let (from, to) = (file(&scene.copy()), file(&scene.live()));
            let beside = |file: &Path| file.with_extension("witness").display().to_string();
            fs::copy(&from, &to).unwrap();
            run("cp", &["-a", &format!("{}/.", beside(&from)), &beside(&to)]);
        }),
        ("a file without its witness", |scene| {
            fs::remove_dir_all(witness(&scene.live())).unwrap();
            fs::copy(file(&scene.copy()), file(&scene.live())).unwrap();
        }),
    ];
    for (way, puts_back) in ways {
        let scene = PutBackScene::new();
        puts_back(&scene);
        scene.began_another(&scene.live(), way);
    }
}

#[test]
fn a_folder_that_was_brought_back_to_an_older_state_begins_another_epoch() {
    for number in 0..8 {
        let how = Mirroring {
            by_content: number & 1 > 0,
            in_place: number & 2 > 0,
            deletes: number & 4 > 0,
        };
        let scene = PutBackScene::new();
        mirror(&scene.copy(), &scene.live(), how);
        let way = format!(
            "by content {}, in place {}, deletes {}",
            how.by_content, how.in_place, how.deletes
        );
        scene.began_another(&scene.live(), &way);
    }
}

#[test]
fn a_copy_in_another_place_begins_another_epoch_and_the_old_place_does_not() {
    let scene = PutBackScene::new();
    scene.began_another(&scene.copy(), "the copy");
    scene.goes_on("the original");
}

#[test]
fn a_restore_after_a_restore_begins_a_third_epoch() {
    let mut scene = PutBackScene::new();
    let back = |scene: &PutBackScene| {
        fs::remove_dir_all(scene.live()).unwrap();
        run("cp", &["-a", &scene.copy_text(), &scene.live_text()]);
    };
    back(&scene);
    let mut tenant = open(&scene.live());
    let first = tenant.epoch().unwrap();
    tenant.add_territory("Lost as well", None).unwrap();
    drop(tenant);
    fs::remove_dir_all(scene.copy()).unwrap();
    run("cp", &["-a", &scene.live_text(), &scene.copy_text()]);
    scene.epochs = open(&scene.live()).epochs().unwrap();
    open(&scene.live()).add_territory("Lost too", None).unwrap();
    scene.tick = tick(&scene.live());
    back(&scene);
    scene.began_another(&scene.live(), "again");
    let known: Vec<u64> = open(&scene.live())
        .epochs()
        .unwrap()
        .iter()
        .map(|life| life.epoch)
        .collect();
    assert_eq!((known.len(), known[1]), (3, first));
}

#[test]
fn what_is_no_restore_begins_no_epoch() {
    let ways: &[PutBackWay] = &[
        ("opened again", |scene| drop(open(&scene.live()))),
        ("moved away and back", |scene| {
            let away = scene.folder.path().join("away");
            fs::rename(scene.live(), &away).unwrap();
            assert_eq!(open(&away).epochs().unwrap(), scene.epochs);
            fs::rename(away, scene.live()).unwrap();
        }),
        ("its modes were set", |scene| {
            run("chmod", &["-R", "u+rwX,go-rwx", &scene.live_text()]);
        }),
        ("somebody touched all files", |scene| {
            let all = format!("find '{}' -type f -exec touch {{}} +", scene.live_text());
            run("sh", &["-c", &all]);
        }),
        ("hard links keep its files", |scene| {
            let links = scene.folder.path().join("links").display().to_string();
            run("cp", &["-al", &scene.live_text(), &links]);
        }),
        ("it was packed", |scene| {
            let archive = scene.folder.path().join("archive").display().to_string();
            run("tar", &["-C", &scene.live_text(), "-cf", &archive, "."]);
        }),
    ];
    for (way, happens) in ways {
        let scene = PutBackScene::new();
        happens(&scene);
        scene.goes_on(way);
    }
}

#[test]
fn a_kill_or_a_power_cut_between_file_and_witness_begins_no_epoch() {
    let ways: &[PutBackWay] = &[
        ("killed before it was called by its height", |scene| {
            let path = witnesses(&scene.live()).remove(0);
            fs::rename(&path, path.with_file_name("new")).unwrap();
        }),
        ("killed before the file knew a new one", |scene| {
            fs::write(witness(&scene.live()).join("new"), "").unwrap();
        }),
        (
            "killed before the one of the epoch before was gone",
            |scene| {
                fs::write(witness(&scene.live()).join("1-0"), "").unwrap();
            },
        ),
        ("killed, or without power, before it rose", |scene| {
            let path = witnesses(&scene.live()).remove(0);
            fs::rename(&path, path.with_file_name("1-0")).unwrap();
        }),
        ("somebody keeps a note beside it", |scene| {
            let note = witness(&scene.live()).join("note");
            fs::write(&note, "").unwrap();
            drop(open(&scene.live()));
            fs::remove_file(note).unwrap();
        }),
    ];
    for (way, happens) in ways {
        let scene = PutBackScene::new();
        happens(&scene);
        scene.goes_on(way);
    }
}

#[test]
fn a_name_that_no_server_gave_does_not_break_the_next_number() {
    let scene = PutBackScene::new();
    let highest = format!("{}-{}", u64::MAX, u64::MAX);
    fs::write(witness(&scene.live()).join(highest), "").unwrap();
    let mut tenant = open(&scene.live());
    assert_eq!(tenant.epochs().unwrap(), scene.epochs);
    tenant.add_territory("Next", None).unwrap();
}

#[test]
fn several_who_write_at_once_begin_no_epoch() {
    let scene = PutBackScene::new();
    let writers = (0..4).map(|writer| {
        let live = scene.live();
        thread::spawn(move || {
            for turn in 0..8 {
                let mut tenant = open(&live);
                for name in ["one", "two"] {
                    let name = format!("{writer} {turn} {name}");
                    tenant.add_territory(&name, None).unwrap();
                }
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    writers
        .into_iter()
        .for_each(|writer| writer.join().unwrap());
    scene.goes_on("after all");
}

#[test]
fn several_who_open_a_folder_that_was_put_back_begin_one_epoch() {
    let scene = PutBackScene::new();
    run(
        "cp",
        &[
            "-a",
            &format!("{}/.", scene.copy_text()),
            &scene.live_text(),
        ],
    );
    let openers: Vec<_> = (0..8)
        .map(|_| {
            let live = scene.live();
            thread::spawn(move || open(&live).epoch().unwrap())
        })
        .collect();
    let seen: Vec<u64> = openers
        .into_iter()
        .map(|opener| opener.join().unwrap())
        .collect();
    assert!(seen.iter().all(|epoch| *epoch == seen[0]), "{seen:?}");
    scene.began_another(&scene.live(), "by many");
}

#[test]
fn a_device_that_knows_better_begins_an_epoch() {
    let scene = PutBackScene::new();
    let mut tenant = open(&scene.live());
    tenant.begin_epoch(EpochReason::Disproved).unwrap();
    let epochs = tenant.epochs().unwrap();
    assert_eq!(epochs.len(), scene.epochs.len() + 1);
    let last = epochs.last().unwrap();
    assert_eq!(last.reason, EpochReason::Disproved);
    assert!(last.tick >= scene.tick + LEAP);
    tenant.add_territory("After", None).unwrap();
    drop(tenant);
    assert_eq!(open(&scene.live()).epochs().unwrap(), epochs);
}

#[test]
fn a_server_that_is_killed_and_commands_beside_it_begin_no_epoch() {
    let yard = Yard::new();
    let before = open(&yard.data()).epochs().unwrap();
    for round in 0..6 {
        let served = yard.serve("127.0.0.1:0");
        let code = yard.user(&format!("Ann {round}"), "rep");
        let device = served.enrol(&code, "a phone");
        yard.office(&["territory", "add", &format!("South {round}")]);
        let digest = served.digest(device["token"].as_str().unwrap());
        assert!(digest.is_object() || digest.is_array(), "{digest}");
        thread::sleep(Duration::from_millis(7 * round));
        served.kill();
    }
    assert_eq!(open(&yard.data()).epochs().unwrap(), before);
}
