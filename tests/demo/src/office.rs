//! How the story begins: a tenant, its stores and products, three reps in two territories, and what
//! the office knows. It does not know what the reps will do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::Options;
use super::cast::{Cast, Store};
use super::page::Mood;
use super::proof::{Replica, YesNo};
use super::stage::{Rep, Stage};
use outfield_server::error::ServerError;

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
pub(crate) struct Territory {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// The stores in it.
    pub(crate) stores: usize,
}

/// What there is once the office has opened.
pub(crate) struct Opened {
    /// The tenant's id.
    pub(crate) tenant: String,
    /// The territory that two reps share, and that of the third.
    pub(crate) territories: [Territory; 2],
    /// Products, as imported.
    pub(crate) products: u64,
}

/// Founds the tenant and imports what it sells and to whom.
pub(crate) fn open(stage: &Stage<'_>, options: &Options) -> Result<Opened, ServerError> {
    stage.page.heading("The office opens");
    let (tenant, _) = stage.office("founds the tenant", &["tenant", "add", TENANT], TENANT)?;
    let stores = file(
        stage,
        options.stores.as_deref(),
        ("sample-stores.csv", SAMPLE_STORES),
    )?;
    let products = file(
        stage,
        options.products.as_deref(),
        ("sample-products.csv", SAMPLE_PRODUCTS),
    )?;
    stage.page.progress(0, 2, "imports stores");
    import(stage, "accounts", &stores, &["--territory-column", "state"])?;
    stage.page.progress(1, 2, "imports products");
    let imported = import(stage, "products", &products, &[])?;
    stage.page.rests();
    let territories = choose_territories(&stage.tenant_file(&tenant))?;
    Ok(Opened {
        tenant,
        territories,
        products: imported["created"].as_u64().unwrap_or(0),
    })
}

/// The file that was given, or else the sample, written where an import can read it.
fn file(
    stage: &Stage<'_>,
    given: Option<&Path>,
    (name, sample): (&str, &str),
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
fn import(stage: &Stage<'_>, of: &str, file: &Path, more: &[&str]) -> Result<Json, ServerError> {
    let (data, shown) = (stage.data(), file.display().to_string());
    let command = [
        &["import", of, shown.as_str(), "--data", data.as_str()],
        more,
    ]
    .concat();
    let ended = stage.crew.start(&command)?.ended()?;
    let (answer, error) = (&ended.answer["data"], &ended.answer["error"]);
    if !error.is_null() && error["code"] != ROWS_REJECTED {
        let (code, message) = (error["code"].as_str(), error["message"].as_str());
        return Err(ServerError::bad_input(
            code.unwrap_or("import"),
            message.unwrap_or(&ended.said),
        ));
    }
    let counted = |name: &str| answer[name].as_array().map_or(0, Vec::len);
    let told = match counted("territories_added") {
        0 => format!("{} new", answer["created"]),
        1 => format!("{} new, in 1 territory", answer["created"]),
        territories => format!("{} new, in {territories} territories", answer["created"]),
    };
    let (mood, told) = match counted("rejected") {
        0 => (Mood::Done, told),
        rejected => (Mood::Refused, format!("{told}, {rejected} rejected")),
    };
    let name = file
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    stage.page.step(
        ("Office", &format!("imports {of}, {name}")),
        (mood, &told),
        Some(ended.ms),
    );
    Ok(answer.clone())
}

/// The two territories with the most stores that one rep can look after; else the smallest that are
/// large enough.
fn choose_territories(tenant_file: &Path) -> Result<[Territory; 2], ServerError> {
    let yes_no = YesNo::new();
    let replica =
        Replica::open("the server's file", tenant_file, &yes_no).map_err(ServerError::broken)?;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for account in replica
        .records("account")
        .map_err(ServerError::broken)?
        .values()
    {
        if let (Some(territory), Some(_)) = (
            account.get("territory").and_then(Json::as_str),
            account.get("position"),
        ) {
            *counts.entry(territory.to_owned()).or_default() += 1;
        }
    }
    let territories = replica.records("territory").map_err(ServerError::broken)?;
    let name = |id: &str| {
        territories
            .get(id)?
            .get("name")?
            .as_str()
            .map(str::to_owned)
    };
    let rank = |count: usize| {
        if count <= STORES_MAX {
            (0, STORES_MAX - count)
        } else {
            (1, count)
        }
    };
    counts.retain(|_, count| *count >= STORES_MIN);
    let mut ranked: Vec<Territory> = (counts.into_iter())
        .map(|(id, stores)| Territory {
            name: name(&id).unwrap_or_default(),
            id,
            stores,
        })
        .collect();
    ranked.sort_by_cached_key(|of| (rank(of.stores), of.name.clone()));
    ranked.truncate(2);
    ranked.try_into().map_err(|few: Vec<Territory>| {
        let message = format!(
            "{} of the stores' territories have {STORES_MIN} stores with positions; the story needs two such",
            few.len()
        );
        ServerError::bad_input("too_few_stores", message)
    })
}

/// Adds a rep who sees the territory; the phone is not enrolled yet. Answers the rep and the
/// enrolment code.
pub(crate) fn add_rep(
    stage: &Stage<'_>,
    territory: &Territory,
    who: &'static str,
) -> Result<(Rep, String), ServerError> {
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
    let (user, added) = stage.office(&format!("adds the rep {who}"), &command, &told)?;
    let code = added["enrolment_code"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let db = stage
        .folder()
        .join(format!("{}.db", who.to_lowercase()))
        .display()
        .to_string();
    Ok((Rep::new((who, user), &territory.id, db)?, code))
}

/// Says what is done in a visit; answers the template's id.
pub(crate) fn template(stage: &Stage<'_>) -> Result<String, ServerError> {
    let told = "survey, shelf count, price and promotion check, order";
    Ok(stage.office("says what a visit is", TEMPLATE, told)?.0)
}

/// Writes down a contact who works at a store; answers the contact's id.
pub(crate) fn contact(
    stage: &Stage<'_>,
    fields: (&str, &str, &str),
    store: &Store,
) -> Result<String, ServerError> {
    let (name, role, phone) = fields;
    let values = [
        format!("name={name}"),
        format!("phone={phone}"),
        format!("roles/{0}/account={0}", store.id),
        format!("roles/{}/role={role}", store.id),
    ];
    let command = [
        &["put", "contact"],
        &values.each_ref().map(String::as_str)[..],
    ]
    .concat();
    Ok(stage
        .office(
            &format!("writes down {name}"),
            &command,
            &format!("{role} at {}", store.name),
        )?
        .0)
}

/// Says how much an account may owe.
pub(crate) fn credit(stage: &Stage<'_>, store: &Store, limit: &str) -> Result<(), ServerError> {
    let values = [format!("account={}", store.id), format!("limit={limit}")];
    let command = [
        &["put", "credit_figure", "currency=USD", "used=0"],
        &values.each_ref().map(String::as_str)[..],
    ];
    stage
        .office(
            &format!("gives {} credit", store.name),
            &command.concat(),
            &format!("{limit}.00 USD"),
        )
        .map(drop)
}

/// Plans a visit at a place of the rep's route; answers its id.
pub(crate) fn plan(
    stage: &Stage<'_>,
    cast: &Cast,
    (rep, place): (&Rep, usize),
    route: &str,
) -> Result<String, ServerError> {
    let values = [
        format!("account={}", cast.store(rep, place).id),
        format!("owner={}", rep.user),
        format!("planned_on={}", stage.day),
        format!("route_position={route}"),
        format!("template={}", cast.found.template),
    ];
    let command = [
        &["put", "visit", "state=planned", "purpose=Shelf check"],
        &values.each_ref().map(String::as_str)[..],
    ];
    stage.puts(&command.concat())
}
