//! A condition says of any record what a naive reading of its JSON says, and is written as it was
//! read.

use outfield_core::domain::condition::ConditionGround;
use outfield_core::objects::{Condition, Record};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::conditions::deals;
use crate::support::{RuleWorld, id, values};

/// A field by which kinds are drawn, with values of its kind; the first is none.
struct DrawnField {
    name: &'static str,
    tests: &'static [&'static str],
    values: Vec<Json>,
}

const ORDERED: &[&str] = &[
    "equals", "above", "at_least", "below", "at_most", "one_of", "empty",
];

fn drawn_fields() -> Vec<DrawnField> {
    let field = |name, tests, values: Json| DrawnField {
        name,
        tests,
        values: values.as_array().unwrap().clone(),
    };
    let words: &[&str] = &["equals", "one_of", "empty", "starts"];
    vec![
        field(
            "amount",
            ORDERED,
            json!([null, "9", "10", "0.3", "-0.3", "9.5", "0.300000000001"]),
        ),
        field(
            "limit",
            ORDERED,
            json!([null, "9", "10", "0.3", "100", "9.50", "-1"]),
        ),
        field("items_count", ORDERED, json!([null, 9, 10, 0, -1, 100])),
        field(
            "due_on",
            ORDERED,
            json!([null, "2026-11-24", "2026-11-23", "2025-12-01"]),
        ),
        field("name", words, json!([null, "a", "ab", "b", "A"])),
        field("note", words, json!([null, "a", "ab", "abc"])),
    ]
}

/// Numbers that a seed repeats.
struct DrawnConditions(u64);

impl DrawnConditions {
    fn below(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn test(&mut self) -> Json {
        let fields = drawn_fields();
        let field = self.one(&fields);
        let test = *self.one(field.tests);
        let wanted = match (test, self.below(3)) {
            ("empty", at) => json!(at == 0),
            ("one_of", _) => json!([self.one(&field.values[1..]), self.one(&field.values[1..])]),
            ("starts", _) | (_, 1) => self.one(&field.values[1..]).clone(),
            (_, _) => {
                let like: Vec<&DrawnField> = fields
                    .iter()
                    .filter(|other| class(other.name) == class(field.name))
                    .collect();
                json!({"field": self.one(&like).name})
            }
        };
        json!({"field": field.name, test: wanted})
    }

    fn condition(&mut self, depth: usize) -> Json {
        match self.below(if depth == 0 { 3 } else { 9 }) {
            0..3 => self.test(),
            3 => json!({"role": [self.one(&["rep", "manager"])]}),
            4 => json!({"not": self.condition(depth - 1)}),
            at @ 5..7 => {
                let parts: Vec<Json> = (0..=self.below(3))
                    .map(|_| self.condition(depth - 1))
                    .collect();
                if at == 5 {
                    json!({ "all": parts })
                } else {
                    json!({ "any": parts })
                }
            }
            at => {
                let test = *self.one(&["above", "equals", "at_most"]);
                let that = json!({"field": "percent", test: self.one(&["5", "10", "0.50"])});
                let that = if self.below(2) == 0 {
                    json!({ "not": that })
                } else {
                    that
                };
                json!({if at == 7 { "every" } else { "some" }: "lines", "that": that})
            }
        }
    }

    fn record(&mut self) -> Record {
        let mut json = json!({});
        for field in drawn_fields() {
            json[field.name] = self.one(&field.values).clone();
        }
        for line in ["a", "b", "c"].iter().take(self.below(4)) {
            json[format!("lines/{line}/percent")] = self
                .one(&[json!(null), json!("5"), json!("10"), json!("0.5")])
                .clone();
            json[format!("lines/{line}/removed")] = json!(self.below(3) == 0);
        }
        let mut values = values(&json);
        values.retain(|_, value| !value.is_null());
        Record {
            object: "x_deal".to_owned(),
            id: id(40),
            values,
            stamp: None,
        }
    }
}

fn class(field: &str) -> u8 {
    match field {
        "amount" | "limit" | "items_count" | "percent" => 0,
        "due_on" => 1,
        _ => 2,
    }
}

/// A number in trillionths.
fn number(json: &Json) -> i128 {
    let text = json
        .as_str()
        .map_or_else(|| json.to_string(), str::to_owned);
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or((1, text.as_str()), |rest| (-1, rest));
    let (whole, after) = digits.split_once('.').unwrap_or((digits, ""));
    sign * format!("{whole}{after:0<12}").parse::<i128>().unwrap()
}

/// The naive reading: a value passes or it does not, and all else is and, or, not.
fn naive(condition: &Json, read: &dyn Fn(&str) -> Json, record: &Record) -> bool {
    let parts = |of: &str| condition[of].as_array().unwrap().clone();
    let object = condition.as_object().unwrap();
    if object.contains_key("all") {
        return parts("all").iter().all(|part| naive(part, read, record));
    }
    if object.contains_key("any") {
        return parts("any").iter().any(|part| naive(part, read, record));
    }
    if object.contains_key("not") {
        return !naive(&condition["not"], read, record);
    }
    if object.contains_key("role") {
        return parts("role").contains(&json!("rep"));
    }
    if object.contains_key("that") {
        let mut answers = Vec::new();
        for line in ["a", "b", "c"] {
            let value = |field: &str| record.value(&format!("lines/{line}/{field}")).to_json();
            let is_there = record
                .values
                .keys()
                .any(|path| path.starts_with(&format!("lines/{line}/")));
            if is_there && value("removed") != json!(true) {
                answers.push(naive(&condition["that"], &value, record));
            }
        }
        return if object.contains_key("every") {
            !answers.contains(&false)
        } else {
            answers.contains(&true)
        };
    }
    let field = condition["field"].as_str().unwrap();
    let (test, wanted) = object.iter().find(|(name, _)| *name != "field").unwrap();
    passes(field, &read(field), test, wanted, read)
}

fn passes(field: &str, is: &Json, test: &str, wanted: &Json, read: &dyn Fn(&str) -> Json) -> bool {
    if test == "empty" {
        return json!(is.is_null()) == *wanted;
    }
    if test == "one_of" {
        let words = wanted.as_array().unwrap();
        return words
            .iter()
            .any(|word| passes(field, is, "equals", word, read));
    }
    let other = wanted
        .get("field")
        .map_or_else(|| wanted.clone(), |path| read(path.as_str().unwrap()));
    if is.is_null() || other.is_null() {
        return false;
    }
    // Days are in order as they are written.
    let order = if class(field) == 0 {
        number(is).cmp(&number(&other))
    } else {
        is.as_str().unwrap().cmp(other.as_str().unwrap())
    };
    match test {
        "equals" => order.is_eq(),
        "above" => order.is_gt(),
        "at_least" => order.is_ge(),
        "below" => order.is_lt(),
        "at_most" => order.is_le(),
        "starts" => is.as_str().unwrap().starts_with(other.as_str().unwrap()),
        _ => unreachable!("{test}"),
    }
}

fn answer(world: &RuleWorld, condition: &Condition, record: &Record) -> bool {
    let ground = ConditionGround {
        registry: &world.registry,
        descriptor: world.registry.get("x_deal").unwrap(),
        record,
        reader: world,
        context: &world.context(),
    };
    ground.failed(condition).unwrap().is_none()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 256,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_condition_says_of_any_record_what_a_naive_reading_says(seed in any::<u64>()) {
        let mut draws = DrawnConditions(seed);
        let drawn = draws.condition(4);
        let condition: Condition = serde_json::from_value(drawn.clone()).unwrap();
        prop_assert_eq!(&serde_json::to_value(&condition).unwrap(), &drawn);
        // It can be published, so its kinds are alike.
        let world = deals(&json!([{"if": drawn, "code": "no", "say": "no"}]));
        for _ in 0..16 {
            let record = draws.record();
            let read = |field: &str| record.value(field).to_json();
            let wanted = naive(&drawn, &read, &record);
            let said = answer(&world, &condition, &record);
            prop_assert_eq!(said, wanted, "{} of {:?}", drawn, record.values);
        }
    }
}
