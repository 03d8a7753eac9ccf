//! One record while it is posted: what it says, the pots that it names, the movements so far.
//! It does not know in which order its postings come, nor what is held.

use std::collections::BTreeSet;

use super::movement::{HeldLine, Movement, Posted};
use super::open_pots::OpenPots;
use super::short::{self, Draws};
use super::view::Ledger;
use crate::base::decimal::Decimal;
use crate::base::fraction::Fraction;
use crate::base::id::RecordId;
use crate::base::quantity::QUANTITY_SCALE_MAX;
use crate::domain::amounts::number;
use crate::domain::refusal::Refusal;
use crate::objects::verdict_of::value_at;
use crate::objects::{Hold, Phase, Posting, PotAddress, PotEnd, Record, Value};

/// One record while it is posted.
pub(super) struct PostingRun<'a> {
    pub(super) ledger: Ledger<'a>,
    pub(super) source: &'a Record,
    pub(super) pots: OpenPots,
    /// What is set aside for the records that the source names.
    pub(super) holds: Vec<Hold>,
    /// Positions of those that changed.
    pub(super) touched: BTreeSet<usize>,
    /// The records whose holds were read.
    pub(super) loaded: BTreeSet<RecordId>,
    pub(super) draws: Draws,
    pub(super) movements: Vec<Movement>,
}

/// One line of the source under one posting.
#[derive(Clone, Copy)]
pub(super) struct Leg<'a> {
    pub(super) name: &'a str,
    pub(super) posting: &'a Posting,
    /// The line of the source.
    pub(super) line: Option<&'a str>,
}

/// So much, from where to where, and for what it is held.
pub(super) struct Transfer {
    pub(super) phase: Phase,
    pub(super) from: Option<PotAddress>,
    pub(super) to: Option<PotAddress>,
    pub(super) held: Option<HeldLine>,
    pub(super) part: Fraction,
}

impl PostingRun<'_> {
    /// From one pot to another, or to or from outside.
    pub(super) fn transfer(&mut self, leg: Leg<'_>) -> Result<(), Refusal> {
        let quantity = self.quantity(leg)?;
        if !quantity.is_positive() {
            return Ok(());
        }
        let from = match &leg.posting.from {
            None => vec![(None, quantity)],
            Some(end) => {
                let pots = self.rows_of(leg, end)?;
                if pots.is_empty() {
                    return if_kept(leg.posting, end);
                }
                let parts = self.parts(&pots, quantity)?;
                self.draws
                    .add(&pots, quantity, leg.posting.each.as_deref())?;
                parts
                    .into_iter()
                    .map(|(pot, part)| (Some(pot), part))
                    .collect()
            }
        };
        let to = self.target(leg)?;
        for (from, part) in from {
            if let Some(pot) = &from {
                self.pots.draw(pot, part)?;
            }
            if let Some(pot) = &to {
                self.pots.fill(pot, part)?;
            }
            let transfer = Transfer {
                phase: Phase::Post,
                from,
                to: to.clone(),
                held: None,
                part,
            };
            self.moved(leg, transfer)?;
        }
        Ok(())
    }

    /// How much of each of these pots makes a quantity: the first that have room; the last has what
    /// none has room for.
    pub(super) fn parts(
        &mut self,
        pots: &[PotAddress],
        quantity: Fraction,
    ) -> Result<Vec<(PotAddress, Fraction)>, Refusal> {
        let mut left = quantity;
        let mut parts: Vec<(PotAddress, Fraction)> = Vec::new();
        for pot in pots {
            let room = self.pots.get(pot)?.room()?;
            let part = left.min(room);
            if part.is_positive() {
                left = left.minus(part)?;
                parts.push((pot.clone(), part));
            }
        }
        if left.is_positive() {
            match (parts.last_mut(), pots.first()) {
                (Some(last), _) => last.1 = last.1.plus(left)?,
                (None, Some(pot)) => parts.push((pot.clone(), left)),
                (None, None) => {}
            }
        }
        Ok(parts)
    }

    pub(super) fn target(&mut self, leg: Leg<'_>) -> Result<Option<PotAddress>, Refusal> {
        let Some(end) = &leg.posting.to else {
            return Ok(None);
        };
        match self.rows_of(leg, end)?.into_iter().next() {
            Some(pot) => Ok(Some(pot)),
            None => if_kept(leg.posting, end).map(|()| None),
        }
    }

    /// The pots that a posting names, in the order in which they are drawn from.
    pub(super) fn rows_of(
        &mut self,
        leg: Leg<'_>,
        end: &PotEnd,
    ) -> Result<Vec<PotAddress>, Refusal> {
        let mut wanted: Vec<(&str, Value)> = Vec::new();
        for (field, path) in &end.by {
            let value = value_at(self.source, path, leg.line);
            if value.is_null() {
                return Ok(Vec::new());
            }
            wanted.push((field, value.clone()));
        }
        let mut rows = self.ledger.reader.find(end.object(), &wanted)?;
        if let Some(first) = &end.first {
            rows.sort_by_key(|row| {
                let value = row.value(first);
                (value.is_null(), value.clone(), row.id)
            });
        }
        let mut pots = Vec::with_capacity(rows.len());
        for row in rows {
            let pot = PotAddress {
                object: end.object().to_owned(),
                row: row.id,
                path: end.path().to_owned(),
            };
            self.pots.open(&self.ledger, &pot, Some(row))?;
            pots.push(pot);
        }
        Ok(pots)
    }

    pub(super) fn open(&mut self, pot: &PotAddress) -> Result<(), Refusal> {
        self.pots.open(&self.ledger, pot, None).map(drop)
    }

    pub(super) fn quantity(&self, leg: Leg<'_>) -> Result<Fraction, Refusal> {
        let path = leg.posting.quantity.as_deref().unwrap_or_default();
        let value = value_at(self.source, path, leg.line);
        let quantity = number(self.source, path, value)?.unwrap_or_default();
        if quantity.is_negative() || quantity.scale() > QUANTITY_SCALE_MAX {
            let message = format!(
                "`{path}` is {quantity}; what moves is 0 or more, with at most \
                 {QUANTITY_SCALE_MAX} digits after the point"
            );
            return Err(Refusal::rule("bad_value", message).about(path));
        }
        Ok(quantity.into())
    }

    /// Notes a movement of this line of the source.
    pub(super) fn moved(&mut self, leg: Leg<'_>, transfer: Transfer) -> Result<(), Refusal> {
        let Transfer {
            phase,
            from,
            to,
            held,
            part,
        } = transfer;
        let unit = match from.as_ref().or(to.as_ref()) {
            Some(pot) => self.pots.get(pot)?.unit(),
            None => String::new(),
        };
        self.movements.push(Movement {
            posting: leg.name.to_owned(),
            line: leg.line.unwrap_or_default().to_owned(),
            phase,
            from,
            to,
            held,
            quantity: shown(part)?,
            unit,
        });
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Posted, Refusal> {
        let short = short::broken(&self.ledger, &mut self.pots, &self.draws)?;
        let holds = self.touched.iter().map(|place| self.holds[*place].clone());
        Ok(Posted {
            holds: holds.collect(),
            pots: self.pots.changes()?,
            movements: self.movements,
            short,
        })
    }
}

pub(super) fn shown(quantity: Fraction) -> Result<Decimal, Refusal> {
    Ok(quantity.shown(QUANTITY_SCALE_MAX)?)
}

/// Where there is no such pot, nothing moves or it is refused.
pub(super) fn if_kept(posting: &Posting, end: &PotEnd) -> Result<(), Refusal> {
    if posting.if_kept {
        return Ok(());
    }
    let message = format!(
        "the office keeps no {} that this could move; ask for one",
        end.object().replace('_', " ")
    );
    Err(Refusal::rule("not_kept", message).with("pot", end.pot.as_str()))
}
