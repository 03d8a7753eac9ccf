//! What this device asks of the server: noted with the work that asks it, in its transaction, and
//! let go when the answer is here and all is verified. It does not know what is asked.

use super::FieldError;
use crate::base::context::Context;
use crate::base::id::RecordId;
use crate::domain::rights::Decider;
use crate::domain::verdict::{self, VerdictKind};
use crate::domain::{AskedVerdict, RefusalKind};
use crate::objects::ask::OpenAsk;
use crate::objects::{Record, Registry};
use crate::store::{Db, StoreReader, asks, tables};

/// Notes what a decision asks.
pub(super) fn note(db: &Db, context: &Context, asked: &[AskedVerdict]) -> Result<(), FieldError> {
    for asked in asked {
        let ask = OpenAsk {
            verdict: asked.verdict.clone(),
            object: asked.object.clone(),
            record: asked.record,
            since: context.now,
        };
        asks::note(db, &ask)?;
        for change in &asked.pending {
            asks::note_pending(db, &ask, &change.pot, change.delta)?;
        }
    }
    Ok(())
}

/// Looks again at what a document asked, after it or the answer changed.
pub(super) fn review(
    db: &Db,
    registry: &Registry,
    context: &Context,
    record: RecordId,
) -> Result<(), FieldError> {
    for ask in asks::of_record(db, record)? {
        review_one(db, registry, context, &ask)?;
    }
    Ok(())
}

/// Makes anew by how much pots would move, of all that is asked.
pub(super) fn review_all(
    db: &Db,
    registry: &Registry,
    context: &Context,
) -> Result<(), FieldError> {
    for ask in asks::open(db)? {
        review_one(db, registry, context, &ask)?;
    }
    Ok(())
}

fn review_one(
    db: &Db,
    registry: &Registry,
    context: &Context,
    ask: &OpenAsk,
) -> Result<(), FieldError> {
    let descriptor = registry.get(&ask.object);
    let document = match descriptor {
        Some(descriptor) => tables::read(db, descriptor, ask.record)?,
        None => None,
    };
    let kind = verdict::kinds(registry, &ask.object)
        .into_iter()
        .find(|kind| kind.descriptor.object == ask.verdict);
    let (Some(document), Some(kind)) = (document, kind) else {
        return Ok(asks::forget(db, ask.record, &ask.verdict)?);
    };
    if !kind.of.is_asked(&document) {
        return Ok(asks::forget(db, ask.record, &ask.verdict)?);
    }
    let reader = StoreReader { db, registry };
    if verdict::is_answered(&reader, kind, &document)? {
        return Ok(asks::answered(db, ask.record, &ask.verdict)?);
    }
    let decider = Decider {
        registry,
        reader: &reader,
        context,
    };
    note_anew(db, context, &decider, kind, &document)
}

/// What would be refused by what is known now moves nothing, but waits all the same.
fn note_anew(
    db: &Db,
    context: &Context,
    decider: &Decider<'_>,
    kind: VerdictKind<'_>,
    document: &Record,
) -> Result<(), FieldError> {
    let asked = match verdict::review(decider, kind, document) {
        Ok(asked) => asked,
        Err(refusal) if refusal.kind == RefusalKind::Broken => return Err(refusal.into()),
        Err(_) => AskedVerdict {
            verdict: kind.descriptor.object.clone(),
            object: document.object.clone(),
            record: document.id,
            pending: Vec::new(),
        },
    };
    note(db, context, &[asked])
}
