//! Answers the REST API: records and digests, limited to what the asker may see.
//! It does not know HTTP.

use std::sync::Arc;

use outfield_core::app::digest_json;
use outfield_core::base::context::{Context, Role};
use outfield_core::base::id::RecordId;
use outfield_core::domain::named::Inquiry;
use outfield_core::domain::rules::sell::pricing::Basket;
use outfield_core::domain::table;
use outfield_core::objects::{Descriptor, beside};
use outfield_core::store::{StoreReader, digest, members, tables};
use serde_json::Value as Json;

use super::commands::etag;
use crate::envelope;
use crate::error::ServerError;
use crate::people::Session;
use crate::people::scoped_reader::{ScopedReader, Sight};
use crate::tenant::Tenant;

/// What is said of a basket that holds more than is priced at once.
pub(crate) fn basket_too_large() -> ServerError {
    Basket::too_large().into()
}

impl Tenant {
    /// One record; one that the asker may not see is not there.
    pub fn get(&self, session: &Session, object: &str, id: &str) -> Result<Json, ServerError> {
        let descriptor = self.readable(session, object)?;
        let missing = || ServerError::not_found(format!("there is no {object} `{id}`"));
        let id: RecordId = id.parse().map_err(|_| missing())?;
        let record = tables::read(&self.db, &descriptor, id)?.ok_or_else(missing)?;
        let sees = session.sees_all() || members::is_member(&self.db, id, &session.buckets)?;
        if sees {
            Ok(record.to_json())
        } else {
            Err(missing())
        }
    }

    /// The descriptors of the objects that the asker may read, for forms and lists.
    pub fn objects(&self, session: &Session) -> Result<Vec<Json>, ServerError> {
        let readable = self.registry.all().filter(|of| session.may_read(of));
        let told = readable.map(|of| serde_json::to_value(of.as_ref()));
        told.map(|json| json.map_err(ServerError::broken)).collect()
    }

    /// The descriptor of one object that the asker may read.
    pub fn object(&self, session: &Session, object: &str) -> Result<Json, ServerError> {
        let descriptor = self.readable(session, object)?;
        serde_json::to_value(descriptor.as_ref()).map_err(ServerError::broken)
    }

    /// Answers a question by its name, by what the asker's devices hold.
    pub fn ask(&self, session: &Session, name: &str, said: &str) -> Result<Json, ServerError> {
        let reader = ScopedReader {
            all: self.store(&self.db),
            sight: Sight::Follows(&session.buckets),
        };
        let identity = session.identity(self.actor, self.time_zone()?);
        let context = Context::new(self.surroundings.as_ref(), identity);
        let inquiry = Inquiry {
            registry: &self.registry,
            reader: &reader,
            context: &context.ranked(session.rank.clone()),
            input: &table::said_with(said)?,
        };
        Ok(table::question(name)?(&inquiry)?)
    }

    /// The version of a record, as `If-Match` names it.
    pub fn version(&self, object: &str, id: &str) -> Result<String, ServerError> {
        let missing = || ServerError::not_found(format!("there is no {object} `{id}`"));
        let id: RecordId = id.parse().map_err(|_| missing())?;
        let record = tables::read(&self.db, &*self.descriptor(object)?, id)?;
        etag(&self.db, &record.ok_or_else(missing)?)
    }

    /// Prices a basket, given as JSON, by what the asker's devices hold: the same bytes, or the
    /// same refusal, as on a phone that is up to date.
    pub fn price(&self, session: &Session, basket: &str) -> Result<String, ServerError> {
        let all = StoreReader {
            db: &self.db,
            registry: &self.registry,
        };
        let reader = ScopedReader {
            all,
            sight: Sight::Follows(&session.buckets),
        };
        let zone = self.time_zone()?;
        let today = session.now.day_in(&zone);
        let priced = outfield_core::app::priced(&reader, basket, &today, &zone)?;
        Ok(envelope::done(None, &priced))
    }

    /// The digest of all that a user's devices hold: one's own, or anyone's for managers and
    /// administrators.
    pub fn digest(&self, session: &Session, user: Option<&str>) -> Result<Json, ServerError> {
        let user = match user {
            None => session.user,
            Some(name) => match self.user_named(name) {
                Ok(user) if user == session.user => user,
                found if [Role::MANAGER, Role::ADMIN].contains(&session.rank) => found?,
                Ok(_) | Err(_) => {
                    let role = session.role.name();
                    let message = format!("a {role} sees only their own digest; leave `user` out");
                    return Err(ServerError::refused("forbidden", message));
                }
            },
        };
        let buckets = self.session(user, session.device)?.buckets;
        Ok(digest_json(&digest::digest(
            &self.db,
            &self.registry,
            Some(&buckets),
        )?))
    }

    pub(super) fn readable(
        &self,
        session: &Session,
        object: &str,
    ) -> Result<Arc<Descriptor>, ServerError> {
        let descriptor = self
            .registry
            .get(object)
            .filter(|of| !beside::is_beside(&of.object) && session.may_read(of))
            .cloned();
        descriptor.ok_or_else(|| ServerError::not_found(format!("there is no object `{object}`")))
    }
}
