//! Lists of records, on a device or in the office: what is asked for, and a table of columns that
//! the descriptor or the person chose, with whether there is more. It does not know what is
//! listed, nor why.

use clap::Args;
use outfield_core::app::Receipt;
use outfield_core::base::limits::QUERY_PAGE_MAX;
use serde_json::{Value as Json, json};

use crate::answer::{CliAnswer, CliFailure};
use crate::print::OutputForm;
use crate::render::{Glossary, NamePlace, RecordTable};

/// Arguments of `list`.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// The object, such as `account`
    pub(crate) object: String,
    /// Only records of which this condition holds, as JSON
    #[arg(long = "where", value_name = "JSON")]
    pub(crate) condition: Option<String>,
    /// Ordered by these fields; `-FIELD` begins with the greatest
    #[arg(long, value_name = "FIELD,..", value_delimiter = ',')]
    #[arg(allow_hyphen_values = true, conflicts_with = "near")]
    pub(crate) order: Vec<String>,
    /// Nearest first, from this position (degrees; may be negative)
    #[arg(
        long,
        value_name = "LAT,LON",
        requires = "within",
        allow_hyphen_values = true
    )]
    pub(crate) near: Option<String>,
    /// How far from it
    #[arg(
        long,
        value_name = "METRES",
        requires = "near",
        allow_negative_numbers = true
    )]
    #[arg(value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) within: Option<i64>,
    #[command(flatten)]
    pub(crate) page: PageArguments,
}

/// How much of a list is shown.
#[derive(Debug, Args)]
pub(crate) struct PageArguments {
    /// At most this many
    #[arg(long, default_value_t = 50, allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) columns: ColumnArguments,
}

/// Which columns a list shows.
#[derive(Debug, Args)]
pub(crate) struct ColumnArguments {
    /// Fields that the table shows, with commas between them; a few telling ones if not given
    #[arg(long, value_name = "FIELD,..", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
}

/// What is asked for, as one value.
pub(crate) fn query_of(list: &ListArguments) -> Result<Json, CliFailure> {
    let limit = one_more(list.page.limit).min(QUERY_PAGE_MAX);
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

/// What is shown of a list.
#[derive(Default)]
pub(crate) struct Listing<'a> {
    /// The object that is listed, where it is one.
    pub(crate) object: Option<&'a str>,
    /// How many records there are at most; one more was fetched, which says whether there are more.
    pub(crate) limit: Option<u32>,
    /// Columns that the person chose.
    pub(crate) columns: &'a [String],
    /// What is shown beside the descriptor's columns, where a record has it.
    pub(crate) extras: &'a [&'a str],
}

/// How many records are fetched, so that it shows whether there are more than these.
pub(crate) fn one_more(limit: u32) -> usize {
    (limit as usize).saturating_add(1)
}

impl Listing<'_> {
    /// The answer to a list; its table only where a person reads it.
    pub(crate) fn answer(
        &self,
        place: &dyn NamePlace,
        form: OutputForm,
        receipt: Receipt,
    ) -> Result<CliAnswer, CliFailure> {
        let mut answer = CliAnswer::receipt(receipt, |_| Vec::new());
        let mut is_cut = false;
        if let (Some(limit), Json::Array(records)) = (self.limit, &mut answer.data) {
            is_cut = records.len() > limit as usize;
            records.truncate(limit as usize);
        }
        if !form.is_for_people() {
            return Ok(answer);
        }
        let records = answer.data.as_array().map(Vec::as_slice);
        let wanted = RecordTable {
            object: self.object,
            columns: self.columns,
            extras: self.extras,
        };
        let mut table = wanted.of(&Glossary::of(place), records.unwrap_or_default())?;
        if let Some(limit) = self.limit.filter(|_| is_cut) {
            let twice = limit.saturating_mul(2);
            table.more(format!(
                "{limit} shown, there are more; --limit {twice} shows more"
            ));
        }
        Ok(answer.with_table(table))
    }
}
