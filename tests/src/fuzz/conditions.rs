//! Conditions drawn from bytes, and what holds of each that could be published: it is asked without
//! an error, and says of no record both yes and no. It does not know what it means.

use outfield_core::base::context::{Context, Identity, Role};
use outfield_core::base::id::{ActorId, DeviceId, UserId};
use outfield_core::domain::condition::ConditionGround;
use outfield_core::objects::{Condition, Descriptor, Record, Registry, Values};
use outfield_core::store::{Db, StoreReader};
use serde_json::{Value as Json, json};

use crate::clock::{Clock, Luck};

const TESTS: &[&str] = &[
    "empty", "equals", "above", "at_least", "below", "at_most", "starts", "one_of",
];

const WORDS: &[&str] = &[
    "",
    "a",
    "9",
    "10.50",
    "2026-11-24",
    "2026-11-24T08:30:00Z",
    "open",
    "rep",
];

/// A verb that requires what these bytes draw over the fields and lines of a descriptor.
pub(super) fn drawn_verb(descriptor: &Json, bytes: &[u8]) -> Json {
    let names = |of: &Json| {
        of.as_object()
            .map(|of| of.keys().cloned().collect())
            .unwrap_or_default()
    };
    let mut draw = ConditionDraw {
        bytes,
        fields: names(&descriptor["fields"]),
        lines: names(&descriptor["lines"]),
    };
    let condition = draw.condition(0);
    let requirement =
        json!({"if": condition, "right": draw.below(2) == 0, "code": "no", "say": "no"});
    json!({"label": "Try", "require": [requirement]})
}

struct ConditionDraw<'a> {
    bytes: &'a [u8],
    fields: Vec<String>,
    lines: Vec<String>,
}

impl ConditionDraw<'_> {
    /// The next number; 0 once the bytes are at their end, so that all drawing ends.
    fn below(&mut self, below: usize) -> usize {
        let Some((first, rest)) = self.bytes.split_first() else {
            return 0;
        };
        self.bytes = rest;
        usize::from(*first) % below.max(1)
    }

    fn name(&mut self, of: &[String]) -> String {
        let at = self.below(of.len() + 1);
        of.get(at).cloned().unwrap_or_else(|| "nothing".to_owned())
    }

    fn path(&mut self) -> String {
        let fields = self.fields.clone();
        let mut path = self.name(&fields);
        // Most references of an object that is drawn lead to others, which are not here.
        for _ in 0..self.below(16).saturating_sub(11) {
            path = format!("{path}.{}", self.name(&fields));
        }
        path
    }

    fn condition(&mut self, depth: usize) -> Json {
        // A little deeper than it may be.
        match self.below(if depth > 9 { 4 } else { 9 }) {
            0..4 => self.test(),
            4 => json!({"role": [WORDS[self.below(WORDS.len())]]}),
            5 => json!({"not": self.condition(depth + 1)}),
            at @ 6..8 => {
                let mut parts = Vec::new();
                for _ in 0..self.below(5) {
                    parts.push(self.condition(depth + 1));
                }
                json!({if at == 6 { "all" } else { "any" }: parts})
            }
            _ => {
                let lines = self.lines.clone();
                let quantifier = ["every", "some"][self.below(2)];
                json!({quantifier: self.name(&lines), "that": self.condition(depth + 1)})
            }
        }
    }

    fn test(&mut self) -> Json {
        let path = self.path();
        let test = TESTS[self.below(TESTS.len())];
        let wanted = match test {
            "empty" => json!(self.below(2) == 0),
            "one_of" => json!([WORDS[self.below(WORDS.len())]]),
            _ => self.operand(&path),
        };
        json!({"field": path, test: wanted})
    }

    fn operand(&mut self, path: &str) -> Json {
        match self.below(8) {
            0..3 => json!({ "field": path }),
            3 => json!({"field": self.path()}),
            4 => json!(WORDS[self.below(WORDS.len())]),
            5 => json!(self.below(256)),
            6 => json!({"me": self.below(8) > 0}),
            _ => json!({"days_ago": self.below(256)}),
        }
    }
}

/// Asks what the verbs of a published object require, of this record and of an empty one.
pub(super) fn asked(db: &Db, registry: &Registry, descriptor: &Descriptor, record: &Record) {
    let luck = Luck::of(&Clock::at("2026-11-24T08:30:00Z"), 1, "fuzz");
    let identity = Identity {
        user: UserId([1; 16]),
        role: Role::REP,
        device: DeviceId([2; 16]),
        actor: ActorId([3; 16]),
        time_zone: "America/Chicago".to_owned(),
    };
    let context = Context::new(luck.as_ref(), identity);
    let empty = Record {
        values: Values::new(),
        ..record.clone()
    };
    let reader = StoreReader { db, registry };
    for requirement in descriptor.verbs.values().flat_map(|verb| &verb.require) {
        let condition = requirement.condition.clone();
        for record in [record, &empty] {
            let ground = ConditionGround {
                registry,
                descriptor,
                record,
                reader: &reader,
                context: &context,
            };
            let yes = ground.failed(&condition).unwrap();
            let no = Condition::Not(Box::new(condition.clone()));
            let no = ground.failed(&no).unwrap();
            assert_ne!(yes.is_none(), no.is_none(), "{condition:?}");
        }
    }
}
