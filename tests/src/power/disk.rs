//! A disk that may lose its power: what it surely holds, what was written since, and the images
//! that can be left. It does not know what is in a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::journal::{FileOperation, TapeEntry};
use crate::dice::Dice;

/// Bytes that a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal,)*) => {
        /// What became of the writes that nobody had waited for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum ImageKind {
            $($(#[doc = $doc])* $variant,)*
        }

        impl ImageKind {
            /// All of them.
            pub const ALL: &[ImageKind] = &[$(ImageKind::$variant,)*];

            /// Its name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(ImageKind::$variant => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// None of them is there.
    Lost = "lost",
    /// All are there.
    Kept = "kept",
    /// The first are there, then one in part, and no later one.
    Torn = "torn",
    /// Any sectors of them are there, whatever the order.
    Reordered = "reordered",
    /// The same, and some sectors hold garbage where they were written.
    Garbled = "garbled",
}

/// The content of files by their names.
pub(crate) type Image = BTreeMap<PathBuf, Vec<u8>>;

/// What a sync is worth that does not ask the disk to empty its own cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiskCache {
    /// As much as any other, for that file: Linux and Android empty the cache.
    Emptied,
    /// Nothing until somebody has the cache emptied, which then helps all files: Apple's systems.
    Kept,
}

/// One file.
#[derive(Debug, Default)]
struct DiskFile {
    /// What a power cut leaves for sure; none if it may not be there at all.
    sure: Option<Vec<u8>>,
    /// What is read while there is power.
    now: Option<Vec<u8>>,
    /// What was handed to the disk since, and may be in its cache.
    sent: Vec<FileOperation>,
    /// What was done after that.
    since: Vec<FileOperation>,
}

/// All files of a run.
#[derive(Debug)]
pub(crate) struct Disk {
    cache: DiskCache,
    files: BTreeMap<PathBuf, DiskFile>,
}

impl Disk {
    pub(crate) fn new(cache: DiskCache) -> Disk {
        Disk {
            cache,
            files: BTreeMap::new(),
        }
    }

    /// One more thing is done.
    pub(crate) fn takes(&mut self, entry: &TapeEntry) {
        let held = self.files.entry(entry.file.to_path_buf()).or_default();
        match &entry.operation {
            FileOperation::Make if held.now.is_some() => {}
            FileOperation::Sync { full } => {
                let is_new = held
                    .since
                    .iter()
                    .chain(&held.sent)
                    .any(|operation| *operation == FileOperation::Make);
                held.send(held.since.len());
                self.settle(&entry.file, *full);
                // SQLite syncs the folder too when it syncs a new log or journal for the first
                // time.
                if is_new && entry.file.extension().is_none_or(|end| end != "db") {
                    self.sync_folder(&entry.file);
                }
            }
            operation @ (FileOperation::Make
            | FileOperation::Write { .. }
            | FileOperation::Size(_)
            | FileOperation::Delete { .. }) => {
                apply(&mut held.now, operation);
                held.since.push(operation.clone());
                if let FileOperation::Delete { synced: true } = operation {
                    self.sync_folder(&entry.file);
                }
            }
        }
    }

    /// Files of this folder are there and gone for sure as they are now; what is in them is another
    /// matter.
    fn sync_folder(&mut self, file: &Path) {
        let folder = file.parent();
        for (_, held) in self
            .files
            .iter_mut()
            .filter(|(name, _)| name.parent() == folder)
        {
            let is_of_folder = |operation: &FileOperation| {
                matches!(
                    operation,
                    FileOperation::Make | FileOperation::Delete { .. }
                )
            };
            held.send(
                held.since
                    .iter()
                    .rposition(is_of_folder)
                    .map_or(0, |last| last + 1),
            );
            if self.cache == DiskCache::Emptied {
                held.flush();
            }
        }
    }

    /// A file was handed to the disk, which was asked to empty its cache or not.
    fn settle(&mut self, file: &Path, full: bool) {
        let machine = machine_of(file);
        for (name, held) in &mut self.files {
            let is_reached = match self.cache {
                DiskCache::Emptied => name == file,
                DiskCache::Kept => full && machine_of(name) == machine,
            };
            if is_reached {
                held.flush();
            }
        }
    }

    /// What can be left of those files after a power cut now. What is not hit by it is as it was.
    pub(crate) fn image(
        &self,
        kind: ImageKind,
        is_hit: impl Fn(&Path) -> bool,
        dice: &mut Dice,
    ) -> Image {
        let of = |(name, held): (&PathBuf, &DiskFile)| {
            let kind = if is_hit(name) { kind } else { ImageKind::Kept };
            Some((name.clone(), held.left(kind, dice)?))
        };
        self.files.iter().filter_map(of).collect()
    }
}

impl DiskFile {
    /// The first of what was done is handed to the disk.
    fn send(&mut self, count: usize) {
        self.sent.extend(self.since.drain(..count));
    }

    /// What was handed to the disk is there for sure.
    fn flush(&mut self) {
        self.sent
            .drain(..)
            .for_each(|operation| apply(&mut self.sure, &operation));
    }

    fn open(&self) -> impl Iterator<Item = &FileOperation> {
        self.sent.iter().chain(&self.since)
    }

    fn left(&self, kind: ImageKind, dice: &mut Dice) -> Option<Vec<u8>> {
        if kind == ImageKind::Kept || self.open().next().is_none() {
            return self.now.clone();
        }
        let mut left = self.sure.clone();
        match kind {
            ImageKind::Lost | ImageKind::Kept => {}
            ImageKind::Torn => {
                let whole = dice.roll(self.open().count() + 1);
                self.open()
                    .take(whole)
                    .for_each(|operation| apply(&mut left, operation));
                if let Some(FileOperation::Write { at, bytes }) = self.open().nth(whole) {
                    let all = pieces(*at, bytes);
                    let some = dice.roll(all.len() + 1);
                    all.into_iter()
                        .take(some)
                        .for_each(|piece| apply(&mut left, &piece));
                }
            }
            ImageKind::Reordered | ImageKind::Garbled => {
                self.reorder(&mut left, kind == ImageKind::Garbled, dice)
            }
        }
        left
    }

    /// Any of the sectors that were written, in any order between two changes of the folder.
    fn reorder(&self, left: &mut Option<Vec<u8>>, garbles: bool, dice: &mut Dice) {
        // In some images nearly all is there, in some nearly nothing.
        let keeps_of_8 = 1 + dice.roll(7);
        let mut kept = Vec::new();
        for operation in self.open() {
            match operation {
                FileOperation::Make => apply(left, operation),
                FileOperation::Delete { .. } => {
                    if dice.roll(2) == 0 {
                        break;
                    }
                    kept.clear();
                    apply(left, operation);
                }
                FileOperation::Size(_) => {
                    kept.extend((dice.roll(2) == 0).then(|| operation.clone()))
                }
                FileOperation::Write { at, bytes } => {
                    kept.extend(
                        pieces(*at, bytes)
                            .into_iter()
                            .filter(|_| dice.roll(8) < keeps_of_8),
                    );
                }
                FileOperation::Sync { .. } => {}
            }
        }
        for at in (1..kept.len()).rev() {
            kept.swap(at, dice.roll(at + 1));
        }
        for mut operation in kept {
            if let (FileOperation::Write { bytes, .. }, true) =
                (&mut operation, garbles && dice.roll(4) == 0)
            {
                *bytes = dice.bytes(bytes.len());
            }
            apply(left, &operation);
        }
        // The size may be there before what lies in it.
        if let (Some(left), Some(now), 0) = (left, &self.now, dice.roll(4)) {
            left.resize(left.len().max(now.len()), 0);
        }
    }
}

/// A write as the parts that fall into one sector each.
fn pieces(at: usize, bytes: &[u8]) -> Vec<FileOperation> {
    let (mut all, mut from) = (Vec::new(), 0);
    while from < bytes.len() {
        let upto = (SECTOR_BYTES - (at + from) % SECTOR_BYTES + from).min(bytes.len());
        all.push(FileOperation::Write {
            at: at + from,
            bytes: bytes[from..upto].to_vec(),
        });
        from = upto;
    }
    all
}

fn apply(content: &mut Option<Vec<u8>>, operation: &FileOperation) {
    match operation {
        FileOperation::Make => *content = Some(content.take().unwrap_or_default()),
        FileOperation::Write { at, bytes } => {
            let content = content.get_or_insert_default();
            content.resize(content.len().max(at + bytes.len()), 0);
            content[*at..at + bytes.len()].copy_from_slice(bytes);
        }
        FileOperation::Size(size) => content.get_or_insert_default().resize(*size, 0),
        FileOperation::Sync { .. } => {}
        FileOperation::Delete { .. } => *content = None,
    }
}

/// The machine that a file lies on: the server, or the phone that the file is named after.
pub(crate) fn machine_of(file: &Path) -> &str {
    let first = file
        .iter()
        .next()
        .and_then(|first| first.to_str())
        .unwrap_or_default();
    first.split_once(".db").map_or(first, |(phone, _)| phone)
}
