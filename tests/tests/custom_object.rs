//! An object that a tenant publishes while phones are in the field: its verbs and guards, its way
//! through an account, its growth, and phones that meet its records before they have heard of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use outfield_core::app::FieldError;
use outfield_core::base::context::Role;
use outfield_core::base::id::RecordId;
use outfield_core::base::version::Version;
use outfield_core::store::{members, meta};
use outfield_tests::{Phone, World, behind};
use serde_json::{Value as Json, json};

const COOLER: &str = include_str!("../objects/cooler.json");
const MAKER: &str = include_str!("../objects/cooler_maker.json");
const READING: &str = include_str!("../objects/cooler_reading.json");

/// Ann and Ben in North, a shop there, and the coolers published.
fn coolers() -> (World, Phone, Phone, String) {
    let world = World::new();
    let shop = world.account("Harp's", "North");
    [MAKER, COOLER, READING]
        .iter()
        .for_each(|json| world.publishes(json));
    let (mut ann, mut ben) = (world.phone("Ann"), world.phone("Ben"));
    world.agree(&mut [&mut ann, &mut ben]);
    (world, ann, ben, shop)
}

/// The cooler's descriptor, changed.
fn grown(version: u32, change: impl FnOnce(&mut Json)) -> String {
    let mut json: Json = serde_json::from_str(COOLER).unwrap();
    json["version"] = version.into();
    change(&mut json);
    json.to_string()
}

#[test]
fn its_verbs_move_it_through_its_states_past_its_guards() {
    let (world, mut ann, mut ben, shop) = coolers();
    let cooler = ann.adds("x_cooler", &json!({"name": "Front", "account": shop}));
    assert_eq!(ann.get("x_cooler", &cooler)["state"], "placed");
    assert_eq!(
        ann.get("x_cooler", &cooler)["size"],
        "tall",
        "what nobody says is the default"
    );
    let edit =
        json!({"do": "edit", "object": "x_cooler", "id": cooler, "fields": {"state": "inspected"}});
    assert_eq!(
        ann.refused(&edit),
        ("only_verbs".to_owned(), vec!["state".to_owned()])
    );
    let inspect = json!({"do": "inspect_cooler", "x_cooler": cooler,
        "checked_in_at": "2026-11-24T08:30:00Z"});
    let unsaid = json!({"do": "inspect_cooler", "x_cooler": cooler});
    assert_eq!(
        ann.refused(&unsaid),
        ("required".to_owned(), vec!["checked_in_at".to_owned()])
    );
    ann.does(&inspect);
    assert_eq!(
        ann.refused(&inspect).0,
        "already_checked_in",
        "the guard is the built-in one"
    );
    world.agree(&mut [&mut ann, &mut ben]);
    assert_eq!(ben.get("x_cooler", &cooler)["state"], "inspected");
    assert_eq!(
        ben.get("x_cooler", &cooler)["checked_in_at"],
        1_795_509_000_000_i64
    );
    let mia_may =
        json!({"do": "take_cooler_away", "x_cooler": cooler, "taken_away_because": "Broken."});
    assert_eq!(
        ben.refused(&mia_may),
        (
            "not_allowed".to_owned(),
            vec!["taken_away_because".to_owned()]
        )
    );
    let mut mia = world.phone_for("Mia", Role::MANAGER, &["North"]);
    mia.does(&mia_may);
    world.agree(&mut [&mut ann, &mut ben, &mut mia]);
    assert_eq!(
        ann.refused(&inspect),
        ("wrong_state".to_owned(), vec!["state".to_owned()])
    );
}

#[test]
fn what_its_verbs_require_is_refused_offline_with_what_was_wanted() {
    let (world, mut ann, mut ben, shop) = coolers();
    let cola = world.puts("product", None, &json!({"name": "Cola"}));
    ann.sync();
    let stocked = json!({"name": "Front", "account": shop, "shelves/top/product": cola});
    let cooler = ann.adds("x_cooler", &stocked);
    world.agree(&mut [&mut ann, &mut ben]);
    let inspect = json!({"do": "inspect_cooler", "x_cooler": cooler,
        "checked_in_at": "2026-11-24T08:30:00Z"});
    let said = |phone: &mut Phone, command: &Json| match phone.tries(command) {
        Err(FieldError::Refused {
            code,
            fields,
            numbers,
            ..
        }) => (code, fields, Json::Object(numbers)),
        other => panic!("{command}: {other:?}"),
    };
    let (anns, bens) = (world.user("Ann"), world.user("Ben"));
    let (code, fields, numbers) = said(&mut ben, &inspect);
    assert_eq!(
        (code.as_str(), fields),
        ("not_keeper", vec!["owner".to_owned()])
    );
    let wanted = json!({"test": "equals", "wanted": bens, "is": anns});
    assert_eq!(numbers, wanted, "the first test that failed");
    let take = json!({"do": "take_cooler_away", "x_cooler": cooler, "taken_away_because": "Old."});
    let mut mia = world.phone_for("Mia", Role::MANAGER, &["North"]);
    let (code, fields, numbers) = said(&mut mia, &take);
    let path = vec!["shelves/top/product".to_owned()];
    assert_eq!((code.as_str(), fields), ("not_emptied", path));
    let wanted = json!({"test": "empty", "wanted": true, "is": cola});
    assert_eq!(numbers, wanted);
    ann.edits("x_cooler", &cooler, &json!({"shelves/top/removed": true}));
    world.puts("account", Some(&shop), &json!({"blocked": true}));
    world.agree(&mut [&mut ann, &mut ben, &mut mia]);
    let (code, fields, _) = said(&mut ann, &inspect);
    let path = vec!["account.blocked".to_owned()];
    assert_eq!((code.as_str(), fields), ("shop_blocked", path));
    world.puts("account", Some(&shop), &json!({"blocked": false}));
    world.agree(&mut [&mut ann, &mut ben, &mut mia]);
    ann.does(&inspect);
    ann.sync();
    mia.sync();
    mia.does(&take);
    world.agree(&mut [&mut ann, &mut ben, &mut mia]);
    assert_eq!(ben.get("x_cooler", &cooler)["state"], "taken_away");
    assert_eq!(
        (ann.needs_attention(), mia.needs_attention()),
        (vec![], vec![])
    );
}

#[test]
fn it_goes_where_its_account_goes_and_its_facts_with_it() {
    let (world, mut ann, mut ben, shop) = coolers();
    let mut sue = world.phone_for("Sue", Role::REP, &["South"]);
    ann.sync();
    let cooler = ann.adds(
        "x_cooler",
        &json!({"name": "Front", "account": shop, "owner": world.user("Ann")}),
    );
    world.agree(&mut [&mut ann, &mut ben]);
    let reading = json!({"x_cooler": cooler, "celsius_tenths": 42, "owner": world.user("Ben")});
    let fact = ben.adds("x_cooler_reading", &reading);
    world.agree(&mut [&mut ann, &mut ben, &mut sue]);
    assert_eq!(
        (
            sue.get("x_cooler", &cooler),
            sue.get("x_cooler_reading", &fact)
        ),
        (Json::Null, Json::Null)
    );
    world.puts(
        "account",
        Some(&shop),
        &json!({"territory": world.territory("South")}),
    );
    world.agree(&mut [&mut ann, &mut ben, &mut sue]);
    assert_eq!(sue.get("x_cooler", &cooler)["name"], "Front");
    assert_eq!(sue.get("x_cooler_reading", &fact)["celsius_tenths"], 42);
    assert_eq!(
        (
            &ann.get("x_cooler", &cooler)["name"],
            ben.get("x_cooler", &cooler)
        ),
        (&json!("Front"), Json::Null)
    );
    assert_eq!(
        (
            ann.get("x_cooler_reading", &fact),
            &ben.get("x_cooler_reading", &fact)["x_cooler"]
        ),
        (Json::Null, &json!(cooler))
    );
}

#[test]
fn two_reps_merge_its_lines_and_keep_what_competes() {
    let (world, mut ann, mut ben, shop) = coolers();
    let cola = world.puts("product", None, &json!({"name": "Cola"}));
    ann.sync();
    let cooler = ann.adds(
        "x_cooler",
        &json!({"name": "Front", "account": shop, "shelves/top/product": cola}),
    );
    assert_eq!(
        ann.get("x_cooler", &cooler)["shelves"]["top"]["facings_count"],
        1,
        "a new line has its defaults"
    );
    world.agree(&mut [&mut ann, &mut ben]);
    ann.edits(
        "x_cooler",
        &cooler,
        &json!({"shelves/top/facings_count": 4, "shelves/mid/product": cola}),
    );
    ben.edits(
        "x_cooler",
        &cooler,
        &json!({"shelves/top/facings_count": 6, "shelves/low/product": cola}),
    );
    world.agree(&mut [&mut ann, &mut ben]);
    let shelves = ben.get("x_cooler", &cooler)["shelves"]
        .as_object()
        .unwrap()
        .len();
    assert_eq!((shelves, ann.conflicts().len()), (3, 1));
    assert_eq!(ann.conflicts()[0]["path"], "shelves/top/facings_count");
    let lacking = json!({"do": "edit", "object": "x_cooler", "id": cooler,
        "fields": {"shelves/x/note": "new"}});
    assert_eq!(
        ben.refused(&lacking),
        ("required".to_owned(), vec!["shelves/x/product".to_owned()])
    );
}

#[test]
fn a_phone_may_meet_its_records_before_it_has_heard_of_it() {
    let world = World::new();
    let shop = world.account("Harp's", "North");
    let (mut ann, mut ben) = (world.phone("Ann"), world.phone("Ben"));
    ann.sync();
    [MAKER, COOLER, READING]
        .iter()
        .for_each(|json| world.publishes(json));
    let hint = json!({
        "object": "x_hint", "version": 1, "label": "Hint", "kind": "row", "search": ["text"],
        "fields": {"text": {"kind": "text"}, "owner": {"kind": "reference", "of": "user"}},
        "scope": [{"bucket": "user", "field": "owner"}], "rights": {"rep": {"read": true}},
    });
    world.publishes(&hint.to_string());
    let hint = world.puts(
        "x_hint",
        None,
        &json!({"text": "Ask for the manager", "owner": world.user("Ann")}),
    );
    ben.sync();
    // What is Ann's own comes to her first of all, before the tenant's news.
    let own =
        json!({"name": "Front", "account": shop, "owner": world.user("Ann"), "doors_count": 2});
    let cooler = ben.adds("x_cooler", &own);
    ben.edits("x_cooler", &cooler, &json!({"doors_count": 3}));
    let reading = json!({"x_cooler": cooler, "celsius_tenths": 42, "owner": world.user("Ann")});
    let fact = ben.adds("x_cooler_reading", &reading);
    ben.sync();
    world.agree(&mut [&mut ann, &mut ben]);
    assert_eq!(ann.get("x_cooler", &cooler)["doors_count"], 3);
    assert_eq!(ann.get("x_cooler_reading", &fact)["celsius_tenths"], 42);
    assert_eq!(ann.get("x_hint", &hint)["text"], "Ask for the manager");
    assert_eq!(
        ann.device().search("Fro", 0).unwrap().data[0]["id"],
        json!(cooler)
    );
    ann.edits("x_cooler", &cooler, &json!({"name": "Entrance"}));
    world.agree(&mut [&mut ann, &mut ben]);
    assert_eq!(ben.get("x_cooler", &cooler)["name"], "Entrance");
}

#[test]
fn it_grows_while_phones_with_the_older_form_write_on() {
    let (world, mut ann, mut ben, shop) = coolers();
    let (mine, theirs) = (world.user("Ann"), world.user("Ben"));
    let old = ann.adds(
        "x_cooler",
        &json!({"name": "Front", "account": shop, "owner": mine}),
    );
    world.agree(&mut [&mut ann, &mut ben]);
    world.publishes(&grown(2, |json| {
        json["fields"]["colour"] = json!({"kind": "text", "label": "Colour"});
        json["lines"]["filters"] =
            json!({"fields": {"serial": {"kind": "text"}, "changed_on": {"kind": "day"}}});
        json["rights"]["rep"]["edit"] = json!(["*"]);
        json["search"] = json!(["name", "main_gtin", "colour"]);
    }));
    ben.sync();
    ben.edits(
        "x_cooler",
        &old,
        &json!({"colour": "red", "filters/f1/serial": "A-1"}),
    );
    let new = json!({"name": "Back", "account": shop, "owner": mine, "colour": "blue",
        "filters/f1/serial": "B-1"});
    let new = ben.adds("x_cooler", &new);
    ben.sync();
    // Ann's phone knows the older form until it syncs, and what is her own comes before the news.
    ann.edits("x_cooler", &old, &json!({"doors_count": 5}));
    let refused =
        json!({"do": "edit", "object": "x_cooler", "id": old, "fields": {"colour": "green"}});
    assert_eq!(ann.refused(&refused).0, "unknown_field");
    world.agree(&mut [&mut ann, &mut ben]);
    let shown = ann.get("x_cooler", &old);
    assert_eq!(
        (&shown["colour"], &shown["doors_count"]),
        (&json!("red"), &json!(5))
    );
    assert_eq!(ann.get("x_cooler", &new)["filters"]["f1"]["serial"], "B-1");
    assert_eq!(
        ann.device().search("blue", 0).unwrap().data[0]["id"],
        json!(new)
    );
    ann.edits(
        "x_cooler",
        &new,
        &json!({"colour": null, "filters/f1/serial": null, "filters/f1/changed_on": "2026-11-24"}),
    );
    world.agree(&mut [&mut ann, &mut ben]);
    for phone in [&mut ann, &mut ben] {
        assert_eq!(phone.get("x_cooler", &new)["colour"], Json::Null);
        assert_eq!(
            phone.get("x_cooler", &new)["filters"]["f1"],
            json!({"changed_on": "2026-11-24"})
        );
        assert_eq!(phone.device().search("blue", 0).unwrap().data, json!([]));
    }
    ann.edits("x_cooler", &new, &json!({"owner": theirs}));
    world.agree(&mut [&mut ann, &mut ben]);
    world.publishes(&grown(3, |json| {
        json["fields"]["colour"] = json!({"kind": "text", "label": "Colour"});
        json["lines"]["filters"] =
            json!({"fields": {"serial": {"kind": "text"}, "changed_on": {"kind": "day"}}});
        json["lines"]["hinges"] = json!({"fields": {"side": {"kind": "text"}}});
        json["rights"]["rep"]["edit"] = json!(["*"]);
    }));
    ben.sync();
    ben.edits("x_cooler", &old, &json!({"hinges/h1/side": "left"}));
    world.agree(&mut [&mut ben, &mut ann]);
    ann.edits("x_cooler", &old, &json!({"hinges/h1/side": null}));
    world.agree(&mut [&mut ann, &mut ben]);
    assert_eq!(ann.get("x_cooler", &old)["hinges"], Json::Null);
}

#[test]
fn a_word_that_was_cleared_elsewhere_is_not_found() {
    let (world, mut ann, mut ben, shop) = coolers();
    let sticker = json!({
        "object": "x_sticker", "version": 1, "label": "Sticker", "kind": "document",
        "search": ["slogan"],
        "fields": {"slogan": {"kind": "text"}, "account": {"kind": "reference", "of": "account"}},
        "scope": [{"bucket": "through", "field": "account"}],
        "rights": {"rep": {"read": true, "create": true, "edit": ["*"]}},
    });
    world.publishes(&sticker.to_string());
    ann.sync();
    let sticker = ann.adds("x_sticker", &json!({"slogan": "Fresh", "account": shop}));
    world.agree(&mut [&mut ann, &mut ben]);
    assert_eq!(
        ben.device().search("fresh", 0).unwrap().data[0]["id"],
        json!(sticker)
    );
    ann.edits("x_sticker", &sticker, &json!({"slogan": null}));
    ann.sync();
    // Whole records and single changes alike take the word away.
    world.puts(
        "account",
        Some(&shop),
        &json!({"territory": world.territory("South")}),
    );
    ann.sync();
    world.puts(
        "account",
        Some(&shop),
        &json!({"territory": world.territory("North")}),
    );
    world.agree(&mut [&mut ann, &mut ben]);
    for phone in [&mut ann, &mut ben] {
        assert_eq!(phone.device().search("fresh", 0).unwrap().data, json!([]));
    }
}

#[test]
fn a_bad_form_is_refused_with_file_and_field_and_changes_nothing() {
    let (world, mut ann, mut ben, shop) = coolers();
    for (change, field) in [
        (
            json!({"/fields/doors_count/kind": "text"}),
            "fields.doors_count",
        ),
        (
            json!({"/verbs/inspect_cooler/guards": ["no_such_guard"]}),
            "verbs.inspect_cooler.guards",
        ),
        (
            json!({"/scope": [{"bucket": "through", "field": "no_such_field"}]}),
            "scope[0].field",
        ),
        (json!({"/version": 1, "/label": "Fridge"}), "version"),
    ] {
        let bad = grown(2, |json| {
            for (pointer, value) in change.as_object().unwrap() {
                *json.pointer_mut(pointer).unwrap() = value.clone();
            }
        });
        let error = world
            .office(|office| office.publish("cooler.json", &bad))
            .unwrap_err();
        assert_eq!(error.code, "bad_descriptor");
        assert!(
            error.fields.contains(&field.to_owned()),
            "{field}: {error:?}"
        );
        assert!(error.message.contains("cooler.json"), "{error}");
    }
    ann.adds("x_cooler", &json!({"name": "Front", "account": shop}));
    world.agree(&mut [&mut ann, &mut ben]);
}

/// The server speaks of an object in a way that this app is too old for.
fn newer_form(world: &World, object: &str, json: &str) {
    let db = behind::open(&world.server.file(world.tenant));
    let id = RecordId::derived(&[b"descriptor", object.as_bytes()]);
    meta::put_descriptor(&db, object, 1, json).unwrap();
    members::set(
        &db,
        "tenant",
        id,
        "descriptor",
        Version::of_bytes(json.as_bytes()),
    )
    .unwrap();
}

#[test]
fn a_form_that_only_a_newer_app_can_read_stops_nothing_else() {
    let (world, mut ann, mut ben, shop) = coolers();
    let cooler = ann.adds("x_cooler", &json!({"name": "Front", "account": shop}));
    world.agree(&mut [&mut ann, &mut ben]);
    newer_form(
        &world,
        "x_cooler",
        &COOLER.replace("\"kind\": \"integer\"", "\"kind\": \"temperature\""),
    );
    let sticker = json!({
        "object": "x_sticker", "version": 1, "label": "Sticker", "kind": "row",
        "scope": [{"bucket": "tenant"}],
        "fields": {"slogan": {"kind": "text"}}, "rights": {"rep": {"read": true}},
    });
    world.publishes(&sticker.to_string());
    world.puts("x_sticker", None, &json!({"slogan": "Fresh"}));
    newer_form(
        &world,
        "x_sticker",
        &sticker.to_string().replace("\"text\"", "\"picture\""),
    );
    // A phone that starts from nothing, and one that knows the older form.
    let mut sue = world.phone("Sue");
    for phone in [&mut ann, &mut sue] {
        phone.sync();
        phone.reopen();
        phone.edits("account", &shop, &json!({"phone": "+14795550101"}));
        phone.sync();
        assert_eq!((phone.unsent(), phone.needs_attention().len()), (0, 0));
    }
    ann.edits("x_cooler", &cooler, &json!({"doors_count": 4}));
    ann.sync();
    ben.sync();
    assert_eq!(ben.get("x_cooler", &cooler)["doors_count"], 4);
}
