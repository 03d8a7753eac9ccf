//! Whether the ledger holds: each pot is what its movements come to, what is held of it is what is
//! set aside, and every verdict that posts has posted. It changes nothing.

use std::collections::BTreeMap;

use outfield_core::base::decimal::Decimal;
use outfield_core::base::fraction::{Fraction, FractionError};
use outfield_core::base::id::RecordId;
use outfield_core::objects::{Descriptor, Phase, Pot, PotAddress, Record};
use outfield_core::store::{holds, tables};
use serde_json::{Value as Json, json};

use crate::error::ServerError;
use crate::tenant::Tenant;

/// What movements come to in one pot.
#[derive(Clone, Copy)]
struct Sums {
    /// Drawn, less filled.
    drawn: Fraction,
    held: Fraction,
}

/// What one movement does to the pot at its one end, and to what is held of it.
struct Effect {
    pot: PotAddress,
    drawn: Fraction,
    held: Fraction,
}

impl Tenant {
    /// Every pot that is not what its movements say: object, id, code, what is wrong, fields.
    pub fn check_ledger(&self) -> Result<Vec<Json>, ServerError> {
        let sums = self.sums()?;
        let mut wrong = Vec::new();
        for descriptor in self.registry.kept() {
            let pots = descriptor.fields.iter();
            let pots = pots.filter_map(|(path, field)| Some((path, field.pot.as_deref()?)));
            let pots: Vec<(&String, &Pot)> = pots.collect();
            if pots.is_empty() {
                continue;
            }
            for id in tables::ids(&self.db, descriptor)? {
                let Some(row) = tables::read(&self.db, descriptor, id)? else {
                    continue;
                };
                for (path, pot) in &pots {
                    let address = PotAddress {
                        object: String::new(),
                        row: id,
                        path: (*path).clone(),
                    };
                    let sum = sums.get(&address).copied().unwrap_or(NOTHING);
                    self.check_pot(descriptor, &row, path, pot, sum, &mut wrong)?;
                }
            }
        }
        Ok(wrong)
    }

    fn check_pot(
        &self,
        descriptor: &Descriptor,
        row: &Record,
        path: &str,
        pot: &Pot,
        sum: Sums,
        wrong: &mut Vec<Json>,
    ) -> Result<(), ServerError> {
        let of_movements = if pot.floor.is_some() {
            Fraction::ZERO
                .minus(sum.drawn)
                .map_err(ServerError::broken)?
        } else {
            sum.drawn
        };
        let mut say = |field: &str, is: Fraction, should: Fraction, what: &str| {
            let shown = |number: Fraction| {
                let shown = number.shown(6);
                shown.map_or_else(|error| error.to_string(), |shown| shown.to_string())
            };
            let (is, should) = (shown(is), shown(should));
            let message = format!("`{field}` is {is}, and {what} come to {should}");
            wrong.push(json!({
                "object": descriptor.object,
                "id": row.id,
                "name": row.text("name"),
                "code": "ledger_differs",
                "message": message,
                "fields": [field],
            }));
        };
        let value = amount(row, path)?;
        if value != of_movements {
            say(path, value, of_movements, "its movements");
        }
        let Some(field) = &pot.held else {
            return Ok(());
        };
        let address = PotAddress {
            object: descriptor.object.clone(),
            row: row.id,
            path: path.to_owned(),
        };
        let mut remaining = Fraction::ZERO;
        for hold in holds::of_pot(&self.db, &address)? {
            remaining = remaining
                .plus(hold.remaining.into())
                .map_err(ServerError::broken)?;
        }
        let held = amount(row, field)?;
        if held != sum.held {
            say(field, held, sum.held, "its movements");
        }
        if held != remaining {
            say(field, held, remaining, "what records hold");
        }
        Ok(())
    }

    /// What all movements come to, pot by pot.
    fn sums(&self) -> Result<BTreeMap<PotAddress, Sums>, ServerError> {
        let mut statement = self.db.prepare(
            "SELECT phase, from_row, from_path, to_row, to_path, quantity FROM movement",
        )?;
        let mut rows = statement.query([])?;
        let mut sums: BTreeMap<PotAddress, Sums> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let pot = |at: usize| -> Result<Option<PotAddress>, ServerError> {
                let id: Option<Vec<u8>> = row.get(at)?;
                let Some(id) = id else { return Ok(None) };
                Ok(Some(PotAddress {
                    object: String::new(),
                    row: RecordId::from_slice(&id).map_err(ServerError::broken)?,
                    path: row.get(at + 1)?,
                }))
            };
            let quantity: String = row.get(5)?;
            let quantity: Decimal = quantity.parse().map_err(ServerError::broken)?;
            let number = row.get(0)?;
            let phase = Phase::numbered(number)
                .ok_or_else(|| ServerError::broken(format!("a movement has phase {number}")))?;
            let effects = effects(phase, pot(1)?, pot(3)?, quantity.into());
            for effect in effects.map_err(ServerError::broken)? {
                let sum = sums.entry(effect.pot).or_insert(NOTHING);
                sum.drawn = sum.drawn.plus(effect.drawn).map_err(ServerError::broken)?;
                sum.held = sum.held.plus(effect.held).map_err(ServerError::broken)?;
            }
        }
        Ok(sums)
    }
}

const NOTHING: Sums = Sums {
    drawn: Fraction::ZERO,
    held: Fraction::ZERO,
};

/// What a movement does at both its ends: post draws and fills, hold and resume draw and set aside,
/// capture takes out of what is set aside and fills the other end, release puts back.
fn effects(
    phase: Phase,
    from: Option<PotAddress>,
    to: Option<PotAddress>,
    quantity: Fraction,
) -> Result<Vec<Effect>, FractionError> {
    let less = Fraction::ZERO.minus(quantity)?;
    let (drawn, held) = match phase {
        Phase::Post => (quantity, Fraction::ZERO),
        Phase::Hold | Phase::Resume => (quantity, quantity),
        Phase::Capture => (Fraction::ZERO, less),
        Phase::Release => (less, less),
    };
    let mut effects = Vec::new();
    effects.extend(from.map(|pot| Effect { pot, drawn, held }));
    effects.extend(to.map(|pot| Effect {
        pot,
        drawn: less,
        held: Fraction::ZERO,
    }));
    Ok(effects)
}

fn amount(row: &Record, field: &str) -> Result<Fraction, ServerError> {
    let text = row.text(field).unwrap_or("0");
    let amount: Decimal = text.parse().map_err(ServerError::broken)?;
    Ok(amount.into())
}
