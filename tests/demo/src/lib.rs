//! A day of three reps, most of it without a network, lived by processes of their own, and the
//! proof that nothing of it was lost. It knows the commands of the binary alone: rules, merge and
//! sync happen in the processes that it starts.

mod cast;
mod claims;
mod command;
mod day;
mod digests;
mod dispute;
mod evening;
mod exact;
mod figures;
mod forge;
mod home;
mod ledger;
mod line;
mod office;
mod page;
mod processes;
mod proof;
mod road;
mod sales;
mod stage;
mod tally;
mod terminal;
mod trouble;
mod visit;

use std::cell::Cell;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use outfield_core::domain;
use outfield_core::objects::FieldKind;
use serde_json::{Value as Json, json};

pub use command::main;
pub use forge::Defect;
pub use page::Teller;

use cast::Cast;
use claims::{Case, Claim, Phone};
use evening::Seen;
use office::Opened;
use outfield_server::error::ServerError;
use page::Page;
use proof::{Replica, YesNo};
use stage::{Rep, Stage};

/// What the demo is to do.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The binary `outfield`.
    pub program: PathBuf,
    /// Stores to import; the sample if none.
    pub stores: Option<PathBuf>,
    /// Products to import; the sample if none.
    pub products: Option<PathBuf>,
    /// Whether to end everything after the proof.
    pub exit: bool,
    /// Chooses stores, numbers, and the bytes at which connections break.
    pub seed: u64,
    /// What to spoil before the proof, to see it fail: one proof each, on copies of the files.
    pub defects: Vec<Defect>,
}

/// What the demo came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The claims and the numbers, as JSON.
    pub data: Json,
    /// Why not everything is proven; none if it is.
    pub unproven: Option<String>,
}

/// Lives the day and proves the claims, telling the story line by line. An error is a step that was
/// not as told.
pub fn run(options: &Options, teller: &dyn Teller) -> Result<Outcome, ServerError> {
    let began = Instant::now();
    let mut stage = Stage::set(Page::new(teller), options)?;
    stage.page.line(&format!(
        "Outfield demo, seed {}, in {}",
        options.seed,
        stage.folder().display()
    ));
    let opened = office::open(&stage, options)?;
    let mut cast = home::begin(&mut stage, &opened)?;
    road::morning(&mut stage, &mut cast)?;
    road::noon(&mut stage, &mut cast)?;
    road::afternoon(&mut stage, &mut cast)?;
    let seen = evening::reunite(&mut stage, &cast)?;
    let mut claims = Vec::new();
    for defect in &options.defects {
        let (db, mut seen) = (cast.ben.db.clone(), seen.clone());
        cast.ben.db = forge::forge(&cast, &mut seen, *defect)?;
        let figures = figures::ask(&stage, &cast, &opened)?;
        stage.page.heading(&format!(
            "The proof, where a file is spoiled: {}",
            defect.name()
        ));
        claims.extend(prove(&stage, &cast, (seen, &figures))?);
        cast.ben.db = db;
    }
    let figures = figures::ask(&stage, &cast, &opened)?;
    stage
        .page
        .heading("The proof, by code that imports nothing of the core");
    claims.extend(prove(&stage, &cast, (seen, &figures))?);
    figures::table(&stage, &figures);
    let failed = claims.iter().filter(|claim| !claim.holds).count();
    let (ms, processes) = (began.elapsed().as_millis(), stage.crew.started());
    let told = match failed {
        0 => format!(
            "All {} claims hold. {processes} processes, {ms} ms in all.",
            claims.len()
        ),
        _ => format!(
            "{failed} of {} claims do NOT hold. {processes} processes, {ms} ms in all.",
            claims.len()
        ),
    };
    stage.page.verdict(failed == 0, &told);
    if !options.exit {
        what_to_try(&stage, &cast)?;
        stage.linger();
    }
    let data = data(&stage, options, (&opened, &claims, figures), ms);
    Ok(Outcome {
        data,
        unproven: (failed > 0).then_some(told),
    })
}

/// What the demo came to, as JSON.
fn data(
    stage: &Stage<'_>,
    options: &Options,
    (opened, claims, figures): (&Opened, &[Claim], Vec<Json>),
    ms: u128,
) -> Json {
    let claims: Vec<Json> = claims
        .iter()
        .map(|of| json!({ "holds": of.holds, "claim": of.text }))
        .collect();
    let stores: usize = opened
        .territories
        .iter()
        .map(|territory| territory.stores)
        .sum();
    json!({
        "seed": options.seed, "stores": stores, "products": opened.products, "processes": stage.crew.started(),
        "commands": stage.ledger.commands(), "ms": u64::try_from(ms).unwrap_or(u64::MAX), "claims": claims,
        "figures": figures,
    })
}

/// Gathers what the phones say of themselves, and has the claims checked and told.
fn prove(
    stage: &Stage<'_>,
    cast: &Cast,
    (seen, figures): (Seen, &[Json]),
) -> Result<Vec<Claim>, ServerError> {
    let yes_no = yes_no()?;
    let phone = |rep: &'_ Rep| {
        let file = Path::new(&rep.db);
        let name = file
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let token = stage.ask(rep, &["token"])?["token"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let before = seen
            .conflicts
            .iter()
            .find(|(who, _)| *who == rep.who)
            .map(|(_, shown)| shown.clone());
        Ok(Phone {
            who: rep.who,
            user: rep.user.clone(),
            territory: rep.territory.clone(),
            replica: Replica::open(&name, file, &yes_no).map_err(ServerError::broken)?,
            token,
            digest: stage.ask(rep, &["digest"])?,
            conflicts: stage.ask(rep, &["conflicts"])?,
            conflicts_before: before.unwrap_or_default(),
        })
    };
    let phones = cast
        .reps()
        .into_iter()
        .map(phone)
        .collect::<Result<_, ServerError>>()?;
    let tenant_file = stage.tenant_file(&cast.tenant);
    let server_file =
        Replica::open("the server's file", &tenant_file, &yes_no).map_err(ServerError::broken)?;
    let case = Case {
        ledger: &stage.ledger,
        phones,
        server_file,
        server: stage.server()?,
        shelf: (cast.found.shelf.1.clone(), seen.shelf.clone()),
        day: stage.day.clone(),
        figures: figures.to_vec(),
    };
    let (done, of) = (Cell::new(0), claims::count(&case));
    let now = "the proof reads files and answers";
    stage.page.progress(0, of, now);
    Ok(claims::all(&case, &|claim| {
        stage.page.claim(claim.holds, &claim.text);
        done.set(done.get() + 1);
        stage.page.progress(done.get(), of, now);
    }))
}

/// Which columns are yes or no, by the descriptors: the one thing that tables do not say of
/// themselves.
fn yes_no() -> Result<YesNo, ServerError> {
    let registry =
        domain::registry().map_err(|_| ServerError::broken("the objects do not load"))?;
    let mut found = YesNo::new();
    for descriptor in registry.all() {
        let own = descriptor
            .fields
            .iter()
            .map(|(name, field)| (descriptor.object.clone(), name, field));
        let lines = descriptor.lines.iter().flat_map(|(lines, of)| {
            let table = format!("{}__{lines}", descriptor.object);
            of.fields
                .iter()
                .map(move |(name, field)| (table.clone(), name, field))
        });
        let is_yes_no = own
            .chain(lines)
            .filter(|(_, _, field)| field.kind == FieldKind::Boolean);
        found.extend(is_yes_no.map(|(table, name, _)| (table, name.clone())));
    }
    Ok(found)
}

/// Commands for whoever wants to go on by hand.
fn what_to_try(stage: &Stage<'_>, cast: &Cast) -> Result<(), ServerError> {
    let server: SocketAddr = stage.server()?;
    let program = quoted(&stage.crew.program().display().to_string());
    let rep = |rep: &Rep| format!("{program} rep --db {}", quoted(&rep.db));
    let (ann, ben) = (rep(&cast.ann), rep(&cast.ben));
    let page = &stage.page;
    page.heading("The server is still up; in another terminal, try");
    let (order, _) = &cast.found.refused;
    for command in [
        format!("{ann} today"),
        format!("{ben} order show {order}"),
        format!(
            "{ann} edit contact {} phone=+14795550199; {ann} sync; {ben} sync",
            cast.found.maria
        ),
        format!("{ben} get contact {}", cast.found.maria),
        format!("{ann} figures --day {}", stage.day),
        format!(
            "curl -H \"Authorization: Bearer $({ann} token -q)\" http://{server}/api/v1/sales_order/{order}"
        ),
        format!("{program} user list --data {}", quoted(&stage.data())),
    ] {
        page.line(&format!("  {command}"));
    }
    page.line("");
    page.line(&format!(
        "Ctrl-C ends the server and removes {}",
        stage.folder().display()
    ));
    Ok(())
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = word
        .chars()
        .all(|c| c.is_alphanumeric() || "/._-+:".contains(c));
    if is_plain {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
