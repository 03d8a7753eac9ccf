//! Answers what screens ask: records, lists, today's work, conflicts, what is unsent, what needs
//! attention. It reads tables and nothing else.

use serde_json::{Value as Json, json};

use super::asking;
use super::unpublished;
use super::working::project_all;
use super::{Device, FieldError, QueryDoor, Receipt};
use crate::base::id::{ActorId, IdError, RecordId};
use crate::base::time::Timestamp;
use crate::domain::named::Inquiry;
use crate::domain::rules::party::author;
use crate::domain::{query, table, verdict};
use crate::objects::query::NearBy;
use crate::objects::{Conflict, Descriptor, Query, Record, Side, Value, Values};
use crate::store::outbox::EntryKind;
use crate::store::{self, attention, conflicts, digest, members, meta, outbox, search, tables};

/// Records a list gives when nobody says how many.
pub(super) const LIST_LIMIT: usize = 50;

impl Device {
    /// One record, as JSON with `id`, `object`, its fields, and its lines by line id.
    pub fn get(&mut self, object: &str, id: &str) -> Result<Receipt, FieldError> {
        let _still = self.still()?;
        let descriptor = self.descriptor(object)?;
        let id: RecordId = id.parse().map_err(bad_id)?;
        let record = tables::read(&self.db, &descriptor, id)?.ok_or_else(|| {
            let message = format!(
                "there is no {object} {id} on this device; sync, or choose one from the list"
            );
            FieldError::bad_input("not_found", message, &["id"])
        })?;
        Ok(Receipt {
            id: Some(id.to_string()),
            data: self.with_verdict(&record)?,
        })
    }

    /// A record as JSON, with the word of the server's verdict on it as it is now, if it has one.
    fn with_verdict(&self, record: &Record) -> Result<Json, FieldError> {
        let mut json = record.to_json();
        if let Some(said) = verdict::standing(&self.registry, &self.reader(), record)? {
            json["verdict"] = said.value("verdict").to_json();
        }
        Ok(json)
    }

    /// How many documents of this person the server refused as they are now.
    pub(super) fn rejected(&self) -> Result<usize, FieldError> {
        let Some(identity) = self.identity.as_ref() else {
            return Ok(0);
        };
        let refused = verdict::refused(&self.registry, &self.reader(), identity.user)?;
        Ok(refused.len())
    }

    /// The descriptor of an object, a tenant's own included: an app can make a form of it.
    pub fn object(&mut self, object: &str) -> Result<Receipt, FieldError> {
        let descriptor = self.descriptor(object)?;
        let data = serde_json::to_value(descriptor.as_ref()).map_err(FieldError::broken)?;
        Ok(Receipt {
            id: Some(object.to_owned()),
            data,
        })
    }

    /// The descriptors of all objects that are known here.
    pub fn objects(&mut self) -> Result<Receipt, FieldError> {
        let all: Vec<&Descriptor> = self.registry.all().map(AsRef::as_ref).collect();
        Ok(Receipt::of(
            serde_json::to_value(all).map_err(FieldError::broken)?,
        ))
    }

    /// Records of an object by id, or by distance (metres) from a position `latitude,longitude`,
    /// nearest first, each then with `distance_m`.
    pub fn list(
        &mut self,
        object: &str,
        near: Option<(&str, i64)>,
        limit: usize,
    ) -> Result<Receipt, FieldError> {
        let near = near.map(|(at, within_m)| NearBy {
            at: at.to_owned(),
            within_m,
        });
        let asked = Query {
            near,
            limit: if limit == 0 { LIST_LIMIT } else { limit },
            ..Query::of(object)
        };
        let mut answer = self.queried(&asked)?;
        Ok(Receipt::of(answer["records"].take()))
    }

    /// The answer to a query, JSON such as `{"object": "visit", "where": {"field": "state",
    /// "equals": "planned"}, "order": [{"by": "planned_on"}], "limit": 20}`: `records`, `next` to
    /// ask for the following page with as `after`, and `count` where that was asked.
    pub fn query(&mut self, json: &str) -> Result<Receipt, FieldError> {
        Ok(Receipt::of(self.queried(&query::read(json)?)?))
    }

    fn queried(&self, asked: &Query) -> Result<Json, FieldError> {
        let _still = self.still()?;
        self.at_door(|door| door.answer_to(asked, &|record| self.with_verdict(record)))
    }

    /// Asks queries of all that is here.
    pub(super) fn at_door<T>(
        &self,
        ask: impl FnOnce(&QueryDoor<'_>) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        ask(&QueryDoor {
            db: &self.db,
            registry: &self.registry,
            reader: &self.reader(),
            context: &self.context()?,
            buckets: None,
            may_read: &|_| true,
        })
    }

    /// Records of which a searched field has words that start with every word of `text`.
    pub fn search(&mut self, text: &str, limit: usize) -> Result<Receipt, FieldError> {
        let _still = self.still()?;
        let mut found = Vec::new();
        for (object, id) in
            search::search(&self.db, text, if limit == 0 { LIST_LIMIT } else { limit })?
        {
            if let Some(descriptor) = self.registry.get(&object)
                && let Some(record) = tables::read(&self.db, descriptor, id)?
            {
                found.push(record.to_json());
            }
        }
        Ok(Receipt::of(found.into()))
    }

    /// The visits that wait for this user today: open ones, and those planned for today or missed
    /// before; the latter with `missed`, and open ones with `other_visit_open` where two devices
    /// have opened more than one.
    pub fn today(&mut self) -> Result<Receipt, FieldError> {
        self.answer("today", &[])
    }

    /// The figures of a day (`YYYY-MM-DD`, else today) for a person and a territory, each by name
    /// or id: every figure with numerator, denominator and their names, and a value that is null
    /// where the denominator is 0.
    pub fn figures(
        &mut self,
        day: Option<&str>,
        rep: Option<&str>,
        territory: Option<&str>,
    ) -> Result<Receipt, FieldError> {
        let said = [("day", day), ("rep", rep), ("territory", territory)];
        self.answer("figures", &said)
    }

    /// What the shelves that were counted in a visit come to, or one inventory check: products,
    /// figures, our share by category, and the order that is proposed.
    pub fn shelf(&mut self, id: &str) -> Result<Receipt, FieldError> {
        self.answer_about("shelf", id)
    }

    /// An order as people look at it: where it stands, its lines with the story of their prices,
    /// the verdict.
    pub fn order(&mut self, id: &str) -> Result<Receipt, FieldError> {
        self.answer_about("order", id)
    }

    /// What was asked of the server and has no answer yet: object, record, its name, since when.
    pub fn waiting(&mut self) -> Result<Receipt, FieldError> {
        self.answer("waiting", &[])
    }

    /// Reads a scanner's text: GTIN, batch, expiry and the like, and the product and unit that
    /// carry the GTIN.
    pub fn scan(&mut self, text: &str) -> Result<Receipt, FieldError> {
        self.answer("scan", &[("text", Some(text))])
    }

    /// Answers any question by its name (`docs/cli.md` has them) from what was said with it, a JSON
    /// object of texts, such as `figures` with `{"day": "2026-11-24"}`.
    pub fn ask_question(&mut self, question: &str, input: &str) -> Result<Receipt, FieldError> {
        self.answer_to(question, &table::said_with(input)?)
    }

    /// Answers a question of `domain::table` about one record.
    fn answer_about(&mut self, question: &str, id: &str) -> Result<Receipt, FieldError> {
        let answer = self.answer(question, &[("id", Some(id))])?;
        let id: RecordId = id.parse().map_err(bad_id)?;
        Ok(Receipt {
            id: Some(id.to_string()),
            ..answer
        })
    }

    /// Answers a question of `domain::table` from the texts that were said.
    fn answer(
        &mut self,
        question: &str,
        said: &[(&str, Option<&str>)],
    ) -> Result<Receipt, FieldError> {
        let mut input = Values::new();
        for (name, text) in said {
            if let Some(text) = text {
                input.insert((*name).to_owned(), Value::from(*text));
            }
        }
        self.answer_to(question, &input)
    }

    /// Answers a question of `domain::table` from one state of the database.
    fn answer_to(&mut self, question: &str, input: &Values) -> Result<Receipt, FieldError> {
        let _still = self.still()?;
        let inquiry = Inquiry {
            registry: &self.registry,
            reader: &self.reader(),
            context: &self.context()?,
            input,
        };
        Ok(Receipt::of(table::question(question)?(&inquiry)?))
    }

    /// Fields that two people changed and nobody has decided yet: base, mine, theirs, who and when.
    pub fn conflicts(&mut self) -> Result<Receipt, FieldError> {
        let _still = self.still()?;
        let open = conflicts::open(&self.db)?;
        let shown: Result<Vec<Json>, FieldError> = open
            .iter()
            .map(|conflict| self.conflict_json(conflict))
            .collect();
        Ok(Receipt::of(shown?.into()))
    }

    fn conflict_json(&self, conflict: &Conflict) -> Result<Json, FieldError> {
        let user = self.signed_in()?.user;
        let reader = self.reader();
        let own = self.signed_in()?.actor;
        let known = |actor: ActorId| author::author(&reader, actor).ok().flatten();
        // This device's newest actor may not have come back from the server yet.
        let mine = |actor: ActorId| {
            (actor == own)
                .then(|| self.own_author())
                .transpose()
                .ok()
                .flatten()
        };
        let author = |actor: ActorId| known(actor).or_else(|| mine(actor));
        let side = |side: &Side| {
            let by = author(side.actor)
                .map(|person| json!({ "user": person.user, "name": person.name }));
            json!({ "value": side.value, "by": by, "at": Timestamp(side.at_ms).rfc3339() })
        };
        let mine = conflict.mine(user, |actor| author(actor).and_then(|person| person.user));
        let theirs: Vec<Json> = conflict
            .sides
            .iter()
            .filter(|other| Some(*other) != mine)
            .map(side)
            .collect();
        let mut json = json!({
            "id": conflict.id, "object": conflict.object, "record": conflict.record,
            "path": conflict.path,
            "base": conflict.base, "mine": mine.map(side), "theirs": theirs.first(),
            "state": conflict.state.name(),
            "shown": conflict.sides.first().map(side),
        });
        if theirs.len() > 1 {
            json["all_theirs"] = theirs.into();
        }
        Ok(json)
    }

    fn own_author(&self) -> Result<author::Author, FieldError> {
        let name = meta::get(&self.db, "name")?.unwrap_or_default();
        Ok(author::Author {
            user: Some(self.signed_in()?.user),
            name,
        })
    }

    /// Work that the server has not judged yet, oldest first.
    pub fn outbox(&mut self) -> Result<Receipt, FieldError> {
        let shown: Vec<Json> = outbox::all(&self.db)?
            .iter()
            .map(|entry| {
                let kind = match entry.kind {
                    EntryKind::Change => "change",
                    EntryKind::Fact => "fact",
                };
                json!({
                    "number": entry.number,
                    "kind": kind,
                    "object": entry.object,
                    "record": entry.record,
                    "hash": entry.hash.to_string(),
                    "bytes": entry.bytes.len(),
                    "command": serde_json::from_str::<Json>(&entry.command).unwrap_or_default(),
                })
            })
            .collect();
        Ok(Receipt::of(shown.into()))
    }

    /// Who is signed in, what is unsent, what needs attention, and when all was last verified with
    /// the server.
    pub fn status(&mut self) -> Result<Receipt, FieldError> {
        let identity = self.identity.as_ref().map(|identity| {
            json!({
                "user": identity.user,
                "role": identity.role.name(),
                "device": identity.device,
            })
        });
        let mut buckets = Vec::new();
        for (name, state) in members::buckets(&self.db)? {
            buckets.push(json!({ "bucket": name, "cursor": state.cursor }));
        }
        let mut status = json!({
            "enrolled": identity,
            "name": meta::get(&self.db, "name")?,
            "server": meta::get(&self.db, "url")?,
            "unsent": outbox::count(&self.db)?,
            "needs_attention": attention::count(&self.db)?,
            "rejected": self.rejected()?,
            "conflicts": conflicts::open(&self.db)?.len(),
            "last_verified": meta::get(&self.db, "last_verified")?,
            "buckets": buckets,
        });
        let unpublished = unpublished::all(&self.db)?;
        if !unpublished.is_empty() {
            status["unpublished"] = json!(unpublished);
        }
        Ok(Receipt::of(status))
    }

    /// Per object, how many records are here and SHA-256 over the sorted lines
    /// `id<TAB>field<TAB>canonical JSON` of all visible values.
    pub fn digest(&mut self) -> Result<Receipt, FieldError> {
        let _still = self.still()?;
        let digest = digest::digest(&self.db, &self.registry, None)?;
        Ok(Receipt::of(digest_json(&digest)))
    }

    /// Makes the rows of all documents anew from their histories. Facts and server rows stay as
    /// they are.
    pub fn rebuild(&mut self) -> Result<Receipt, FieldError> {
        store::open::durable(&self.db, true)?;
        let tx = store::open::begin(&self.db)?;
        let documents = project_all(&tx, &self.registry)?;
        asking::review_all(&tx, &self.registry, &self.context()?)?;
        store::open::commit(tx)?;
        Ok(Receipt::of(json!({ "documents": documents })))
    }
}

/// A digest as JSON: object to `count` and `sha256`.
#[must_use]
pub fn digest_json(digest: &std::collections::BTreeMap<String, (u64, String)>) -> Json {
    digest
        .iter()
        .map(|(object, (count, hash))| (object.clone(), json!({ "count": count, "sha256": hash })))
        .collect()
}

fn bad_id(error: IdError) -> FieldError {
    FieldError::bad_input("bad_id", error.to_string(), &["id"])
}
