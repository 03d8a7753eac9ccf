//! Commands as JSON: what is read, what is refused, and that writing reads back.

use outfield_core::base::id::ConflictId;
use outfield_core::domain::{Choice, Command, RefusalKind, names};
use outfield_core::objects::{Value, Values};
use serde_json::{Value as Json, json};

use crate::support::{HERE, RuleWorld, id, values};

/// Commands that make no sense: the JSON, the code of the refusal, and words of its message.
const NONSENSE: &[(&str, &str, &str)] = &[
    ("", "bad_json", "not JSON"),
    ("[]", "bad_json", "a JSON object"),
    ("{}", "required", "needs `do`"),
    (r#"{"do": 7}"#, "bad_value", "7 is not text"),
    (
        r#"{"do": "fly"}"#,
        "unknown_command",
        "there is no command `fly`",
    ),
    (
        r#"{"do": "chek_in"}"#,
        "unknown_command",
        "did you mean `check_in`?",
    ),
    (
        r#"{"do": "add", "fields": {}}"#,
        "required",
        "needs `object`",
    ),
    (
        r#"{"do": "add", "object": "contact"}"#,
        "required",
        "`fields` is needed",
    ),
    (
        r#"{"do": "add", "object": "contact", "fields": []}"#,
        "required",
        "`fields` is needed",
    ),
    (
        r#"{"do": "add", "object": "contact", "fields": {"name": 1.5}}"#,
        "bad_value",
        "1.5 is not text",
    ),
    (
        r#"{"do": "add", "object": "contact", "fields": {"name": {}}}"#,
        "bad_value",
        "`name`: {} is not text",
    ),
    (
        r#"{"do": "add", "object": "contact", "name": "A", "fields": {}}"#,
        "unknown_input",
        "takes no `name`",
    ),
    (
        r#"{"do": "edit", "object": "contact", "fields": {}}"#,
        "required",
        "needs `id`",
    ),
    (
        r#"{"do": "edit", "object": "contact", "id": "7", "fields": {}}"#,
        "bad_value",
        "`7` is not an id",
    ),
    (
        r#"{"do": "check_in", "visit": "here"}"#,
        "bad_value",
        "`here` is not an id",
    ),
    (
        r#"{"do": "check_in", "position": [1, 2]}"#,
        "bad_value",
        "`position`",
    ),
    (
        r#"{"do": "resolve_conflict", "choose": "mine"}"#,
        "required",
        "needs `conflict`",
    ),
];

#[test]
fn a_command_that_makes_no_sense_is_refused_as_bad_input() {
    let world = RuleWorld::new();
    for (json, code, words) in NONSENSE {
        let refusal = Command::parse(json, &world.registry).unwrap_err();
        assert_eq!(
            (refusal.kind, refusal.code.as_str()),
            (RefusalKind::BadInput, *code),
            "{json}"
        );
        assert!(refusal.message.contains(words), "{json}: {refusal}");
    }
}

#[test]
fn a_choice_is_mine_theirs_or_a_value() {
    let world = RuleWorld::new();
    for choose in [
        json!("yours"),
        json!(null),
        json!({}),
        json!({"value": []}),
        json!({"value": 1, "x": 2}),
    ] {
        let json = json!({"do": "resolve_conflict", "conflict": id(9), "choose": choose});
        assert_eq!(
            Command::parse(&json.to_string(), &world.registry)
                .unwrap_err()
                .fields,
            ["choose"],
            "{json}"
        );
    }
}

#[test]
fn an_input_that_a_verb_does_not_take_is_named() {
    let world = RuleWorld::new();
    let refusal = world.refusal(&json!({"do": "start_visit", "acount": id(10)}));
    assert_eq!(
        (refusal.code.as_str(), &refusal.fields[..]),
        ("unknown_input", &["acount".to_owned()][..])
    );
    assert!(
        refusal.message.contains("did you mean `account`?"),
        "{refusal}"
    );
}

#[test]
fn a_verb_whose_inputs_make_the_id_makes_one_record_and_then_goes_on_with_it() {
    let mut world = RuleWorld::new();
    let display = json!({
        "object": "x_display", "version": 1, "label": "Display", "kind": "document",
        "fields": {
            "account": {"kind": "reference", "of": "account"}, "slot": {"kind": "text"},
            "units": {"kind": "integer"}, "state": {"kind": "choice", "choices": ["up", "down"]},
        },
        "scope": [{"bucket": "through", "field": "account"}],
        "lifecycle": {"field": "state", "start": "up"},
        "verbs": {"set_up": {
            "creates": true, "id_of": ["account", "slot"], "from": ["up"],
            "input": {
                "account": {"kind": "reference", "of": "account"}, "slot": {"kind": "text"},
                "units": {"kind": "integer"},
            },
        }},
        "rights": {"rep": {"create": true, "edit": ["*"], "do": ["set_up"]}},
    });
    world
        .registry
        .publish("display.json", &display.to_string(), &names())
        .unwrap();
    let set_up = json!({"do": "set_up", "account": id(10), "slot": "door", "units": 4});
    let made = world.ask(&set_up).unwrap().id;
    world.user = 2;
    assert_eq!(
        world.tell(&set_up),
        made,
        "another person's phone makes the same record"
    );
    assert_eq!(world.value("x_display", made, "owner"), Json::Null);
    assert_eq!(
        world.tell(&json!({"do": "set_up", "account": id(10), "slot": "door", "units": 6})),
        made
    );
    assert_eq!(world.value("x_display", made, "units"), json!(6));
    for other in [
        json!({"account": id(10)}),
        json!({"account": id(10), "slot": "till"}),
        json!({"slot": "door"}),
    ] {
        let mut command = other;
        command["do"] = json!("set_up");
        assert_ne!(world.ask(&command).unwrap().id, made, "{command}");
    }
    world.set("x_display", made, "state", "down");
    world.check(&set_up, "wrong_state");
}

#[test]
fn a_written_command_reads_back_as_itself() {
    let world = RuleWorld::new();
    let object = || "contact".to_owned();
    for command in [
        Command::Add {
            object: object(),
            id: None,
            fields: values(&json!({"name": "Ann", "consent_phone": true})),
        },
        Command::Add {
            object: object(),
            id: Some(id(4)),
            fields: Values::new(),
        },
        Command::Edit {
            object: object(),
            id: id(4),
            fields: values(&json!({"name": null})),
        },
        Command::Perform {
            verb: "check_in".to_owned(),
            id: Some(id(5)),
            input: values(&json!({"position": HERE, "accuracy_m": "5"})),
        },
        Command::Perform {
            verb: "start_visit".to_owned(),
            id: None,
            input: values(&json!({"account": id(10)})),
        },
        Command::Resolve {
            conflict: ConflictId([6; 16]),
            choice: Choice::Mine,
        },
        Command::Resolve {
            conflict: ConflictId([6; 16]),
            choice: Choice::Theirs,
        },
        Command::Resolve {
            conflict: ConflictId([6; 16]),
            choice: Choice::Value(Value::Int(7)),
        },
    ] {
        let json = command.to_json(&world.registry);
        assert_eq!(
            Command::parse(&json, &world.registry).unwrap(),
            command,
            "{json}"
        );
    }
}

#[test]
fn times_and_positions_are_read_as_people_write_them() {
    let world = RuleWorld::new();
    let fields = json!({"started_at": "2026-11-24T08:30:00Z", "check_in_position": "36.3,-94"});
    let json = json!({"do": "add", "object": "visit", "fields": fields}).to_string();
    let Ok(Command::Add { fields, .. }) = Command::parse(&json, &world.registry) else {
        panic!("{json}")
    };
    assert_eq!(fields["started_at"], Value::Int(1_795_509_000_000));
    assert_eq!(
        fields["check_in_position"],
        Value::from("36.300000,-94.000000")
    );
}
