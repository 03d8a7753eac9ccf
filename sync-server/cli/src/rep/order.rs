//! Orders on a device: the words that a rep types, and the commands of the core that they stand
//! for. It does not know prices, limits nor verdicts.

use std::path::Path;

use clap::{Args, Subcommand};
use outfield_core::app::Device;
use outfield_core::base::id::RecordId;
use outfield_server::envelope;
use serde_json::{Value as Json, json};

use super::order_view;
use crate::answer::{Answer, Failure};
use crate::office;

/// What is done to an order.
#[derive(Debug, Subcommand)]
pub(crate) enum Order {
    /// Begin an order
    New {
        /// The account's id
        account: String,
        /// The visit that it is made in
        #[arg(long, value_name = "ID")]
        visit: Option<String>,
        /// A note
        #[arg(long)]
        note: Option<String>,
    },
    /// Order so much more of a product
    Add(Line),
    /// Order a quantity of a product, in place of what was ordered
    Set(Line),
    /// Take a product out
    Remove {
        /// The order's id
        order: String,
        /// The product's id or GTIN; a package's GTIN names the unit too
        product: String,
        /// The unit (UN/ECE Rec 20)
        #[arg(long)]
        unit: Option<String>,
    },
    /// Submit the order; the server judges it with the next sync
    Submit {
        /// The order's id
        order: String,
    },
    /// Call the order off
    Cancel {
        /// The order's id
        order: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Show the order: what each line costs and why, what is nearly reached, what the server said
    Show {
        /// The order's id
        order: String,
    },
}

/// A line of an order.
#[derive(Debug, Args)]
pub(crate) struct Line {
    /// The order's id
    order: String,
    /// The product's id or GTIN; a package's GTIN names the unit too
    product: String,
    /// How many
    #[arg(allow_negative_numbers = true)]
    quantity: String,
    /// The unit (UN/ECE Rec 20), such as `EA` or `XCS`; the base unit if not given
    #[arg(long)]
    unit: Option<String>,
    /// What is taken off this line, in per cent
    #[arg(long, value_name = "PERCENT", allow_negative_numbers = true)]
    discount: Option<String>,
}

/// Carries out what is done to an order, and answers the order as it is then.
pub(crate) fn order(device: &mut Device, order: Order) -> Result<Answer, Failure> {
    let command = match order {
        Order::New {
            account,
            visit,
            note,
        } => {
            json!({ "do": "new_order", "account": account, "visit": visit, "note": note })
        }
        Order::Add(line) => ordered(device, "add_order_line", line)?,
        Order::Set(line) => ordered(device, "set_order_line", line)?,
        Order::Remove {
            order,
            product,
            unit,
        } => {
            let (product, carries) = product_of(device, &product)?;
            let unit = unit.or(carries);
            json!({ "do": "remove_order_line", "sales_order": order, "product": product, "unit": unit })
        }
        Order::Submit { order } => json!({ "do": "submit_order", "sales_order": order }),
        Order::Cancel { order, reason } => {
            json!({ "do": "cancel_order", "sales_order": order, "reason": reason })
        }
        Order::Show { order } => {
            return Ok(Answer::receipt(device.order(&order)?, order_view::order));
        }
    };
    let id = device
        .execute(&said(command).to_string())?
        .id
        .unwrap_or_default();
    Ok(Answer::receipt(device.order(&id)?, order_view::order))
}

/// What a basket in a file costs, in exactly the bytes that the server answers.
pub(crate) fn price(device: &mut Device, basket: &Path) -> Result<Answer, Failure> {
    let priced = device.price(&office::text_of(basket)?)?;
    Ok(Answer::verbatim(envelope::done(None, &priced)))
}

fn ordered(device: &mut Device, verb: &str, line: Line) -> Result<Json, Failure> {
    let (product, carries) = product_of(device, &line.product)?;
    Ok(json!({
        "do": verb, "sales_order": line.order, "product": product, "quantity": line.quantity,
        "unit": line.unit.or(carries), "discount_percent": line.discount,
    }))
}

/// The product with this id, or the one that carries this GTIN and the unit that does.
fn product_of(device: &mut Device, typed: &str) -> Result<(String, Option<String>), Failure> {
    if typed.parse::<RecordId>().is_ok() {
        return Ok((typed.to_owned(), None));
    }
    // What does not even look like a GTIN gets no lesson on labels.
    let is_label = typed.contains(|letter: char| letter.is_ascii_digit()) && typed.len() <= 48;
    if !is_label {
        let message = format!(
            "`{typed}` is neither a product's id nor a GTIN; look for the product by `search`"
        );
        return Err(Failure::bad_input("unknown_product", message).about("product"));
    }
    let scanned = device.scan(typed)?.data;
    let text = |name: &str| scanned[name].as_str().map(str::to_owned);
    let unknown = || {
        let message =
            format!("no product here carries `{typed}`; sync, or look for it by `search`");
        Failure::bad_input("unknown_product", message).about("product")
    };
    Ok((text("product").ok_or_else(unknown)?, text("unit")))
}

/// What was not given is not said.
fn said(mut command: Json) -> Json {
    if let Json::Object(members) = &mut command {
        members.retain(|_, member| !member.is_null());
    }
    command
}
