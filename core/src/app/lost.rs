//! What the server may have lost: a device holds it, and the server did not tell it when it told a
//! bucket anew. Nothing of that goes before the server said that it knows it; what it lacks is
//! given back, under the seal by which it shows as the server's own word. It does not know why a
//! server lacks something.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::bucket_names::{CONFLICT, DESCRIPTOR};
use super::held::{offer, settle_told, values_here, whole};
use super::history::check_heads;
use super::working::{accepted, give_up, join_history, settled};
use super::{Device, FieldError};
use crate::base::id::{ChangeHash, RecordId};
use crate::base::limits::{OFFERS_MAX, OWN_WORK_KEPT_MS, RETURN_BYTES_MAX, RETURNS_MAX};
use crate::base::time::Timestamp;
use crate::base::version::Version;
use crate::crdt::{CrdtError, Document, Vetted};
use crate::domain::Refusal;
use crate::objects::{Descriptor, Kind, Record, Registry};
use crate::store::attention::{self, Attention};
use crate::store::doubts::{self, Doubt, FormerRow};
use crate::store::own_work::{self, OwnWork};
use crate::store::seals;
use crate::store::{self, Db, blob_queue, documents, members, meta, outbox, tables};
use crate::sync::frames::{Doc, Frame, Returned, Ruling};

/// Where a meeting stands with what is in doubt.
#[derive(Debug, Default)]
pub(super) struct LostAndFound {
    /// The last record that was offered.
    after: Option<RecordId>,
    /// The last of the device's own work that was offered.
    after_own: i64,
    /// Records of which it is known how much of the device's own work the server told.
    looked_at: BTreeSet<RecordId>,
    /// The page that was offered.
    offered: Vec<Doubt>,
    /// What the server lacks and is yet to be given; the last comes first.
    lacking: Vec<Doubt>,
    /// What was given and has no answer yet.
    given: Vec<Doubt>,
    /// How many records the server took back.
    pub returned: u64,
}

/// The device notes in which life of the server's it stands; in another one, all that it holds is
/// compared anew. Answers whether it is another one.
pub(super) fn note_epoch(db: &Db, epoch: u64, is_same: bool) -> Result<bool, FieldError> {
    let epoch = epoch.to_string();
    let known = meta::get(db, EPOCH)?;
    if known.as_ref() == Some(&epoch) {
        return Ok(false);
    }
    meta::set(db, EPOCH, &epoch)?;
    blob_queue::ask_again(db)?;
    let is_other = known.is_some();
    if is_other {
        own_work::all_are_due(db)?;
    }
    if is_other && !is_same {
        doubts::forget_told(db)?;
        for (name, _) in members::buckets(db)? {
            members::set_cursor(db, &name, 0)?;
        }
    }
    Ok(is_other)
}

/// The key under which a database keeps the epoch of the server it last met.
const EPOCH: &str = "epoch";

/// The server never said what is held of a document, whatever seals it came with: the document
/// comes anew.
fn refuted(db: &Db, id: RecordId) -> Result<(), FieldError> {
    let (heads, filed) = (documents::heads(db, id)?, members::version_of(db, id)?);
    if let (Some(heads), Some(filed)) = (heads, filed)
        && filed != Version::of_heads(&heads)
    {
        give_up(db, id)?;
    }
    Ok(())
}

/// A document of which more is held than the server told of it.
pub(super) struct HeldMore {
    /// What the server told of it, in this meeting or before one broke off.
    pub told: Version,
    /// Whether the server told what was not held yet.
    pub is_joined: bool,
}

/// Where the device holds work of a document that the server, as it tells it, has not, what is told
/// joins what is held, and the document is in doubt: nothing of either goes. What came without a
/// seal is no such work: it was never the server's word. Where the two cannot be one, since one
/// writer wrote both apart, what is held is kept for the person, and the server's is to be taken.
pub(super) fn keep_more(
    db: &Db,
    registry: &Registry,
    doc: &Doc,
    now: Timestamp,
) -> Result<Option<HeldMore>, FieldError> {
    let (id, before) = (doc.record, doubts::told(db, doc.record)?);
    let Some((object, heads)) = documents::standing(db, id)? else {
        return Ok(None);
    };
    let is_same = before.is_none() && heads == doc.heads;
    if object != doc.object || is_same || documents::is_elsewhere(db, id)? {
        return Ok(None);
    }
    let Some(mut history) = accepted(db, id)? else {
        return Ok(None);
    };
    // Mostly the server is behind: what it tells is here, and need not be joined.
    let is_here = doc.heads.iter().all(|head| history.has(*head));
    let theirs = match doc.blob.is_empty() || is_here {
        true => None,
        false => {
            check_heads(id, &doc.blob, &doc.heads)?;
            Some(Document::load(&doc.blob, &[])?)
        }
    };
    let is_behind = match &theirs {
        Some(theirs) => is_sealed_beyond(db, id, &heads, |head| theirs.has(head))?,
        None => is_here && is_sealed_beyond(db, id, &heads, |head| doc.heads.contains(&head))?,
    };
    if before.is_none() && !is_behind {
        return Ok(None);
    }
    if let Some(theirs) = &theirs {
        let theirs = theirs.changes()?;
        if is_split(&mut history, &theirs)? {
            return keep_apart(db, registry, doc, now).map(|()| None);
        }
        for change in join_history(db, &object, id, theirs)? {
            own_work::accept(db, change.hash)?;
        }
        settled(db, id)?;
    }
    let mut told = before.unwrap_or_default();
    told.extend(&doc.heads);
    let told = history.newest(&told);
    let held = Version::of_heads(&history.heads());
    doubts::begin_one(db, id, &object, held, &told)?;
    Ok(Some(HeldMore {
        told: Version::of_heads(&told),
        is_joined: theirs.is_some(),
    }))
}

/// Whether some of these changes are not among those that are told, and all of them came sealed.
fn is_sealed_beyond(
    db: &Db,
    id: RecordId,
    heads: &[ChangeHash],
    is_told: impl Fn(ChangeHash) -> bool,
) -> Result<bool, FieldError> {
    let mut more = heads.iter().filter(|head| !is_told(**head)).peekable();
    let is_any = more.peek().is_some();
    for head in more {
        if seals::of(db, id, *head)?.is_none() {
            return Ok(false);
        }
    }
    Ok(is_any)
}

/// Whether one writer wrote two changes of one number, one of which is held and the other told;
/// otherwise both are in the history afterwards.
fn is_split(history: &mut Document, told: &[Vetted]) -> Result<bool, FieldError> {
    for change in told {
        match history.apply(std::slice::from_ref(change)) {
            Ok(_) => {}
            Err(CrdtError::History {
                code: "wrong_sequence",
                ..
            }) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(false)
}

/// What is held of a document cannot be one with what the server has: it is kept for the person.
fn keep_apart(db: &Db, registry: &Registry, doc: &Doc, now: Timestamp) -> Result<(), FieldError> {
    let why = Refusal::rule(
        "history_split",
        "the server came back from a copy, and another device wrote this record anew there; what \
         stood here is kept: compare the two",
    );
    let doubt = Doubt {
        record: doc.record,
        object: doc.object.clone(),
        former: None,
        own: None,
    };
    set_aside(db, registry, &doubt, &why, now)?;
    Ok(doubts::end(db, doc.record)?)
}

/// The server told these changes: a document of which more is held is filed as the server told it,
/// and is in doubt no more once that is all.
pub(super) fn stands_at(db: &Db, id: RecordId, news: &[ChangeHash]) -> Result<(), FieldError> {
    let Some(mut told) = doubts::told(db, id)? else {
        return Ok(());
    };
    let (Some(history), Some(heads)) = (accepted(db, id)?, documents::heads(db, id)?) else {
        return Ok(());
    };
    told.extend(news);
    told.retain(|hash| history.has(*hash));
    let told = history.newest(&told);
    members::update(db, id, Version::of_heads(&told))?;
    let filed = if told == heads {
        doubts::end(db, id)
    } else {
        doubts::tell(db, id, &told)
    };
    Ok(filed?)
}

/// A row is about to be told otherwise than it is here: what it was is kept while it is in doubt.
pub(super) fn keep_former(
    db: &Db,
    descriptor: &Descriptor,
    id: RecordId,
    told: Version,
) -> Result<(), FieldError> {
    if doubts::version(db, id)?.is_none_or(|held| held == told) {
        return Ok(());
    }
    let Some(held) = tables::read(db, descriptor, id)? else {
        return Ok(());
    };
    let values = Record::canonical(&held.values);
    let Some(sealed) = seals::of(db, id, ChangeHash::of(&values))? else {
        return Ok(doubts::end(db, id)?);
    };
    Ok(doubts::keep_former(db, id, &FormerRow { values, sealed })?)
}

impl Device {
    /// The next records in doubt, to be offered; what cannot be offered is settled here.
    pub(super) fn offers(&mut self, state: &mut LostAndFound) -> Result<Vec<Frame>, FieldError> {
        loop {
            let page = self.next_in_doubt(state)?;
            if page.is_empty() {
                return Ok(Vec::new());
            }
            let tx = store::open::begin(&self.db)?;
            let mut frames = Vec::new();
            state.offered.clear();
            for doubt in page {
                if doubt.own.is_some() && state.looked_at.insert(doubt.record) {
                    settle_told(&tx, doubt.record)?;
                }
                match offer(&tx, &self.registry, &doubt)? {
                    Some((offer, seal)) => {
                        frames.extend([Frame::Offer(offer), Frame::Seal(seal)]);
                        state.offered.push(doubt);
                    }
                    // What is not known here is offered once it is.
                    None if is_unknown(&self.registry, &doubt.object) => {}
                    None => end(&tx, &doubt)?,
                }
            }
            store::open::commit(tx)?;
            if !frames.is_empty() {
                return Ok(frames);
            }
        }
    }

    /// What of records stands in doubt, then what of the device's own work does.
    fn next_in_doubt(&self, state: &mut LostAndFound) -> Result<Vec<Doubt>, FieldError> {
        let page = doubts::page(&self.db, state.after, OFFERS_MAX)?;
        if let Some(last) = page.last() {
            state.after = Some(last.record);
            return Ok(page);
        }
        let own = own_work::due(&self.db, state.after_own, OFFERS_MAX)?;
        state.after_own = own.last().map_or(state.after_own, |last| last.number);
        Ok(own.into_iter().map(alone_in_doubt).collect())
    }

    /// The server said what it lacks of what was offered: the rest it knows.
    pub(super) fn lacks(
        &mut self,
        state: &mut LostAndFound,
        lacking: &BTreeSet<RecordId>,
    ) -> Result<(), FieldError> {
        let tx = store::open::begin(&self.db)?;
        for doubt in std::mem::take(&mut state.offered) {
            let record = doubt.record;
            // Somebody else who works on this database may have settled it.
            if !is_open(&tx, &doubt)? {
                continue;
            }
            if !lacking.contains(&record) {
                end(&tx, &doubt)?;
                refuted(&tx, record)?;
            } else if doubt.own.is_some() {
                state.lacking.push(doubt);
            } else if documents::is_elsewhere(&tx, record)? {
                // One's own work may be all of it, and is given back one by one.
                if own_work::is_due_of(&tx, record)? {
                    continue;
                }
                let why = Refusal::rule(
                    "history_lost",
                    "the server lost this record, which was closed long ago, and this device holds \
                     only what it showed; its values are kept here: enter it anew",
                );
                set_aside(&tx, &self.registry, &doubt, &why, self.surroundings.now())?;
                end(&tx, &doubt)?;
            } else {
                state.lacking.push(doubt);
            }
        }
        store::open::commit(tx)?;
        // Rows come first, then documents, then facts: a verdict that was given stands before the
        // document that asked for it is there again. Of one's own work the earlier comes first.
        state.lacking.sort_by_key(|doubt| {
            let kind = self.registry.get(&doubt.object).map(|of| of.kind);
            let rank = match kind {
                Some(Kind::Row) => 2,
                Some(Kind::Document) => 1,
                Some(Kind::Fact) | None => 0,
            };
            (rank, Reverse(doubt.own))
        });
        Ok(())
    }

    /// The next records that the server lacks, whole.
    pub(super) fn returns(&self, state: &mut LostAndFound) -> Result<Vec<Frame>, FieldError> {
        let (mut frames, mut bytes, mut count) = (Vec::new(), 0, 0);
        while let Some(doubt) = state.lacking.pop() {
            let Some(whole) = whole(&self.db, &self.registry, &doubt)? else {
                continue;
            };
            if count > 0 && bytes + whole.bytes > RETURN_BYTES_MAX {
                state.lacking.push(doubt);
                break;
            }
            (bytes, count) = (bytes + whole.bytes, count + 1);
            frames.extend([whole.frame, Frame::Seal(whole.seal)]);
            state.given.push(doubt);
            if count == RETURNS_MAX {
                break;
            }
        }
        Ok(frames)
    }

    /// What became of what was given back: what the server will not have is kept for the person.
    pub(super) fn settle_returns(
        &mut self,
        state: &mut LostAndFound,
        returned: Vec<Returned>,
    ) -> Result<(), FieldError> {
        store::open::durable(&self.db, true)?;
        let tx = store::open::begin(&self.db)?;
        let mut changed = Vec::new();
        for Returned { record, ruling } in returned {
            let Some(at) = state.given.iter().position(|given| given.record == record) else {
                continue;
            };
            let doubt = state.given.remove(at);
            if !is_open(&tx, &doubt)? {
                continue;
            }
            match ruling {
                Ruling::Accepted { .. } | Ruling::Duplicate { .. } => {
                    state.returned += 1;
                    has_all(&tx, &doubt)?;
                }
                Ruling::Quarantined { code, message, .. } => {
                    let why = Refusal::rule(&code, message);
                    set_aside(&tx, &self.registry, &doubt, &why, self.surroundings.now())?;
                }
                Ruling::Needs { .. } | Ruling::RetryLater | Ruling::Rewrite => continue,
            }
            end(&tx, &doubt)?;
            changed.push((doubt.object, record));
        }
        store::open::commit(tx)?;
        self.tell(changed);
        Ok(())
    }
}

/// A verified sync: own work that was kept for long enough is kept no more. What of it the server
/// lost, and could not take back in all that time, is kept for the person.
pub(super) fn forget_old_work(
    db: &Db,
    registry: &Registry,
    now: Timestamp,
) -> Result<(), FieldError> {
    let before = Timestamp(now.0.saturating_sub(OWN_WORK_KEPT_MS));
    for work in own_work::due_since(db, before, OFFERS_MAX)? {
        let doubt = alone_in_doubt(work);
        if offer(db, registry, &doubt)?.is_some() {
            let why = Refusal::rule(
                "history_lost",
                "the server lost the record that this was done to, and no device gave it back; \
                 what was done is kept here: enter it anew",
            );
            set_aside(db, registry, &doubt, &why, now)?;
        }
        end(db, &doubt)?;
    }
    Ok(own_work::keep_since(db, now, before)?)
}

/// One's own work of which the record is not here.
fn alone_in_doubt(work: OwnWork) -> Doubt {
    Doubt {
        record: work.record,
        object: work.object,
        former: None,
        own: Some(work.number),
    }
}

/// Whether records of an object cannot be read here: a tenant's own, or a newer version's.
fn is_unknown(registry: &Registry, object: &str) -> bool {
    ![CONFLICT, DESCRIPTOR].contains(&object) && registry.get(object).is_none()
}

/// Whether it is still in doubt.
fn is_open(db: &Db, doubt: &Doubt) -> Result<bool, FieldError> {
    Ok(match doubt.own {
        Some(number) => own_work::due_one(db, number)?.is_some(),
        None => doubts::version(db, doubt.record)?.is_some(),
    })
}

/// The server has all of a document that was given back.
fn has_all(db: &Db, doubt: &Doubt) -> Result<(), FieldError> {
    let heads = documents::heads(db, doubt.record)?.filter(|_| doubt.own.is_none());
    Ok(heads.map_or(Ok(()), |heads| {
        members::update(db, doubt.record, Version::of_heads(&heads))
    })?)
}

/// It is in doubt no more.
fn end(db: &Db, doubt: &Doubt) -> Result<(), FieldError> {
    match doubt.own {
        Some(number) => own_work::settle(db, number)?,
        None => doubts::end(db, doubt.record)?,
    }
    Ok(())
}

/// What the server lost and will not take back is kept for a person, with its values.
fn set_aside(
    db: &Db,
    registry: &Registry,
    doubt: &Doubt,
    why: &Refusal,
    now: Timestamp,
) -> Result<(), FieldError> {
    let values = values_here(db, registry, doubt)?;
    let command = serde_json::json!({
        "do": "give_back", "object": doubt.object, "id": doubt.record, "set": values,
    });
    let number = outbox::last_number(db)?.cast_signed() + 1;
    outbox::skip_to(db, number.cast_unsigned())?;
    let bytes = Record::canonical(&values);
    let held = Attention {
        number,
        object: doubt.object.clone(),
        record: doubt.record,
        hash: ChangeHash::of(&bytes),
        command: command.to_string(),
        bytes,
        code: why.code.clone(),
        message: why.message.clone(),
        fields: "[]".to_owned(),
        numbers: "{}".to_owned(),
        at: now.0,
        group: None,
    };
    Ok(attention::put(db, &held)?)
}
