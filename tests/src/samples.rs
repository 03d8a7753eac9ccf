//! Values that fit a field, by its descriptor alone, and records for references to point to.
//! It knows no object by name.

use std::collections::BTreeMap;

use outfield_core::base::blob::BlobName;
use outfield_core::base::gtin;
use outfield_core::objects::path::{POSITION, line_path};
use outfield_core::objects::{Descriptor, Field, FieldKind, Kind, Registry, TextForm};
use serde_json::{Map, Value as Json, json};

use crate::{Phone, World};

/// The line that samples are put into.
pub const LINE: &str = "l1";
/// The object of which the server says that it waits for somebody's yes; its records are handed in.
const ASKED: &str = "sales_order";
/// Records of each object that is referred to.
const STOCK: usize = 3;

/// Records that references may point to, by object.
#[derive(Debug, Default)]
pub struct SampleStock {
    ids: BTreeMap<String, Vec<String>>,
}

impl SampleStock {
    /// The office makes what is lacking of every object that some field refers to.
    #[must_use]
    pub fn of(world: &World) -> SampleStock {
        let registry = world.registry();
        let mut stock = SampleStock::default();
        let named: Vec<String> = registry
            .all()
            .flat_map(|descriptor| references(descriptor))
            .collect();
        for object in named {
            stock.ensure(world, &registry, &object);
        }
        stock.await_approval(world, &registry);
        stock
    }

    /// The server says of each order, which is submitted, that it waits for a manager: what is to
    /// be approved does.
    fn await_approval(&self, world: &World, registry: &Registry) {
        let Some(verdict) = registry.get("order_verdict") else {
            return;
        };
        for (n, id) in self.ids.get(ASKED).into_iter().flatten().enumerate() {
            let mut values = self.values(verdict, n);
            values.retain(|path, _| !path.contains('/'));
            values.extend([
                ("order".to_owned(), json!(id)),
                ("verdict".to_owned(), json!("waiting")),
            ]);
            world.seeds("order_verdict", &Json::Object(values));
        }
    }

    fn ensure(&mut self, world: &World, registry: &Registry, object: &str) {
        if self.ids.contains_key(object) {
            return;
        }
        let descriptor = registry.get(object).unwrap();
        let there = world.office(|office| office.all(object)).unwrap();
        let there = there
            .iter()
            .map(|record| record["id"].as_str().unwrap().to_owned());
        self.ids
            .insert(object.to_owned(), there.take(STOCK).collect());
        for other in references(descriptor) {
            self.ensure(world, registry, &other);
        }
        for n in self.ids[object].len()..STOCK {
            let mut values = self.values(descriptor, n);
            // Marks such as a shop that is blocked stay off.
            values.retain(|_, value| !value.is_boolean());
            if let Some(lifecycle) = &descriptor.lifecycle {
                let state = match object {
                    ASKED => "submitted",
                    _ => &lifecycle.start,
                };
                values.insert(lifecycle.field.clone(), json!(state));
            }
            let values = Json::Object(values);
            let id = if descriptor.made_by_verbs {
                world.seeds(object, &values)
            } else {
                world.puts(object, None, &values)
            };
            self.ids.get_mut(object).unwrap().push(id);
        }
    }

    /// The value number `n` of a field, and of each other `n` another one, as far as its kind has
    /// so many: three, but two of yes and no. None while there is nothing to refer to.
    #[must_use]
    pub fn value(&self, field: &Field, n: usize) -> Option<Json> {
        let of_three = |all: [&str; 3]| json!(all[n % 3]);
        Some(match field.kind {
            FieldKind::Text if field.form.is_some() => in_form(field.form?, n),
            FieldKind::Text => json!(format!("{} number {n}", ["Alder", "Birch", "Cedar"][n % 3])),
            FieldKind::Integer => json!(40 + n),
            FieldKind::Boolean => json!(n % 2 == 1),
            FieldKind::Time => json!(1_795_509_000_000_i64 + 1_000 * i64::try_from(n).unwrap()),
            FieldKind::Day => of_three(["2026-11-24", "2026-12-01", "2027-02-28"]),
            FieldKind::Position => of_three([
                "36.342235,-94.071410",
                "36.350000,-94.080000",
                "-12.000001,7.500000",
            ]),
            FieldKind::Reference => {
                let ids = self
                    .ids
                    .get(field.of.as_deref()?)
                    .filter(|ids| !ids.is_empty())?;
                json!(ids[n % ids.len()])
            }
            FieldKind::Choice => json!(field.choices[n % field.choices.len()]),
            FieldKind::Phone => json!(format!("+1479555{n:04}")),
            FieldKind::Email => json!(format!("person{n}@harps.example")),
            FieldKind::TimeZone => of_three(["America/Chicago", "Europe/Berlin", "Asia/Tokyo"]),
            FieldKind::Decimal => of_three(["12.5", "0.075", "3"]),
            FieldKind::Gtin => json!(
                gtin::normalised(["4006381333931", "036000291452", "96385074"][n % 3]).unwrap()
            ),
            FieldKind::Blob => json!(BlobName::of(&paper(n)).unwrap().to_string()),
        })
    }

    /// All paths of a record with one line, with value number `n` of each; without the state, which
    /// verbs write.
    #[must_use]
    pub fn values(&self, descriptor: &Descriptor, n: usize) -> Map<String, Json> {
        let paths = paths(descriptor).into_iter();
        let mut values: Map<String, Json> = paths
            .filter_map(|(path, field)| Some((path, self.value(&field, n)?)))
            .collect();
        // The one line has all that is shared out.
        for (lines, shape) in &descriptor.lines {
            values.extend(
                shape
                    .shares
                    .iter()
                    .map(|(name, whole)| (line_path(lines, LINE, name), json!(whole))),
            );
        }
        values.extend(ruled(&descriptor.object, n));
        values
    }
}

/// What guards of rows ask of values beyond their kinds.
fn ruled(object: &str, n: usize) -> Map<String, Json> {
    let of = |three: [&str; 3]| three[n % 3].to_owned();
    let ruled = match object {
        "user" => json!({"role": of(["rep", "manager", "admin"])}),
        "user_role" => json!({"name": of(["alder", "birch", "cedar"])}),
        "territory" => json!({"parent": null}),
        "product" => json!({
            "base_unit": "EA",
            line_path("units", LINE, "unit"): "CS",
            "deposit_count": null,
            line_path("units", LINE, "deposit_count"): null,
        }),
        "tax_class" => json!({
            line_path("parts", LINE, "amount_per_unit"): null,
            line_path("parts", LINE, "unit"): null,
            line_path("parts", LINE, "currency"): "USD",
        }),
        "fee" => json!({"percent": null, "currency": "USD", "from_value": of(["12.5", "1", "3"]),
            "below_value": null, "reason_code": of(["FC", "ABL", "ADR"])}),
        "price_list" => json!({"applies_to": "all", "account": null, "tier": null,
            "territory": null, "currency": "USD"}),
        "price_entry" => json!({"unit": "EA"}),
        "promotion" => json!({"hurdle": "quantity", "reward": "percent", "repeats": null,
            "currency": "USD"}),
        "order_policy" => json!({"currency": "USD", "is_default": null}),
        "perfect_store" => json!({"is_default": null}),
        "photo" => json!({"action": null}),
        "visit_template" => json!({
            "is_default": null,
            line_path("actions", LINE, "kind"): "survey",
            line_path("questions", LINE, "action"): LINE,
            line_path("questions", LINE, "kind"): "text",
            line_path("questions", LINE, "when_question"): null,
            line_path("questions", LINE, "when_value"): null,
        }),
        _ => json!({}),
    };
    ruled.as_object().cloned().unwrap_or_default()
}

/// Every path that may be written by hand, with its field: those of the record, and those of one
/// line each.
#[must_use]
pub fn paths(descriptor: &Descriptor) -> Vec<(String, Field)> {
    let own = descriptor
        .fields
        .iter()
        .filter(|(name, field)| !descriptor.is_state(name) && field.number.is_none())
        .filter(|(name, _)| !descriptor.is_kept(name) && !is_asked(descriptor, name));
    let mut paths: Vec<(String, Field)> = own
        .map(|(name, field)| (name.clone(), field.clone()))
        .collect();
    for (lines, shape) in &descriptor.lines {
        let names = shape.fields.keys().map(String::as_str).chain([POSITION]);
        paths.extend(names.map(|name| {
            (
                line_path(lines, LINE, name),
                shape.field(name).unwrap().clone(),
            )
        }));
    }
    paths.retain(|(_, field)| !field.retired);
    paths
}

/// Whether a rule asks of this value more than that it fits: what it may be follows from others.
fn is_asked(descriptor: &Descriptor, name: &str) -> bool {
    descriptor.object == "sales_order" && ["revision", "wish"].contains(&name)
}

/// The bytes of the file that value number `n` of a field names.
#[must_use]
pub fn paper(n: usize) -> Vec<u8> {
    format!("%PDF-1.7\npaper {}\n", n % 3).into_bytes()
}

/// A phone holds each file that a value names, as whoever took it does.
pub fn hold_papers(phone: &mut Phone) {
    let path = phone.file.with_extension("paper");
    for n in 0..3 {
        std::fs::write(&path, paper(n)).unwrap();
        phone.device().keep_file(&path).unwrap();
    }
}

/// A value that does not fit a field.
#[must_use]
pub fn misfit(field: &Field) -> Json {
    match field.kind {
        FieldKind::Text => json!(7),
        FieldKind::Integer | FieldKind::Boolean => json!("seven"),
        FieldKind::Time => json!("yesterday"),
        FieldKind::Day => json!("2026-02-30"),
        FieldKind::Position => json!("91.000000,0.000000"),
        FieldKind::Reference => json!("harps"),
        FieldKind::Choice => json!("no such choice"),
        FieldKind::Phone => json!("555-0100"),
        FieldKind::Email => json!("rosa at harps"),
        FieldKind::TimeZone => json!("Mars/Olympus"),
        FieldKind::Decimal => json!("1e3"),
        FieldKind::Gtin => json!("4006381333930"),
        FieldKind::Blob => json!("9f86d081:14:application/pdf"),
    }
}

/// The objects of one kind, in order of their names.
#[must_use]
pub fn of_kind(registry: &Registry, kind: Kind) -> Vec<Descriptor> {
    registry
        .all()
        .filter(|descriptor| descriptor.kind == kind)
        .map(|descriptor| descriptor.as_ref().clone())
        .collect()
}

fn references(descriptor: &Descriptor) -> Vec<String> {
    paths(descriptor)
        .into_iter()
        .filter_map(|(_, field)| field.of)
        .collect()
}

/// A text of a form, the n-th of three.
fn in_form(form: TextForm, n: usize) -> Json {
    let three = match form {
        TextForm::Gln => ["4000001000005", "9501101020016", "0614141000012"],
        TextForm::Sscc => [
            "376104250021234569",
            "106141412345678908",
            "340123450000000000",
        ],
        TextForm::Country => ["US", "DE", "IN"],
        TextForm::StoreCode => ["21IIIIIVVVVVC", "28IIIIPVVVVVC", "02IIIIIPVVVVC"],
    };
    json!(three[n % 3])
}
