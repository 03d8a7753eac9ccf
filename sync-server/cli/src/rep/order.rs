//! Orders on a device: the words that a rep types, and the commands of the core that they stand
//! for. It does not know prices, limits nor verdicts.

use std::path::Path;

use outfield_core::app::Device;
use outfield_core::base::id::RecordId;
use outfield_core::domain::UNKNOWN_REFERENCE;
use outfield_server::envelope;
use serde_json::{Value as Json, json};

use super::arguments::{OrderCommand, OrderLineArguments};
use super::execute::typed_command;
use super::order_view;
use crate::answer::{CliAnswer, CliFailure};
use crate::render::{Glossary, table_of};
use crate::{refer, text_file};

/// Bytes that a scanner reads from one label.
const LABEL_BYTES_MAX: usize = 48;

/// Carries out what is done to an order, and answers the order as it is then.
pub(crate) fn order(device: &mut Device, command: OrderCommand) -> Result<CliAnswer, CliFailure> {
    let command = match command {
        OrderCommand::New {
            account,
            visit,
            note,
        } => {
            json!({ "do": "new_order", "account": account, "visit": visit, "note": note })
        }
        OrderCommand::Add(line) => line_command(device, "add_order_line", line)?,
        OrderCommand::Set(line) => line_command(device, "set_order_line", line)?,
        OrderCommand::Remove {
            order,
            product,
            unit,
        } => {
            let (product, carries) = product_of(device, &product)?;
            let unit = unit.or(carries);
            json!({
                "do": "remove_order_line",
                "sales_order": order,
                "product": product,
                "unit": unit,
            })
        }
        OrderCommand::Submit { order } => json!({ "do": "submit_order", "sales_order": order }),
        OrderCommand::Amend { order } => json!({ "do": "amend_order", "sales_order": order }),
        OrderCommand::Hold {
            order,
            reason,
            until,
        } => {
            json!({ "do": "hold_order", "sales_order": order, "reason": reason, "until": until })
        }
        OrderCommand::Resume { order } => json!({ "do": "resume_order", "sales_order": order }),
        OrderCommand::Close { order, reason } => {
            json!({ "do": "close_order", "sales_order": order, "reason": reason })
        }
        OrderCommand::Reopen { order, reason } => {
            json!({ "do": "reopen_order", "sales_order": order, "reason": reason })
        }
        OrderCommand::Cancel { order, reason } => {
            json!({ "do": "cancel_order", "sales_order": order, "reason": reason })
        }
        OrderCommand::Approve { order, note } => {
            let command = json!({ "do": "approve_order", "order": order, "note": note });
            return decided(device, command);
        }
        OrderCommand::Disapprove { order, reason } => {
            let command = json!({ "do": "disapprove_order", "order": order, "note": reason });
            return decided(device, command);
        }
        OrderCommand::Approvals => return approvals(device),
        OrderCommand::Show { order } => {
            let order = refer::id(device, "sales_order", &order)?;
            return Ok(CliAnswer::receipt(device.order(&order)?, order_view::order));
        }
    };
    let command = typed_command(device, command)?.to_string();
    let id = device.execute(&command)?.id.unwrap_or_default();
    Ok(CliAnswer::receipt(device.order(&id)?, order_view::order))
}

/// Notes a yes or a no to an order, and answers the order, of which the server has still to hear.
fn decided(device: &mut Device, command: Json) -> Result<CliAnswer, CliFailure> {
    let command = typed_command(device, command)?;
    let order = command["order"].as_str().unwrap_or_default().to_owned();
    device.execute(&command.to_string())?;
    Ok(CliAnswer::receipt(device.order(&order)?, order_view::order))
}

/// What is told of an order that waits for a manager's yes.
const APPROVALS: &[&str] = &[
    "since",
    "number",
    "account_name",
    "owner_name",
    "gross",
    "currency",
    "message",
    "decision",
];

fn approvals(device: &mut Device) -> Result<CliAnswer, CliFailure> {
    let data = device.ask_question("approvals", "{}")?.data;
    let waiting = Glossary::of(device).told(&data);
    let waiting = waiting.as_array().map(Vec::as_slice).unwrap_or_default();
    let lines = table_of(APPROVALS, waiting);
    Ok(CliAnswer::listed(data, lines))
}

/// What a basket in a file costs, in exactly the bytes that the server answers.
pub(crate) fn price(device: &mut Device, basket: &Path) -> Result<CliAnswer, CliFailure> {
    let priced = device.price(&text_file::read(basket)?)?;
    Ok(CliAnswer::verbatim(envelope::done(None, &priced)))
}

fn line_command(
    device: &mut Device,
    verb: &str,
    line: OrderLineArguments,
) -> Result<Json, CliFailure> {
    let (product, carries) = product_of(device, &line.product)?;
    Ok(json!({
        "do": verb,
        "sales_order": line.order,
        "product": product,
        "quantity": line.quantity,
        "unit": line.unit.or(carries),
        "discount_percent": line.discount,
    }))
}

/// The product with this id or name, or the one that carries this GTIN and the unit that does.
fn product_of(device: &mut Device, typed: &str) -> Result<(String, Option<String>), CliFailure> {
    if typed.parse::<RecordId>().is_ok() {
        return Ok((typed.to_owned(), None));
    }
    let unlabelled = || {
        let message =
            format!("no product here carries `{typed}`; sync, or look for it by `search`");
        CliFailure::bad_input("unknown_product", message).about("product")
    };
    if typed.trim().is_empty() {
        return Err(unlabelled());
    }
    let nameless = match refer::id(device, "product", typed) {
        Ok(id) => return Ok((id, None)),
        Err(failure) if failure.code != UNKNOWN_REFERENCE => return Err(failure),
        Err(failure) => failure,
    };
    // Digits alone are a label; with letters they may be one, or a part of a name.
    let is_name = typed.contains(char::is_alphabetic);
    let is_label = |letter: char| letter.is_ascii_digit();
    if !typed.contains(is_label) || typed.len() > LABEL_BYTES_MAX {
        return Err(if is_name { nameless } else { unlabelled() });
    }
    let scanned = match device.scan(typed) {
        Ok(receipt) => receipt.data,
        // What may be a name gets no lesson on labels.
        Err(_) if is_name => return Err(nameless),
        Err(error) => return Err(error.into()),
    };
    if let Some(several) = scanned["choices"].as_array().filter(|all| !all.is_empty()) {
        return Err(several_products(typed, several));
    }
    let text = |name: &str| scanned[name].as_str().map(str::to_owned);
    let missing = || if is_name { nameless } else { unlabelled() };
    Ok((text("product").ok_or_else(missing)?, text("unit")))
}

/// Digits that are the number of two products: a person says which is meant.
fn several_products(typed: &str, choices: &[Json]) -> CliFailure {
    let mut named = Vec::new();
    for choice in choices {
        let (name, gtin) = (&choice["product_name"], &choice["gtin"]);
        let shown = |json: &Json| json.as_str().unwrap_or_default().to_owned();
        named.push(format!("{} ({})", shown(name), shown(gtin)));
    }
    let message = format!(
        "`{typed}` is the number of {}; give the 14 digits of the one that is meant",
        named.join(" and of ")
    );
    CliFailure::bad_input("several_products", message).about("product")
}
