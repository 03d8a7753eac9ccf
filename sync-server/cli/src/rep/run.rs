//! Which method of the core carries out which command of a rep. It does not know what the commands
//! do.

use std::sync::Arc;

use outfield_core::app::Device;
use outfield_core::base::context::Surroundings;
use outfield_core::base::limits::QUERY_PAGE_MAX;

use serde_json::{Value as Json, json};

use super::arguments::{
    FiguresArguments, ListArguments, RepArguments, RepCommand, SearchArguments,
};
use super::database::{check_file, not_enrolled};
use super::execute::answered;
use super::listing::{Listing, one_more, waiting};
use super::{order, record, visit};
use crate::answer::{CliAnswer, CliFailure};
use crate::print::OutputForm;
use crate::render::Glossary;
use crate::{refer, render};

/// Carries out one command on the database that `--db` names.
pub(crate) fn run(
    arguments: RepArguments,
    form: OutputForm,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    let Some(db) = arguments.db else {
        let message = "the database of the device is missing; give --db FILE, such as --db ana.db";
        return Err(CliFailure::bad_input("usage", message).about("db"));
    };
    let may_begin = matches!(
        arguments.command,
        RepCommand::Enrol { .. } | RepCommand::Status
    );
    check_file(&db, may_begin)?;
    let mut device = Device::open(&db, surroundings)?;
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
        RepCommand::Enrol { url, code } => enrol(device, &url, &code),
        RepCommand::Sync => answered(device.sync(), render::record),
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
        RepCommand::Outbox => answered(device.outbox(), render::unsent),
        RepCommand::PushRaw(change) => record::push_raw(device, &change),
        RepCommand::Token => Ok(answered(device.token(), render::record)?.brief("token")),
        RepCommand::Digest => answered(device.digest(), render::digests),
        RepCommand::Rebuild => answered(device.rebuild(), render::record),
        RepCommand::Create { object, fields } => record::create(device, &object, &fields),
        RepCommand::Edit { object, id, fields } => record::edit(device, &object, &id, &fields),
        RepCommand::Link(link) => record::link(device, &link),
        RepCommand::FollowUp(follow_up) => record::follow_up(device, &follow_up),
        RepCommand::Figures(figures) => day_figures(device, &figures),
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

fn enrol(device: &mut Device, url: &str, code: &str) -> Result<CliAnswer, CliFailure> {
    if code.trim().is_empty() {
        let message = "the code is empty; `outfield user code NAME` of the office makes one";
        return Err(CliFailure::bad_input("bad_code", message).about("code"));
    }
    answered(device.enrol(url, code), render::record)
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
    let receipt = if list.condition.is_none() && list.order.is_empty() {
        let near = list.near.as_deref().zip(list.within);
        device.list(&list.object, near, one_more(list.limit))?
    } else {
        let mut answer = device.query(&query_of(list)?.to_string())?;
        answer.data = answer.data["records"].take();
        answer
    };
    let shown = Listing {
        object: Some(&list.object),
        limit: Some(list.limit),
        columns: &list.columns.columns,
        ..Listing::default()
    };
    shown.answer(device, form, receipt)
}

/// What is asked for, as one value.
fn query_of(list: &ListArguments) -> Result<Json, CliFailure> {
    let limit = one_more(list.limit).min(QUERY_PAGE_MAX);
    let mut query = json!({ "object": list.object, "limit": limit });
    if let Some(condition) = &list.condition {
        let read: Result<Json, _> = serde_json::from_str(condition);
        query["where"] = read.map_err(|error| {
            let message = format!("--where is no JSON: {error}");
            CliFailure::bad_input("bad_query", message).about("where")
        })?;
    }
    if let Some((at, metres)) = list.near.as_deref().zip(list.within) {
        query["near"] = json!({ "at": at, "within_m": metres });
    }
    let order = list.order.iter().map(|by| match by.strip_prefix('-') {
        Some(by) => json!({ "by": by, "down": true }),
        None => json!({ "by": by }),
    });
    query["order"] = order.collect();
    Ok(query)
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
    let receipt = device.search(&asked.text, one_more(asked.limit))?;
    let shown = Listing {
        limit: Some(asked.limit),
        columns: &asked.columns.columns,
        ..Listing::default()
    };
    shown.answer(device, form, receipt)
}

fn day_figures(device: &mut Device, asked: &FiguresArguments) -> Result<CliAnswer, CliFailure> {
    let day = asked.day.as_deref();
    let rep = asked.rep.as_deref();
    let territory = asked.territory.as_deref();
    answered(device.figures(day, rep, territory), render::figures)
}
