//! How the story begins: a tenant, its stores and products, three reps in two territories, and what
//! the office knows. It does not know what the reps will do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use outfield_server::error::ServerError;
use serde_json::Value as Json;

use super::cast::{Cast, StoryStore};
use crate::options::StoryOptions;
use crate::page::Mood;
use crate::proof::evidence::{EvidenceFile, YesNo};
use crate::stage::StoryStage;
use crate::stage::rep::StoryRep;

const SAMPLE_STORES: &str = include_str!("sample-stores.csv");
const SAMPLE_PRODUCTS: &str = include_str!("sample-products.csv");
const TENANT: &str = "Harvest Foods";
/// As many stores as one rep can look after.
const STORES_MAX: usize = 100;
/// As many as the story needs.
const STORES_MIN: usize = 3;
/// What is done in a visit.
const TEMPLATE: &[&str] = &[
    "put",
    "visit_template",
    "name=Store visit",
    "template_version=1",
    "actions/talk/kind=survey",
    "actions/talk/title=Ask how sales go",
    "actions/shelf/kind=shelf_count",
    "actions/shelf/title=Count the shelf",
    "actions/shelf/mandatory=true",
    "actions/prices/kind=price_check",
    "actions/prices/title=Check the prices",
    "actions/prices/mandatory=true",
    "actions/promotion/kind=promotion_check",
    "actions/promotion/title=Check the promotion",
    "actions/order/kind=order",
    "actions/order/title=Take the order",
    "questions/sells/action=talk",
    "questions/sells/text=Does it sell?",
    "questions/sells/kind=yes_no",
    "questions/sells/required=true",
];
/// The failure of an import that left some rows out.
const ROWS_REJECTED: &str = "rows_rejected";

/// A territory of the story.
#[derive(Debug, Clone)]
pub(crate) struct StoryTerritory {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// The stores in it.
    pub(crate) stores: usize,
}

/// What there is once the office has opened.
pub(crate) struct OpenedOffice {
    /// The tenant's id.
    pub(crate) tenant: String,
    /// The territory that two reps share, and that of the third.
    pub(crate) territories: [StoryTerritory; 2],
    /// Products, as imported.
    pub(crate) products: u64,
}

/// Founds the tenant and imports what it sells and to whom.
pub(crate) fn open(
    stage: &StoryStage<'_>,
    options: &StoryOptions,
) -> Result<OpenedOffice, ServerError> {
    stage.page.heading("The office opens");
    let founding = ["tenant", "add", TENANT];
    let tenant = stage.office("founds the tenant", &founding, TENANT)?.id();
    let stores = file(
        stage,
        options.stores.as_deref(),
        "sample-stores.csv",
        SAMPLE_STORES,
    )?;
    let products = file(
        stage,
        options.products.as_deref(),
        "sample-products.csv",
        SAMPLE_PRODUCTS,
    )?;
    stage.page.progress(0, 2, "imports stores");
    import(stage, "accounts", &stores, &["--territory-column", "state"])?;
    stage.page.progress(1, 2, "imports products");
    let imported = import(stage, "products", &products, &[])?;
    stage.page.rests();
    let territories = choose_territories(&stage.tenant_file(&tenant))?;
    Ok(OpenedOffice {
        tenant,
        territories,
        products: imported["created"].as_u64().unwrap_or(0),
    })
}

/// The file that was given, or else the sample, written where an import can read it.
fn file(
    stage: &StoryStage<'_>,
    given: Option<&Path>,
    name: &str,
    sample: &str,
) -> Result<PathBuf, ServerError> {
    if let Some(given) = given {
        return Ok(given.to_owned());
    }
    let path = stage.folder().join(name);
    std::fs::write(&path, sample)
        .map_err(|error| ServerError::broken(format!("{}: {error}", path.display())))?;
    Ok(path)
}

/// Rows that do not fit are counted, and the story goes on with the others.
fn import(
    stage: &StoryStage<'_>,
    of: &str,
    file: &Path,
    more: &[&str],
) -> Result<Json, ServerError> {
    let shown = file.display().to_string();
    let command = [&["import", of, shown.as_str()], more].concat();
    let ended = stage.on_data(&command)?;
    let (answer, error) = (&ended.answer["data"], &ended.answer["error"]);
    if !error.is_null() && error["code"] != ROWS_REJECTED {
        return Err(ServerError::bad_input(
            error["code"].as_str().unwrap_or("import"),
            error["message"].as_str().unwrap_or(&ended.said),
        ));
    }
    let count = |name: &str| answer[name].as_array().map_or(0, Vec::len);
    let mut told = format!("{} new", answer["created"]);
    match count("territories_added") {
        0 => {}
        1 => told.push_str(", in 1 territory"),
        territories => told.push_str(&format!(", in {territories} territories")),
    }
    let mut mood = Mood::Done;
    let rejected = count("rejected");
    if rejected > 0 {
        mood = Mood::Refused;
        told.push_str(&format!(", {rejected} rejected"));
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let what = format!("imports {of}, {name}");
    let ms = Some(ended.ms);
    stage.page.step("Office", &what, mood, &told, ms);
    Ok(answer.clone())
}

/// The two territories with the most stores that one rep can look after; else the smallest that are
/// large enough.
fn choose_territories(tenant_file: &Path) -> Result<[StoryTerritory; 2], ServerError> {
    let mut ranked = territories(tenant_file).map_err(ServerError::broken)?;
    ranked.retain(|territory| territory.stores >= STORES_MIN);
    ranked.sort_by_cached_key(|territory| (rank(territory.stores), territory.name.clone()));
    ranked.truncate(2);
    ranked.try_into().map_err(|few: Vec<StoryTerritory>| {
        let message = format!(
            "{} of the stores' territories have {STORES_MIN} stores with positions; \
             the story needs two such",
            few.len()
        );
        ServerError::bad_input("too_few_stores", message)
    })
}

/// The less, the sooner a territory with so many stores is chosen.
fn rank(stores: usize) -> (usize, usize) {
    if stores <= STORES_MAX {
        (0, STORES_MAX - stores)
    } else {
        (1, stores)
    }
}

/// The territories that stores with positions lie in, by the server's own file.
fn territories(tenant_file: &Path) -> Result<Vec<StoryTerritory>, String> {
    let yes_no = YesNo::new();
    let file = EvidenceFile::open("the server's file", tenant_file, &yes_no)?;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for account in file.records("account")?.values() {
        let territory = account.get("territory").and_then(Json::as_str);
        if let Some(territory) = territory.filter(|_| account.contains_key("position")) {
            *counts.entry(territory.to_owned()).or_default() += 1;
        }
    }
    let records = file.records("territory")?;
    let mut found = Vec::new();
    for (id, stores) in counts {
        let name = records.get(&id).and_then(|record| record.get("name"));
        let name = name.and_then(Json::as_str).unwrap_or_default().to_owned();
        found.push(StoryTerritory { id, name, stores });
    }
    Ok(found)
}

/// Adds a rep who sees the territory; the phone is not enrolled yet. Answers the rep and the
/// enrolment code.
pub(crate) fn add_rep(
    stage: &StoryStage<'_>,
    territory: &StoryTerritory,
    who: &'static str,
) -> Result<(StoryRep, String), ServerError> {
    let command = [
        "user",
        "add",
        who,
        "--role",
        "rep",
        "--territory",
        &territory.name,
    ];
    let told = format!("territory {}, {} stores", territory.name, territory.stores);
    let added = stage.office(&format!("adds the rep {who}"), &command, &told)?;
    let code = added.answer["data"]["enrolment_code"].as_str();
    let db = stage.folder().join(format!("{}.db", who.to_lowercase()));
    let db = db.display().to_string();
    let rep = StoryRep::new(who, added.id(), &territory.id, db)?;
    Ok((rep, code.unwrap_or_default().to_owned()))
}

/// Says what is done in a visit; answers the template's id.
pub(crate) fn template(stage: &StoryStage<'_>) -> Result<String, ServerError> {
    let told = "survey, shelf count, price and promotion check, order";
    let said = stage.office("says what a visit is", TEMPLATE, told)?;
    Ok(said.id())
}

/// Writes down a contact who works at a store; answers the contact's id.
pub(crate) fn contact(
    stage: &StoryStage<'_>,
    name: &str,
    role: &str,
    phone: &str,
    store: &StoryStore,
) -> Result<String, ServerError> {
    let command = [
        "put",
        "contact",
        &format!("name={name}"),
        &format!("phone={phone}"),
        &format!("roles/{0}/account={0}", store.id),
        &format!("roles/{}/role={role}", store.id),
    ];
    let what = format!("writes down {name}");
    let told = format!("{role} at {}", store.name);
    Ok(stage.office(&what, &command, &told)?.id())
}

/// Says how much an account may owe.
pub(crate) fn credit(
    stage: &StoryStage<'_>,
    store: &StoryStore,
    limit: &str,
) -> Result<(), ServerError> {
    let command = [
        "put",
        "credit_figure",
        "currency=USD",
        "used=0",
        &format!("account={}", store.id),
        &format!("limit={limit}"),
    ];
    let what = format!("gives {} credit", store.name);
    let told = format!("{limit}.00 USD");
    stage.office(&what, &command, &told).map(drop)
}

/// Plans a visit at a place of the rep's route; answers its id.
pub(crate) fn plan(
    stage: &StoryStage<'_>,
    cast: &Cast,
    rep: &StoryRep,
    place: usize,
    route: u8,
) -> Result<String, ServerError> {
    stage.puts(&[
        "put",
        "visit",
        "state=planned",
        "purpose=Shelf check",
        &format!("account={}", cast.store(rep, place).id),
        &format!("owner={}", rep.user),
        &format!("planned_on={}", stage.day),
        &format!("route_position={route}"),
        &format!("template={}", cast.found.template),
    ])
}
