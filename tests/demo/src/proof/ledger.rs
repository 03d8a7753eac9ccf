//! What commands answered, kept for the proof: by whom, and which values each record must have in
//! the end. It is plain JSON and imports nothing of the core, so that a fault there cannot hide
//! itself here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

/// Path to value, lines as `lines/<line id>/field`; no nulls.
pub(crate) type PlainValues = BTreeMap<String, Json>;

/// Members of an answer that are not values of the record.
const NOT_VALUES: &[&str] = &[
    "id",
    "object",
    "created_at",
    "created_by_actor",
    "changed_at",
    "changed_by_actor",
];
/// When and by whom a record was made and changed.
const PROVENANCE: &[&str] = &[
    "created_at",
    "created_by_actor",
    "changed_at",
    "changed_by_actor",
];

/// All answers of commands that wrote.
#[derive(Debug, Default)]
pub(crate) struct StoryLedger {
    /// Records as all people knew them before they parted.
    before: BTreeMap<String, PlainValues>,
    /// Record to person to the last answer.
    answers: BTreeMap<(String, String), BTreeMap<String, Json>>,
    /// Record and path to what a person chose between the values of two.
    chosen: BTreeMap<(String, String), Json>,
    /// Orders by id.
    orders: BTreeMap<String, AnsweredOrder>,
    commands: usize,
}

/// What was answered about one order.
#[derive(Debug, Clone, Default)]
pub(crate) struct AnsweredOrder {
    /// Whose it is.
    pub(crate) who: String,
    /// Each time it was submitted, with lines, prices and sums.
    pub(crate) submitted: Vec<Json>,
    /// Each time the server was heard to refuse it, with the reason.
    pub(crate) refused: Vec<Json>,
}

/// What one record must be in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    /// The object's name.
    pub(crate) object: String,
    /// The record's id.
    pub(crate) id: String,
    /// The people who wrote it.
    pub(crate) by: BTreeSet<String>,
    /// The values on which nobody disagrees.
    pub(crate) values: PlainValues,
    /// The values on which people disagree.
    pub(crate) rivals: Vec<Rivals>,
    /// When and by whom it was made and changed, where one person alone wrote.
    pub(crate) provenance: Option<PlainValues>,
}

/// A field that two people set to different values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rivals {
    /// The field's path.
    pub(crate) path: String,
    /// The value before either.
    pub(crate) base: Json,
    /// Person to value.
    pub(crate) by: BTreeMap<String, Json>,
    /// What somebody chose in the end.
    pub(crate) chosen: Option<Json>,
}

impl StoryLedger {
    /// Keeps what a person's command answered about a record.
    pub(crate) fn note(&mut self, who: &str, answer: &Json) {
        if let (Some(object), Some(id)) = (answer["object"].as_str(), answer["id"].as_str()) {
            let record = (object.to_owned(), id.to_owned());
            self.answers
                .entry(record)
                .or_default()
                .insert(who.to_owned(), answer.clone());
            self.commands += 1;
        }
    }

    /// Keeps what a command to another record has made of this one.
    pub(crate) fn follow(&mut self, who: &str, record: &Json) {
        self.note(who, record);
        self.commands -= 1;
    }

    /// Keeps that somebody chose a value where two people disagreed.
    pub(crate) fn choose(&mut self, record: &str, path: &str, value: Json) {
        self.chosen
            .insert((record.to_owned(), path.to_owned()), value);
        self.commands += 1;
    }

    /// Keeps an order as it was answered when it was submitted.
    pub(crate) fn submitted(&mut self, who: &str, order: &Json) {
        let kept = self
            .orders
            .entry(order["id"].as_str().unwrap_or_default().to_owned())
            .or_default();
        kept.who = who.to_owned();
        kept.submitted.push(order.clone());
    }

    /// Keeps an order as it was when a phone had heard that the server refused it.
    pub(crate) fn refused(&mut self, order: &Json) {
        let kept = self
            .orders
            .entry(order["id"].as_str().unwrap_or_default().to_owned())
            .or_default();
        kept.refused.push(order.clone());
    }

    /// All orders by id.
    pub(crate) fn orders(&self) -> &BTreeMap<String, AnsweredOrder> {
        &self.orders
    }

    /// Keeps a record as everybody knew it before they parted.
    pub(crate) fn known_to_all(&mut self, answer: &Json) {
        if let Some(id) = answer["id"].as_str() {
            self.before.insert(id.to_owned(), values(answer));
        }
    }

    /// The values of a record that differ from what everybody knew, without those on which people
    /// disagree.
    pub(crate) fn changed(&self, expected: &Expected) -> PlainValues {
        let before = self.before.get(&expected.id);
        let is_new =
            |path: &str, value: &Json| before.is_none_or(|before| before.get(path) != Some(value));
        let changed = expected
            .values
            .iter()
            .filter(|(path, value)| is_new(path, value));
        changed
            .map(|(path, value)| (path.clone(), value.clone()))
            .collect()
    }

    /// How many commands were answered.
    pub(crate) fn commands(&self) -> usize {
        self.commands
    }

    /// What each record must be in the end.
    pub(crate) fn expected(&self) -> Vec<Expected> {
        let records = self.answers.iter();
        records
            .map(|((object, id), answers)| self.settled(object, id, answers))
            .collect()
    }

    /// Who alone changed a value is followed; where two changed it to different values, both are
    /// kept.
    fn settled(&self, object: &str, id: &str, answers: &BTreeMap<String, Json>) -> Expected {
        let none = PlainValues::new();
        let before = self.before.get(id).unwrap_or(&none);
        let sides: BTreeMap<&String, PlainValues> = answers
            .iter()
            .map(|(who, answer)| (who, values(answer)))
            .collect();
        let paths: BTreeSet<&String> = sides
            .values()
            .flat_map(BTreeMap::keys)
            .chain(before.keys())
            .collect();
        let (mut settled, mut rivals) = (PlainValues::new(), Vec::new());
        for path in paths {
            let at = |values: &PlainValues| values.get(path).cloned().unwrap_or_default();
            let base = at(before);
            let by: BTreeMap<String, Json> = (sides.iter())
                .map(|(who, side)| ((*who).clone(), at(side)))
                .filter(|(_, value)| *value != base || sides.len() == 1)
                .collect();
            let mut changed: Vec<&Json> = by.values().collect();
            changed.dedup();
            match changed.as_slice() {
                [] => drop(settled.insert(path.clone(), base)),
                [one] => drop(settled.insert(path.clone(), (*one).clone())),
                [_, _, ..] => {
                    let chosen = self.chosen.get(&(id.to_owned(), path.clone())).cloned();
                    rivals.push(Rivals {
                        path: path.clone(),
                        base,
                        by,
                        chosen,
                    });
                }
            }
        }
        settled.retain(|_, value| !value.is_null());
        let alone = answers.values().next().filter(|_| answers.len() == 1);
        Expected {
            object: object.to_owned(),
            id: id.to_owned(),
            by: answers.keys().cloned().collect(),
            values: settled,
            rivals,
            provenance: alone.map(provenance),
        }
    }
}

/// The values of a record that an answer shows.
pub(crate) fn values(answer: &Json) -> PlainValues {
    let mut values = PlainValues::new();
    let members = answer.as_object().into_iter().flatten();
    for (name, member) in members.filter(|(name, _)| !NOT_VALUES.contains(&name.as_str())) {
        match member.as_object() {
            Some(lines) => {
                for (line, fields) in lines {
                    let fields = fields.as_object().into_iter().flatten();
                    values.extend(
                        fields.map(|(field, value)| {
                            (format!("{name}/{line}/{field}"), value.clone())
                        }),
                    );
                }
            }
            None => drop(values.insert(name.clone(), member.clone())),
        }
    }
    values
}

/// When and by whom the record was made and changed, as an answer shows it.
pub(crate) fn provenance(answer: &Json) -> PlainValues {
    PROVENANCE
        .iter()
        .map(|name| ((*name).to_owned(), answer[*name].clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn contact(phone: &str, email: Option<&str>) -> Json {
        json!({
            "object": "contact", "id": "7", "phone": phone, "email": email, "created_at": "2026",
        })
    }

    #[test]
    fn who_alone_changed_a_value_is_followed_and_rivals_are_kept() {
        let mut ledger = StoryLedger::default();
        ledger.known_to_all(&contact("1", None));
        ledger.note("Ann", &contact("2", Some("a@example.com")));
        ledger.note("Ben", &contact("3", None));
        let [expected] = &ledger.expected()[..] else {
            panic!("one record")
        };
        assert_eq!(
            expected.values,
            BTreeMap::from([("email".to_owned(), json!("a@example.com"))])
        );
        let by = BTreeMap::from([
            ("Ann".to_owned(), json!("2")),
            ("Ben".to_owned(), json!("3")),
        ]);
        assert_eq!(
            expected.rivals,
            [Rivals {
                path: "phone".to_owned(),
                base: json!("1"),
                by,
                chosen: None
            }]
        );
        assert_eq!(expected.provenance, None);
        ledger.choose("7", "phone", json!("3"));
        assert_eq!(
            (
                ledger.expected()[0].rivals[0].chosen.clone(),
                ledger.commands()
            ),
            (Some(json!("3")), 3)
        );
    }

    #[test]
    fn the_last_answer_of_one_person_counts_whole() {
        let mut ledger = StoryLedger::default();
        ledger.note("Ann", &contact("1", Some("a@example.com")));
        ledger.note("Ann", &contact("1", None));
        let [expected] = &ledger.expected()[..] else {
            panic!("one record")
        };
        assert_eq!(
            expected.values,
            BTreeMap::from([("phone".to_owned(), json!("1"))])
        );
        assert_eq!(
            (
                ledger.commands(),
                expected
                    .provenance
                    .as_ref()
                    .map(|of| of["created_at"].clone())
            ),
            (2, Some(json!("2026")))
        );
    }

    #[test]
    fn lines_have_paths() {
        let visit = json!({
            "object": "visit", "id": "7", "state": "planned",
            "actions": { "shelf": { "answer": "9" } },
        });
        let expected = [
            ("actions/shelf/answer".to_owned(), json!("9")),
            ("state".to_owned(), json!("planned")),
        ];
        assert_eq!(values(&visit), BTreeMap::from(expected));
    }
}
