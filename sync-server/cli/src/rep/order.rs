//! Orders on a device: the words that a rep types, and the commands of the core that they stand
//! for. It does not know prices, limits nor verdicts.

use std::path::Path;

use outfield_core::app::Device;
use outfield_core::base::id::RecordId;
use outfield_server::envelope;
use serde_json::{Value as Json, json};

use super::arguments::{OrderCommand, OrderLineArguments};
use super::execute::without_absent;
use super::order_view;
use crate::answer::{CliAnswer, CliFailure};
use crate::text_file;

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
        OrderCommand::Show { order } => {
            return Ok(CliAnswer::receipt(device.order(&order)?, order_view::order));
        }
    };
    let id = device
        .execute(&without_absent(command).to_string())?
        .id
        .unwrap_or_default();
    Ok(CliAnswer::receipt(device.order(&id)?, order_view::order))
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

/// The product with this id, or the one that carries this GTIN and the unit that does.
fn product_of(device: &mut Device, typed: &str) -> Result<(String, Option<String>), CliFailure> {
    if typed.parse::<RecordId>().is_ok() {
        return Ok((typed.to_owned(), None));
    }
    // What does not even look like a GTIN gets no lesson on labels.
    let is_label = typed.contains(|letter: char| letter.is_ascii_digit()) && typed.len() <= 48;
    if !is_label {
        let message = format!(
            "`{typed}` is neither a product's id nor a GTIN; look for the product by `search`"
        );
        return Err(CliFailure::bad_input("unknown_product", message).about("product"));
    }
    let scanned = device.scan(typed)?.data;
    let text = |name: &str| scanned[name].as_str().map(str::to_owned);
    let unknown = || {
        let message =
            format!("no product here carries `{typed}`; sync, or look for it by `search`");
        CliFailure::bad_input("unknown_product", message).about("product")
    };
    Ok((text("product").ok_or_else(unknown)?, text("unit")))
}
