//! What the server refused: shown with its reason, carried out once more, or taken off the list.
//! What was refused in one group is one thing. It does not know why it was refused.

use serde_json::{Value as Json, json};

use super::{Device, FieldError, Receipt};
use crate::base::time::Timestamp;
use crate::domain::command::Command;
use crate::store;
use crate::store::attention::{self, Attention};
use crate::sync::frames::GROUP_REFUSED;

impl Device {
    /// What the server refused, with its reason and the values: nothing of it is lost. What was
    /// refused in one group is one thing, with the rest of the group in `together`.
    pub fn needs_attention(&mut self) -> Result<Receipt, FieldError> {
        let all = attention::all(&self.db)?;
        let shown: Vec<Json> = all
            .iter()
            .filter(|held| is_first(held, &all))
            .map(|held| attention_json(held, &all))
            .collect();
        Ok(Receipt::of(shown.into()))
    }

    /// Carries out once more what the server refused; it leaves the list of what needs attention
    /// with that.
    pub fn again(&mut self, number: i64) -> Result<Receipt, FieldError> {
        let held = self.held(number)?;
        let command = Command::parse(&held.command, &self.registry)?;
        self.perform(command, Some(number))
    }

    /// Takes what the server refused off the list of what needs attention; the server keeps its
    /// copy.
    pub fn dismiss(&mut self, number: i64) -> Result<Receipt, FieldError> {
        let held = self.held(number)?;
        store::open::durable(&self.db, true)?;
        attention::remove(&self.db, number)?;
        let command: serde_json::Value = serde_json::from_str(&held.command).unwrap_or_default();
        Ok(Receipt {
            id: Some(held.record.to_string()),
            data: json!({ "dismissed": number, "command": command }),
        })
    }

    fn held(&self, number: i64) -> Result<Attention, FieldError> {
        attention::all(&self.db)?
            .into_iter()
            .find(|held| held.number == number)
            .ok_or_else(|| {
                let message =
                    format!("nothing with number {number} needs attention; look at the list");
                FieldError::bad_input("not_found", message, &["number"])
            })
    }
}

/// Whether an entry stands for its group: it gave the reason for all of it.
fn is_first(held: &Attention, all: &[Attention]) -> bool {
    let is_its = |other: &&Attention| held.group.is_some() && other.group == held.group;
    let group = || all.iter().filter(is_its);
    let first = group()
        .find(|other| other.code != GROUP_REFUSED)
        .or_else(|| group().next());
    first.is_none_or(|first| first.number == held.number)
}

fn attention_json(held: &Attention, all: &[Attention]) -> Json {
    let is_with_it = |other: &&Attention| {
        held.group.is_some() && other.group == held.group && other.number != held.number
    };
    let together: Vec<Json> = all
        .iter()
        .filter(is_with_it)
        .map(|other| {
            json!({
                "number": other.number,
                "object": other.object,
                "record": other.record,
                "code": other.code,
            })
        })
        .collect();
    json!({
        "number": held.number,
        "object": held.object,
        "record": held.record,
        "code": held.code,
        "message": held.message,
        "fields": serde_json::from_str::<Json>(&held.fields).unwrap_or_default(),
        "numbers": serde_json::from_str::<Json>(&held.numbers).unwrap_or_default(),
        "command": serde_json::from_str::<Json>(&held.command).unwrap_or_default(),
        "together": together,
        "at": Timestamp(held.at).rfc3339(),
    })
}
