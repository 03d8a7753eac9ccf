//! `cargo bench-all` measures everything that `docs/performance.md` speaks of. It reads the words
//! of the command line; `outfield_tests::bench` does the rest.

use std::io::{IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use outfield_server::http::{ListenOptions, Until};
use outfield_server::seen::{LogForm, LogLevel, ServerLog};
use outfield_tests::bench::{Bench, BenchPlan, PARTS, first_sync, machine, site};

const USAGE: &str = "usage: bench-all [--quick] [--only PART]... [--json FILE] [--stores FILE] \
                     [--products FILE] [--library FILE]";

/// The words of the command line: what is measured, and where it goes as JSON.
fn read(words: Vec<String>) -> Result<(BenchPlan, Option<PathBuf>), String> {
    let (mut plan, mut json) = (BenchPlan::default(), None);
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let mut next = || {
            words
                .next()
                .ok_or_else(|| format!("{word} needs a value\n{USAGE}"))
        };
        match word.as_str() {
            "--quick" => plan.quick = true,
            "--only" => plan.only.push(part(next()?)?),
            "--json" => json = Some(PathBuf::from(next()?)),
            "--stores" => plan.stores = Some(file(next()?)?),
            "--products" => plan.products = Some(file(next()?)?),
            "--library" => plan.library = Some(file(next()?)?),
            _ => return Err(format!("`{word}` is not known\n{USAGE}")),
        }
    }
    Ok((plan, json))
}

fn part(name: String) -> Result<String, String> {
    if PARTS.iter().any(|(part, _)| *part == name) {
        return Ok(name);
    }
    let known: Vec<&str> = PARTS.iter().map(|(part, _)| *part).collect();
    Err(format!(
        "there is no part `{name}`; there are: {}",
        known.join(", ")
    ))
}

fn file(name: String) -> Result<PathBuf, String> {
    let path = PathBuf::from(&name);
    if path.is_file() {
        Ok(path)
    } else {
        Err(format!("there is no file {name}"))
    }
}

/// Shows what is being done on a terminal, on one line.
fn progress() -> Box<dyn FnMut(&str)> {
    let is_terminal = std::io::stderr().is_terminal();
    Box::new(move |what| {
        if is_terminal {
            write!(std::io::stderr(), "\r\x1b[K{what}").ok();
        }
    })
}

fn measure(words: Vec<String>) -> Result<(), String> {
    let (plan, json) = read(words)?;
    let mut bench = Bench::new(plan, progress());
    bench.run();
    let machine = machine::described();
    let mut out = std::io::stdout();
    let told = |error: std::io::Error| format!("the table cannot be printed: {error}");
    writeln!(out, "{machine}\n\n{}", bench.report.table()).map_err(told)?;
    if let Some(file) = json {
        std::fs::write(&file, format!("{:#}\n", bench.json()))
            .map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

/// The server of a benchmark: serves a folder, and says where.
fn serve(folder: &Path) -> Result<(), String> {
    let ready = |address: &str| {
        writeln!(std::io::stdout(), "{address}").ok();
    };
    let options = ListenOptions {
        files: None,
        listen: "127.0.0.1:0".to_owned(),
        tls: None,
        is_behind_proxy: false,
        metrics_listen: None,
        until: Until::Told,
    };
    let log = ServerLog::to_stderr(LogForm::Text, LogLevel::Warn, site::system());
    outfield_server::http::serve(folder, options, site::system(), &log, &ready)
        .map_err(|error| error.message)
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [site::SERVE, folder] => serve(Path::new(folder)),
        [first_sync::DEVICE, url, code, file] => {
            let said = first_sync::as_device(url, code, Path::new(file));
            writeln!(std::io::stdout(), "{said}").map_err(|error| error.to_string())
        }
        _ => measure(words),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            writeln!(std::io::stderr(), "error: {message}").ok();
            ExitCode::FAILURE
        }
    }
}
