//! Lives the day, has it proven, and says what came of it. It does not know how the day goes, nor
//! how it is proven.

use std::time::Instant;

use outfield_server::error::ServerError;
use serde_json::{Value as Json, json};

use crate::defect::PlantedDefect;
use crate::gather_evidence::{gather_evidence, yes_no};
use crate::options::StoryOptions;
use crate::page::{Page, Teller};
use crate::proof::claims::{self, Claim};
use crate::stage::StoryStage;
use crate::story::cast::Cast;
use crate::story::evening::SeenOnPhones;
use crate::story::office::OpenedOffice;
use crate::story::{evening, figures, forge, home, office, road};
use crate::what_to_try::what_to_try;

/// What the demo came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoryOutcome {
    /// The claims and the numbers, as JSON.
    pub(crate) data: Json,
    /// Why not everything is proven; none if it is.
    pub(crate) unproven: Option<String>,
}

/// Lives the day and proves the claims, telling the story line by line. An error is a step that was
/// not as told.
pub(crate) fn run(
    options: &StoryOptions,
    teller: &dyn Teller,
) -> Result<StoryOutcome, ServerError> {
    let began = Instant::now();
    let mut stage = StoryStage::set(Page::new(teller), &options.program, options.seed)?;
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
        claims.extend(prove_spoiled(&stage, &mut cast, &opened, &seen, *defect)?);
    }
    let figures = figures::ask(&stage, &cast, &opened)?;
    let heading = "The proof, by code that imports nothing of the core";
    stage.page.heading(heading);
    claims.extend(prove(&stage, &cast, &seen, &figures)?);
    figures::table(&stage, &figures);
    let ms = began.elapsed().as_millis();
    let failed = claims.iter().filter(|claim| !claim.holds).count();
    let told = last_word(&stage, failed, claims.len(), ms);
    stage.page.verdict(failed == 0, &told);
    if !options.exit {
        what_to_try(&stage, &cast)?;
        stage.linger();
    }
    let stores = opened.territories.iter().map(|territory| territory.stores);
    let data = json!({
        "seed": options.seed,
        "stores": stores.sum::<usize>(),
        "products": opened.products,
        "processes": stage.programs.started(),
        "commands": stage.ledger.commands(),
        "ms": u64::try_from(ms).unwrap_or(u64::MAX),
        "claims": shown(&claims),
        "figures": figures,
    });
    Ok(StoryOutcome {
        data,
        unproven: (failed > 0).then_some(told),
    })
}

fn last_word(stage: &StoryStage<'_>, failed: usize, claims: usize, ms: u128) -> String {
    let processes = stage.programs.started();
    let end = format!("{processes} processes, {ms} ms in all.");
    if failed == 0 {
        format!("All {claims} claims hold. {end}")
    } else {
        format!("{failed} of {claims} claims do NOT hold. {end}")
    }
}

fn shown(claims: &[Claim]) -> Vec<Json> {
    claims
        .iter()
        .map(|claim| json!({ "holds": claim.holds, "claim": claim.text }))
        .collect()
}

/// Proves once more with Ben's file, or what his phone showed, spoiled.
fn prove_spoiled(
    stage: &StoryStage<'_>,
    cast: &mut Cast,
    opened: &OpenedOffice,
    seen: &SeenOnPhones,
    defect: PlantedDefect,
) -> Result<Vec<Claim>, ServerError> {
    let whole = cast.ben.db.clone();
    let mut seen = seen.clone();
    cast.ben.db = forge::forge(cast, &mut seen, defect)?;
    let figures = figures::ask(stage, cast, opened)?;
    let heading = format!("The proof, where a file is spoiled: {}", defect.name());
    stage.page.heading(&heading);
    let claims = prove(stage, cast, &seen, &figures)?;
    cast.ben.db = whole;
    Ok(claims)
}

/// Has the claims checked and told.
fn prove(
    stage: &StoryStage<'_>,
    cast: &Cast,
    seen: &SeenOnPhones,
    figures: &[Json],
) -> Result<Vec<Claim>, ServerError> {
    let yes_no = yes_no()?;
    let case = gather_evidence(stage, cast, seen, figures, &yes_no)?;
    let of = claims::count(&case);
    let now = "the proof reads files and answers";
    stage.page.progress(0, of, now);
    let mut done = 0;
    Ok(claims::all(&case, &mut |claim| {
        stage.page.claim(claim.holds, &claim.text);
        done += 1;
        stage.page.progress(done, of, now);
    }))
}
