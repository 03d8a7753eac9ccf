//! Imports accounts and products from a CSV file: which column holds which field, what is wrong
//! with which row. It does not know what a tenant does with a row that it has; the tenant compares
//! by key.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use outfield_core::base::context::Surroundings;
use outfield_core::base::id::RecordId;
use outfield_core::objects::{Descriptor, Value, Values};
use serde_json::{Value as Json, json};

use super::csv::{self, Row, Sheet};
use super::{columns, product_import};
use crate::answer::{Answer, Failure};
use crate::arguments::{Import, ImportFile, Place};
use crate::{office, render};
use outfield_server::office::Imported;
use outfield_server::tenant::Tenant;

/// The field that a territory column fills.
const TERRITORY: &str = "territory";
/// The longest name of a territory.
const NAME_BYTES_MAX: usize = 100;

/// What an import makes records of.
pub(crate) struct Target {
    /// The object.
    pub(crate) object: &'static str,
    /// The field by which a row is known again.
    pub(crate) key: &'static str,
    /// Names of columns whose field has another name.
    pub(crate) aliases: &'static [(&'static str, &'static str)],
    /// What a column may hold that is no field for its cell to fill as it is.
    pub(crate) beside: &'static [&'static str],
    /// The field that is made of others where no column holds it, and those others.
    pub(crate) composed: Option<(&'static str, &'static [&'static str])>,
}

pub(crate) const ACCOUNTS: Target = Target {
    object: "account",
    key: "code",
    aliases: &[
        ("store_no", "code"),
        ("state", "region"),
        ("zip", "postal_code"),
        ("opened", "opened_on"),
        ("lat", columns::LATITUDE),
        ("lon", columns::LONGITUDE),
        ("lng", columns::LONGITUDE),
    ],
    beside: &[],
    composed: Some(("name", &["type", "city"])),
};

pub(crate) const PRODUCTS: Target = Target {
    object: "product",
    key: "gtin",
    aliases: &[
        ("ean", "gtin"),
        ("upc", "gtin"),
        ("barcode", "gtin"),
        ("unit", "base_unit"),
        ("uom", "base_unit"),
        ("list_price", product_import::PRICE),
        ("unit_price", product_import::PRICE),
        ("tax", product_import::TAX_CLASS),
    ],
    beside: &[
        product_import::PRICE,
        product_import::CURRENCY,
        product_import::TAX_CLASS,
    ],
    composed: None,
};

/// A row that is not imported.
struct Rejected {
    line: u64,
    key: String,
    reason: String,
}

/// A row that fits.
pub(crate) struct Fit<'a> {
    /// The row itself.
    pub(crate) row: &'a Row,
    /// The key of its record.
    pub(crate) key: String,
    /// The fields of its record.
    pub(crate) values: Values,
}

/// Imports a file; rows that do not fit are named, and the others are imported.
pub(crate) fn import(import: &Import, world: Arc<dyn Surroundings>) -> Result<Answer, Failure> {
    let (target, file) = match import {
        Import::Accounts(file) => (&ACCOUNTS, file),
        Import::Products(file) => (&PRODUCTS, file),
    };
    let mut tenant = office::open(&file.place, world)?;
    take_in(&mut tenant, (target, file), &csv::read(&file.file)?)
}

/// Imports the text of a CSV file, `accounts` or `products`, as the command does without options:
/// its exit code, and what it tells; of a failure that did a part, the part.
pub fn import_text(tenant: &mut Tenant, what: &str, text: &str, dry_run: bool) -> (u8, Json) {
    let target = if what == "products" {
        &PRODUCTS
    } else {
        &ACCOUNTS
    };
    let place = Place {
        data: PathBuf::new(),
        tenant: None,
    };
    let file = ImportFile {
        file: PathBuf::new(),
        map: Vec::new(),
        territory_column: None,
        dry_run,
        place,
    };
    let taken = csv::parse(what, text).and_then(|sheet| take_in(tenant, (target, &file), &sheet));
    match taken {
        Ok(answer) => (0, answer.data),
        Err(failure) => (
            failure.exit,
            failure
                .partial
                .map_or_else(|| failure.message.into(), |answer| answer.data),
        ),
    }
}

fn take_in(
    tenant: &mut Tenant,
    (target, file): (&Target, &ImportFile),
    sheet: &Sheet,
) -> Result<Answer, Failure> {
    let descriptor = Arc::clone(
        tenant
            .registry()
            .get(target.object)
            .ok_or_else(|| Failure::broken("no such object"))?,
    );
    let plan = columns::plan(target, &descriptor, &sheet.columns, &file.map)?;
    let territory = match file.territory_column.as_deref() {
        Some(_) if !descriptor.fields.contains_key(TERRITORY) => {
            let message = format!(
                "a {} belongs to no territory; leave --territory-column out",
                target.object
            );
            return Err(Failure::bad_input("bad_map", message));
        }
        Some(name) => Some(columns::column(&sheet.columns, name)?),
        None => None,
    };
    let (mut fits, mut rejected) = sorted(target, &descriptor, sheet, &plan);
    let added = match territory {
        Some(column) => territories(tenant, (&mut fits, &mut rejected), column, file.dry_run)?,
        None => Vec::new(),
    };
    let is_goods = target.object == PRODUCTS.object;
    let mut entries = Vec::new();
    if is_goods {
        if !file.dry_run {
            tenant.standardise()?;
        }
        let shop = product_import::Shop::of(tenant)?;
        for mut fit in std::mem::take(&mut fits) {
            match shop.complete(&mut fit, &plan) {
                Ok(entry) => {
                    entries.push((fit.key.clone(), entry));
                    fits.push(fit);
                }
                Err(reason) => rejected.push(Rejected {
                    line: fit.row.line,
                    key: fit.key,
                    reason,
                }),
            }
        }
    }
    let rows: Vec<(String, Values)> = fits.into_iter().map(|fit| (fit.key, fit.values)).collect();
    let imported = tenant.import(target.object, rows, file.dry_run)?;
    let prices = if is_goods {
        Some(tenant.import("price_entry", entries, file.dry_run)?)
    } else {
        None
    };
    rejected.sort_by_key(|row| row.line);
    let shown: Vec<Json> = rejected
        .iter()
        .map(|row| json!({ "line": row.line, "key": row.key, "reason": row.reason }))
        .collect();
    let mut data = json!({
        "rows": sheet.rows.len(), "created": imported.created, "changed": imported.changed,
        "unchanged": imported.unchanged, "rejected": shown, "dry_run": file.dry_run,
        "territories_added": added, "columns": plan.shown(&sheet.columns),
        "ignored_columns": plan.ignored(&sheet.columns, territory),
    });
    if let Some(Imported {
        created,
        changed,
        unchanged,
    }) = prices
    {
        data["prices"] = json!({ "created": created, "changed": changed, "unchanged": unchanged });
    }
    told(
        file,
        Answer::of(data, render::import),
        (&rejected, sheet.rows.len()),
    )
}

/// A rejected row makes a failure of the whole, which still tells what was imported.
fn told(
    file: &ImportFile,
    answer: Answer,
    (rejected, rows): (&[Rejected], usize),
) -> Result<Answer, Failure> {
    let Some(first) = rejected.first() else {
        return Ok(answer);
    };
    let others = match (file.dry_run, rejected.len() < rows) {
        (true, _) => "nothing was written",
        (false, true) => "the others are imported",
        (false, false) => "nothing is imported",
    };
    let message = format!(
        "{} of {rows} rows are rejected, {others}; mend them and import the file again; the first is line {} ({}): {}",
        rejected.len(),
        first.line,
        first.key,
        first.reason
    );
    let failure = Failure::bad_input("rows_rejected", message);
    Err(Failure {
        partial: Some(Box::new(answer)),
        ..failure
    })
}

/// Parts the rows that fit from those that do not.
fn sorted<'a>(
    target: &Target,
    descriptor: &Descriptor,
    sheet: &'a Sheet,
    plan: &columns::Plan,
) -> (Vec<Fit<'a>>, Vec<Rejected>) {
    let (mut fits, mut rejected) = (Vec::new(), Vec::new());
    let mut lines: BTreeMap<String, u64> = BTreeMap::new();
    for row in &sheet.rows {
        let typed = plan.cell(row, target.key).unwrap_or_default().to_owned();
        let read = values(target, descriptor, row, plan).and_then(|values| {
            let key = values
                .get(target.key)
                .and_then(Value::text)
                .unwrap_or_default()
                .to_owned();
            match lines.insert(key.clone(), row.line) {
                None => Ok(Fit { row, key, values }),
                Some(line) => {
                    lines.insert(key, line);
                    Err(format!("line {line} has this {} already", target.key))
                }
            }
        });
        match read {
            Ok(fit) => fits.push(fit),
            Err(reason) => rejected.push(Rejected {
                line: row.line,
                key: typed,
                reason,
            }),
        }
    }
    (fits, rejected)
}

/// The values of a row by field; an empty cell is null, so that a later import clears the field.
fn values(
    target: &Target,
    descriptor: &Descriptor,
    row: &Row,
    plan: &columns::Plan,
) -> Result<Values, String> {
    if let Some(fault) = &row.fault {
        return Err(fault.clone());
    }
    let mut values = Values::new();
    for (name, text) in plan.texts(row)? {
        let Some(field) = descriptor.fields.get(name) else {
            continue;
        };
        let value = field
            .kind
            .parse(&text)
            .map_err(|why| format!("{name}: {why}"))?;
        field
            .check(&value)
            .map_err(|why| format!("{name}: {why}"))?;
        values.insert(name.to_owned(), value);
    }
    let shown = |name: &str| {
        values
            .get(name)
            .and_then(Value::text)
            .unwrap_or_default()
            .to_owned()
    };
    if let Some((name, parts)) = target.composed
        && !values.contains_key(name)
    {
        let key = format!("#{}", shown(target.key));
        let parts: Vec<String> = parts
            .iter()
            .map(|part| shown(part))
            .filter(|part| !part.is_empty())
            .collect();
        values.insert(
            name.to_owned(),
            Value::from([parts, vec![key]].concat().join(" ")),
        );
    }
    let is_needed = |name: &str| {
        name == target.key
            || descriptor
                .fields
                .get(name)
                .is_some_and(|field| field.required)
    };
    match values
        .iter()
        .find(|(name, value)| is_needed(name) && value.is_null())
    {
        Some((name, _)) => Err(format!(
            "{name}: the cell is empty, but each {} needs one",
            target.object
        )),
        None => Ok(values),
    }
}

/// Puts each row into the territory that its cell names, and adds those that are missing. A dry run
/// only names them.
fn territories(
    tenant: &mut Tenant,
    (fits, rejected): (&mut Vec<Fit<'_>>, &mut Vec<Rejected>),
    column: usize,
    dry_run: bool,
) -> Result<Vec<String>, Failure> {
    let mut known: BTreeMap<String, RecordId> = BTreeMap::new();
    let mut added = Vec::new();
    for mut fit in std::mem::take(fits) {
        let name = fit
            .row
            .cells
            .get(column)
            .map(String::as_str)
            .unwrap_or_default();
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            let reason =
                format!("the territory `{name}` is no name: 1 to {NAME_BYTES_MAX} bytes are");
            rejected.push(Rejected {
                line: fit.row.line,
                key: fit.key,
                reason,
            });
            continue;
        }
        let id = match known.get(name) {
            Some(id) => *id,
            None => match tenant.territory_named(name)? {
                Some(id) => id,
                None => {
                    added.push(name.to_owned());
                    if dry_run {
                        RecordId::derived(&[name.as_bytes()])
                    } else {
                        tenant.add_territory(name, None)?
                    }
                }
            },
        };
        known.insert(name.to_owned(), id);
        fit.values
            .insert(TERRITORY.to_owned(), Value::from(id.to_string()));
        fits.push(fit);
    }
    added.sort();
    Ok(added)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::surroundings::World;

    /// Imports a file into a new tenant, or into the one that is there.
    fn imported(
        folder: &Path,
        csv: &str,
        import: fn(ImportFile) -> Import,
    ) -> Result<Answer, Failure> {
        let world: Arc<dyn Surroundings> = Arc::new(World::open().ok().unwrap());
        outfield_server::data_dir::DataDir::open(folder, Arc::clone(&world))
            .unwrap()
            .add_tenant("Acme", "UTC")
            .ok();
        let file = folder.join("import.csv");
        std::fs::write(&file, csv).unwrap();
        let territory_column = csv.contains("state").then(|| "state".to_owned());
        let place = Place {
            data: folder.to_owned(),
            tenant: None,
        };
        super::import(
            &import(ImportFile {
                file,
                map: Vec::new(),
                territory_column,
                dry_run: false,
                place,
            }),
            world,
        )
    }

    fn counts(answer: &Answer) -> [u64; 4] {
        ["rows", "created", "changed", "unchanged"].map(|name| answer.data[name].as_u64().unwrap())
    }

    #[test]
    fn a_second_time_nothing_changes_and_a_changed_row_changes() {
        let folder = tempfile::tempdir().unwrap();
        let csv = "store_no,type,city,state\n1,Market,Rogers,AR\n2,Market,Joplin,MO\n";
        let first = imported(folder.path(), csv, Import::Accounts).ok().unwrap();
        assert_eq!(counts(&first), [2, 2, 0, 0]);
        assert_eq!(first.data["territories_added"], json!(["AR", "MO"]));
        assert_eq!(
            counts(&imported(folder.path(), csv, Import::Accounts).ok().unwrap()),
            [2, 0, 0, 2]
        );
        let csv = csv.replace("Joplin", "Neosho");
        assert_eq!(
            counts(
                &imported(folder.path(), &csv, Import::Accounts)
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
        let failure = imported(folder.path(), csv, Import::Products)
            .err()
            .unwrap();
        assert_eq!((failure.exit, failure.code.as_str()), (2, "rows_rejected"));
        let answer = failure.partial.unwrap();
        assert_eq!(counts(&answer), [4, 1, 0, 0]);
        let expected = json!([
            { "line": 3, "key": "4006381333932",
              "reason": "gtin: `4006381333932` is not a GTIN: its check digit is 2, but 1 belongs there" },
            { "line": 4, "key": "04006381333931", "reason": "line 2 has this gtin already" },
            { "line": 5, "key": "96385074", "reason": "name: the cell is empty, but each product needs one" },
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
        let answer = imported(folder.path(), csv, Import::Products).ok().unwrap();
        assert_eq!(counts(&answer), [3, 3, 0, 0]);
        assert_eq!(answer.data["ignored_columns"], json!([]));
        let again = imported(folder.path(), csv, Import::Products).ok().unwrap();
        assert_eq!(
            (counts(&again), &again.data["prices"]["unchanged"]),
            ([3, 0, 0, 3], &json!(3))
        );
        let dearer = csv.replace("1.25", "1.30");
        let again = imported(folder.path(), &dearer, Import::Products)
            .ok()
            .unwrap();
        assert_eq!(
            (counts(&again), &again.data["prices"]["changed"]),
            ([3, 0, 0, 3], &json!(1))
        );
        let world: Arc<dyn Surroundings> = Arc::new(World::open().ok().unwrap());
        let tenant = office::open(
            &Place {
                data: folder.path().to_owned(),
                tenant: None,
            },
            world,
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
            Import::Products,
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

    #[test]
    fn a_name_is_made_where_no_column_holds_one() {
        let registry = outfield_core::domain::registry().unwrap();
        let descriptor = registry.get("account").unwrap();
        let names = ["store_no", "type", "city"].map(str::to_owned);
        let plan = columns::plan(&ACCOUNTS, descriptor, &names, &[])
            .ok()
            .unwrap();
        let check = |cells: [&str; 3], expected: &str| {
            let row = Row {
                line: 2,
                cells: cells.map(str::to_owned).to_vec(),
                fault: None,
            };
            let values = values(&ACCOUNTS, descriptor, &row, &plan).unwrap();
            assert_eq!(values["name"].text(), Some(expected));
        };
        check(["1", "Supercenter", "Rogers"], "Supercenter Rogers #1");
        check(["1", "", ""], "#1");
    }
}
