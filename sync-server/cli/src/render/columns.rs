//! Which fields of records a table shows, and what stands in its cells. The descriptor decides
//! where nobody chose; it does not know which objects there are, nor how a table is drawn.

use outfield_core::domain::{self, Refusal};
use outfield_core::objects::descriptor::Field;
use outfield_core::objects::{Descriptor, FieldKind};
use serde_json::Value as Json;

use super::glossary::Glossary;
use super::record::text;
use super::table::{PrintedColumn, PrintedTable};

/// Columns beyond the one that names a row.
const TELLING_MAX: usize = 5;
/// Columns beyond the name which a table is filled up to, where the descriptor marks few.
const TELLING_MIN: usize = 3;
/// Members of a record that are no fields.
const BESIDE: &[&str] = &[
    "id",
    "object",
    "distance_m",
    "verdict",
    "created_at",
    "changed_at",
];
/// Of these, those that a table shows where records have them.
const BESIDE_SHOWN: &[&str] = &["verdict", "distance_m"];
/// Kinds of fields that fill a table up, the most telling first.
const FILLING: &[FieldKind] = &[
    FieldKind::Phone,
    FieldKind::Email,
    FieldKind::Time,
    FieldKind::Day,
    FieldKind::Choice,
    FieldKind::Text,
    FieldKind::Decimal,
    FieldKind::Integer,
    FieldKind::Boolean,
    FieldKind::Reference,
];

/// What a table of records is to show.
#[derive(Default)]
pub(crate) struct RecordTable<'a> {
    /// The object that all are of, where it is known though there may be none.
    pub(crate) object: Option<&'a str>,
    /// The columns that were asked for; the descriptor's if none are.
    pub(crate) columns: &'a [String],
    /// Members beside the fields that are shown too where a record has them.
    pub(crate) extras: &'a [&'a str],
}

impl RecordTable<'_> {
    /// The table of these records, the id of each at its end.
    pub(crate) fn of(
        &self,
        glossary: &Glossary<'_>,
        records: &[Json],
    ) -> Result<PrintedTable, Refusal> {
        let of_records = records.iter().map(object_of);
        let mut objects: Vec<&str> = self.object.into_iter().chain(of_records).collect();
        objects.sort_unstable();
        objects.dedup();
        let known: Vec<&Descriptor> = objects
            .iter()
            .filter_map(|object| glossary.descriptor(object))
            .collect();
        let names = if self.columns.is_empty() {
            self.chosen(&known, records)
        } else {
            check(self.columns, self.extras, &known)?;
            self.columns.to_vec()
        };
        let field = |name: &str| known.iter().find_map(|known| known.fields.get(name));
        let columns = names.iter().map(|name| PrintedColumn {
            name: name.clone(),
            right: field(name).map_or(name == "distance_m", is_number),
            whole: field(name).map_or(name == "distance_m", is_whole),
        });
        let mut table = PrintedTable::of(columns.chain([id_column()]).collect());
        if !self.columns.is_empty() {
            table = table.with_all_columns();
        }
        for record in records {
            let of = glossary.descriptor(object_of(record));
            let mut cells: Vec<String> = names
                .iter()
                .map(|name| cell(glossary, of, record, name))
                .collect();
            cells.push(text(&record["id"]));
            table.push(cells);
        }
        Ok(table)
    }

    /// Columns that nobody chose: of one object those of its descriptor, of several what each
    /// record is called and of which object it is.
    fn chosen(&self, known: &[&Descriptor], records: &[Json]) -> Vec<String> {
        let is_told = |name: &str| records.iter().any(|record| !is_empty(&record[name]));
        let mut names: Vec<String> = match known {
            [one] => telling(one, is_told),
            _ => vec![TITLE.to_owned(), "object".to_owned()],
        };
        for name in self.extras.iter().chain(BESIDE_SHOWN) {
            if is_told(name) && !names.iter().any(|known| known == name) {
                names.push((*name).to_owned());
            }
        }
        names
    }
}

/// The column of several objects that names each record.
const TITLE: &str = "name";

fn object_of(record: &Json) -> &str {
    record["object"].as_str().unwrap_or_default()
}

fn id_column() -> PrintedColumn {
    PrintedColumn {
        name: "id".to_owned(),
        right: false,
        whole: true,
    }
}

fn is_empty(value: &Json) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}

fn is_number(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Integer | FieldKind::Decimal)
}

/// Whether half a value of this field would be wrong.
fn is_whole(field: &Field) -> bool {
    let kinds = [FieldKind::Time, FieldKind::Day, FieldKind::Phone];
    is_number(field) || kinds.contains(&field.kind)
}

/// The fields that tell most of an object's records, of those that are told at all: its name, where
/// the server says that it stands, its state, what it must have, its balances, what lists look by;
/// and others up to a few.
fn telling(descriptor: &Descriptor, is_told: impl Fn(&str) -> bool) -> Vec<String> {
    let state = descriptor.lifecycle.as_ref().map(|of| of.field.as_str());
    let required = |reference: bool| {
        let fields = descriptor.fields.iter();
        fields.filter_map(move |(name, field)| {
            let is_one = (field.kind == FieldKind::Reference) == reference;
            (field.required && is_one).then_some(name.as_str())
        })
    };
    let title = descriptor.title_field().or_else(|| required(true).next());
    let indexed = descriptor.indexes.iter().flatten().map(String::as_str);
    let searched = descriptor.search.iter().map(String::as_str);
    let of_kind = |is_one: fn(&Field) -> bool| {
        let fields = descriptor.fields.iter();
        fields.filter_map(move |(name, field)| is_one(field).then_some(name.as_str()))
    };
    let marked = title
        .into_iter()
        .chain(of_kind(|field| field.by.is_some()))
        .chain(state)
        .chain(required(true))
        .chain(of_kind(|field| field.pot.is_some()))
        .chain(required(false))
        .chain(indexed)
        .chain(searched);
    let mut names: Vec<String> = Vec::new();
    let mut take = |name: &str, most: usize| {
        let is_new = names.len() < most && !names.iter().any(|known| known == name);
        if is_new && descriptor.is_readable(name) && is_told(name) {
            names.push(name.to_owned());
        }
    };
    marked.for_each(|name| take(name, 1 + TELLING_MAX));
    for kind in FILLING {
        for (name, field) in &descriptor.fields {
            if field.kind == *kind {
                take(name, 1 + TELLING_MIN);
            }
        }
    }
    names
}

fn cell(glossary: &Glossary<'_>, of: Option<&Descriptor>, record: &Json, name: &str) -> String {
    let value = &record[name];
    let field = of.and_then(|of| of.fields.get(name));
    match (field, of) {
        (Some(field), _) if !value.is_null() => glossary.value(field, value),
        (None, Some(of)) if name == TITLE => {
            let title = of.title_field().map(|title| text(&record[title]));
            title.unwrap_or_else(|| text(value))
        }
        (None, _) if matches!(name, "created_at" | "changed_at") => glossary.moment(value),
        (Some(_) | None, _) => text(value),
    }
}

/// The table of things that are no records: these members, but for those that are empty in all.
pub(crate) fn table_of(names: &[&str], items: &[Json]) -> PrintedTable {
    let is_told = |name: &&str| items.iter().any(|item| !is_empty(&item[*name]));
    let names: Vec<&str> = names.iter().copied().filter(is_told).collect();
    let columns = names.iter().map(|name| PrintedColumn {
        name: (*name).to_owned(),
        right: items.iter().all(|item| item[*name].is_number()),
        whole: items.iter().all(|item| !item[*name].is_string()),
    });
    let mut table = PrintedTable::of(columns.collect());
    for item in items {
        table.push(names.iter().map(|name| text(&item[*name])).collect());
    }
    table
}

/// Makes sure that there is every column that was asked for.
fn check(columns: &[String], extras: &[&str], known: &[&Descriptor]) -> Result<(), Refusal> {
    let fields = known.iter().flat_map(|known| known.fields.keys());
    let names: Vec<&str> = fields
        .map(String::as_str)
        .chain(BESIDE.iter().copied())
        .collect();
    for column in columns {
        let is_there = names.contains(&column.as_str()) || extras.contains(&column.as_str());
        if known.is_empty() || is_there {
            continue;
        }
        let offer = domain::offer(column, names.iter().copied());
        let message = format!("there is no column `{column}`; {offer}");
        return Err(Refusal::bad_input("unknown_field", message).about("columns"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use outfield_core::base::id::RecordId;
    use outfield_core::objects::Registry;
    use serde_json::json;

    use super::super::glossary::NamePlace;
    use super::*;

    const SHOP: &str = "01940c3e-5b1a-7cc0-8000-0123456789ab";
    const ANN: &str = "01940c3e-5b1a-7cc0-8000-0123456789ac";

    /// A device that knows one shop and one person, three hours east of Greenwich.
    struct Kiosk(Registry);

    impl NamePlace for Kiosk {
        fn objects(&self) -> &Registry {
            &self.0
        }

        fn zone(&self) -> String {
            "Africa/Nairobi".to_owned()
        }

        fn called(&self, object: &str, id: RecordId) -> Option<String> {
            let known = [("account", SHOP, "Harp's"), ("user", ANN, "Ann")];
            let mut found = known.iter().filter(|one| one.0 == object);
            let found = found.find(|one| one.1 == id.to_string())?;
            Some(found.2.to_owned())
        }
    }

    fn kiosk() -> Kiosk {
        Kiosk(domain::registry().unwrap())
    }

    fn table(columns: &[&str], records: &Json) -> PrintedTable {
        let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
        let shown = RecordTable {
            object: None,
            columns: &columns,
            extras: &["purpose"],
        };
        let records = records.as_array().unwrap();
        shown.of(&Glossary::of(&kiosk()), records).unwrap()
    }

    fn lines(columns: &[&str], records: &Json) -> Vec<String> {
        table(columns, records).lines(None)
    }

    #[test]
    fn a_descriptor_says_what_tells_most_of_its_records() {
        let orders = json!([
            {"id": "7", "object": "sales_order", "number": "SO-A-1", "state": "draft",
             "account": SHOP, "currency": "USD", "note": "Back door", "owner": ANN,
             "price_lists_json": "[]", "verdict": null},
            {"id": "8", "object": "sales_order", "number": "SO-A-12", "state": "submitted",
             "account": "9", "currency": "USD", "series": null, "verdict": "rejected"},
        ]);
        let expected = [
            "number   state      account  currency  owner  verdict   id",
            "SO-A-1   draft      Harp's   USD       Ann    -         7",
            "SO-A-12  submitted  9        USD       -      rejected  8",
        ];
        assert_eq!(lines(&[], &orders), expected);
    }

    #[test]
    fn without_a_name_what_a_record_is_about_stands_first_and_times_are_by_the_readers_clock() {
        let visits = json!([{
            "id": "7", "object": "visit", "account": SHOP, "state": "planned", "owner": ANN,
            "planned_on": "2026-11-24", "purpose": "Autumn", "actions": {}, "template": ANN,
        }]);
        let expected = [
            "account  state    owner  planned_on  purpose  id",
            "Harp's   planned  Ann    2026-11-24  Autumn   7",
        ];
        assert_eq!(lines(&[], &visits), expected);
        // Half a day would be another one.
        let narrow = [
            "account  state    owner  planned_on  id",
            "Harp's   planned  Ann    2026-11-24  7",
        ];
        assert_eq!(table(&[], &visits).lines(Some(40)), narrow);
        let visits = json!([{
            "id": "7", "object": "visit", "started_at": 1_795_509_000_000_i64, "fence_m": 200,
            "created_at": "2026-11-24T21:30:00.000Z",
        }]);
        let expected = [
            "started_at        fence_m  created_at        id",
            "2026-11-24 11:30      200  2026-11-25 00:30  7",
        ];
        assert_eq!(
            lines(&["started_at", "fence_m", "created_at"], &visits),
            expected
        );
    }

    #[test]
    fn records_of_several_objects_are_told_by_their_names() {
        let found = json!([
            {"id": "7", "object": "account", "name": "Harp's", "city": "Rogers"},
            {"id": "8", "object": "sales_order", "number": "SO-A-1"},
            {"id": "9", "object": "no_longer_known", "name": "Old"},
        ]);
        let expected = [
            "name    object           id",
            "Harp's  account          7",
            "SO-A-1  sales_order      8",
            "Old     no_longer_known  9",
        ];
        assert_eq!(lines(&[], &found), expected);
    }

    #[test]
    fn a_column_that_there_is_not_is_refused() {
        let columns = ["nam".to_owned()];
        let shown = RecordTable {
            object: Some("account"),
            columns: &columns,
            extras: &[],
        };
        let refused = shown.of(&Glossary::of(&kiosk()), &[]).err().unwrap();
        let told = (refused.code.as_str(), refused.message.as_str());
        let message = "there is no column `nam`; did you mean `name`?";
        assert_eq!(told, ("unknown_field", message));
    }

    #[test]
    fn one_record_has_names_beside_ids_also_in_its_lines() {
        let contact = json!({
            "id": "7", "object": "contact", "name": "Joe", "owner": ANN,
            "roles": {"a": {"account": SHOP, "role": "Buyer"}},
            "changed_at": "2026-11-24T08:30:00.000Z",
            "command": {"at": "2026-11-24T08:30:00.000Z"},
        });
        let told = Glossary::of(&kiosk()).told(&contact);
        assert_eq!(told["owner"], format!("Ann ({ANN})"));
        assert_eq!(told["roles"]["a"]["account"], format!("Harp's ({SHOP})"));
        assert_eq!(told["changed_at"], "2026-11-24 11:30");
        assert_eq!(told["command"], contact["command"]);
    }
}
