//! What the office did, listed, or looked through for entries that are not as they were written. It
//! does not know how they are bound.

use std::sync::Arc;

use outfield_core::base::context::Surroundings;
use outfield_server::tenant::Tenant;
use serde_json::{Value as Json, json};

use super::open::open_tenant;
use crate::answer::{BROKEN, CliAnswer, CliFailure};
use crate::arguments::AuditArguments;
use crate::render::{self, Glossary, table_of};

/// What is told of an entry.
const TOLD: &[&str] = &["number", "at", "by", "act", "about"];
/// What is told of one that is not right.
const WRONG: &[&str] = &["name", "code", "message"];

/// Lists what the office did, or looks whether all of it is there as it was written.
pub(crate) fn audit(
    arguments: &AuditArguments,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    let tenant = open_tenant(&arguments.place, surroundings)?;
    if arguments.verify {
        return verified(&tenant, arguments.known.as_deref());
    }
    let entries = tenant.audit()?;
    let glossary = Glossary::of(&tenant);
    let mut told = entries.clone();
    for entry in &mut told {
        entry["at"] = glossary.moment(&entry["at"]).into();
        let by = entry["by"].as_str().map(str::to_owned);
        let name = by.map(|by| glossary.title("user", &by).unwrap_or(by));
        entry["by"] = name.unwrap_or_else(|| "operator".to_owned()).into();
        entry["about"] = entry["about"].to_string().into();
    }
    let table = table_of(TOLD, &told);
    Ok(CliAnswer::listed(entries, table))
}

fn verified(tenant: &Tenant, known: Option<&str>) -> Result<CliAnswer, CliFailure> {
    let wrong = tenant.check_audit(known)?;
    if wrong.is_empty() {
        let entries = tenant.audit()?;
        let hash = entries.last().map(|last| last["hash"].clone());
        let data = json!({ "entries": entries.len(), "hash": hash });
        return Ok(CliAnswer::of(data, render::record).brief("hash"));
    }
    let message = match wrong.len() {
        1 => "one entry is not as it was written".to_owned(),
        count => format!("{count} entries are not as they were written"),
    };
    let table = table_of(WRONG, &wrong);
    let partial = Some(Box::new(CliAnswer::listed(Json::from(wrong), table)));
    Err(CliFailure {
        partial,
        ..CliFailure::new(BROKEN, "audit_broken", message, Vec::new())
    })
}
