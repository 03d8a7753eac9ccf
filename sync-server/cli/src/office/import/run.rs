//! Runs an import from the file to the answer: what was imported, and what is wrong with which row.
//! It does not know what a tenant does with a row that it has.

use std::path::PathBuf;
use std::sync::Arc;

use outfield_core::base::context::Surroundings;
use outfield_server::tenant::Tenant;
use serde_json::{Value as Json, json};

use super::batches::{Batches, ImportTotals};
use super::cells::CellForms;
use super::columns;
use super::days::DateForm;
use super::file_rows::{FoundForm, RowCount, SaidForm, SourceFile};
use super::source;
use super::target::{ACCOUNTS, ImportTarget, PRODUCTS};
use crate::answer::{CliAnswer, CliFailure};
use crate::arguments::{ImportCommand, ImportFile, OfficePlace};
use crate::office::open::open_tenant;
use crate::render;

/// Imports a file; rows that do not fit are named, and the others are imported.
pub(crate) fn import(
    command: &ImportCommand,
    surroundings: Arc<dyn Surroundings>,
) -> Result<CliAnswer, CliFailure> {
    let (target, arguments) = match command {
        ImportCommand::Accounts(arguments) => (&ACCOUNTS, arguments),
        ImportCommand::Products(arguments) => (&PRODUCTS, arguments),
    };
    let mut tenant = open_tenant(&arguments.place, surroundings)?;
    let file = SourceFile::open(&arguments.file)?;
    import_file(&mut tenant, target, arguments, &file)
}

/// Imports the bytes of a file, `accounts` or `products`, as the command does without options: its
/// exit code, and what it tells; of a failure that did a part, the part.
pub fn import_bytes(tenant: &mut Tenant, what: &str, bytes: &[u8], dry_run: bool) -> (u8, Json) {
    let target = if what == "products" {
        &PRODUCTS
    } else {
        &ACCOUNTS
    };
    let arguments = ImportFile::plain(PathBuf::new(), dry_run, OfficePlace::nowhere());
    let file = SourceFile::of(what, bytes);
    match import_file(tenant, target, &arguments, &file) {
        Ok(answer) => (0, answer.data),
        Err(failure) => match failure.partial {
            Some(answer) => (failure.exit, answer.data),
            None => (failure.exit, failure.message.into()),
        },
    }
}

fn import_file(
    tenant: &mut Tenant,
    target: &ImportTarget,
    arguments: &ImportFile,
    file: &SourceFile<'_>,
) -> Result<CliAnswer, CliFailure> {
    let descriptor = tenant.registry().get(target.object);
    let descriptor = Arc::clone(descriptor.ok_or_else(|| CliFailure::broken("no such object"))?);
    let date = arguments.date_format.as_deref();
    let date = date.map(DateForm::parse).transpose()?;
    let said = SaidForm {
        encoding: arguments.encoding.clone(),
        delimiter: arguments.delimiter.clone(),
        sheet: arguments.sheet.clone(),
    };
    let is_known = |name: &str| columns::is_known(target, &descriptor, name);
    let form = source::form(file, &said, &is_known)?;
    // A file that cannot be read to its end is refused before anything of it is written.
    let mut counted = RowCount::default();
    source::read(file, &form, &mut counted)?;
    let forms = CellForms {
        date,
        decimal: arguments.decimal.map(Into::into),
        suggests_comma: form.suggests_decimal_comma(),
        country: tenant.country()?,
    };
    let mut batches = Batches {
        tenant,
        target,
        descriptor: &descriptor,
        arguments,
        forms,
        expected: counted.rows,
        began: None,
    };
    source::read(file, &form, &mut batches)?;
    let totals = batches.end()?;
    told(target, arguments, &form, totals)
}

/// What an import came to, as an answer.
fn told(
    target: &ImportTarget,
    arguments: &ImportFile,
    form: &FoundForm,
    totals: ImportTotals,
) -> Result<CliAnswer, CliFailure> {
    let mut data = json!({
        "rows": totals.rows,
        "rejected": totals.rejected_shown,
        "rejected_rows": totals.rejected_rows,
        "dry_run": arguments.dry_run,
        "territories_added": totals.territories_added,
        "columns": totals.columns,
        "ignored_columns": totals.ignored_columns,
        "file": told_form(form),
    });
    totals.imported.tell(&mut data);
    if target.is_sold {
        let mut counts = json!({});
        totals.prices.tell(&mut counts);
        data["prices"] = counts;
    }
    if let Some(count) = totals.without_territory {
        data["without_territory"] = count.into();
    }
    if let Some(file) = &arguments.failed {
        data["failed_file"] = file.display().to_string().into();
    }
    let answer = CliAnswer::of(data, render::import);
    let Some(first) = totals.first_rejected else {
        return Ok(answer);
    };
    let (rejected, rows) = (totals.rejected_rows, totals.rows);
    let others = match (arguments.dry_run, rejected < rows) {
        (true, _) => "nothing was written",
        (false, true) => "the others are imported",
        (false, false) => "nothing is imported",
    };
    // A rejected row makes a failure of the whole, which still tells what was imported.
    let message = format!(
        "{rejected} of {rows} rows are rejected, {others}; mend them and import the file again; \
         the first is {first}"
    );
    let failure = CliFailure::bad_input("rows_rejected", message);
    Err(CliFailure {
        partial: Some(Box::new(answer)),
        ..failure
    })
}

/// How the file was read, so that whoever sees a wrong letter knows why.
fn told_form(form: &FoundForm) -> Json {
    match form {
        FoundForm::Text {
            encoding,
            is_guessed,
            delimiter,
        } => json!({
            "format": "csv",
            "encoding": encoding.to_lowercase(),
            "encoding_guessed": is_guessed,
            "delimiter": delimiter,
        }),
        FoundForm::Sheet { name } => json!({ "format": "xlsx", "sheet": name }),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::surroundings::ProcessSurroundings;

    /// Imports a file into a new tenant, or into the one that is there.
    fn imported(
        folder: &Path,
        csv: &str,
        import: fn(ImportFile) -> ImportCommand,
    ) -> Result<CliAnswer, CliFailure> {
        let surroundings: Arc<dyn Surroundings> =
            Arc::new(ProcessSurroundings::open().ok().unwrap());
        outfield_server::data_dir::DataDir::open(folder, Arc::clone(&surroundings))
            .unwrap()
            .add_tenant("Acme", "UTC")
            .ok();
        let file = folder.join("import.csv");
        std::fs::write(&file, csv).unwrap();
        let territory_column = csv.contains("state").then(|| "state".to_owned());
        let place = OfficePlace {
            data: folder.to_owned(),
            tenant: None,
        };
        super::import(
            &import(ImportFile {
                territory_column,
                ..ImportFile::plain(file, false, place)
            }),
            surroundings,
        )
    }

    fn counts(answer: &CliAnswer) -> [u64; 4] {
        ["rows", "created", "changed", "unchanged"].map(|name| answer.data[name].as_u64().unwrap())
    }

    #[test]
    fn a_second_time_nothing_changes_and_a_changed_row_changes() {
        let folder = tempfile::tempdir().unwrap();
        let csv = "store_no,type,city,state\n1,Market,Rogers,AR\n2,Market,Joplin,MO\n";
        let first = imported(folder.path(), csv, ImportCommand::Accounts)
            .ok()
            .unwrap();
        assert_eq!(counts(&first), [2, 2, 0, 0]);
        assert_eq!(first.data["territories_added"], json!(["AR", "MO"]));
        assert_eq!(
            counts(
                &imported(folder.path(), csv, ImportCommand::Accounts)
                    .ok()
                    .unwrap()
            ),
            [2, 0, 0, 2]
        );
        let csv = csv.replace("Joplin", "Neosho");
        assert_eq!(
            counts(
                &imported(folder.path(), &csv, ImportCommand::Accounts)
                    .ok()
                    .unwrap()
            ),
            [2, 0, 1, 1]
        );
    }

    #[test]
    fn rows_that_do_not_fit_are_named_and_the_others_are_imported() {
        let folder = tempfile::tempdir().unwrap();
        let csv =
            "gtin,name\n4006381333931,Pen\n4006381333932,Pen\n04006381333931,Pen\n96385074,\n";
        let failure = imported(folder.path(), csv, ImportCommand::Products)
            .err()
            .unwrap();
        assert_eq!((failure.exit, failure.code.as_str()), (2, "rows_rejected"));
        let answer = failure.partial.unwrap();
        assert_eq!(counts(&answer), [4, 1, 0, 0]);
        let expected = json!([
            { "line": 3, "key": "4006381333932",
              "reason": "gtin: `4006381333932` is not a GTIN: \
                         its check digit is 2, but 1 belongs there" },
            { "line": 4, "key": "04006381333931", "reason": "line 2 has this gtin already" },
            { "line": 5, "key": "96385074",
              "reason": "name: the cell is empty, but each product needs one" },
        ]);
        assert_eq!(answer.data["rejected"], expected);
    }

    #[test]
    fn a_price_a_unit_and_a_tax_class_are_taken_from_their_columns_and_made_where_a_cell_is_empty()
    {
        let folder = tempfile::tempdir().unwrap();
        let csv = "gtin,name,Price,currency,UOM,Tax class\n\
            4006381333931,Pen,1.25,USD,EA,Reduced\n\
            4006381333948,Ham,12.5,,KGM,\n\
            96385074,Gum,,USD,,Standard\n";
        let answer = imported(folder.path(), csv, ImportCommand::Products)
            .ok()
            .unwrap();
        assert_eq!(counts(&answer), [3, 3, 0, 0]);
        assert_eq!(answer.data["ignored_columns"], json!([]));
        let again = imported(folder.path(), csv, ImportCommand::Products)
            .ok()
            .unwrap();
        assert_eq!(
            (counts(&again), &again.data["prices"]["unchanged"]),
            ([3, 0, 0, 3], &json!(3))
        );
        let dearer = csv.replace("1.25", "1.30");
        let again = imported(folder.path(), &dearer, ImportCommand::Products)
            .ok()
            .unwrap();
        assert_eq!(
            (counts(&again), &again.data["prices"]["changed"]),
            ([3, 0, 0, 3], &json!(1))
        );
        let surroundings: Arc<dyn Surroundings> =
            Arc::new(ProcessSurroundings::open().ok().unwrap());
        let tenant = open_tenant(
            &OfficePlace {
                data: folder.path().to_owned(),
                tenant: None,
            },
            surroundings,
        )
        .ok()
        .unwrap();
        let entry = |gtin: &str| {
            let product = outfield_server::office::imported_id("product", gtin).to_string();
            let [entry] = &tenant
                .find("price_entry", "product", &product.into())
                .unwrap()[..]
            else {
                panic!("{gtin}")
            };
            [
                entry.text("unit").unwrap(),
                entry.text("unit_price").unwrap(),
            ]
            .join(" ")
        };
        assert_eq!(entry("04006381333931"), "EA 1.3");
        assert_eq!(entry("04006381333948"), "KGM 12.5");
        assert_eq!(entry("00000096385074"), "EA 6.16");
        let product = tenant
            .find("product", "name", &"Pen".into())
            .unwrap()
            .remove(0);
        let reduced = outfield_server::office::standard_id("tax_class", "Reduced").to_string();
        assert_eq!(product.text("tax_class"), Some(reduced.as_str()));
    }

    #[test]
    fn what_a_product_cannot_be_sold_by_is_rejected_by_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let row = |gtin: &str, rest: &str| format!("{gtin},Pen,{rest}\n");
        let bad = [
            "cheap,,,",
            "-1,,,",
            "1e3,,,",
            "1.1234567,,,",
            "9999999999999,,,",
            "1,EUR,,",
            "1,,box,",
            "1,,,Luxury",
        ];
        let gtins = [
            "4006381333931",
            "4006381333948",
            "96385074",
            "036000291452",
            "4006381333955",
            "4006381333962",
            "4006381333979",
            "4006381333986",
        ];
        let rows: String = gtins
            .iter()
            .zip(bad)
            .map(|(gtin, rest)| row(gtin, rest))
            .collect();
        let failure = imported(
            folder.path(),
            &format!("gtin,name,price,currency,unit,tax_class\n{rows}"),
            ImportCommand::Products,
        );
        let answer = failure.err().unwrap().partial.unwrap();
        assert_eq!(counts(&answer), [8, 0, 0, 0]);
        let rejected = answer.data["rejected"].as_array().unwrap();
        let said: Vec<&str> = rejected
            .iter()
            .filter_map(|row| row["reason"].as_str()?.split(':').next())
            .collect();
        assert_eq!(
            said,
            [
                "price",
                "price",
                "price",
                "price",
                "price",
                "currency",
                "base_unit",
                "tax_class"
            ],
            "{rejected:?}"
        );
        let lines: Vec<u64> = rejected
            .iter()
            .filter_map(|row| row["line"].as_u64())
            .collect();
        assert_eq!(lines, [2, 3, 4, 5, 6, 7, 8, 9]);
    }
}
