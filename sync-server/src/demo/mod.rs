//! A morning of two reps without a network, lived by processes of their own, and the proof that nothing of it was lost.
//! It knows the commands of the binary alone: rules, merge and sync happen in the processes that it starts.

mod claims;
mod digests;
mod forge;
mod ledger;
mod line;
mod morning;
mod office;
mod page;
mod processes;
mod proof;
mod reunion;
mod stage;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use outfield_core::domain;
use outfield_core::objects::FieldKind;
use serde_json::{Value as Json, json};

pub use forge::Defect;

use crate::error::ServerError;
use claims::{Case, Claim, Phone};
use morning::Cast;
use page::Page;
use proof::{Replica, YesNo};
use stage::{Rep, Stage};

/// What the demo is to do.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Stores to import; the sample if none.
    pub stores: Option<PathBuf>,
    /// Products to import; the sample if none.
    pub products: Option<PathBuf>,
    /// Whether to end everything after the proof.
    pub exit: bool,
    /// Chooses stores, numbers, and the bytes at which connections break.
    pub seed: u64,
    /// What to spoil before the proof, to see it fail.
    pub defect: Option<Defect>,
}

/// What the demo came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The claims and the numbers, as JSON.
    pub data: Json,
    /// Why not everything is proven; none if it is.
    pub unproven: Option<String>,
}

/// Lives the morning and proves the claims, telling the story line by line. An error is a step that was not as told.
pub fn run(options: &Options, tell: &dyn Fn(&str), colour: bool) -> Result<Outcome, ServerError> {
    let began = Instant::now();
    let mut stage = Stage::set(Page { tell, colour }, options.seed)?;
    stage.page.line(&format!("Outfield demo, seed {}, in {}", options.seed, stage.folder().display()));
    let opened = office::open(&stage, options)?;
    let mut cast = morning::online(&mut stage, &opened)?;
    morning::offline(&mut stage, &mut cast)?;
    let tenant_file = stage.tenant_file(&opened.tenant);
    let server = reunion::reunite(&mut stage, &cast, &tenant_file)?;
    if let Some(defect) = options.defect {
        forge::forge(Path::new(&cast.ben.db), defect, (&cast.passed_by, &cast.maria))?;
    }
    stage.page.heading("The proof, by code that imports nothing of the core");
    let claims = prove(&stage, &cast, (&tenant_file, server))?;
    claims.iter().for_each(|claim| stage.page.claim(claim.holds, &claim.text));
    let failed = claims.iter().filter(|claim| !claim.holds).count();
    let (ms, processes) = (began.elapsed().as_millis(), stage.crew.started());
    let told = match failed {
        0 => format!("All {} claims hold. {processes} processes, {ms} ms in all.", claims.len()),
        _ => format!("{failed} of {} claims do NOT hold. {processes} processes, {ms} ms in all.", claims.len()),
    };
    stage.page.verdict(failed == 0, &told);
    if !options.exit {
        what_to_try(&stage, &cast, server)?;
        stage.linger();
    }
    let shown: Vec<Json> = claims.iter().map(|of| json!({ "holds": of.holds, "claim": of.text })).collect();
    let data = json!({
        "seed": options.seed, "stores": opened.stores, "products": opened.products, "processes": processes,
        "commands": stage.ledger.commands(), "ms": u64::try_from(ms).unwrap_or(u64::MAX), "claims": shown,
    });
    Ok(Outcome { data, unproven: (failed > 0).then_some(told) })
}

/// Gathers what the phones say of themselves, and has the claims checked.
fn prove(
    stage: &Stage<'_>,
    cast: &Cast,
    (tenant_file, server): (&Path, SocketAddr),
) -> Result<Vec<Claim>, ServerError> {
    let yes_no = yes_no()?;
    let phone = |rep: &'_ Rep| {
        let file = Path::new(&rep.db);
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let token = stage.ask(rep, &["token"])?["token"].as_str().unwrap_or_default().to_owned();
        Ok(Phone {
            who: rep.who,
            user: rep.user.clone(),
            replica: Replica::open(&name, file, &yes_no).map_err(ServerError::broken)?,
            token,
            digest: stage.ask(rep, &["digest"])?,
            conflicts: stage.ask(rep, &["conflicts"])?,
        })
    };
    let phones = [&cast.ann, &cast.ben].into_iter().map(phone).collect::<Result<_, ServerError>>()?;
    let server_file = Replica::open("the server's file", tenant_file, &yes_no).map_err(ServerError::broken)?;
    Ok(claims::all(&Case { ledger: &stage.ledger, phones, server_file, server }))
}

/// Which columns are yes or no, by the descriptors: the one thing that tables do not say of themselves.
fn yes_no() -> Result<YesNo, ServerError> {
    let registry = domain::registry().map_err(|_| ServerError::broken("the objects do not load"))?;
    let mut found = YesNo::new();
    for descriptor in registry.all() {
        let own = descriptor.fields.iter().map(|(name, field)| (descriptor.object.clone(), name, field));
        let lines = descriptor.lines.iter().flat_map(|(lines, of)| {
            let table = format!("{}__{lines}", descriptor.object);
            of.fields.iter().map(move |(name, field)| (table.clone(), name, field))
        });
        let is_yes_no = own.chain(lines).filter(|(_, _, field)| field.kind == FieldKind::Boolean);
        found.extend(is_yes_no.map(|(table, name, _)| (table, name.clone())));
    }
    Ok(found)
}

/// Commands for whoever wants to go on by hand.
fn what_to_try(stage: &Stage<'_>, cast: &Cast, server: SocketAddr) -> Result<(), ServerError> {
    let program = quoted(&stage.crew.program().display().to_string());
    let rep = |rep: &Rep| format!("{program} rep --db {}", quoted(&rep.db));
    let (ann, ben) = (rep(&cast.ann), rep(&cast.ben));
    let open = stage.ask(&cast.ann, &["conflicts"])?;
    let conflict = open[0]["id"].as_str().unwrap_or("CONFLICT").to_owned();
    let page = &stage.page;
    page.heading("The server is still up; in another terminal, try");
    for command in [
        format!("{ann} conflicts"),
        format!("{ann} resolve {conflict} theirs"),
        format!("{ann} sync; {ben} sync; {ben} conflicts"),
        format!("{ben} get contact {}", cast.maria),
        format!("curl -H \"Authorization: Bearer $({ann} token -q)\" http://{server}/api/v1/contact/{}", cast.maria),
        format!("{program} user list --data {}", quoted(&stage.data())),
    ] {
        page.line(&format!("  {command}"));
    }
    page.line("");
    page.line(&format!("Ctrl-C ends the server and removes {}", stage.folder().display()));
    Ok(())
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = word.chars().all(|c| c.is_alphanumeric() || "/._-+:".contains(c));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}
