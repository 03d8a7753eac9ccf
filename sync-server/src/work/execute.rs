//! Commands carried out on the server: decided as a phone decides them, then made true on the road
//! that a push takes, all in one transaction. It does not know who in the office asked, nor how.

use outfield_core::app::fact_hash;
use outfield_core::base::context::{Context, Identity, Role};
use outfield_core::base::id::{ActorId, ChangeHash, DeviceId, RecordId, UserId};
use outfield_core::base::limits::HEADS_MAX;
use outfield_core::crdt::Effort;
use outfield_core::domain::{Command, Decision, decide};
use outfield_core::objects::{Descriptor, Kind, Reader, Record, Stamp, Value, Values, Write};
use outfield_core::store::{self, Db, documents, members, numbers, tables};

use super::apply::{AdmittedChange, apply_change, apply_fact};
use super::authors;
use super::blobs;
use super::journal::Cause;
use super::judge::follow_up;
use super::log::{Placement, buckets_holding};
use super::write_row::write_row;
use crate::error::ServerError;
use crate::people::Session;
use crate::people::scoped_reader::{ScopedReader, Sight};
use crate::tenant::Tenant;
use crate::tenant::cache::DocumentCache;

/// For whom the server writes.
#[derive(Clone, Copy)]
pub(crate) enum Seat<'a> {
    /// Whoever runs the server: an administrator who is no person of the tenant.
    Operator,
    /// Someone who is in.
    Person(&'a Session),
}

impl Tenant {
    /// Carries out a command for whoever runs the server, in one durable transaction.
    pub fn execute(&mut self, command: &Command) -> Result<Decision, ServerError> {
        let context = self.context_of(Seat::Operator)?;
        let tx = store::open::begin(&self.db)?;
        let decision = self.decide_and_apply(&tx, Seat::Operator, &context, command)?;
        self.note_writes(&tx, Seat::Operator, &decision.writes)?;
        self.witness.commit(tx)?;
        Ok(decision)
    }

    /// Decides a command by what the person may see, and makes it true.
    pub(crate) fn decide_and_apply(
        &self,
        db: &Db,
        seat: Seat<'_>,
        context: &Context,
        command: &Command,
    ) -> Result<Decision, ServerError> {
        let decision = self.decide(db, seat, context, command)?;
        if let Seat::Person(session) = seat {
            blobs::check_brought(db, &self.registry, session, &decision)?;
        }
        self.apply(db, context, &decision.writes)?;
        Ok(decision)
    }

    /// What a command comes to for this person.
    pub(crate) fn decide(
        &self,
        db: &Db,
        seat: Seat<'_>,
        context: &Context,
        command: &Command,
    ) -> Result<Decision, ServerError> {
        let all = self.store(db);
        let scoped;
        let reader: &dyn Reader = match seat {
            Seat::Person(session) if !session.sees_all() => {
                scoped = ScopedReader {
                    all,
                    sight: Sight::Follows(&session.buckets),
                };
                &scoped
            }
            Seat::Person(_) | Seat::Operator => &all,
        };
        Ok(decide(command, &self.registry, reader, context)?)
    }

    /// Who writes, at this moment, on the server.
    pub(crate) fn context_of(&mut self, seat: Seat<'_>) -> Result<Context, ServerError> {
        let rank = match seat {
            Seat::Operator => Role::ADMIN,
            Seat::Person(session) => session.rank.clone(),
        };
        let identity = match seat {
            Seat::Operator => Identity {
                user: UserId::NOBODY,
                role: Role::ADMIN,
                device: DeviceId(UserId::NOBODY.0),
                actor: self.actor,
                time_zone: self.time_zone()?,
            },
            Seat::Person(session) => {
                session.identity(self.actor_of(session.user), self.time_zone()?)
            }
        };
        let context = Context::new(self.surroundings.as_ref(), identity);
        Ok(context.ranked(rank).on_server())
    }

    /// The actor under which this process writes for a person.
    fn actor_of(&mut self, user: UserId) -> ActorId {
        let drawn = self.new_actor();
        *self.person_actors.entry(user).or_insert(drawn)
    }

    /// An actor that never wrote.
    pub(crate) fn new_actor(&self) -> ActorId {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.surroundings.entropy()[..16]);
        ActorId::random(bytes)
    }

    /// Writes what nobody decides, such as what a tenant begins with, in one durable transaction.
    pub fn write(&mut self, writes: &[Write]) -> Result<(), ServerError> {
        let context = self.context_of(Seat::Operator)?;
        let tx = store::open::begin(&self.db)?;
        self.apply(&tx, &context, writes)?;
        Ok(self.witness.commit(tx)?)
    }

    /// Makes writes true within a transaction that the caller began on this tenant's file.
    pub(crate) fn apply(
        &self,
        db: &Db,
        context: &Context,
        writes: &[Write],
    ) -> Result<(), ServerError> {
        let mut writes: Vec<&Write> = writes.iter().collect();
        writes.retain(|write| write.new || !write.values.is_empty());
        for write in writes {
            let descriptor = self.descriptor(&write.object)?;
            self.check_id(db, write)?;
            let before = tables::read(db, &descriptor, write.id)?;
            if write.new {
                numbers::note(db, &descriptor, &write.values)?;
            }
            match descriptor.kind {
                Kind::Row => {
                    let why = write.verb.as_deref().unwrap_or("office");
                    let cause = Cause { context, why };
                    write_row(&self.store(db), cause, &descriptor, before, write)?;
                }
                Kind::Fact => self.write_fact(db, context, &descriptor, write)?,
                Kind::Document => {
                    self.write_document(db, context, &descriptor, before, write)?;
                }
            }
        }
        Ok(())
    }

    /// An id belongs to one record of one object.
    fn check_id(&self, db: &Db, write: &Write) -> Result<(), ServerError> {
        let held = match documents::standing(db, write.id)? {
            Some((object, _)) => Some(object),
            None => members::object_of(db, write.id)?,
        };
        match held.filter(|object| *object != write.object) {
            None => Ok(()),
            Some(other) => {
                let message = format!(
                    "{} is the id of a `{other}` already; leave the id out",
                    write.id
                );
                Err(ServerError::bad_input("id_taken", message))
            }
        }
    }

    fn write_fact(
        &self,
        db: &Db,
        context: &Context,
        descriptor: &Descriptor,
        write: &Write,
    ) -> Result<(), ServerError> {
        let store = &self.store(db);
        authors::sign(store, context)?;
        let record = Record {
            object: write.object.clone(),
            id: write.id,
            values: write.values.clone(),
            stamp: Some(Stamp::once(context.now, context.actor)),
        };
        let hash = fact_hash(record.id, &Record::canonical(&record.values));
        let placement = Placement::of(store, &record)?;
        apply_fact(store, descriptor, hash, &record, &placement)?;
        follow_up(store, context, descriptor, &record)
    }

    fn write_document(
        &self,
        db: &Db,
        context: &Context,
        descriptor: &Descriptor,
        before: Option<Record>,
        write: &Write,
    ) -> Result<(), ServerError> {
        self.write_upon(db, context, descriptor, before, write, None)
    }

    /// Writes a change of a document upon all that stands, or as someone who knows no more than
    /// these changes: what others wrote since competes with it.
    pub(crate) fn write_upon(
        &self,
        db: &Db,
        context: &Context,
        descriptor: &Descriptor,
        before: Option<Record>,
        write: &Write,
        known: Option<&[ChangeHash]>,
    ) -> Result<(), ServerError> {
        let store = &self.store(db);
        authors::sign(store, context)?;
        let open = DocumentCache::default().take(db, write.id)?;
        let is_new = open.is_none();
        let mut document = open.unwrap_or_default();
        let (actor, now) = (context.actor, context.now);
        let beside = document
            .heads()
            .iter()
            .filter(|head| !known.is_some_and(|known| known.contains(head)))
            .count();
        if known.is_some() && beside >= HEADS_MAX {
            let message = format!(
                "{beside} changes of {} compete already; decide some",
                write.id
            );
            return Err(ServerError::refused("too_many_heads", message));
        }
        let change = match known {
            Some(known) => document.write_upon(known, actor, now, &write.values)?,
            None => document.write(actor, now, &write.values)?,
        };
        let paths = write.values.keys().cloned().collect();
        let effort = &mut Effort::endless();
        let conflicts = document.conflicts(&descriptor.object, write.id, &paths, effort)?;
        let admitted = AdmittedChange {
            descriptor,
            record: write.id,
            change: &change,
            written: &write.values,
            document: &document,
            conflicts: &conflicts,
            is_new,
            was_closed: before.is_some_and(|before| descriptor.is_closed(&before.values)),
            held_in: &buckets_holding(db, write.id)?,
        };
        apply_change(store, &admitted)?;
        let written = Record {
            object: write.object.clone(),
            id: write.id,
            values: write.values.clone(),
            stamp: None,
        };
        follow_up(store, context, descriptor, &written)
    }
}

/// A new row of these values.
pub(crate) fn row(object: &str, id: RecordId, values: &[(&str, Value)]) -> Write {
    Write {
        object: object.to_owned(),
        id,
        new: true,
        values: named(values),
        verb: None,
    }
}

/// Values by their names.
pub(crate) fn named(values: &[(&str, Value)]) -> Values {
    let named = values.iter();
    named
        .map(|(path, value)| ((*path).to_owned(), value.clone()))
        .collect()
}
