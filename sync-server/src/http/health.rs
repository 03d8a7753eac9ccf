//! Whether the server lives, and whether it can do its work; and its figures, on a listener of
//! their own. It does not know how either is found.

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::json;

use super::readiness::Readiness;
use super::respond::{HttpError, HttpResult, json_answer};
use super::state::SharedState;
use crate::error::ServerError;
use crate::limits::SILENT_DAYS;
use crate::seen::{Sample, exposition};

/// The version that runs.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// How Prometheus knows the form of figures.
const FIGURES: &str = "text/plain; version=0.0.4; charset=utf-8";

/// It answers: it lives.
pub(super) async fn live() -> HttpResult {
    Ok(json_answer(
        &json!({ "ok": true, "data": { "version": VERSION } }),
    ))
}

/// Whether it can do its work. Anybody may ask, so that no tenant is named.
pub(super) async fn ready(State(state): State<SharedState>) -> HttpResult {
    let found = state.readiness().await?;
    if found.wrong.is_empty() {
        let mut told = json!({ "version": VERSION });
        if let Some(flows) = found.bucket {
            told["files"] = json!(if flows { "flow" } else { "wait" });
        }
        return Ok(json_answer(&json!({ "ok": true, "data": told })));
    }
    let message = format!(
        "the server cannot do its work: {}; its log says more",
        found.wrong.join(", ")
    );
    Err(HttpError(
        ServerError::overloaded(&message).coded("not_ready"),
    ))
}

/// The paths of the listener for figures.
pub(super) fn figures_router(state: SharedState) -> Router {
    Router::new()
        .route("/metrics", get(figures))
        .with_state(state)
}

async fn figures(State(state): State<SharedState>) -> HttpResult {
    let found = state.readiness().await?;
    let mut samples = state.metrics.samples();
    let version = vec![("version", VERSION.to_owned())];
    samples.push(Sample::plain("outfield_info", version, 1));
    let dropped = state.log.dropped();
    samples.push(Sample::plain(
        "outfield_log_dropped_total",
        Vec::new(),
        dropped,
    ));
    let listening = state.listening();
    samples.push(Sample::plain("outfield_listeners", Vec::new(), listening));
    of_readiness(&found, &mut samples);
    let head = [(header::CONTENT_TYPE, FIGURES)];
    Ok((head, exposition(&samples)).into_response())
}

fn of_readiness(found: &Readiness, samples: &mut Vec<Sample>) {
    let is_ready = u64::from(found.wrong.is_empty());
    samples.push(Sample::plain("outfield_ready", Vec::new(), is_ready));
    let room = found.room.unwrap_or(0);
    samples.push(Sample::plain("outfield_disk_free_bytes", Vec::new(), room));
    if let Some(bucket) = found.bucket {
        let answers = u64::from(bucket);
        samples.push(Sample::plain("outfield_bucket_ready", Vec::new(), answers));
    }
    for tenant in &found.tenants {
        let of = || ("tenant", tenant.id.to_string());
        let named = vec![of(), ("name", tenant.name.clone())];
        samples.push(Sample::plain("outfield_tenant_info", named, 1));
        let answers = u64::from(tenant.gauges.is_some());
        samples.push(Sample::plain(
            "outfield_tenant_readable",
            vec![of()],
            answers,
        ));
        let Some(gauges) = &tenant.gauges else {
            continue;
        };
        for (name, value) in [
            ("outfield_database_bytes", gauges.bytes),
            ("outfield_conflicts_open", gauges.conflicts_open),
            ("outfield_quarantined", gauges.quarantined),
            ("outfield_devices", gauges.devices),
            ("outfield_sync_lag_ticks", gauges.lag_ticks),
            ("outfield_devices_unsent", gauges.unsent),
            ("outfield_oldest_unsent_seconds", gauges.unsent_ms / 1000),
        ] {
            samples.push(Sample::plain(name, vec![of()], value));
        }
        for (days, silent) in SILENT_DAYS.iter().zip(gauges.silent) {
            let labels = vec![of(), ("days", days.to_string())];
            samples.push(Sample::plain("outfield_devices_silent", labels, silent));
        }
    }
}
