//! Pots while a record is posted: read once, moved in memory, and what room they have.
//! It does not know why they move.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::movement::{HeldAmount, PotChange};
use super::view::Ledger;
use crate::base::fraction::{Fraction, FractionError};
use crate::base::quantity::QUANTITY_SCALE_MAX;
use crate::domain::amounts::counted;
use crate::domain::refusal::Refusal;
use crate::objects::{Descriptor, Pot, PotAddress, Record};

/// One pot.
pub(super) struct OpenPot {
    pub descriptor: Arc<Descriptor>,
    pub row: Record,
    pub pot: Pot,
    /// What stood in it.
    pub start: Fraction,
    pub value: Fraction,
    pub start_held: Fraction,
    pub held: Fraction,
    /// By how much work without an answer will take it nearer to its bound.
    pub waiting: Fraction,
    /// The floor, or what the ceiling is.
    pub bound: Fraction,
}

/// The pots that were looked at, by their addresses.
#[derive(Default)]
pub(super) struct OpenPots {
    pots: BTreeMap<PotAddress, OpenPot>,
}

impl OpenPot {
    /// A draw of so much, or if it is below 0 a fill.
    fn draw(&mut self, quantity: Fraction) -> Result<(), FractionError> {
        self.value = if self.pot.floor.is_some() {
            self.value.minus(quantity)?
        } else {
            self.value.plus(quantity)?
        };
        Ok(())
    }

    /// What may still be drawn.
    pub(super) fn room(&self) -> Result<Fraction, FractionError> {
        self.room_at(self.value)
    }

    /// What could be drawn before anything moved.
    pub(super) fn start_room(&self) -> Result<Fraction, FractionError> {
        self.room_at(self.start)
    }

    fn room_at(&self, value: Fraction) -> Result<Fraction, FractionError> {
        let room = if self.pot.floor.is_some() {
            value.minus(self.bound)?
        } else {
            self.bound.minus(value)?
        };
        room.minus(self.waiting)
    }

    /// Whether it is beyond its bound, and further than it was.
    pub(super) fn is_broken(&self) -> Result<bool, FractionError> {
        let (room, before) = (self.room()?, self.start_room()?);
        Ok(room < Fraction::ZERO && room < before)
    }

    /// Of what it is: a currency, or the id of a product.
    pub(super) fn unit(&self) -> String {
        let unit = self.pot.unit.as_deref();
        let unit = unit.and_then(|field| self.row.text(field));
        unit.unwrap_or_default().to_owned()
    }
}

impl OpenPots {
    /// A pot by its address, read if it was not.
    pub(super) fn open(
        &mut self,
        ledger: &Ledger<'_>,
        address: &PotAddress,
        row: Option<Record>,
    ) -> Result<&mut OpenPot, Refusal> {
        if !self.pots.contains_key(address) {
            let pot = read(ledger, address, row)?;
            self.pots.insert(address.clone(), pot);
        }
        self.pots.get_mut(address).ok_or_else(|| missing(address))
    }

    /// A pot that was opened.
    pub(super) fn get(&mut self, address: &PotAddress) -> Result<&mut OpenPot, Refusal> {
        self.pots.get_mut(address).ok_or_else(|| missing(address))
    }

    /// All that were opened.
    pub(super) fn all(&self) -> impl Iterator<Item = (&PotAddress, &OpenPot)> {
        self.pots.iter()
    }

    pub(super) fn draw(&mut self, pot: &PotAddress, quantity: Fraction) -> Result<(), Refusal> {
        Ok(self.get(pot)?.draw(quantity)?)
    }

    pub(super) fn fill(&mut self, pot: &PotAddress, quantity: Fraction) -> Result<(), Refusal> {
        self.draw(pot, Fraction::ZERO.minus(quantity)?)
    }

    /// Sets aside so much more, or if it is below 0 less.
    pub(super) fn hold(&mut self, pot: &PotAddress, quantity: Fraction) -> Result<(), Refusal> {
        let open = self.get(pot)?;
        open.held = open.held.plus(quantity)?;
        Ok(())
    }

    /// Those that moved, as they are afterwards.
    pub(super) fn changes(&self) -> Result<Vec<PotChange>, Refusal> {
        let mut changes = Vec::new();
        for (address, open) in &self.pots {
            if open.value == open.start && open.held == open.start_held {
                continue;
            }
            let held = match &open.pot.held {
                Some(field) => Some(HeldAmount {
                    field: field.clone(),
                    amount: open.held.shown(QUANTITY_SCALE_MAX)?,
                }),
                None => None,
            };
            changes.push(PotChange {
                pot: address.clone(),
                before: open.start.shown(QUANTITY_SCALE_MAX)?,
                value: open.value.shown(QUANTITY_SCALE_MAX)?,
                held,
                as_of: open.pot.as_of.clone(),
                has_floor: open.pot.floor.is_some(),
            });
        }
        Ok(changes)
    }
}

fn read(
    ledger: &Ledger<'_>,
    address: &PotAddress,
    row: Option<Record>,
) -> Result<OpenPot, Refusal> {
    let row = match row {
        Some(row) => Some(row),
        None => ledger.reader.record(&address.object, address.row)?,
    };
    let descriptor = ledger.registry.get(&address.object);
    let (Some(row), Some(descriptor)) = (row, descriptor) else {
        return Err(missing(address));
    };
    let field = descriptor.fields.get(&address.path);
    let Some(pot) = field.and_then(|field| field.pot.as_deref()) else {
        return Err(missing(address));
    };
    let bound = match (&pot.floor, &pot.ceiling) {
        (Some(floor), _) => Fraction::from(*floor),
        (None, Some(field)) => counted(&row, field)?,
        (None, None) => Fraction::ZERO,
    };
    let mut waiting = Fraction::ZERO;
    for delta in ledger.reader.pending(address, ledger.asker)? {
        let drawn = match pot.floor {
            Some(_) => Fraction::ZERO.minus(delta.into())?,
            None => delta.into(),
        };
        // What is given back may be refused: only what is drawn counts before the answer is here.
        if drawn.is_positive() {
            waiting = waiting.plus(drawn)?;
        }
    }
    let start = counted(&row, &address.path)?;
    let start_held = match &pot.held {
        Some(field) => counted(&row, field)?,
        None => Fraction::ZERO,
    };
    Ok(OpenPot {
        descriptor: Arc::clone(descriptor),
        pot: pot.clone(),
        row,
        start,
        value: start,
        start_held,
        held: start_held,
        waiting,
        bound,
    })
}

/// The refusal of a movement of what is not kept.
pub(super) fn missing(address: &PotAddress) -> Refusal {
    let PotAddress { object, row, path } = address;
    let message = format!("there is no `{path}` of {object} {row}; ask the office to keep one");
    Refusal::rule("not_kept", message).with("pot", format!("{object}/{path}"))
}
