//! The server's log: one line an event, in text or in JSON, on standard error. A thread of its own
//! writes, so that a reader who does not read holds up nobody. Whatever a line says, it is one line
//! and steers no terminal. It does not know what happens.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use outfield_core::base::context::Surroundings;
use serde_json::{Map, Value as Json};

use crate::limits::LOG_LINES_MAX;
use crate::plain;

/// How long the end of a server waits for its last lines.
const LAST_LINES: Duration = Duration::from_secs(2);

/// How weighty an event is; the first is the weightiest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// The server failed.
    Error,
    /// Somebody should look at it.
    Warn,
    /// What it does, such as one line a request.
    Info,
    /// What is asked so often that nobody wants to read it.
    Debug,
}

impl LogLevel {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
        }
    }
}

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogForm {
    /// `at level event name=value …`.
    Text,
    /// One JSON object a line.
    Json,
}

/// What the thread that writes is told.
enum LogOrder {
    Write(String),
    /// All lines before it are written, once the sender is told.
    Settle(SyncSender<()>),
}

/// The log.
pub struct ServerLog {
    form: LogForm,
    level: LogLevel,
    surroundings: Arc<dyn Surroundings>,
    orders: SyncSender<LogOrder>,
    dropped: AtomicU64,
}

impl ServerLog {
    /// A log on standard error, of events at least as weighty as this.
    #[must_use]
    pub fn to_stderr(
        form: LogForm,
        level: LogLevel,
        surroundings: Arc<dyn Surroundings>,
    ) -> Arc<ServerLog> {
        let (orders, told) = sync_channel(LOG_LINES_MAX);
        std::thread::spawn(move || write_all(&told));
        Arc::new(ServerLog {
            form,
            level,
            surroundings,
            orders,
            dropped: AtomicU64::new(0),
        })
    }

    /// Begins a line; it is written when it ends with [`LogLine::write`].
    pub fn line(&self, level: LogLevel, event: &'static str) -> LogLine<'_> {
        LogLine {
            log: self,
            level,
            event,
            said: Map::new(),
        }
    }

    /// How many lines nobody took in time; they are lost.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Waits a little until all lines are written.
    pub fn settle(&self) {
        let (done, settled) = sync_channel(1);
        if self.orders.try_send(LogOrder::Settle(done)).is_ok() {
            settled.recv_timeout(LAST_LINES).ok();
        }
    }
}

/// A line that is being put together.
#[must_use = "a line is written by `write` alone"]
pub struct LogLine<'a> {
    log: &'a ServerLog,
    level: LogLevel,
    event: &'static str,
    said: Map<String, Json>,
}

impl LogLine<'_> {
    /// Says one more thing; what is null is left out.
    pub fn say(mut self, name: &str, value: impl Into<Json>) -> Self {
        let value = value.into();
        if self.level <= self.log.level && !value.is_null() {
            self.said.insert(name.to_owned(), value);
        }
        self
    }

    /// Writes the line, if it is weighty enough.
    pub fn write(self) {
        if self.level > self.log.level {
            return;
        }
        let at = self.log.surroundings.now().rfc3339();
        let line = match self.log.form {
            LogForm::Text => self.as_text(&at),
            LogForm::Json => self.as_json(&at),
        };
        match self.log.orders.try_send(LogOrder::Write(line)) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.log.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn as_text(&self, at: &str) -> String {
        let mut line = format!("{at} {} {}", self.level.name(), self.event);
        for (name, value) in &self.said {
            let word = value.as_str().filter(|text| is_word(text));
            let value = match word {
                Some(word) => word.to_owned(),
                None => plain::json(&value.to_string()).into_owned(),
            };
            // A `String` takes whatever is written to it.
            write!(line, " {name}={value}").ok();
        }
        line.push('\n');
        line
    }

    fn as_json(&self, at: &str) -> String {
        let mut line = Map::new();
        line.insert("at".to_owned(), at.into());
        line.insert("level".to_owned(), self.level.name().into());
        line.insert("event".to_owned(), self.event.into());
        line.extend(self.said.clone());
        let line = Json::Object(line).to_string();
        plain::json(&line).into_owned() + "\n"
    }
}

/// Whether a text stands for itself, without quotation marks.
fn is_word(text: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_graphic() && !['"', '=', '\\'].contains(&letter);
    !text.is_empty() && text.chars().all(is_plain)
}

fn write_all(told: &Receiver<LogOrder>) {
    let mut out = std::io::stderr();
    while let Ok(order) = told.recv() {
        // Where even standard error is closed, nobody is left to tell.
        match order {
            LogOrder::Write(line) => out.write_all(line.as_bytes()).ok(),
            LogOrder::Settle(done) => done.send(()).ok(),
        };
    }
}

#[cfg(test)]
mod tests {
    use outfield_core::base::time::Timestamp;
    use serde_json::json;

    use super::*;

    struct StoppedClock;

    impl Surroundings for StoppedClock {
        fn now(&self) -> Timestamp {
            Timestamp(1_795_941_000_000)
        }
        fn entropy(&self) -> [u8; 32] {
            [0; 32]
        }
        fn wait(&self, _: u64) {}
    }

    fn said(form: LogForm) -> String {
        let log = ServerLog::to_stderr(form, LogLevel::Error, Arc::new(StoppedClock));
        let line = log.line(LogLevel::Error, "fault");
        let line = line
            .say("cause", "a\nb\u{1b}[2J\u{202e} \"c\"")
            .say("ms", 7);
        let line = line.say("path", "/sync/v1/push").say("none", Json::Null);
        match form {
            LogForm::Text => line.as_text("T"),
            LogForm::Json => line.as_json("T"),
        }
    }

    #[test]
    fn whatever_a_line_says_it_is_one_line_and_steers_nothing() {
        let cause = r#""a\nb\u001b[2J\u202e \"c\"""#;
        assert_eq!(
            said(LogForm::Text),
            format!("T error fault cause={cause} ms=7 path=/sync/v1/push\n")
        );
        let line = said(LogForm::Json);
        assert!(line.contains(cause) && line.ends_with("}\n") && line.lines().count() == 1);
        let read: Json = serde_json::from_str(&line).expect("it is JSON");
        assert_eq!(read["cause"], json!("a\nb\u{1b}[2J\u{202e} \"c\""));
    }
}
