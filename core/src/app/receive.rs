//! Takes in what a pull brings: rows, facts, documents and changes become true with the cursor, in
//! one transaction. It does not know how frames travelled.

use std::collections::{BTreeMap, BTreeSet};

use super::asking;
use super::bucket_names::{CONFLICT, DESCRIPTOR, descriptor_id};
use super::device::built_in;
use super::discover::{adopt_descriptor, discover};
use super::execute::fact_hash;
use super::history;
use super::lost;
use super::sealed::{self, NamedState};
use super::sign::sign_anew;
use super::sweep::sweep_later;
use super::together::RecordFrom;
use super::working::{accepted, give_up, join_history, project, promote, settled};
use super::{Device, FieldError};
use crate::base::context::Context;
use crate::base::id::{ChangeHash, RecordId};
use crate::base::planted::{self, Planted};
use crate::base::time::Timestamp;
use crate::base::version::Version;
use crate::crdt::{Vetted, gate, touched};
use crate::objects::beside;
use crate::objects::check::check_shape;
use crate::objects::{Conflict, Descriptor, Kind, Publication, Record, Registry, Stamp, Values};
use crate::store::members::Filling;
use crate::store::{self, Db, conflicts, documents, doubts, members, outbox, own_work, tables};
use crate::sync::frames::{Doc, Fact, Frame, Own, Published, Row, Start};

/// Where a pull stands between two batches of frames.
#[derive(Debug, Default)]
pub(super) struct Pull {
    bucket: Option<Filling>,
    /// Whether that bucket comes anew, for something in it was wrong here.
    anew: bool,
    /// Documents that came so in this meeting; in a second bucket they are the same.
    whole: BTreeSet<RecordId>,
    /// Buckets that the server told anything of.
    pub told: BTreeSet<String>,
    /// Buckets that came whole and unbroken.
    pub unbroken: BTreeSet<String>,
    /// Buckets whose state sum was compared and matched.
    pub verified: BTreeSet<String>,
    /// Records whose histories were asked for.
    pub needed: Vec<RecordId>,
    /// What the frame before this one named, for a seal may follow.
    named: Option<NamedState>,
    /// Operations taken in.
    pub received: u64,
    /// The server's clock at the end of the first whole answer.
    pub tick: Option<u64>,
}

/// What one batch of frames works on.
struct Intake<'a> {
    db: &'a Db,
    registry: Registry,
    /// For unsent work that must be signed anew.
    context: Context,
    changed: Vec<(String, RecordId)>,
    /// Changes of documents, gathered so that each is loaded once.
    changes: BTreeMap<(RecordId, String), Vec<Vetted>>,
    /// Changes of documents that were told, whole or as hashes.
    told: BTreeMap<RecordId, Vec<ChangeHash>>,
}

impl Device {
    /// Takes in a batch of frames; after this returns they are kept, cursors included.
    pub(super) fn receive(
        &mut self,
        pull: &mut Pull,
        frames: Vec<Frame>,
    ) -> Result<(), FieldError> {
        store::open::durable(&self.db, false)?;
        if planted::is(Planted::CursorOutsideTransaction) {
            for frame in &frames {
                if let Frame::Checkpoint(mark) = frame {
                    members::set_cursor(&self.db, &mark.bucket, mark.seq)?;
                }
            }
        }
        let context = self.context_with_new_actor()?;
        let tx = store::open::begin(&self.db)?;
        let mut intake = Intake {
            db: &tx,
            registry: self.registry.clone(),
            context,
            changed: Vec::new(),
            changes: BTreeMap::new(),
            told: BTreeMap::new(),
        };
        for frame in frames {
            intake.take(pull, frame)?;
        }
        intake.finish_bucket(pull)?;
        intake.apply_changes()?;
        intake.file_behind()?;
        intake.review_asks()?;
        let Intake {
            registry, changed, ..
        } = intake;
        store::open::commit(tx)?;
        self.registry = registry;
        self.identity = self.stored_identity()?;
        self.tell(changed);
        Ok(())
    }
}

impl Intake<'_> {
    /// What came may answer what was asked, or change it.
    fn review_asks(&self) -> Result<(), FieldError> {
        let ids: BTreeSet<RecordId> = self.changed.iter().map(|(_, id)| *id).collect();
        for id in ids {
            asking::review(self.db, &self.registry, &self.context, id)?;
        }
        Ok(())
    }

    /// What a server never says in a pull is passed over.
    fn take(&mut self, pull: &mut Pull, frame: Frame) -> Result<(), FieldError> {
        let seq = frame.seq();
        if let Frame::Seal(seal) = frame {
            return sealed::keep(self.db, pull.named.take(), &seal);
        }
        pull.named = None;
        match frame {
            Frame::Start(start) => self.start(pull, &start)?,
            Frame::Row(row) => pull.named = self.row(filling(&mut pull.bucket)?, row)?,
            Frame::Fact(fact) => pull.named = self.fact(filling(&mut pull.bucket)?, fact)?,
            Frame::Doc(doc) => {
                let is_first = pull.anew && pull.whole.insert(doc.record);
                pull.named = Some(NamedState::changes(doc.record, doc.heads.clone()));
                self.document(pull, doc, is_first)?;
            }
            Frame::Own(own) => {
                self.tells(pull, own.record, own.hash);
                self.own(filling(&mut pull.bucket)?, &own)?;
            }
            Frame::Conflict(held) => self.conflict(filling(&mut pull.bucket)?, &held.conflict)?,
            Frame::Descriptor(published) => self.descriptor(pull, &published)?,
            Frame::Change(change) => {
                let vetted = gate::change(&change.bytes)?;
                self.tells(pull, change.record, vetted.hash);
                self.changes
                    .entry((change.record, change.object))
                    .or_default()
                    .push(vetted);
            }
            Frame::Remove(gone) => self.remove(filling(&mut pull.bucket)?, gone.record)?,
            Frame::Checkpoint(mark) => {
                self.finish_bucket(pull)?;
                self.apply_changes()?;
                self.file_behind()?;
                self.checkpoint(pull, &mark.bucket, mark.seq, mark.sum)?;
            }
            Frame::History(told) => {
                if history::adopt(self.db, &told)? {
                    self.merge(&told.object, told.record, None)?;
                }
            }
            Frame::End(end) => {
                history::answered(self.db, &pull.needed, self.context.now)?;
                // A second answer speaks of the buckets that differed after the first; the others
                // stand as before.
                pull.tick = Some(pull.tick.map_or(end.tick, |tick| tick.min(end.tick)));
            }
            Frame::Hello(_)
            | Frame::Welcome(_)
            | Frame::Entry(_)
            | Frame::Verdict(_)
            | Frame::Want(_)
            | Frame::Seal(_)
            | Frame::Offer(_)
            | Frame::Lacking(_)
            | Frame::Returned(_)
            | Frame::Piece(_)
            | Frame::Arrived(_)
            | Frame::Fetch(_)
            | Frame::Need(_) => {}
        }
        if let Some(seq) = seq {
            pull.received += 1;
            filling(&mut pull.bucket)?.reached(seq);
        }
        Ok(())
    }

    fn start(&self, pull: &mut Pull, start: &Start) -> Result<(), FieldError> {
        self.finish_bucket(pull)?;
        pull.anew = start.from == 0 && members::count(self.db, &start.bucket)? > 0;
        pull.unbroken.remove(&start.bucket);
        if start.from == 0 {
            sweep_later(self.db)?;
            doubts::begin(self.db, &start.bucket)?;
            members::clear(self.db, &start.bucket)?;
            pull.unbroken.insert(start.bucket.clone());
        }
        pull.told.insert(start.bucket.clone());
        pull.bucket = Some(Filling::begin(self.db, &start.bucket)?);
        Ok(())
    }

    /// A record leaves a bucket, and may be on its way into another one of this device.
    fn remove(&self, bucket: &Filling, id: RecordId) -> Result<(), FieldError> {
        if !planted::is(Planted::SkippedRemove) && !members::remove(self.db, &bucket.name, id)? {
            sweep_later(self.db)?;
        }
        Ok(())
    }

    /// One more change of a document was told, whole or as a hash.
    fn tells(&mut self, pull: &mut Pull, record: RecordId, hash: ChangeHash) {
        pull.named = Some(NamedState::changes(record, vec![hash]));
        self.told.entry(record).or_default().push(hash);
    }

    /// Documents of which the device holds more than the server stand where the server told them.
    fn file_behind(&mut self) -> Result<(), FieldError> {
        for (id, news) in std::mem::take(&mut self.told) {
            lost::stands_at(self.db, id, &news)?;
        }
        Ok(())
    }

    /// What was gathered of the bucket becomes true.
    fn finish_bucket(&self, pull: &mut Pull) -> Result<(), FieldError> {
        pull.bucket
            .as_mut()
            .map_or(Ok(()), |bucket| Ok(bucket.settle(self.db)?))
    }

    /// Whether records of an object may be told like this. What may not is passed over, and the
    /// state sums differ.
    fn may_be(&self, kind: Kind, object: &str) -> bool {
        self.registry.get(object).is_none_or(|of| of.kind == kind)
    }

    /// Files a record in a bucket. What lay under its id as another object's goes: one of the two
    /// was no true word, and the state sums will tell which.
    fn file(
        &self,
        bucket: &mut Filling,
        object: &str,
        id: RecordId,
        version: Version,
    ) -> Result<(), FieldError> {
        doubts::end_at(self.db, id, version)?;
        let Some(other) = bucket.set(self.db, id, object, version)? else {
            return Ok(());
        };
        if documents::object_of(self.db, id)?.as_ref() == Some(&other) {
            documents::remove(self.db, id)?;
        }
        if let Some(descriptor) = self.registry.get(&other) {
            tables::remove(self.db, descriptor, id)?;
        }
        Ok(())
    }

    /// A row as it is now; answers what names it, if it may be one.
    fn row(&mut self, bucket: &mut Filling, row: Row) -> Result<Option<NamedState>, FieldError> {
        if !self.may_be(Kind::Row, &row.object) {
            return Ok(None);
        }
        let hash = ChangeHash::of(&Record::canonical(&row.values));
        let version = Version::of_hash(hash);
        let about = self.judged_by(&row);
        if let Some(descriptor) = self.registry.get(&row.object) {
            lost::keep_former(self.db, descriptor, row.record, version)?;
        }
        self.put(&row.object, row.record, row.values, None)?;
        self.changed.extend(about);
        self.file(bucket, &row.object, row.record, version)?;
        Ok(Some(NamedState::whole(row.record, hash)))
    }

    /// The document that a row says something of: it shows otherwise from now on.
    fn judged_by(&self, row: &Row) -> Option<(String, RecordId)> {
        let about = match beside::beside_which(&row.object) {
            Some(object) => (object, beside::RECORD),
            None => {
                let of = self.registry.get(&row.object)?.verdict_of.as_ref()?;
                (of.object.as_str(), of.by.as_str())
            }
        };
        let (object, by) = about;
        let document = row.values.get(by)?.text()?.parse().ok()?;
        Some((object.to_owned(), document))
    }

    /// A fact; answers what names it, if it may be one.
    fn fact(&mut self, bucket: &mut Filling, fact: Fact) -> Result<Option<NamedState>, FieldError> {
        if !self.may_be(Kind::Fact, &fact.object) {
            return Ok(None);
        }
        let bytes = Record::canonical(&fact.values);
        let hash = fact_hash(fact.record, &bytes);
        own_work::accept(self.db, hash)?;
        let stamp = Stamp::once(Timestamp(fact.at_ms), fact.actor);
        self.put(&fact.object, fact.record, fact.values, Some(stamp))?;
        let version = Version::of_bytes(&bytes);
        self.file(bucket, &fact.object, fact.record, version)?;
        Ok(Some(NamedState::whole(fact.record, hash)))
    }

    /// Writes a whole record of an object that is known here.
    fn put(
        &mut self,
        object: &str,
        id: RecordId,
        values: Values,
        stamp: Option<Stamp>,
    ) -> Result<(), FieldError> {
        if let Some(descriptor) = self.registry.get(object) {
            tables::put(
                self.db,
                descriptor,
                &Record {
                    object: object.to_owned(),
                    id,
                    values,
                    stamp,
                },
            )?;
        }
        self.changed.push((object.to_owned(), id));
        Ok(())
    }

    /// A whole document. Unsent changes that it already holds leave the outbox; the others stay
    /// above it. One that is here already is passed over, but not in a bucket that comes anew: that
    /// is how what is wrong here is mended.
    fn document(&mut self, pull: &mut Pull, doc: Doc, anew: bool) -> Result<(), FieldError> {
        if !self.may_be(Kind::Document, &doc.object) {
            return Ok(());
        }
        let bucket = filling(&mut pull.bucket)?;
        // An answer that broke off goes on behind what it told: what was held stays in doubt.
        let is_doubted = anew || doubts::version(self.db, doc.record)?.is_some();
        if is_doubted
            && let Some(held) = lost::keep_more(self.db, &self.registry, &doc, self.context.now)?
        {
            if held.is_joined {
                self.merge(&doc.object, doc.record, None)?;
            }
            return self.file(bucket, &doc.object, doc.record, held.told);
        }
        let (id, mut version) = (doc.record, Version::of_heads(&doc.heads));
        let object = doc.object.clone();
        let held = documents::standing(self.db, id)?.filter(|(held, _)| *held == object);
        let is_here = held.as_ref().is_some_and(|(_, heads)| *heads == doc.heads);
        match held {
            Some((_, heads)) if !anew && !is_here && self.is_ahead(&doc)? => {
                // It was packed before the device learnt more.
                version = Version::of_heads(&heads);
            }
            _ if is_here && !anew => {}
            _ => self.whole_document(doc, is_here)?,
        }
        if anew {
            doubts::end(self.db, id)?;
        }
        self.file(bucket, &object, id, version)
    }

    fn whole_document(&mut self, doc: Doc, is_here: bool) -> Result<(), FieldError> {
        let (id, stamp) = (doc.record, Some(doc.stamp()));
        if doc.heads.is_empty() {
            return Err(FieldError::broken(format!(
                "the server's document {id} has no heads"
            )));
        }
        if doc.blob.is_empty() {
            if !is_here {
                documents::put(self.db, id, &doc.object, &[], &doc.heads)?;
            }
            if outbox::of_record(self.db, id)?.is_empty() {
                return self.put(&doc.object, id, doc.values, stamp);
            }
            return history::need(self.db, id);
        }
        history::check_heads(id, &doc.blob, &doc.heads)?;
        documents::put(self.db, id, &doc.object, &doc.blob, &doc.heads)?;
        if history::above(self.db, id, &doc.blob)? {
            return self.merge(&doc.object, id, None);
        }
        self.put(&doc.object, id, doc.values, stamp)
    }

    /// Whether the device's history holds all of a document that is told whole, and more.
    fn is_ahead(&self, doc: &Doc) -> Result<bool, FieldError> {
        Ok(accepted(self.db, doc.record)?
            .is_some_and(|history| doc.heads.iter().all(|head| history.has(*head))))
    }

    /// Others' changes, document by document: into the accepted history, then the rows of what they
    /// touched.
    fn apply_changes(&mut self) -> Result<(), FieldError> {
        for ((id, object), changes) in std::mem::take(&mut self.changes) {
            // Without the document there is nothing to continue; the state sums will differ and
            // bring it whole.
            match documents::object_of(self.db, id)? {
                Some(here) if here == object => {}
                Some(_) => {
                    give_up(self.db, id)?;
                    continue;
                }
                None => continue,
            }
            let new = join_history(self.db, &object, id, changes)?;
            let mut paths = BTreeSet::new();
            for change in &new {
                own_work::accept(self.db, change.hash)?;
                paths.extend(touched(change)?.into_keys());
            }
            settled(self.db, id)?;
            sealed::forget_old(self.db, id)?;
            if !new.is_empty() {
                self.merge(&object, id, Some(&paths))?;
            }
        }
        Ok(())
    }

    fn merge(
        &mut self,
        object: &str,
        id: RecordId,
        paths: Option<&BTreeSet<String>>,
    ) -> Result<(), FieldError> {
        self.changed.push((object.to_owned(), id));
        let Some(descriptor) = self.registry.get(object) else {
            return Ok(());
        };
        if project(self.db, descriptor, id, paths)? {
            return Ok(());
        }
        let all = RecordFrom {
            record: id,
            number: 0,
        };
        let touched = sign_anew(self.db, &self.registry, &self.context, all)?;
        self.changed.extend(touched);
        Ok(())
    }

    /// One's own work came back as a hash: what is still in the outbox is accepted now.
    fn own(&mut self, bucket: &mut Filling, own: &Own) -> Result<(), FieldError> {
        if let Some(entry) = own_work::accept(self.db, own.hash)? {
            promote(self.db, &entry)?;
            sealed::forget_old(self.db, own.record)?;
        }
        if documents::object_of(self.db, own.record)?.is_some_and(|here| here != own.object) {
            return give_up(self.db, own.record);
        }
        if let Some(version) = version_of(
            self.db,
            self.registry.get(&own.object).map(AsRef::as_ref),
            own.record,
        )? {
            self.file(bucket, &own.object, own.record, version)?;
        }
        Ok(())
    }

    fn conflict(&mut self, bucket: &mut Filling, conflict: &Conflict) -> Result<(), FieldError> {
        let id = RecordId(conflict.id.0);
        let operations: Vec<&str> = conflict
            .sides
            .iter()
            .map(|side| side.operation.as_str())
            .collect();
        if conflict.id != Conflict::id_of(conflict.record, &conflict.path, &operations) {
            return Err(FieldError::broken(format!(
                "the server's conflict {id} is not what its id says"
            )));
        }
        conflicts::put(self.db, conflict)?;
        self.changed.push((CONFLICT.to_owned(), id));
        let version = Version::of_bytes(conflict.state.name().as_bytes());
        self.file(bucket, CONFLICT, id, version)
    }

    fn descriptor(&mut self, pull: &mut Pull, published: &Published) -> Result<(), FieldError> {
        // One that only a newer app can read is kept for it, whatever it says.
        if let Ok(said) = Publication::read(&published.json) {
            credible(said, published.record)?;
        }
        if adopt_descriptor(
            self.db,
            &mut self.registry,
            published.record,
            &published.json,
        )? {
            let found = discover(self.db, &self.registry)?;
            pull.verified.retain(|of| !found.buckets.contains(of));
            self.changed.extend(found.changed);
        }
        self.changed.push((DESCRIPTOR.to_owned(), published.record));
        let version = Version::of_bytes(published.json.as_bytes());
        self.file(
            filling(&mut pull.bucket)?,
            DESCRIPTOR,
            published.record,
            version,
        )
    }

    fn checkpoint(
        &mut self,
        pull: &mut Pull,
        bucket: &str,
        seq: u64,
        sum: u64,
    ) -> Result<(), FieldError> {
        members::ensure_bucket(self.db, bucket)?;
        members::set_cursor(self.db, bucket, seq)?;
        let here = members::bucket(self.db, bucket)?.map_or(0, |state| state.sum);
        if here == sum {
            pull.verified.insert(bucket.to_owned());
        } else {
            // The bucket comes anew; records stay meanwhile, and what no bucket holds then is
            // swept.
            pull.verified.remove(bucket);
            members::set_cursor(self.db, bucket, 0)?;
        }
        Ok(())
    }
}

/// The bucket that is being told.
fn filling(bucket: &mut Option<Filling>) -> Result<&mut Filling, FieldError> {
    bucket
        .as_mut()
        .ok_or_else(|| FieldError::broken("the server sent data before its bucket"))
}

/// Refuses an object whose names could not stand in tables, or that takes the place of another.
fn credible(said: Publication, record: RecordId) -> Result<(), FieldError> {
    let own = built_in()?;
    let Ok(descriptor) = own.clone().take_in(said) else {
        return Ok(());
    };
    let object = &descriptor.object;
    if let Some(problem) = check_shape(object, &descriptor).first() {
        return Err(FieldError::broken(format!(
            "the server's object cannot be taken in: {problem}"
        )));
    }
    if own
        .get(object)
        .is_some_and(|own| own.kind != descriptor.kind)
    {
        return Err(FieldError::broken(format!(
            "the server's object `{object}` is of another kind"
        )));
    }
    if record != descriptor_id(object) {
        return Err(FieldError::broken(format!(
            "the server's object `{object}` has another's id"
        )));
    }
    Ok(())
}

/// The version at which a record is accepted here.
fn version_of(
    db: &Db,
    descriptor: Option<&Descriptor>,
    id: RecordId,
) -> Result<Option<Version>, FieldError> {
    if let Some(heads) = documents::heads(db, id)? {
        return Ok(Some(Version::of_heads(&heads)));
    }
    // A document that is not here yet has no version, whatever its rows show.
    let Some(descriptor) = descriptor.filter(|of| of.kind != Kind::Document) else {
        return Ok(None);
    };
    Ok(tables::read(db, descriptor, id)?.map(|record| Record::row_version(&record.values)))
}
