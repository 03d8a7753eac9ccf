//! Which method of the core carries out which command of a rep. It does not know what the commands
//! do.

use std::ops::ControlFlow;
use std::sync::Arc;

use outfield_core::app::{Device, Invitation, LineCost, Receipt};
use outfield_core::base::context::Surroundings;

use serde_json::{Value as Json, json};

use super::arguments::{
    FiguresArguments, OutboxCommand, RepArguments, RepCommand, SearchArguments,
};
use super::database::{check_file, not_enrolled};
use super::execute::answered;
use super::key::key_of;
use super::listing::waiting;
use super::{order, photo, record, visit};
use crate::answer::{CliAnswer, CliFailure};
use crate::listing::{ListArguments, Listing, PageArguments, one_more, query_of};
use crate::print::{self, OutputForm};
use crate::render::{Glossary, table_of};
use crate::{refer, render};

/// Carries out one command on the database that `--db` names.
pub(crate) fn run(
    arguments: RepArguments,
    form: OutputForm,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    let Some(db) = arguments.db.filter(|db| !db.as_os_str().is_empty()) else {
        let message = "the database of the device is missing; give --db FILE, such as --db \
                       ana.db, or say it in OUTFIELD_DB";
        return Err(CliFailure::bad_input("usage", message).about("db"));
    };
    let may_begin = matches!(
        arguments.command,
        RepCommand::Enrol { .. } | RepCommand::Status
    );
    check_file(&db, may_begin)?;
    let key = key_of(&db, surroundings.as_ref())?;
    if matches!(arguments.command, RepCommand::Rescue) {
        return answered(Device::rescue(&db, &key), render::record);
    }
    let mut device = Device::open(&db, &key, surroundings)?;
    if !may_begin && device.status()?.data["enrolled"].is_null() {
        return Err(not_enrolled(&db));
    }
    let answer = carry_out(&mut device, form, arguments.command)?;
    if !form.is_for_people() || answer.table.is_some() || answer.told.is_some() {
        return Ok(answer);
    }
    let told = Glossary::of(&device).told(&answer.data);
    Ok(answer.telling(told))
}

fn carry_out(
    device: &mut Device,
    form: OutputForm,
    command: RepCommand,
) -> Result<CliAnswer, CliFailure> {
    match command {
        RepCommand::Enrol { url, code } => enrol(device, &url, code.as_deref()),
        RepCommand::Server { url } => answered(device.set_server(&url), render::record),
        RepCommand::Sync {
            follow: false,
            metered,
        } => photo::sync(device, line_cost(metered)),
        RepCommand::Sync {
            follow: true,
            metered,
        } => follow(device, form, line_cost(metered)),
        RepCommand::Status => answered(device.status(), render::record),
        RepCommand::Today { columns } => visit::today(device, form, &columns.columns),
        RepCommand::List(list) => list_records(device, form, &list),
        RepCommand::Get { object, id } => get(device, &object, &id),
        RepCommand::Query { query } => answered(device.query(&query), render::json),
        RepCommand::Search(asked) => search(device, form, &asked),
        RepCommand::Waiting => waiting(device),
        RepCommand::Conflicts => answered(device.conflicts(), render::conflicts),
        RepCommand::Resolve { conflict, choice } => record::resolve(device, &conflict, &choice),
        RepCommand::NeedsAttention => answered(device.needs_attention(), render::refused),
        RepCommand::Again { number } => answered(device.again(number), render::record),
        RepCommand::Dismiss { number } => answered(device.dismiss(number), render::record),
        RepCommand::Outbox { command } => match command {
            None => answered(device.outbox(), render::unsent),
            Some(OutboxCommand::Export { file }) => {
                answered(device.export_unsent(&file), render::record)
            }
            Some(OutboxCommand::Import { file }) => {
                answered(device.import_parcel(&file), render::record)
            }
        },
        // It was carried out before the database was opened.
        RepCommand::Rescue => answered(device.status(), render::record),
        RepCommand::SignOut { discard } => answered(device.sign_out(discard), render::record),
        RepCommand::PushRaw(change) => record::push_raw(device, &change),
        RepCommand::Token => Ok(answered(device.token(), render::record)?.brief("token")),
        RepCommand::CopyPlain { file } => answered(device.copy_plain(&file), render::record),
        RepCommand::Digest => answered(device.digest(), render::digests),
        RepCommand::Rebuild => answered(device.rebuild(), render::record),
        RepCommand::Create { object, fields } => record::create(device, &object, &fields),
        RepCommand::Edit { object, id, fields } => record::edit(device, &object, &id, &fields),
        RepCommand::Link(link) => record::link(device, &link),
        RepCommand::FollowUp(follow_up) => record::follow_up(device, &follow_up),
        RepCommand::Figures(figures) => day_figures(device, &figures),
        RepCommand::Team { day } => team(device, day.as_deref()),
        RepCommand::Photo(command) => photo::photo(device, form, &command),
        RepCommand::Order(order) => order::order(device, order),
        RepCommand::Price { basket } => order::price(device, &basket),
        RepCommand::Scan { text } => answered(device.scan(&text), render::record),
        RepCommand::Visit(visit) => visit::visit(device, visit),
        RepCommand::Ask { question, said } => {
            let said = record::said(&said)?;
            let answer = answered(device.ask_question(&question, &said), render::json)?;
            // A question that is asked by its name is answered as any door answers it.
            let told = answer.data.clone();
            Ok(answer.telling(told))
        }
        RepCommand::Do { verb, fields } => record::carry_out_verb(device, &verb, &fields),
    }
}

fn enrol(device: &mut Device, url: &str, code: Option<&str>) -> Result<CliAnswer, CliFailure> {
    if code.is_none() && Invitation::is_meant(url) {
        return answered(device.enrol_by(url), render::record);
    }
    let code = code.unwrap_or_default();
    if code.trim().is_empty() {
        let message = "the code is empty; `outfield user code NAME` of the office makes one";
        return Err(CliFailure::bad_input("bad_code", message).about("code"));
    }
    answered(device.enrol(url, code), render::record)
}

fn line_cost(is_metered: bool) -> LineCost {
    if is_metered {
        LineCost::Metered
    } else {
        LineCost::Unmetered
    }
}

/// Syncs for as long as it lasts, and says what each one came to: an answer a line.
fn follow(device: &mut Device, form: OutputForm, cost: LineCost) -> Result<CliAnswer, CliFailure> {
    device.follow(cost, &mut |outcome| {
        print::outcome(form, answered(outcome, render::record).map(Some));
        ControlFlow::Continue(())
    })?;
    Ok(CliAnswer::of(Json::Null, |_| Vec::new()))
}

fn get(device: &mut Device, object: &str, typed: &str) -> Result<CliAnswer, CliFailure> {
    let id = refer::id(device, object, typed)?;
    answered(device.get(object, &id), render::record)
}

fn list_records(
    device: &mut Device,
    form: OutputForm,
    list: &ListArguments,
) -> Result<CliAnswer, CliFailure> {
    let mut receipt = device.query(&query_of(list)?.to_string())?;
    receipt.data = receipt.data["records"].take();
    shown(device, form, Some(&list.object), &list.page, receipt)
}

fn search(
    device: &mut Device,
    form: OutputForm,
    asked: &SearchArguments,
) -> Result<CliAnswer, CliFailure> {
    if !asked.text.contains(char::is_alphanumeric) {
        let message = "give at least one word to search for";
        return Err(CliFailure::bad_input("required", message).about("text"));
    }
    let receipt = device.search(&asked.text, one_more(asked.page.limit))?;
    shown(device, form, None, &asked.page, receipt)
}

/// Records as a list shows them.
fn shown(
    device: &Device,
    form: OutputForm,
    object: Option<&str>,
    page: &PageArguments,
    receipt: Receipt,
) -> Result<CliAnswer, CliFailure> {
    let listing = Listing {
        object,
        limit: Some(page.limit),
        columns: &page.columns.columns,
        ..Listing::default()
    };
    listing.answer(device, form, receipt)
}

fn day_figures(device: &mut Device, asked: &FiguresArguments) -> Result<CliAnswer, CliFailure> {
    let said = serde_json::to_value(asked).map_err(CliFailure::broken)?;
    answered(
        device.ask_question("figures", &without_null(said)),
        render::figures,
    )
}

/// What is told of each person of a team.
const OF_TEAM: &[&str] = &["name", "planned", "made", "left", "orders", "at", "id"];

/// The day of a team, a person a row.
fn team(device: &mut Device, day: Option<&str>) -> Result<CliAnswer, CliFailure> {
    let said = without_null(json!({ "day": day }));
    let data = device.ask_question("team", &said)?.data["team"].take();
    let people = data.as_array().map(Vec::as_slice).unwrap_or_default();
    let table = table_of(OF_TEAM, people);
    Ok(CliAnswer::listed(data, table))
}

/// What was said, without what was not.
fn without_null(mut said: Json) -> String {
    if let Some(members) = said.as_object_mut() {
        members.retain(|_, member| !member.is_null());
    }
    said.to_string()
}
