//! Which method of the core carries out which command of a rep. It does not know what the commands
//! do.

use std::sync::Arc;

use outfield_core::app::Device;
use outfield_core::base::context::Surroundings;

use serde_json::{Value as Json, json};

use super::arguments::{FiguresArguments, ListArguments, RepArguments, RepCommand};
use super::database::{check_file, not_enrolled};
use super::execute::answered;
use super::{order, record, visit};
use crate::answer::{CliAnswer, CliFailure};
use crate::render;

/// Carries out one command on the database that `--db` names.
pub(crate) fn run(
    arguments: RepArguments,
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
    carry_out(&mut device, arguments.command)
}

fn carry_out(device: &mut Device, command: RepCommand) -> Result<CliAnswer, CliFailure> {
    match command {
        RepCommand::Enrol { url, code } => enrol(device, &url, &code),
        RepCommand::Sync => answered(device.sync(), render::record),
        RepCommand::Status => answered(device.status(), render::record),
        RepCommand::Today => visit::today(device),
        RepCommand::List(list) => list_records(device, &list),
        RepCommand::Get { object, id } => answered(device.get(&object, &id), render::record),
        RepCommand::Query { query } => answered(device.query(&query), render::json),
        RepCommand::Search { text, limit } => search(device, &text, limit),
        RepCommand::Waiting => answered(device.waiting(), render::waiting),
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
            answered(device.ask_question(&question, &said), render::json)
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

fn list_records(device: &mut Device, list: &ListArguments) -> Result<CliAnswer, CliFailure> {
    if list.condition.is_none() && list.order.is_empty() {
        let near = list.near.as_deref().zip(list.within);
        let listed = device.list(&list.object, near, list.limit as usize);
        return answered(listed, render::list);
    }
    let mut query = json!({ "object": list.object, "limit": list.limit });
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
    let answer = device.query(&query.to_string()).map(|mut answer| {
        answer.data = answer.data["records"].take();
        answer
    });
    answered(answer, render::list)
}

fn search(device: &mut Device, text: &str, limit: u32) -> Result<CliAnswer, CliFailure> {
    if !text.contains(char::is_alphanumeric) {
        let message = "give at least one word to search for";
        return Err(CliFailure::bad_input("required", message).about("text"));
    }
    answered(device.search(text, limit as usize), render::list)
}

fn day_figures(device: &mut Device, asked: &FiguresArguments) -> Result<CliAnswer, CliFailure> {
    let day = asked.day.as_deref();
    let rep = asked.rep.as_deref();
    let territory = asked.territory.as_deref();
    answered(device.figures(day, rep, territory), render::figures)
}
