//! Figures of the server since it started, and how they are told to Prometheus. How many kinds of a
//! figure there are never depends on what a stranger sends. It does not know what is asked.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::limits::METRIC_CODES_MAX;

/// Upper bounds of the latencies that are counted, in milliseconds.
const BOUNDS_MS: [u64; 11] = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000, 30_000];
/// What stands for all codes for which there is no room.
const OTHER: &str = "other";

/// What a family of figures is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SampleKind {
    /// It only rises while the server runs.
    Counter,
    /// It is what it is now.
    Gauge,
    /// How many were at most so large.
    Histogram,
}

impl SampleKind {
    fn name(self) -> &'static str {
        match self {
            SampleKind::Counter => "counter",
            SampleKind::Gauge => "gauge",
            SampleKind::Histogram => "histogram",
        }
    }
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sample {
    /// Its family.
    pub(crate) name: &'static str,
    /// What stands behind the family's name: of histograms alone.
    pub(crate) suffix: &'static str,
    /// What tells it from others of the family, by name.
    pub(crate) labels: Vec<(&'static str, String)>,
    /// The number.
    pub(crate) value: String,
}

impl Sample {
    /// A figure of a family that is no histogram.
    pub(crate) fn plain(
        name: &'static str,
        labels: Vec<(&'static str, String)>,
        value: impl ToString,
    ) -> Sample {
        Sample {
            name,
            suffix: "",
            labels,
            value: value.to_string(),
        }
    }
}

/// Families of figures: name, kind, and what they say.
const FAMILIES: [(&str, SampleKind, &str); 23] = [
    ("outfield_info", SampleKind::Gauge, "The version that runs."),
    (
        "outfield_requests_total",
        SampleKind::Counter,
        "Requests by method, route and status.",
    ),
    (
        "outfield_request_seconds",
        SampleKind::Histogram,
        "How long requests took, by route.",
    ),
    (
        "outfield_refusals_total",
        SampleKind::Counter,
        "Requests that were refused, by code.",
    ),
    (
        "outfield_verdicts_total",
        SampleKind::Counter,
        "Verdicts on pushed entries, by ruling.",
    ),
    (
        "outfield_quarantine_total",
        SampleKind::Counter,
        "Pushed entries that were refused, by code.",
    ),
    (
        "outfield_connections",
        SampleKind::Gauge,
        "Connections that stand now.",
    ),
    (
        "outfield_connections_total",
        SampleKind::Counter,
        "Connections that were taken.",
    ),
    (
        "outfield_connections_refused_total",
        SampleKind::Counter,
        "Connections for which there was no room.",
    ),
    (
        "outfield_listeners",
        SampleKind::Gauge,
        "Devices that listen for what moves.",
    ),
    (
        "outfield_log_dropped_total",
        SampleKind::Counter,
        "Lines of the log that nobody took.",
    ),
    (
        "outfield_ready",
        SampleKind::Gauge,
        "1 where /health/ready says so.",
    ),
    (
        "outfield_disk_free_bytes",
        SampleKind::Gauge,
        "Room left for the data folder.",
    ),
    (
        "outfield_tenant_info",
        SampleKind::Gauge,
        "The tenants, with their names.",
    ),
    (
        "outfield_tenant_readable",
        SampleKind::Gauge,
        "1 where a tenant's database answers.",
    ),
    (
        "outfield_database_bytes",
        SampleKind::Gauge,
        "Bytes of a tenant's database and its log.",
    ),
    (
        "outfield_conflicts_open",
        SampleKind::Gauge,
        "Fields that two people changed, undecided.",
    ),
    (
        "outfield_quarantined",
        SampleKind::Gauge,
        "Refused entries that are kept.",
    ),
    (
        "outfield_devices",
        SampleKind::Gauge,
        "Devices whose access has not ended.",
    ),
    (
        "outfield_devices_silent",
        SampleKind::Gauge,
        "Those of them not heard of for so many days.",
    ),
    (
        "outfield_sync_lag_ticks",
        SampleKind::Gauge,
        "How far the furthest device heard of in a week was behind, in accepted entries.",
    ),
    (
        "outfield_devices_unsent",
        SampleKind::Gauge,
        "Devices that said they hold work, and have not sent it.",
    ),
    (
        "outfield_oldest_unsent_seconds",
        SampleKind::Gauge,
        "How long the longest of them has waited since it said so.",
    ),
];

/// The figures as Prometheus reads them.
pub(crate) fn exposition(samples: &[Sample]) -> String {
    let mut text = String::new();
    for (name, kind, says) in FAMILIES {
        let mut of_family = samples
            .iter()
            .filter(|sample| sample.name == name)
            .peekable();
        if of_family.peek().is_none() {
            continue;
        }
        // A `String` takes whatever is written to it.
        writeln!(text, "# HELP {name} {says}\n# TYPE {name} {}", kind.name()).ok();
        for sample in of_family {
            let mut labels = Vec::new();
            for (label, value) in &sample.labels {
                labels.push(format!("{label}=\"{}\"", label_value(value)));
            }
            let labels = match labels.as_slice() {
                [] => String::new(),
                some => format!("{{{}}}", some.join(",")),
            };
            writeln!(text, "{name}{}{labels} {}", sample.suffix, sample.value).ok();
        }
    }
    text
}

/// A text within quotation marks, which it does not end.
fn label_value(text: &str) -> String {
    crate::plain::line(text)
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
}

/// What was asked, as it is counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct RequestKind {
    method: &'static str,
    route: String,
    status: u16,
}

/// How long requests took.
#[derive(Debug, Clone, Default)]
struct Latencies {
    /// How many were at most so long, by [`BOUNDS_MS`]; each is counted once here.
    within: [u64; BOUNDS_MS.len()],
    count: u64,
    micros: u64,
}

/// What is counted while the server runs.
#[derive(Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<RequestKind, u64>>,
    latencies: Mutex<BTreeMap<String, Latencies>>,
    refusals: Mutex<BTreeMap<String, u64>>,
    verdicts: Mutex<BTreeMap<String, u64>>,
    quarantined: Mutex<BTreeMap<String, u64>>,
    open: AtomicU64,
    taken: AtomicU64,
    turned_away: AtomicU64,
}

impl Metrics {
    /// A request was answered; the route is the path's template and never the path. How long it
    /// took is left out where the client alone says how long that is.
    pub(crate) fn answered(
        &self,
        method: &'static str,
        route: &str,
        status: u16,
        took: Option<Duration>,
    ) {
        let kind = RequestKind {
            method,
            route: route.to_owned(),
            status,
        };
        *held(&self.requests).entry(kind).or_default() += 1;
        let Some(took) = took else {
            return;
        };
        let mut latencies = held(&self.latencies);
        let of_route = latencies.entry(route.to_owned()).or_default();
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(at) = BOUNDS_MS.iter().position(|bound| micros <= bound * 1000) {
            of_route.within[at] += 1;
        }
        of_route.count += 1;
        of_route.micros = of_route.micros.saturating_add(micros);
    }

    /// A request was refused.
    pub(crate) fn refused(&self, code: &str) {
        count(&self.refusals, code);
    }

    /// A verdict was given.
    pub(crate) fn ruled(&self, ruling: &str) {
        count(&self.verdicts, ruling);
    }

    /// An entry was refused.
    pub(crate) fn quarantined(&self, code: &str) {
        count(&self.quarantined, code);
    }

    /// A connection was taken; it stands until the value goes.
    pub(crate) fn connected(self: &Arc<Self>) -> StandingConnection {
        self.taken.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        StandingConnection(Arc::clone(self))
    }

    /// There was no room for a connection.
    pub(crate) fn turned_away(&self) {
        self.turned_away.fetch_add(1, Ordering::Relaxed);
    }

    /// All that was counted.
    pub(crate) fn samples(&self) -> Vec<Sample> {
        let mut samples = Vec::new();
        for (kind, count) in held(&self.requests).iter() {
            let labels = vec![
                ("method", kind.method.to_owned()),
                ("route", kind.route.clone()),
                ("status", kind.status.to_string()),
            ];
            samples.push(Sample::plain("outfield_requests_total", labels, count));
        }
        for (route, latencies) in held(&self.latencies).iter() {
            histogram(route, latencies, &mut samples);
        }
        for (name, label, counts) in [
            ("outfield_refusals_total", "code", &self.refusals),
            ("outfield_verdicts_total", "ruling", &self.verdicts),
            ("outfield_quarantine_total", "code", &self.quarantined),
        ] {
            for (value, count) in held(counts).iter() {
                samples.push(Sample::plain(name, vec![(label, value.clone())], count));
            }
        }
        for (name, figure) in [
            ("outfield_connections", &self.open),
            ("outfield_connections_total", &self.taken),
            ("outfield_connections_refused_total", &self.turned_away),
        ] {
            let value = figure.load(Ordering::Relaxed);
            samples.push(Sample::plain(name, Vec::new(), value));
        }
        samples
    }
}

/// A connection that counts until it is dropped.
pub(crate) struct StandingConnection(Arc<Metrics>);

impl Drop for StandingConnection {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

fn histogram(route: &str, latencies: &Latencies, samples: &mut Vec<Sample>) {
    let name = "outfield_request_seconds";
    let route = ("route", route.to_owned());
    let mut push = |suffix, labels, value: String| {
        samples.push(Sample {
            name,
            suffix,
            labels,
            value,
        });
    };
    let mut within = 0;
    for (bound, more) in BOUNDS_MS.iter().zip(latencies.within) {
        within += more;
        let bound = ("le", seconds(bound * 1000));
        push("_bucket", vec![route.clone(), bound], within.to_string());
    }
    let all = latencies.count.to_string();
    let unbounded = ("le", "+Inf".to_owned());
    push("_bucket", vec![route.clone(), unbounded], all.clone());
    push("_sum", vec![route.clone()], seconds(latencies.micros));
    push("_count", vec![route], all);
}

/// Microseconds as seconds.
fn seconds(micros: u64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn count(counts: &Mutex<BTreeMap<String, u64>>, code: &str) {
    let mut counts = held(counts);
    let is_room = counts.len() < METRIC_CODES_MAX || counts.contains_key(code);
    let code = if is_room { code } else { OTHER };
    *counts.entry(code.to_owned()).or_default() += 1;
}

/// What a panic left half counted is counted on.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_counted_up_to_each_bound() {
        let metrics = Metrics::default();
        for ms in [0, 5, 6, 40_000] {
            metrics.answered("GET", "/health", 200, Some(Duration::from_millis(ms)));
        }
        let text = exposition(&metrics.samples());
        for line in [
            "# TYPE outfield_request_seconds histogram",
            "outfield_request_seconds_bucket{route=\"/health\",le=\"0.005\"} 2",
            "outfield_request_seconds_bucket{route=\"/health\",le=\"30\"} 3",
            "outfield_request_seconds_bucket{route=\"/health\",le=\"+Inf\"} 4",
            "outfield_request_seconds_sum{route=\"/health\"} 40.011",
            "outfield_request_seconds_count{route=\"/health\"} 4",
        ] {
            assert!(text.lines().any(|is| is == line), "{line}\n{text}");
        }
    }

    #[test]
    fn codes_without_end_are_counted_as_others() {
        let metrics = Metrics::default();
        for number in 0..METRIC_CODES_MAX + 3 {
            metrics.refused(&format!("code {number}"));
        }
        let text = exposition(&metrics.samples());
        assert!(text.contains("outfield_refusals_total{code=\"other\"} 3\n"));
    }

    #[test]
    fn a_label_ends_where_it_is_meant_to() {
        let labels = vec![("name", "A\"} 1\n\u{1b}[2J\\".to_owned())];
        let text = exposition(&[Sample::plain("outfield_tenant_info", labels, 1)]);
        let last = text.lines().last();
        let told = "outfield_tenant_info{name=\"A\\\"} 1 \u{fffd}[2J\\\\\"} 1";
        assert_eq!(last, Some(told));
    }
}
