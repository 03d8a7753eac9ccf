//! Gathers what the proof reads: the phones' files and what they say of themselves, the server's
//! file. It is the one place between the story and its proof, and does not know what is claimed.

use std::path::Path;

use outfield_core::domain;
use outfield_core::objects::FieldKind;
use outfield_server::error::ServerError;
use serde_json::Value as Json;

use crate::proof::case::{PhoneEvidence, ProofCase};
use crate::proof::evidence::{EvidenceFile, YesNo};
use crate::stage::StoryStage;
use crate::stage::rep::StoryRep;
use crate::story::cast::Cast;
use crate::story::evening::SeenOnPhones;

/// All that the claims are about.
pub(crate) fn gather_evidence<'a>(
    stage: &'a StoryStage<'_>,
    cast: &Cast,
    seen: &SeenOnPhones,
    figures: &[Json],
    yes_no: &'a YesNo,
) -> Result<ProofCase<'a>, ServerError> {
    let mut phones = Vec::new();
    for rep in cast.reps() {
        phones.push(phone(stage, rep, seen, yes_no)?);
    }
    let tenant_file = stage.tenant_file(&cast.tenant);
    let server_file = EvidenceFile::open("the server's file", &tenant_file, yes_no);
    Ok(ProofCase {
        ledger: &stage.ledger,
        phones,
        server_file: server_file.map_err(ServerError::broken)?,
        server: stage.server()?,
        shelf_check: cast.found.shelf_check.clone(),
        shelf_shown: seen.shelf.clone(),
        day: stage.day.clone(),
        figures: figures.to_vec(),
    })
}

/// A phone's file, and what it says of itself.
fn phone<'a>(
    stage: &StoryStage<'_>,
    rep: &StoryRep,
    seen: &SeenOnPhones,
    yes_no: &'a YesNo,
) -> Result<PhoneEvidence<'a>, ServerError> {
    let path = Path::new(&rep.db);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let file = EvidenceFile::open(&name, path, yes_no).map_err(ServerError::broken)?;
    let token = stage.ask(rep, &["token"])?;
    let mut shown = seen.conflicts.iter();
    let before = shown.find(|(who, _)| *who == rep.who);
    Ok(PhoneEvidence {
        who: rep.who,
        user: rep.user.clone(),
        territory: rep.territory.clone(),
        file,
        token: token["token"].as_str().unwrap_or_default().to_owned(),
        digest: stage.ask(rep, &["digest"])?,
        conflicts: stage.ask(rep, &["conflicts"])?,
        conflicts_before: before.map(|(_, shown)| shown.clone()).unwrap_or_default(),
    })
}

/// Which columns are yes or no, by the descriptors: the one thing that tables do not say of
/// themselves.
pub(crate) fn yes_no() -> Result<YesNo, ServerError> {
    let Ok(registry) = domain::registry() else {
        return Err(ServerError::broken("the objects do not load"));
    };
    let mut found = YesNo::new();
    for descriptor in registry.all() {
        let object = &descriptor.object;
        for (name, field) in &descriptor.fields {
            if field.kind == FieldKind::Boolean {
                found.insert((object.clone(), name.clone()));
            }
        }
        for (lines, of) in &descriptor.lines {
            for (name, field) in &of.fields {
                if field.kind == FieldKind::Boolean {
                    found.insert((format!("{object}__{lines}"), name.clone()));
                }
            }
        }
    }
    Ok(found)
}
