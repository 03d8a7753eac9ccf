//! How the story begins: a tenant, its stores and products, two reps in one territory, and what the office knows.
//! It does not know what the reps will do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::Options;
use super::line::Line;
use super::morning::Store;
use super::page::Mood;
use super::proof::{Replica, YesNo};
use super::stage::{Rep, Stage};
use crate::error::ServerError;

const SAMPLE_STORES: &str = include_str!("sample-stores.csv");
const SAMPLE_PRODUCTS: &str = include_str!("sample-products.csv");
const TENANT: &str = "Harvest Foods";
/// As many stores as one rep can look after.
const STORES_MAX: usize = 100;
/// As many as the story needs.
const STORES_MIN: usize = 3;
/// The failure of an import that left some rows out.
const ROWS_REJECTED: &str = "rows_rejected";

/// What there is once the office has opened.
pub(super) struct Opened {
    /// The tenant's id.
    pub(super) tenant: String,
    /// The name of the reps' territory.
    pub(super) territory: String,
    /// The stores in it.
    pub(super) stores: usize,
    /// Products, as imported.
    pub(super) products: u64,
}

/// Founds the tenant and imports what it sells and to whom.
pub(super) fn open(stage: &Stage<'_>, options: &Options) -> Result<Opened, ServerError> {
    stage.page.heading("The office");
    let (tenant, _) = stage.office("founds the tenant", &["tenant", "add", TENANT], TENANT)?;
    let stores = file(stage, options.stores.as_deref(), ("sample-stores.csv", SAMPLE_STORES))?;
    let products = file(stage, options.products.as_deref(), ("sample-products.csv", SAMPLE_PRODUCTS))?;
    import(stage, "accounts", &stores, &["--territory-column", "state"])?;
    let imported = import(stage, "products", &products, &[])?;
    let (territory, stores) = choose_territory(&stage.tenant_file(&tenant))?;
    Ok(Opened { tenant, territory, stores, products: imported["created"].as_u64().unwrap_or(0) })
}

/// The file that was given, or else the sample, written where an import can read it.
fn file(stage: &Stage<'_>, given: Option<&Path>, (name, sample): (&str, &str)) -> Result<PathBuf, ServerError> {
    if let Some(given) = given {
        return Ok(given.to_owned());
    }
    let path = stage.folder().join(name);
    std::fs::write(&path, sample).map_err(|error| ServerError::broken(format!("{}: {error}", path.display())))?;
    Ok(path)
}

/// Rows that do not fit are counted, and the story goes on with the others.
fn import(stage: &Stage<'_>, of: &str, file: &Path, more: &[&str]) -> Result<Json, ServerError> {
    let (data, shown) = (stage.data(), file.display().to_string());
    let command = [&["import", of, shown.as_str(), "--data", data.as_str()], more].concat();
    let ended = stage.crew.start(&command)?.ended()?;
    let (answer, error) = (&ended.answer["data"], &ended.answer["error"]);
    if !error.is_null() && error["code"] != ROWS_REJECTED {
        let (code, message) = (error["code"].as_str(), error["message"].as_str());
        return Err(ServerError::bad_input(code.unwrap_or("import"), message.unwrap_or(&ended.said)));
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
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    stage.page.step(("Office", &format!("imports {of} from {name}")), (mood, &told), Some(ended.ms));
    Ok(answer.clone())
}

/// The territory with the most stores that one rep can look after; else the smallest that is large enough.
fn choose_territory(tenant_file: &Path) -> Result<(String, usize), ServerError> {
    let yes_no = YesNo::new();
    let replica = Replica::open("the server's file", tenant_file, &yes_no).map_err(ServerError::broken)?;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for account in replica.records("account").map_err(ServerError::broken)?.values() {
        if let (Some(territory), Some(_)) = (account.get("territory").and_then(Json::as_str), account.get("position")) {
            *counts.entry(territory.to_owned()).or_default() += 1;
        }
    }
    let rank = |count: usize| if count <= STORES_MAX { (0, STORES_MAX - count) } else { (1, count) };
    let chosen = counts.into_iter().filter(|(_, count)| *count >= STORES_MIN).min_by_key(|(_, count)| rank(*count));
    let Some((id, count)) = chosen else {
        let message = format!("no territory has {STORES_MIN} stores with positions; the story needs as many");
        return Err(ServerError::bad_input("too_few_stores", message));
    };
    let territories = replica.records("territory").map_err(ServerError::broken)?;
    let name = territories.get(&id).and_then(|of| of.get("name")).and_then(Json::as_str).unwrap_or_default();
    Ok((name.to_owned(), count))
}

/// Adds a rep who sees the territory; the phone is not enrolled yet. Answers the rep and the enrolment code.
pub(super) fn add_rep(stage: &mut Stage<'_>, opened: &Opened, who: &'static str) -> Result<(Rep, String), ServerError> {
    let command = ["user", "add", who, "--role", "rep", "--territory", &opened.territory];
    let told = format!("territory {}, {} stores", opened.territory, opened.stores);
    let (user, added) = stage.office(&format!("adds the rep {who}"), &command, &told)?;
    let code = added["enrolment_code"].as_str().unwrap_or_default().to_owned();
    let db = stage.folder().join(format!("{}.db", who.to_lowercase())).display().to_string();
    Ok((Rep { who, db, line: Line::lay()?, user }, code))
}

/// Writes down a contact who works at a store; answers the contact's id.
pub(super) fn contact(stage: &Stage<'_>, fields: (&str, &str, &str), store: &Store) -> Result<String, ServerError> {
    let (name, role, phone) = fields;
    let values = [
        format!("name={name}"),
        format!("phone={phone}"),
        format!("roles/{0}/account={0}", store.id),
        format!("roles/{}/role={role}", store.id),
    ];
    let command = [&["put", "contact"], &values.each_ref().map(String::as_str)[..]].concat();
    Ok(stage.office(&format!("writes down {name}"), &command, &format!("{role} at {}", store.name))?.0)
}

/// Plans a visit; answers its id.
pub(super) fn plan(stage: &Stage<'_>, rep: &Rep, store: &Store) -> Result<String, ServerError> {
    let (account, owner) = (format!("account={}", store.id), format!("owner={}", rep.user));
    let command = ["put", "visit", &account, &owner, "state=planned", "purpose=Shelf check"];
    Ok(stage.office(&format!("plans a visit for {}", rep.who), &command, &format!("at {}", store.name))?.0)
}
