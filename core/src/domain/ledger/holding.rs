//! What is set aside of pots for records: held, captured, given back, held again.
//! It does not know what a record says: `run` reads it.

use std::collections::{BTreeMap, BTreeSet};

use super::movement::{HeldLine, Movement};
use super::run::{Leg, PostingRun, Transfer, if_kept, shown};
use crate::base::decimal::Decimal;
use crate::base::fraction::Fraction;
use crate::base::id::RecordId;
use crate::domain::refusal::Refusal;
use crate::objects::verdict_of::value_at;
use crate::objects::{Hold, Phase, Posting};

impl PostingRun<'_> {
    /// What is held for a record under this posting becomes what the source says, line by line.
    pub(super) fn hold_all(
        &mut self,
        name: &str,
        posting: &Posting,
        legs: Vec<Leg<'_>>,
    ) -> Result<(), Refusal> {
        let record = self.held_for(posting)?;
        let mut wanted: BTreeMap<String, (Leg<'_>, Fraction)> = BTreeMap::new();
        for leg in legs {
            let line = self.held_line(leg);
            let quantity = self.quantity(leg)?;
            let sum = wanted.entry(line).or_insert((leg, Fraction::ZERO));
            sum.1 = sum.1.plus(quantity)?;
        }
        let mut lines: BTreeSet<String> = wanted.keys().cloned().collect();
        let of_posting = |hold: &Hold| hold.record == record && hold.posting == name;
        let held = self.holds.iter().filter(|hold| of_posting(hold));
        lines.extend(held.map(|hold| hold.line.clone()));
        let mut more = Vec::new();
        for line in lines {
            let mut standing = Fraction::ZERO;
            let mut captured = Fraction::ZERO;
            let mut places = Vec::new();
            for (place, hold) in self.holds.iter().enumerate() {
                if of_posting(hold) && hold.line == line {
                    standing = standing.plus(hold.remaining.into())?;
                    captured = captured.plus(hold.captured.into())?;
                    places.push(place);
                }
            }
            let leg = wanted.remove(&line);
            let target = match &leg {
                Some((_, quantity)) => quantity.minus(captured)?.max(Fraction::ZERO),
                None => Fraction::ZERO,
            };
            let place = HeldLine {
                record,
                posting: name.to_owned(),
                line,
            };
            if target < standing {
                self.give_back(&places, standing.minus(target)?, false)?;
            } else if let Some((leg, _)) = leg
                && target > standing
            {
                more.push((leg, place, target.minus(standing)?));
            }
        }
        for (leg, place, quantity) in more {
            self.set_aside(leg, place, quantity)?;
        }
        Ok(())
    }

    fn set_aside(
        &mut self,
        leg: Leg<'_>,
        place: HeldLine,
        quantity: Fraction,
    ) -> Result<(), Refusal> {
        let Some(end) = &leg.posting.from else {
            return Ok(());
        };
        let pots = self.rows_of(leg, end)?;
        if pots.is_empty() {
            return if_kept(leg.posting, end);
        }
        let parts = self.parts(&pots, quantity)?;
        self.draws
            .add(&pots, quantity, leg.posting.each.as_deref())?;
        for (pot, part) in parts {
            self.pots.draw(&pot, part)?;
            self.pots.hold(&pot, part)?;
            let known = self.holds.iter().position(|hold| {
                hold.pot == pot && hold.record == place.record && is_line(hold, &place)
            });
            let at = known.unwrap_or_else(|| {
                self.holds.push(Hold {
                    record: place.record,
                    posting: place.posting.clone(),
                    line: place.line.clone(),
                    pot: pot.clone(),
                    remaining: Decimal::ZERO,
                    captured: Decimal::ZERO,
                    released: Decimal::ZERO,
                });
                self.holds.len() - 1
            });
            let hold = &mut self.holds[at];
            hold.remaining = shown(Fraction::from(hold.remaining).plus(part)?)?;
            self.touched.insert(at);
            let transfer = Transfer {
                phase: Phase::Hold,
                from: Some(pot),
                to: None,
                held: Some(place.clone()),
                part,
            };
            self.moved(leg, transfer)?;
        }
        Ok(())
    }

    /// Gives back so much of these holds, the last first; `by_name` says that it can be held again.
    fn give_back(
        &mut self,
        places: &[usize],
        quantity: Fraction,
        by_name: bool,
    ) -> Result<(), Refusal> {
        let mut left = quantity;
        for place in places.iter().rev() {
            let hold = self.holds[*place].clone();
            let part = left.min(hold.remaining.into());
            if !part.is_positive() {
                continue;
            }
            left = left.minus(part)?;
            self.open(&hold.pot)?;
            self.pots.fill(&hold.pot, part)?;
            self.pots.hold(&hold.pot, Fraction::ZERO.minus(part)?)?;
            self.draws.give(&hold.pot, part)?;
            let after = &mut self.holds[*place];
            after.remaining = shown(Fraction::from(hold.remaining).minus(part)?)?;
            if by_name {
                after.released = shown(Fraction::from(hold.released).plus(part)?)?;
            }
            self.touched.insert(*place);
            self.held_moved(Phase::Release, &hold, part)?;
        }
        Ok(())
    }

    pub(super) fn release(&mut self, posting: &Posting) -> Result<(), Refusal> {
        for place in self.named(posting)? {
            let remaining = self.holds[place].remaining.into();
            self.give_back(&[place], remaining, true)?;
        }
        Ok(())
    }

    pub(super) fn resume(&mut self, posting: &Posting) -> Result<(), Refusal> {
        for place in self.named(posting)? {
            let hold = self.holds[place].clone();
            let quantity = Fraction::from(hold.released);
            if !quantity.is_positive() {
                continue;
            }
            self.open(&hold.pot)?;
            self.draws
                .add(std::slice::from_ref(&hold.pot), quantity, None)?;
            self.pots.draw(&hold.pot, quantity)?;
            self.pots.hold(&hold.pot, quantity)?;
            let after = &mut self.holds[place];
            after.remaining = shown(Fraction::from(hold.remaining).plus(quantity)?)?;
            after.released = Decimal::ZERO;
            self.touched.insert(place);
            self.held_moved(Phase::Resume, &hold, quantity)?;
        }
        Ok(())
    }

    /// Takes out of what is held; what exceeds it is drawn from the pot itself.
    pub(super) fn capture(&mut self, leg: Leg<'_>) -> Result<(), Refusal> {
        let mut left = self.quantity(leg)?;
        if !left.is_positive() {
            return Ok(());
        }
        let line = self.held_line(leg);
        let mut places = self.named(leg.posting)?;
        if leg.posting.each.is_some() {
            places.retain(|place| self.holds[*place].line == line);
        }
        let Some(first) = places.first() else {
            return match &leg.posting.from {
                _ if leg.posting.if_kept => Ok(()),
                Some(end) => if_kept(leg.posting, end),
                None => Err(nothing_held()),
            };
        };
        let of = self.holds[*first].pot.clone();
        let to = self.target(leg)?;
        for place in places {
            let hold = self.holds[place].clone();
            let part = left.min(hold.remaining.into());
            if !part.is_positive() {
                continue;
            }
            left = left.minus(part)?;
            self.open(&hold.pot)?;
            self.pots.hold(&hold.pot, Fraction::ZERO.minus(part)?)?;
            if let Some(pot) = &to {
                self.pots.fill(pot, part)?;
            }
            let after = &mut self.holds[place];
            after.remaining = shown(Fraction::from(hold.remaining).minus(part)?)?;
            after.captured = shown(Fraction::from(hold.captured).plus(part)?)?;
            self.touched.insert(place);
            let transfer = Transfer {
                phase: Phase::Capture,
                held: Some(line_of(&hold)),
                from: Some(hold.pot),
                to: to.clone(),
                part,
            };
            self.moved(leg, transfer)?;
        }
        if left.is_positive() {
            self.open(&of)?;
            self.draws
                .add(std::slice::from_ref(&of), left, leg.posting.each.as_deref())?;
            self.pots.draw(&of, left)?;
            if let Some(pot) = &to {
                self.pots.fill(pot, left)?;
            }
            let transfer = Transfer {
                phase: Phase::Post,
                from: Some(of),
                to,
                held: None,
                part: left,
            };
            self.moved(leg, transfer)?;
        }
        Ok(())
    }

    /// Where what a posting is about is held: by record and posting.
    fn named(&mut self, posting: &Posting) -> Result<Vec<usize>, Refusal> {
        let record = self.held_for(posting)?;
        let is_it = |hold: &Hold| {
            let by = posting.held_by.as_ref();
            hold.record == record && by.is_none_or(|by| *by == hold.posting)
        };
        let places = (0..self.holds.len()).filter(|place| is_it(&self.holds[*place]));
        Ok(places.collect())
    }

    /// The record that is held for; what is set aside for it is read once.
    fn held_for(&mut self, posting: &Posting) -> Result<RecordId, Refusal> {
        let field = posting.held_for.as_deref().unwrap_or_default();
        let record = self.source.reference(field).ok_or_else(nothing_held)?;
        if self.loaded.insert(record) {
            self.holds.extend(self.ledger.reader.set_aside(record)?);
            let granted = self.ledger.granted.iter();
            self.holds
                .extend(granted.filter(|hold| hold.record == record).cloned());
        }
        Ok(record)
    }

    fn held_line(&self, leg: Leg<'_>) -> String {
        let line = leg.posting.line.as_deref();
        let named = line.and_then(|path| value_at(self.source, path, leg.line).text());
        named.or(leg.line).unwrap_or_default().to_owned()
    }

    fn held_moved(&mut self, phase: Phase, hold: &Hold, part: Fraction) -> Result<(), Refusal> {
        let unit = self.pots.get(&hold.pot)?.unit();
        self.movements.push(Movement {
            posting: hold.posting.clone(),
            line: hold.line.clone(),
            phase,
            from: Some(hold.pot.clone()),
            to: None,
            held: Some(line_of(hold)),
            quantity: shown(part)?,
            unit,
        });
        Ok(())
    }
}

fn is_line(hold: &Hold, place: &HeldLine) -> bool {
    hold.posting == place.posting && hold.line == place.line
}

fn line_of(hold: &Hold) -> HeldLine {
    HeldLine {
        record: hold.record,
        posting: hold.posting.clone(),
        line: hold.line.clone(),
    }
}

fn nothing_held() -> Refusal {
    let message = "nothing is held for what this takes; look at what it names";
    Refusal::rule("not_kept", message)
}
