//! Lists on a device, as people read them: a table of columns that the descriptor or the person
//! chose, and whether there is more. It does not know what is listed, nor why.

use outfield_core::app::{Device, Receipt};
use serde_json::Value as Json;

use crate::answer::{CliAnswer, CliFailure};
use crate::print::OutputForm;
use crate::render::{Glossary, RecordTable, table_of};

/// What is told of what has no answer yet.
const WAITING: &[&str] = &["since", "object", "name", "verdict", "record"];

/// What was asked of the server and has no answer yet, as a table.
pub(crate) fn waiting(device: &mut Device) -> Result<CliAnswer, CliFailure> {
    let data = device.waiting()?.data;
    let told = Glossary::of(device).told(&data);
    let asks = told.as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(CliAnswer::listed(data, table_of(WAITING, asks)))
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
        device: &Device,
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
        let mut table = wanted.of(&Glossary::of(device), records.unwrap_or_default())?;
        if let Some(limit) = self.limit.filter(|_| is_cut) {
            let twice = limit.saturating_mul(2);
            table.more(format!(
                "{limit} shown, there are more; --limit {twice} shows more"
            ));
        }
        Ok(answer.with_table(table))
    }
}
