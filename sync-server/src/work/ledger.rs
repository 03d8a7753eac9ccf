//! Keeps what the ledger says: movements, holds, pots, and flags of facts that took a pot beyond
//! its bound. It does not know which movements follow from what: `domain::ledger` does.

use outfield_core::base::decimal::Decimal;
use outfield_core::base::fraction::Fraction;
use outfield_core::base::id::RecordId;
use outfield_core::base::planted::{self, Planted};
use outfield_core::domain::ledger::{HeldLine, Ledger, Movement, Posted, PotChange, post};
use outfield_core::domain::{Refusal, table};
use outfield_core::objects::{Descriptor, Phase, Pot, PotAddress, Record, Value, Values};
use outfield_core::store::{Db, StoreReader, holds, tables};
use rusqlite::params;

use super::journal::Cause;
use super::log;
use super::rows::set_row;
use crate::error::ServerError;

/// Posts what a fact says; what it breaks is flagged, for it happened all the same.
pub(crate) fn post_fact(
    store: &StoreReader<'_>,
    cause: Cause<'_>,
    descriptor: &Descriptor,
    fact: &Record,
) -> Result<(), ServerError> {
    if descriptor.posts.is_empty() {
        return Ok(());
    }
    let ledger = Ledger {
        registry: store.registry,
        reader: store,
        asker: fact.id,
        granted: &[],
    };
    let posted = post(&ledger, descriptor, fact)?;
    carry(store, cause, fact, &posted)?;
    for broken in &posted.short {
        flag(store, cause, fact, broken)?;
    }
    Ok(())
}

/// What posting a record comes to becomes true, once.
pub(crate) fn carry(
    store: &StoreReader<'_>,
    cause: Cause<'_>,
    source: &Record,
    posted: &Posted,
) -> Result<(), ServerError> {
    let db = store.db;
    let is_there = db
        .prepare_cached("SELECT 1 FROM movement WHERE source = ?1")?
        .exists([source.id.as_bytes()])?;
    if is_there {
        return Ok(());
    }
    let moment = MovedAt::now(db, cause)?;
    for (leg, movement) in posted.movements.iter().enumerate() {
        keep(db, source.id, leg, movement, moment)?;
    }
    for hold in &posted.holds {
        holds::put(db, hold)?;
    }
    for change in &posted.pots {
        move_pot(store, cause, change)?;
    }
    Ok(())
}

fn move_pot(
    store: &StoreReader<'_>,
    cause: Cause<'_>,
    change: &PotChange,
) -> Result<(), ServerError> {
    let PotAddress { object, row, path } = &change.pot;
    let Some(descriptor) = store.registry.get(object) else {
        return Err(ServerError::broken(format!(
            "there is no object `{object}`"
        )));
    };
    let before = tables::read(store.db, descriptor, *row)?;
    let falls = change.value < change.before;
    let is_lost = planted::is(Planted::ReleaseLost) && falls != change.has_floor;
    let mut values = Values::new();
    if !is_lost {
        values.insert(path.clone(), change.value.to_string().into());
    }
    if let Some(held) = &change.held {
        values.insert(held.field.clone(), held.amount.to_string().into());
    }
    if let Some(as_of) = &change.as_of {
        values.insert(as_of.clone(), Value::Int(cause.context.now.0));
    }
    set_row(store, cause, descriptor, *row, before, &values).map(drop)
}

/// When something moves: by the server's clock of accepted work, and by its own.
#[derive(Clone, Copy)]
struct MovedAt {
    tick: u64,
    ms: i64,
}

impl MovedAt {
    fn now(db: &Db, cause: Cause<'_>) -> Result<MovedAt, ServerError> {
        Ok(MovedAt {
            tick: log::tick(db)?,
            ms: cause.context.now.0,
        })
    }
}

fn keep(
    db: &Db,
    source: RecordId,
    leg: usize,
    movement: &Movement,
    moment: MovedAt,
) -> Result<(), ServerError> {
    let leg = leg.to_be_bytes();
    let id = RecordId::derived(&[
        b"movement",
        source.as_bytes(),
        movement.posting.as_bytes(),
        movement.line.as_bytes(),
        &leg,
    ]);
    let row = |pot: &Option<PotAddress>| pot.as_ref().map(|pot| pot.row.0.to_vec());
    let path = |pot: &Option<PotAddress>| pot.as_ref().map(|pot| pot.path.clone());
    let held = movement.held.as_ref();
    db.prepare_cached(
        "INSERT INTO movement (id, tick, source, posting, line, phase, from_row, from_path, to_row,
           to_path, held_for, held_by, held_line, quantity, unit, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    )?
    .execute(params![
        id.as_bytes(),
        moment.tick.cast_signed(),
        source.as_bytes(),
        movement.posting,
        movement.line,
        movement.phase as i64,
        row(&movement.from),
        path(&movement.from),
        row(&movement.to),
        path(&movement.to),
        held.map(|held: &HeldLine| held.record.0.to_vec()),
        held.map(|held| held.posting.clone()),
        held.map(|held| held.line.clone()),
        movement.quantity.to_string(),
        movement.unit,
        moment.ms
    ])?;
    Ok(())
}

/// A pot as the office wrote it: the difference is a movement to or from outside.
pub(crate) struct Adjusted<'a> {
    /// The row as it is now.
    pub row: &'a Record,
    /// The values that it had; none if it is new.
    pub before: Option<&'a Values>,
    /// The number under which the write stands in the journal.
    pub number: i64,
}

/// Keeps what the office did to pots by hand; what it took from under a hold is flagged.
pub(crate) fn adjust(
    store: &StoreReader<'_>,
    cause: Cause<'_>,
    descriptor: &Descriptor,
    adjusted: &Adjusted<'_>,
) -> Result<(), ServerError> {
    let row = adjusted.row;
    let number = adjusted.number.to_be_bytes();
    let source = RecordId::derived(&[b"adjust", row.id.as_bytes(), &number]);
    let mut leg = 0;
    for (path, field) in &descriptor.fields {
        let Some(pot) = field.pot.as_deref() else {
            continue;
        };
        let old = adjusted.before.and_then(|values| values.get(path));
        let delta = amount(row.value(path))?.minus(amount(old.unwrap_or(&Value::Null))?);
        let delta = delta.map_err(ServerError::broken)?;
        if delta.numerator() == 0 {
            continue;
        }
        let address = PotAddress {
            object: row.object.clone(),
            row: row.id,
            path: path.clone(),
        };
        // What raises a pot with a floor fills it; what raises one with a ceiling draws from it.
        let fills = delta.is_positive() == pot.floor.is_some();
        let (from, to) = if fills {
            (None, Some(address.clone()))
        } else {
            (Some(address.clone()), None)
        };
        let is_first = adjusted.before.is_none();
        let movement = Movement {
            posting: if is_first { "opening" } else { "adjust" }.to_owned(),
            line: String::new(),
            phase: Phase::Post,
            from,
            to,
            held: None,
            quantity: shown(delta.unsigned())?,
            unit: unit(row, pot),
        };
        let moment = MovedAt::now(store.db, cause)?;
        keep(store.db, source, leg, &movement, moment)?;
        leg += 1;
        if !fills {
            flag_short(store, cause, row, &address, pot)?;
        }
    }
    Ok(())
}

fn unit(row: &Record, pot: &Pot) -> String {
    let unit = pot.unit.as_deref().and_then(|field| row.text(field));
    unit.unwrap_or_default().to_owned()
}

fn amount(value: &Value) -> Result<Fraction, ServerError> {
    let text = value.text().unwrap_or("0");
    let amount: Decimal = text.parse().map_err(ServerError::broken)?;
    Ok(amount.into())
}

fn shown<E: std::fmt::Display>(amount: Result<Fraction, E>) -> Result<Decimal, ServerError> {
    let amount = amount.map_err(ServerError::broken)?;
    amount.shown(6).map_err(ServerError::broken)
}

/// Names the records for which more is held than there is.
fn flag_short(
    store: &StoreReader<'_>,
    cause: Cause<'_>,
    row: &Record,
    address: &PotAddress,
    pot: &Pot,
) -> Result<(), ServerError> {
    let value = amount(row.value(&address.path))?;
    let bound = match (&pot.floor, &pot.ceiling) {
        (Some(floor), _) => (*floor).into(),
        (None, Some(ceiling)) => amount(row.value(ceiling))?,
        (None, None) => return Ok(()),
    };
    let is_beyond = if pot.floor.is_some() {
        value < bound
    } else {
        value > bound
    };
    let held = holds::of_pot(store.db, address)?;
    if !is_beyond || held.is_empty() {
        return Ok(());
    }
    let records: Vec<String> = held.iter().map(|hold| hold.record.to_string()).collect();
    let object = row.object.replace('_', " ");
    let message = format!(
        "{} of {object} {} is {} now, and {} records hold of it; see which can wait, nothing is \
         given back by itself",
        address.path,
        row.id,
        row.text(&address.path).unwrap_or("0"),
        held.len()
    );
    let broken = Refusal::rule("reserved_short", message)
        .with(&address.path, row.text(&address.path).unwrap_or("0"))
        .with("records", records);
    flag(store, cause, row, &broken)
}

/// Something the office is to look at: nothing was refused.
pub(crate) fn flag(
    store: &StoreReader<'_>,
    cause: Cause<'_>,
    about: &Record,
    broken: &Refusal,
) -> Result<(), ServerError> {
    let write = table::flag(about, broken, cause.context);
    match store.registry.get(&write.object) {
        Some(object) => set_row(store, cause, object, write.id, None, &write.values).map(drop),
        None => Ok(()),
    }
}
