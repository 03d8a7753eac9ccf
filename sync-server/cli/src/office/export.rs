//! All records of an object as a table of CSV, page by page. It does not know which objects there
//! are, nor who reads the file.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use outfield_core::base::context::Surroundings;
use outfield_core::base::limits::QUERY_PAGE_MAX;
use outfield_core::objects::Descriptor;
use outfield_server::tenant::Tenant;
use serde_json::{Value as Json, json};

use super::csv_writer::CsvWriter;
use super::open::open_tenant;
use crate::answer::{CliAnswer, CliFailure};
use crate::arguments::ExportArguments;
use crate::print::OutputForm;
use crate::render::{self, Glossary};

/// The column of a record's id.
const ID: &str = "id";

/// Writes all records of an object; a reference is the name of what it refers to, where it has one.
pub(crate) fn export(
    arguments: &ExportArguments,
    form: OutputForm,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    let mut tenant = open_tenant(&arguments.place, surroundings)?;
    let object = &arguments.object;
    // An object that there is not is refused with those that resemble it.
    let first = page(&mut tenant, object, None)?;
    let descriptor = tenant.registry().get(object).map(Arc::clone);
    let descriptor = descriptor.ok_or_else(|| CliFailure::broken("no such object"))?;
    let columns = columns(&descriptor, &arguments.columns.columns)?;
    let table = ExportedTable {
        object,
        descriptor: &descriptor,
        columns: &columns,
    };
    let Some(to) = &arguments.to else {
        let mut text = Vec::new();
        table.write(&mut tenant, first, &mut text)?;
        let text = String::from_utf8(text).map_err(CliFailure::broken)?;
        return Ok(if form.json {
            CliAnswer::of(json!({ "csv": text }), |_| Vec::new())
        } else {
            CliAnswer::verbatim(text)
        });
    };
    let unwritable = |error: io::Error| unwritable(to, &error);
    let file = OpenOptions::new().write(true).create_new(true).open(to);
    let mut file = BufWriter::new(file.map_err(unwritable)?);
    let records = table.write(&mut tenant, first, &mut file)?;
    let whole = file.into_inner().map_err(io::Error::from);
    whole.and_then(|file| file.sync_all()).map_err(unwritable)?;
    let data = json!({ "object": object, "records": records, "file": to.display().to_string() });
    Ok(CliAnswer::of(data, render::record))
}

fn unwritable(file: &Path, error: &io::Error) -> CliFailure {
    let is_there = error.kind() == io::ErrorKind::AlreadyExists;
    let why = if is_there {
        "it is there already".to_owned()
    } else {
        error.to_string()
    };
    let message = format!("`{}`: {why}; name another file by --to", file.display());
    CliFailure::bad_input("bad_file", message).about("to")
}

/// The id and all fields, or the columns that were asked for.
fn columns(descriptor: &Descriptor, asked: &[String]) -> Result<Vec<String>, CliFailure> {
    for name in asked {
        if name != ID && !descriptor.fields.contains_key(name) {
            let known: Vec<&str> = descriptor.fields.keys().map(String::as_str).collect();
            let object = &descriptor.object;
            let message = format!(
                "`{object}` has no field `{name}`; there are: {}",
                known.join(", ")
            );
            return Err(CliFailure::bad_input("unknown_field", message).about("columns"));
        }
    }
    if !asked.is_empty() {
        return Ok(asked.to_vec());
    }
    let fields = descriptor.fields.keys().cloned();
    Ok([ID.to_owned()].into_iter().chain(fields).collect())
}

/// One page of all records, and how to ask for the next.
fn page(tenant: &mut Tenant, object: &str, after: Option<&Json>) -> Result<Json, CliFailure> {
    let mut query = json!({ "object": object, "limit": QUERY_PAGE_MAX });
    if let Some(after) = after {
        query["after"] = after.clone();
    }
    Ok(tenant.query_of_office(&query.to_string())?)
}

/// What is written of which records.
struct ExportedTable<'a> {
    object: &'a str,
    descriptor: &'a Descriptor,
    columns: &'a [String],
}

impl ExportedTable<'_> {
    /// Writes all pages from the first on; answers how many records that were.
    fn write(
        &self,
        tenant: &mut Tenant,
        mut page_now: Json,
        to: impl Write,
    ) -> Result<u64, CliFailure> {
        let mut table = CsvWriter::begin(to).map_err(CliFailure::broken)?;
        let names = self.columns.iter().map(String::as_str);
        table.row(names).map_err(CliFailure::broken)?;
        let mut count = 0;
        loop {
            let glossary = Glossary::of(&*tenant);
            for record in page_now["records"].as_array().into_iter().flatten() {
                let cells = self
                    .columns
                    .iter()
                    .map(|name| self.cell(&glossary, record, name));
                let cells: Vec<String> = cells.collect();
                let cells = cells.iter().map(String::as_str);
                table.row(cells).map_err(CliFailure::broken)?;
                count += 1;
            }
            let next = page_now["next"].take();
            if next.is_null() {
                break;
            }
            page_now = page(tenant, self.object, Some(&next))?;
        }
        table.end().map_err(CliFailure::broken)?;
        Ok(count)
    }

    fn cell(&self, glossary: &Glossary<'_>, record: &Json, name: &str) -> String {
        let value = &record[name];
        let of = self
            .descriptor
            .fields
            .get(name)
            .and_then(|field| field.of.as_deref());
        let title = of
            .zip(value.as_str())
            .and_then(|(of, id)| glossary.title(of, id));
        match (title, value) {
            (Some(title), _) => title,
            (None, Json::Null) => String::new(),
            (None, Json::String(text)) => text.clone(),
            (None, other) => other.to_string(),
        }
    }
}
