//! Backups of the data folder, and putting one back. It does not know how they are kept.

use std::sync::Arc;

use outfield_core::base::context::Surroundings;
use outfield_server::backup::{self, BackupReport, BackupTerms, RestoreReport, RestoreTerms};
use serde::Serialize;
use serde_json::Value as Json;

use crate::answer::{CliAnswer, CliFailure};
use crate::arguments::{BackupArguments, RestoreArguments};
use crate::office::open::open_folder;
use crate::render;

/// Takes a backup.
pub(crate) fn back_up(
    arguments: &BackupArguments,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    // A misspelt folder is no empty one.
    drop(open_folder(&arguments.data, Arc::clone(&surroundings))?);
    let terms = BackupTerms {
        data: &arguments.data,
        to: &arguments.to,
        keep: arguments.keep,
        without_bucket: arguments.without_bucket,
    };
    let report: BackupReport = backup::back_up(terms, &surroundings)?;
    Ok(CliAnswer::about(&report.generation, json(&report)?, taken))
}

/// Puts a backup back.
pub(crate) fn restore(
    arguments: &RestoreArguments,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    let terms = RestoreTerms {
        from: &arguments.from,
        at: arguments.at.as_deref(),
        data: &arguments.data,
        replace: arguments.replace,
    };
    let report: RestoreReport = backup::restore(terms, &surroundings)?;
    Ok(CliAnswer::about(
        &report.generation,
        json(&report)?,
        put_back,
    ))
}

fn json(report: &impl Serialize) -> Result<Json, CliFailure> {
    serde_json::to_value(report).map_err(CliFailure::broken)
}

fn taken(data: &Json) -> Vec<String> {
    let said = |member: &str| render::text(&data[member]);
    let mut lines = vec![
        format!(
            "databases: {} bytes, {} written",
            said("bytes"),
            said("written")
        ),
        format!("files: {}, {} copied", said("blobs"), said("blobs_copied")),
    ];
    if data["blobs_missing"] != 0 {
        lines.push(format!(
            "files that the bucket has not: {}; `outfield check` names them",
            said("blobs_missing")
        ));
    }
    lines.extend(tenants(data));
    for removed in data["removed"].as_array().into_iter().flatten() {
        lines.push(format!("removed: {}", render::text(removed)));
    }
    lines
}

fn put_back(data: &Json) -> Vec<String> {
    let said = |member: &str| render::text(&data[member]);
    let mut lines = vec![
        format!("databases: {} bytes", said("bytes")),
        format!("files: {}", said("blobs")),
    ];
    lines.extend(tenants(data));
    if !data["aside"].is_null() {
        lines.push(format!("what was there: {}", said("aside")));
    }
    lines
}

fn tenants(data: &Json) -> Vec<String> {
    let line = |tenant: &Json| {
        let said = |member: &str| render::text(&tenant[member]);
        format!(
            "{}: epoch {}, tick {}",
            said("name"),
            said("epoch"),
            said("tick")
        )
    };
    data["tenants"]
        .as_array()
        .into_iter()
        .flatten()
        .map(line)
        .collect()
}
