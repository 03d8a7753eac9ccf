//! Which bounds a posting breaks, and what is said then: what was wanted of the pots that it may
//! draw from, and the room that they had. It does not know what follows.

use std::collections::BTreeSet;

use super::open_pots::{OpenPot, OpenPots};
use super::view::Ledger;
use crate::base::currency::Currency;
use crate::base::fraction::{Fraction, FractionError};
use crate::base::money::Money;
use crate::base::quantity::QUANTITY_SCALE_MAX;
use crate::domain::refusal::Refusal;
use crate::objects::{PotAddress, Record, Value};

/// What is drawn, by the pots that it may be drawn from.
#[derive(Default)]
pub(super) struct Draws {
    draws: Vec<Draw>,
    given: Vec<(PotAddress, Fraction)>,
}

struct Draw {
    pots: Vec<PotAddress>,
    quantity: Fraction,
    /// The lines of the source that it is about.
    lines: Option<String>,
}

impl Draws {
    pub(super) fn add(
        &mut self,
        pots: &[PotAddress],
        quantity: Fraction,
        lines: Option<&str>,
    ) -> Result<(), FractionError> {
        let known = self.draws.iter_mut().find(|draw| draw.pots == pots);
        match known {
            Some(draw) => draw.quantity = draw.quantity.plus(quantity)?,
            None => self.draws.push(Draw {
                pots: pots.to_vec(),
                quantity,
                lines: lines.map(str::to_owned),
            }),
        }
        Ok(())
    }

    pub(super) fn give(
        &mut self,
        pot: &PotAddress,
        quantity: Fraction,
    ) -> Result<(), FractionError> {
        match self.given.iter_mut().find(|(known, _)| known == pot) {
            Some((_, given)) => *given = given.plus(quantity)?,
            None => self.given.push((pot.clone(), quantity)),
        }
        Ok(())
    }
}

/// One refusal for each set of pots of which more is drawn than they have room for.
pub(super) fn broken(
    ledger: &Ledger<'_>,
    pots: &mut OpenPots,
    draws: &Draws,
) -> Result<Vec<Refusal>, Refusal> {
    let mut said: BTreeSet<PotAddress> = BTreeSet::new();
    let mut refusals = Vec::new();
    let mut beyond = Vec::new();
    for (address, open) in pots.all() {
        if open.is_broken()? {
            beyond.push(address.clone());
        }
    }
    for address in beyond {
        if said.contains(&address) {
            continue;
        }
        let mut together = BTreeSet::from([address.clone()]);
        let mut wanted = Fraction::ZERO;
        let mut lines = None;
        for draw in draws
            .draws
            .iter()
            .filter(|draw| draw.pots.contains(&address))
        {
            together.extend(draw.pots.iter().cloned());
            wanted = wanted.plus(draw.quantity)?;
            lines = lines.or(draw.lines.as_deref());
        }
        for (pot, quantity) in &draws.given {
            if together.contains(pot) {
                wanted = wanted.minus(*quantity)?;
            }
        }
        said.extend(together.iter().cloned());
        let refusal = refusal(ledger, pots, &address, &together, wanted)?;
        refusals.push(match lines {
            Some(lines) => refusal.about(lines),
            None => refusal,
        });
    }
    Ok(refusals)
}

fn refusal(
    ledger: &Ledger<'_>,
    pots: &mut OpenPots,
    address: &PotAddress,
    together: &BTreeSet<PotAddress>,
    wanted: Fraction,
) -> Result<Refusal, Refusal> {
    let mut room = Fraction::ZERO;
    let (mut held, mut waiting, mut value) = (Fraction::ZERO, Fraction::ZERO, Fraction::ZERO);
    for pot in together {
        let open = pots.get(pot)?;
        room = room.plus(open.start_room()?)?;
        held = held.plus(open.start_held)?;
        waiting = waiting.plus(open.waiting)?;
        value = value.plus(open.start)?;
    }
    let open = pots.get(address)?;
    let mut refusal = Refusal::rule(&open.pot.short, "");
    let amounts = [
        ("wanted", wanted),
        ("room", room),
        ("over", wanted.minus(room)?),
        ("held", held),
        ("waiting", waiting),
        (address.path.as_str(), value),
    ];
    for (name, amount) in amounts {
        refusal = refusal.with(name, told(amount, open)?);
    }
    if let Some(ceiling) = &open.pot.ceiling {
        refusal = refusal.with(ceiling, told(open.bound, open)?);
    }
    for field in open.descriptor.unique.iter().flatten() {
        if let Some(name) = named(ledger, open, field)? {
            refusal = refusal.with(field, name.to_json());
        }
    }
    refusal.message = filled(&open.pot.say, &refusal);
    Ok(refusal)
}

/// An amount as people read it: with the digits of its currency, if it has one.
fn told(amount: Fraction, open: &OpenPot) -> Result<String, Refusal> {
    match Currency::named(&open.unit()) {
        Ok(currency) => Ok(Money::rounded(amount, currency)?.to_string()),
        Err(_) => Ok(amount.shown(QUANTITY_SCALE_MAX)?.to_string()),
    }
}

/// What a field of a pot's row says, a record by its name.
fn named(ledger: &Ledger<'_>, open: &OpenPot, field: &str) -> Result<Option<Value>, Refusal> {
    let value = open.row.value(field);
    if value.is_null() {
        return Ok(None);
    }
    let of = open.descriptor.fields.get(field);
    let of = of.and_then(|field| field.of.as_deref());
    let (Some(object), Some(id)) = (of, open.row.reference(field)) else {
        return Ok(Some(value.clone()));
    };
    let record = ledger.reader.record(object, id)?;
    let name = record.and_then(|record| name_of(ledger, &record));
    Ok(Some(name.map_or_else(|| value.clone(), Value::from)))
}

/// What people call a record.
fn name_of(ledger: &Ledger<'_>, record: &Record) -> Option<String> {
    let descriptor = ledger.registry.get(&record.object)?;
    descriptor.title(record).map(str::to_owned)
}

/// A text in which `{name}` stands for a number of the refusal.
fn filled(say: &str, refusal: &Refusal) -> String {
    let mut text = say.to_owned();
    for (name, number) in &refusal.numbers {
        let shown = number
            .as_str()
            .map_or_else(|| number.to_string(), str::to_owned);
        text = text.replace(&format!("{{{name}}}"), &shown);
    }
    text
}
