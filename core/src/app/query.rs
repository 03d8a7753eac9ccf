//! Answers queries: joins what a query may be (`domain::query`), what SQL finds (`store::pages`)
//! and what a condition says of the rest, for phone and server alike. It does not know who asks.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use super::FieldError;
use crate::base::context::Context;
use crate::base::id::RecordId;
use crate::domain::condition::ConditionGround;
use crate::domain::query::{self, QueryGround, SoundQuery};
use crate::objects::{Descriptor, Query, Reader, Record, Registry};
use crate::store::pages::{NearCircle, PageQuest};
use crate::store::{Db, StoreError, lookup};

/// Where queries are asked: what is there, and what of it the asker sees.
#[derive(Clone, Copy)]
pub struct QueryDoor<'a> {
    /// The database.
    pub db: &'a Db,
    /// The known objects.
    pub registry: &'a Registry,
    /// The records that a condition may look at.
    pub reader: &'a dyn Reader,
    /// Who asks and when.
    pub context: &'a Context,
    /// The buckets whose members the asker sees; none for all there is.
    pub buckets: Option<&'a [String]>,
    /// Whether the asker may read records of an object at all.
    pub may_read: &'a dyn Fn(&Descriptor) -> bool,
}

/// Which records an answer holds.
pub(super) struct AnswerIds {
    pub(super) ids: Vec<RecordId>,
    pub(super) objects: BTreeSet<String>,
}

/// How a record of an answer is shown.
pub type ShownRecord<'a> = &'a dyn Fn(&Record) -> Result<Json, FieldError>;

impl QueryDoor<'_> {
    /// The answer to a query: `records`, `next` to ask for the following page with, null after the
    /// last, and how many match if that was asked.
    pub fn answer(&self, json: &str, shown: ShownRecord<'_>) -> Result<Json, FieldError> {
        self.answer_to(&query::read(json)?, shown)
    }

    /// The answer to a query that was read.
    pub fn answer_to(&self, query: &Query, shown: ShownRecord<'_>) -> Result<Json, FieldError> {
        let sound = self.ground().sound(query)?;
        let mut answer = Map::new();
        let page = self.asked(query, &sound, |quest| {
            if query.count {
                let matches = quest.count(self.db)?;
                answer.insert("count".to_owned(), json!(matches.count));
                if matches.more {
                    answer.insert("more".to_owned(), json!(true));
                }
            }
            quest.page(self.db)
        })?;
        let mut records = Vec::new();
        for found in &page.records {
            let mut json = shown(&found.record)?;
            if let (Some(metres), Some(json)) = (found.metres, json.as_object_mut()) {
                json.insert("distance_m".to_owned(), json!(metres));
            }
            records.push(json);
        }
        let next = page.next.as_ref();
        let next = next.map(|mark| self.ground().cursor(query, mark));
        answer.insert("records".to_owned(), Json::Array(records));
        answer.insert("next".to_owned(), json!(next));
        Ok(Json::Object(answer))
    }

    /// The records of an answer's page by their ids, and the objects that decide which they are.
    pub(super) fn ids(&self, query: &Query) -> Result<AnswerIds, FieldError> {
        let sound = self.ground().sound(query)?;
        let page = self.asked(query, &sound, |quest| quest.page(self.db))?;
        let ids = page.records.iter().map(|found| found.record.id).collect();
        Ok(AnswerIds {
            ids,
            objects: sound.objects,
        })
    }

    fn ground(&self) -> QueryGround<'_> {
        QueryGround {
            registry: self.registry,
            context: self.context,
            may_read: self.may_read,
        }
    }

    /// Asks what is found, once it is sure that finding it does not take for ever.
    fn asked<T>(
        &self,
        query: &Query,
        sound: &SoundQuery<'_>,
        ask: impl FnOnce(&PageQuest<'_>) -> Result<T, StoreError>,
    ) -> Result<T, FieldError> {
        let descriptor = sound.descriptor;
        let holds = |record: &Record| -> Result<bool, StoreError> {
            let Some(condition) = &query.condition else {
                return Ok(true);
            };
            let ground = ConditionGround {
                registry: self.registry,
                descriptor,
                record,
                reader: self.reader,
                context: self.context,
            };
            let failed = ground.failed(condition).map_err(StoreError::new)?;
            Ok(failed.is_none())
        };
        let words = match query.search.as_deref() {
            Some(text) => lookup::expression(self.db, text)?,
            None => None,
        };
        let quest = PageQuest {
            descriptor,
            condition: sound.condition.as_ref(),
            order: &query.order,
            near: sound.near.map(|near| NearCircle {
                field: near.field,
                at: near.at,
                metres: near.metres,
            }),
            words: words.as_deref(),
            buckets: self.buckets,
            after: sound.after.as_ref(),
            limit: query.limit,
            holds: &holds,
        };
        if let Some(field) = quest.unserved(self.db)? {
            return Err(query::no_index(descriptor, &field).into());
        }
        Ok(ask(&quest)?)
    }
}
