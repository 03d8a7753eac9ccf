//! What the server says of entries that it refuses, as vectors: for each code the shortest push
//! that is answered by it. It does not know bytes that are no change.

use outfield_core::base::id::{ActorId, ConflictId, GroupId, RecordId};
use outfield_core::objects::conflict::Conflict;
use outfield_core::objects::number::series;
use outfield_core::objects::{Record, Value, Values};
use outfield_core::sync::frames::{Frame, PushEntry};
use outfield_core::sync::{Call, wire};
use outfield_tests::World;
use outfield_tests::attacked::{entry, new_record, word};
use outfield_tests::crafter::{self, CraftedChange, hex, signed};
use serde_json::{Map, Value as Json, json};

/// What a push that is refused needs: a shop in reach and one out of it, and two people.
pub(super) struct RulingStage {
    world: World,
    tokens: [String; 2],
    ann: String,
    ben: String,
    near: String,
    far: String,
}

/// A code, what is there before, and the push that it answers.
type RulingCase = (
    &'static str,
    &'static str,
    fn(&RulingStage) -> Vec<PushEntry>,
);

const CASES: &[RulingCase] = &[
    ("broken_group", "nothing", |stage| {
        vec![PushEntry {
            count: Some(2),
            ..stage.rosa(1)
        }]
    }),
    ("group_refused", "nothing", |stage| {
        let group = (Some(GroupId([0x66; 16])), Some(2));
        let both = [stage.rosa(2), stage.contact(2, &[("nope", "1")])];
        let in_group = |entry| PushEntry {
            group: group.0,
            count: group.1,
            ..entry
        };
        both.map(in_group).into()
    }),
    ("bad_fact", "nothing", |stage| {
        vec![PushEntry {
            bytes: vec![0xff].into(),
            ..stage.note(3, &[])
        }]
    }),
    ("foreign_actor", "Ben wrote under the actor", |stage| {
        let ben = [("name", "Ben's"), ("owner", stage.ben.as_str())];
        stage.pushed(1, &[made("contact", 4, &ben)]);
        vec![PushEntry {
            record: new_record(b"foreign"),
            ..stage.rosa(4)
        }]
    }),
    ("unknown_object", "nothing", |stage| {
        vec![PushEntry {
            object: "x_nothing".to_owned(),
            ..stage.rosa(5)
        }]
    }),
    ("wrong_object", "the record is an account", |stage| {
        vec![PushEntry {
            record: stage.near.parse().unwrap(),
            ..stage.rosa(6)
        }]
    }),
    ("bad_id", "nothing", |stage| {
        vec![PushEntry {
            record: RecordId::derived(&[b"nothing"]),
            ..stage.rosa(7)
        }]
    }),
    ("follows_refused", "nothing", |_| {
        let first = CraftedChange::puts(actor(8), &[("nope", "1")]);
        let then = CraftedChange::puts(actor(8), &[("name", "Rosa")]);
        changes(8, &[&first, &then.after(&[first.hash()], 2, 2)])
    }),
    ("already_exists", "nothing", |stage| {
        vec![
            stage.rosa(9),
            PushEntry {
                record: new_record(&[9]),
                ..stage.rosa(10)
            },
        ]
    }),
    ("unknown_field", "nothing", |stage| {
        vec![stage.contact(11, &[("nope", "1")])]
    }),
    ("bad_value", "nothing", |stage| {
        vec![stage.contact(12, &[("phone", "later")])]
    }),
    ("not_allowed", "nothing", |stage| {
        vec![made(
            "contact",
            13,
            &[("name", "Rosa"), ("owner", &stage.ben)],
        )]
    }),
    ("text_form", "nothing", |stage| {
        vec![stage.contact(14, &[("name", "Jose\u{301}")])]
    }),
    (
        "not_in_scope",
        "the account is in a territory of others",
        |stage| {
            vec![made(
                "contact",
                15,
                &[("name", "Rosa"), ("roles/r/account", &stage.far)],
            )]
        },
    ),
    ("too_many_heads", "nothing", |stage| stage.competing(16, 13)),
    ("clock_ahead", "nothing", |stage| {
        let mut ahead = CraftedChange::puts(actor(40), &[("name", "Rosa"), ("owner", &stage.ann)]);
        ahead.time = signed(1_795_900_000_000);
        changes(40, &[&ahead])
    }),
    ("unknown_command", "nothing", |stage| {
        vec![PushEntry {
            verb: Some("fly".to_owned()),
            ..stage.rosa(41)
        }]
    }),
    ("no_such_move", "nothing", |stage| {
        let visit = [
            ("account", stage.near.as_str()),
            ("owner", &stage.ann),
            ("state", "completed"),
        ];
        vec![made("visit", 42, &visit)]
    }),
    ("required", "nothing", |stage| {
        vec![made("contact", 43, &[("owner", &stage.ann)])]
    }),
    ("unknown_reference", "nothing", |stage| {
        let nobody = new_record(b"nobody").to_string();
        vec![stage.note(
            44,
            &[
                ("account", &stage.near),
                ("contact", &nobody),
                ("note", "Hi"),
            ],
        )]
    }),
    ("foreign_number", "nothing", |stage| {
        vec![stage.order(45, "SO-00000000-1")]
    }),
    ("number_taken", "nothing", |stage| {
        let number = format!("SO-{}-1", series(ActorId(actor(46))));
        vec![stage.order(46, &number), stage.order(72, &number)]
    }),
    ("number_stays", "nothing", |stage| {
        let number = |of| format!("SO-{}-1", series(ActorId(actor(of))));
        let first = stage.order(70, &number(70));
        let hash = crafter::hash(1, crafter::data_of(&first.bytes));
        let then = CraftedChange::puts(actor(71), &[("number", &number(71))]);
        let then = then.replacing(actor(70), 3).after(&[hash], 1, 9).chunk();
        let then = PushEntry {
            bytes: then.into(),
            verb: None,
            ..first.clone()
        };
        vec![first, then]
    }),
    ("fact_changed", "nothing", |stage| {
        let call = |note| stage.note(47, &[("account", &stage.near), ("note", note)]);
        vec![call("Hi"), call("Ho")]
    }),
    ("unknown_conflict", "nothing", |stage| {
        vec![stage.decision(48, new_record(&[48]), ConflictId(new_record(b"none").0))]
    }),
    ("not_decided", "nothing", |stage| {
        let mut entries = stage.competing(49, 2);
        let record = entries[0].record;
        let sides = [51, 50].map(|number| format!("3@{}", ActorId(actor(number))));
        let sides: Vec<&str> = sides.iter().map(String::as_str).collect();
        entries.push(stage.decision(49, record, Conflict::id_of(record, "phone", &sides)));
        entries
    }),
    ("wrong_start", "nothing", |stage| {
        let first = CraftedChange::puts(actor(60), &[("name", "Rosa"), ("owner", &stage.ann)]);
        let then = CraftedChange::puts(actor(60), &[("phone", "+14795550100")]);
        changes(60, &[&first, &then.after(&[first.hash()], 2, 9)])
    }),
    ("unknown_operation", "nothing", |stage| {
        let first = CraftedChange::puts(actor(61), &[("name", "Rosa"), ("owner", &stage.ann)]);
        let then = CraftedChange::puts(actor(61), &[("name", "Rosie")]);
        changes(61, &[&first, &then.after(&[first.hash()], 2, 3)])
    }),
];

/// Codes of entries that no vector here answers, and why.
pub(super) const WITHOUT: &[(&str, &str)] = &[
    ("document_full", "takes a history of 100,000 operations"),
    (
        "not_sealed",
        "is said of what is given back, not of what is pushed",
    ),
    (
        "nothing_to_write",
        "is said to whoever makes a change; its bytes are an `empty_change`",
    ),
    ("quarantine_full", "takes 1,000 refused entries"),
    ("too_costly", "takes a history of competing lines"),
    ("too_many_bytes", "takes 64 KiB"),
    ("too_many_writers", "takes 500 accepted actors"),
    ("user_left", "takes a person whom the office let go"),
    ("wrong_sequence", "is answered by the ruling `rewrite`"),
];

fn actor(number: u8) -> [u8; 16] {
    [number; 16]
}

/// Changes of one record, in their order.
fn changes(number: u8, all: &[&CraftedChange]) -> Vec<PushEntry> {
    let record = new_record(&[number]);
    all.iter()
        .map(|change| entry(record, &change.chunk()))
        .collect()
}

/// A new record of these values, which ascend by path.
fn made(object: &str, number: u8, values: &[(&str, &str)]) -> PushEntry {
    let change = CraftedChange::puts(actor(number), values);
    PushEntry {
        object: object.to_owned(),
        ..entry(new_record(&[number]), &change.chunk())
    }
}

impl RulingStage {
    pub(super) fn new() -> RulingStage {
        let world = World::new();
        let (near, far) = (
            world.account("Near", "North"),
            world.account("Far", "South"),
        );
        let tokens = ["Ann", "Ben"].map(|name| world.phone(name).token());
        let (ann, ben) = (world.user("Ann"), world.user("Ben"));
        RulingStage {
            world,
            tokens,
            ann,
            ben,
            near,
            far,
        }
    }

    /// How the server rules, in a word an entry.
    fn pushed(&self, person: usize, entries: &[PushEntry]) -> Vec<String> {
        let frames: Vec<Frame> = entries.iter().cloned().map(Frame::Entry).collect();
        let call = Call {
            path: "/sync/v1/push",
            token: Some(self.tokens[person].clone()),
            media_type: wire::MEDIA_TYPE,
            body: wire::encode(&frames).unwrap(),
        };
        let answer = self.world.server.answer(&call).unwrap();
        let frames = wire::decode(&answer.body, 1 << 24).unwrap();
        let mut words = Vec::new();
        for frame in &frames {
            if let Frame::Verdict(verdict) = frame {
                words.push(word(verdict));
            }
        }
        words
    }

    /// A contact of Ann's.
    fn rosa(&self, number: u8) -> PushEntry {
        self.contact(number, &[])
    }

    /// The same with other values beside or in place of its own.
    fn contact(&self, number: u8, values: &[(&str, &str)]) -> PushEntry {
        let mut all = std::collections::BTreeMap::from([("name", "Rosa"), ("owner", &*self.ann)]);
        all.extend(values.iter().copied());
        made("contact", number, &Vec::from_iter(all))
    }

    /// A contact, and changes of its phone that compete.
    fn competing(&self, number: u8, count: u8) -> Vec<PushEntry> {
        let first = [("name", "Rosa"), ("owner", self.ann.as_str())];
        let first = CraftedChange::puts(actor(number), &first);
        let mut all = vec![first.clone()];
        for other in 1..=count {
            let phone = format!("+1479555{:04}", 100 + u16::from(other));
            let change = CraftedChange::puts(actor(number + other), &[("phone", &phone)]);
            all.push(change.after(&[first.hash()], 1, 3));
        }
        changes(number, &all.iter().collect::<Vec<_>>())
    }

    fn fact(&self, object: &str, number: u8, values: &[(&str, &str)]) -> PushEntry {
        let owner = ("owner", self.ann.as_str());
        let values = values.iter().chain([&owner]);
        let values: Values = values
            .map(|(path, value)| ((*path).to_owned(), Value::from(*value)))
            .collect();
        PushEntry {
            is_fact: true,
            object: object.to_owned(),
            actor: Some(ActorId(actor(number))),
            at_ms: Some(1_795_500_000_000),
            ..entry(new_record(&[number]), &Record::canonical(&values))
        }
    }

    fn note(&self, number: u8, values: &[(&str, &str)]) -> PushEntry {
        self.fact("follow_up", number, values)
    }

    fn decision(&self, number: u8, record: RecordId, conflict: ConflictId) -> PushEntry {
        let (conflict, record) = (conflict.to_string(), record.to_string());
        let values = [
            ("conflict", &*conflict),
            ("of_object", "contact"),
            ("record", &*record),
            ("path", "phone"),
            ("choice", "value"),
            ("value_json", "\"+14795550999\""),
        ];
        let decision = self.fact("conflict_resolution", number, &values);
        PushEntry {
            record: new_record(&[number, 0]),
            ..decision
        }
    }

    fn order(&self, number: u8, said: &str) -> PushEntry {
        let values = [
            ("account", self.near.as_str()),
            ("currency", "USD"),
            ("number", said),
            ("ordered_on", "2026-11-24"),
            ("owner", &self.ann),
            ("state", "draft"),
            ("tax_mode", "exclusive"),
            ("tax_rounding", "document"),
        ];
        let order = made("sales_order", number, &values);
        PushEntry {
            verb: Some("new_order".to_owned()),
            ..order
        }
    }
}

/// The vectors, by code.
pub(super) fn rulings() -> Json {
    let stage = RulingStage::new();
    let (mut all, mut wrong) = (Map::new(), Vec::new());
    for (code, given, push) in CASES {
        let entries = push(&stage);
        let said = stage.pushed(0, &entries);
        if !said.iter().any(|said| said == code) {
            wrong.push(format!("{code}: {said:?}"));
        }
        let frame = |entry: &PushEntry| {
            let frames = [Frame::Entry(entry.clone())];
            hex(&wire::encode_as(wire::Packing::Plain, &frames).unwrap())
        };
        let entries: Vec<String> = entries.iter().map(frame).collect();
        all.insert(
            (*code).to_owned(),
            json!({"given": given, "push": entries, "rulings": said}),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    all.into()
}
