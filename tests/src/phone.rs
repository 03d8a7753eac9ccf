//! A phone: a device on a file of its own, a person's hands, and a line to the server.
//! It does not know what the person wants.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use outfield_core::app::{Device, FieldError, LineCost, Receipt};
use outfield_core::store::blob_folder::BlobFolder;
use outfield_core::store::sealed::FileKey;
use serde_json::{Value as Json, json};

use crate::files::{copy_database, move_database, with_ending};
use crate::keys::key_beside;
use crate::{Clock, Luck, PhoneLine, Server};

/// The address that phones enrol at; nothing listens there.
pub const URL: &str = "https://outfield.example";

/// One phone.
pub struct Phone {
    /// Its name, which is its file's too.
    pub name: String,
    /// The line to the server.
    pub line: Rc<PhoneLine>,
    /// The file of its database.
    pub file: PathBuf,
    /// Its clock.
    pub clock: Arc<Clock>,
    device: Option<Device>,
    seed: u64,
    openings: u64,
}

impl Phone {
    /// A phone on a file in this folder; the file is made when it is not there.
    #[must_use]
    pub fn open(
        folder: &Path,
        name: &str,
        server: &Rc<Server>,
        clock: &Arc<Clock>,
        seed: u64,
    ) -> Phone {
        let (file, line) = (
            folder.join(format!("{name}.db")),
            Rc::new(PhoneLine::new(server)),
        );
        let (name, clock) = (name.to_owned(), clock.another());
        let mut phone = Phone {
            name,
            line,
            file,
            clock,
            device: None,
            seed,
            openings: 0,
        };
        phone.reopen();
        phone
    }

    /// A second device on the same file, as an app has one for the person and one for the line.
    #[must_use]
    pub fn beside(&self, server: &Rc<Server>) -> Phone {
        let (name, line) = (
            format!("beside {}", self.name),
            Rc::new(PhoneLine::new(server)),
        );
        let (file, clock) = (self.file.clone(), Arc::clone(&self.clock));
        let mut phone = Phone {
            name,
            line,
            file,
            clock,
            device: None,
            seed: self.seed,
            openings: self.openings,
        };
        phone.reopen();
        phone
    }

    /// The device of the phone.
    pub fn device(&mut self) -> &mut Device {
        self.device.as_mut().unwrap()
    }

    /// Where its files lie.
    #[must_use]
    pub fn blobs(&self) -> BlobFolder {
        BlobFolder::beside(&self.file, FileKey::of(&key_beside(&self.file)))
    }

    /// Closes the app and starts it again.
    pub fn reopen(&mut self) {
        self.device = None;
        self.openings += 1;
        let luck = Luck::of(
            &self.clock,
            self.seed,
            &format!("{} {}", self.name, self.openings),
        );
        self.device = Some(Device::open(&self.file, &key_beside(&self.file), luck).unwrap());
    }

    /// The system kills the app: what is on the disk at that moment is all there is.
    pub fn killed(&mut self) {
        let image = self.file.with_extension("killed");
        copy_database(&self.file, &image);
        self.reopen_on(&image);
    }

    /// Starts the app on what was on the disk when it was killed; `image` is where `copy_database`
    /// put it.
    pub fn reopen_on(&mut self, image: &Path) {
        self.device = None;
        move_database(image, &self.file);
        self.reopen();
    }

    /// Puts the files of this phone's database into another place as they are, with the mark beside
    /// it or without.
    pub fn copy_files(&self, to: &Path, with_mark: bool) {
        for ending in ["", "-wal", ".device"] {
            let (from, to) = (with_ending(&self.file, ending), with_ending(to, ending));
            match from.exists() && (with_mark || ending != ".device") {
                true => drop(std::fs::copy(from, to).unwrap()),
                false => drop(std::fs::remove_file(to)),
            }
        }
    }

    /// Puts files that were copied before back into this phone's place.
    pub fn restore_files(&mut self, from: &Path) {
        self.device = None;
        let image = self.file.with_extension("restored");
        copy_database(from, &image);
        move_database(&image, &self.file);
        self.reopen();
    }

    /// Signs in with a one-time code.
    pub fn enrol(&mut self, code: &str) -> Result<Receipt, FieldError> {
        let line = Rc::clone(&self.line);
        self.device().enrol_over(line.as_ref(), URL, code)
    }

    /// Carries out a command, and answers the receipt or the refusal.
    pub fn tries(&mut self, command: &Json) -> Result<Receipt, FieldError> {
        self.device().execute(&command.to_string())
    }

    /// Carries out a command that must be agreed to; answers the id of its record.
    #[track_caller]
    pub fn does(&mut self, command: &Json) -> String {
        match self.tries(command) {
            Ok(receipt) => receipt.id.unwrap(),
            Err(error) => panic!("{} cannot {command}: {error}", self.name),
        }
    }

    /// The code with which a command is refused, and the fields that it names.
    #[track_caller]
    pub fn refused(&mut self, command: &Json) -> (String, Vec<String>) {
        match self.tries(command) {
            Err(FieldError::Refused { code, fields, .. }) => (code, fields),
            other => panic!("{} was to be refused {command}: {other:?}", self.name),
        }
    }

    /// Changes fields of a record.
    #[track_caller]
    pub fn edits(&mut self, object: &str, id: &str, fields: &Json) {
        self.does(&json!({"do": "edit", "object": object, "id": id, "fields": fields}));
    }

    /// Makes a record; answers its id.
    #[track_caller]
    pub fn adds(&mut self, object: &str, fields: &Json) -> String {
        self.does(&json!({"do": "add", "object": object, "fields": fields}))
    }

    /// Meets the server, and answers what came of it.
    pub fn syncs(&mut self) -> Result<Json, FieldError> {
        let line = Rc::clone(&self.line);
        self.device()
            .sync_over(line.as_ref())
            .map(|receipt| receipt.data)
    }

    /// Meets the server, which must go well.
    #[track_caller]
    pub fn sync(&mut self) -> Json {
        match self.syncs() {
            Ok(said) => said,
            Err(error) => panic!("{} cannot sync: {error:?}", self.name),
        }
    }

    /// Sends the files that wait, and answers what came of it.
    pub fn sends_files(&mut self) -> Result<Json, FieldError> {
        let line = Rc::clone(&self.line);
        let told = self
            .device()
            .sync_files_over(line.as_ref(), LineCost::Unmetered);
        told.map(|receipt| receipt.data)
    }

    /// One record; null if it is not here.
    pub fn get(&mut self, object: &str, id: &str) -> Json {
        match self.device().get(object, id) {
            Ok(receipt) => receipt.data,
            Err(FieldError::Refused { code, .. }) if code == "not_found" => Json::Null,
            Err(other) => panic!("{other:?}"),
        }
    }

    /// The open conflicts.
    pub fn conflicts(&mut self) -> Vec<Json> {
        array(self.device().conflicts().unwrap().data)
    }

    /// What the server refused.
    pub fn needs_attention(&mut self) -> Vec<Json> {
        array(self.device().needs_attention().unwrap().data)
    }

    /// How much work the server has not judged.
    pub fn unsent(&mut self) -> usize {
        array(self.device().outbox().unwrap().data).len()
    }

    /// The digest of all that it shows.
    pub fn digest(&mut self) -> Json {
        self.device().digest().unwrap().data
    }

    /// Its bearer token.
    pub fn token(&mut self) -> String {
        self.device().token().unwrap().data["token"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

fn array(json: Json) -> Vec<Json> {
    if let Json::Array(found) = json {
        found
    } else {
        panic!("{json} is no list")
    }
}
