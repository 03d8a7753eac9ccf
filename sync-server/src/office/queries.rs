//! Answers queries of the REST API, limited to what the asker may see.
//! It does not know HTTP, nor how records are found.

use std::collections::BTreeMap;

use outfield_core::app::QueryDoor;
use outfield_core::base::context::Context;
use outfield_core::domain::query;
use outfield_core::objects::{Query, Reader, Record};
use outfield_core::store;
use serde_json::{Map, Value as Json};

use crate::error::ServerError;
use crate::people::Session;
use crate::people::scoped_reader::{ScopedReader, Sight};
use crate::tenant::Tenant;
use crate::work::execute::Seat;

impl Tenant {
    /// The answer to a query, by what the asker may see: administrators see all records, others
    /// those of their buckets. What one may not see is neither found nor counted, and no condition
    /// looks at it.
    pub fn query(&self, session: &Session, json: &str) -> Result<Json, ServerError> {
        let query = query::read(json)?;
        self.readable(session, &query.object)?;
        let _still = store::open::snapshot(&self.db)?;
        let all = self.store(&self.db);
        let scoped = ScopedReader {
            all,
            sight: Sight::Follows(&session.buckets),
        };
        if session.sees_all() {
            return self.query_by(session, &query, &all);
        }
        self.query_by(session, &query, &scoped)
    }

    /// The answer to a query of an object whose members are given apart: texts as they are, all
    /// else as JSON writes it.
    pub fn list(
        &self,
        session: &Session,
        object: &str,
        members: &BTreeMap<String, String>,
    ) -> Result<Json, ServerError> {
        let mut query = Map::new();
        for (name, said) in members {
            let value = if ["after", "object", "search"].contains(&name.as_str()) {
                Ok(Json::from(said.as_str()))
            } else {
                serde_json::from_str(said)
            };
            let value = value.map_err(|error| {
                let message = format!("`{name}` is no JSON: {error}; docs/rest.md shows some");
                ServerError::bad_input("bad_query", message).about(name)
            })?;
            query.insert(name.clone(), value);
        }
        // The path says of which object, whatever is said behind it.
        query.insert("object".to_owned(), object.into());
        self.query(session, &Json::Object(query).to_string())
    }

    /// The answer to a query of whoever runs the server, who sees all there is.
    pub fn query_of_office(&mut self, json: &str) -> Result<Json, ServerError> {
        let query = query::read(json)?;
        self.descriptor(&query.object)?;
        let context = self.context_of(Seat::Operator)?;
        let _still = store::open::snapshot(&self.db)?;
        let door = QueryDoor {
            db: &self.db,
            registry: &self.registry,
            reader: &self.store(&self.db),
            context: &context,
            buckets: None,
            may_read: &|_| true,
        };
        Ok(door.answer_to(&query, &|record: &Record| Ok(record.to_json()))?)
    }

    fn query_by(
        &self,
        session: &Session,
        query: &Query,
        reader: &dyn Reader,
    ) -> Result<Json, ServerError> {
        let identity = session.identity(self.actor, self.time_zone()?);
        let context = Context::new(self.surroundings.as_ref(), identity);
        let door = QueryDoor {
            db: &self.db,
            registry: &self.registry,
            reader,
            context: &context.ranked(session.rank.clone()),
            buckets: (!session.sees_all()).then_some(session.buckets.as_slice()),
            may_read: &|of| session.may_read(of),
        };
        let shown = |record: &Record| Ok(record.to_json());
        Ok(door.answer_to(query, &shown)?)
    }
}
