//! Single changes that lie about themselves: each gets its verdict, none costs memory or time.
//! It does not know histories.

use outfield_tests::crafter::{
    self, CraftedChange, DOCUMENT, PLAIN, column, deflated, run, runs, signed, text, unsigned,
};
use outfield_tests::dice::Dice;

use outfield_tests::attacked::{AttackedServer, word};

const ACTOR: [u8; 16] = [7; 16];

/// A contact by the intruder.
fn contact(stage: &AttackedServer, name: &str) -> CraftedChange {
    CraftedChange::puts(ACTOR, &[("name", name), ("owner", stage.user())])
}

/// Pushes each case, and compares the verdicts with what is expected of them.
fn check(stage: &mut AttackedServer, cases: Vec<(&str, Vec<u8>, &str)>) {
    for cases in cases.chunks(100) {
        let bytes: Vec<Vec<u8>> = cases.iter().map(|(_, bytes, _)| bytes.clone()).collect();
        for ((name, _, expected), verdict) in cases.iter().zip(stage.push(&bytes)) {
            assert_eq!(word(&verdict), *expected, "{name}: {verdict:?}");
        }
    }
    stage.unharmed();
}

#[test]
fn an_honest_change_by_hand_is_accepted_plain_and_deflated() {
    let mut stage = AttackedServer::serving();
    let (plain, packed) = (contact(&stage, "Ada"), contact(&stage, &"Bob ".repeat(200)));
    let cases = vec![
        ("plain", plain.chunk(), "accepted"),
        ("again", plain.chunk(), "duplicate"),
        ("deflated", deflated(&packed.data(), &[]), "accepted"),
        // Other bytes are another record here, and a change belongs to one.
        ("the deflated one, plain", packed.chunk(), "rewrite"),
    ];
    check(&mut stage, cases);
}

/// A change that claims this many equal operations in a few bytes.
fn huge(claimed: i64) -> CraftedChange {
    CraftedChange::puts(ACTOR, &[("a", "")])
        .column(column::KEY, run(claimed, &text("a")))
        .column(column::INSERT, unsigned(claimed.unsigned_abs()))
        .column(column::ACTION, run(claimed, &unsigned(1)))
        .column(column::VALUE_META, run(claimed, &unsigned(0)))
        .column(column::REPLACES, run(claimed, &unsigned(0)))
        .without(column::VALUE)
}

#[test]
fn run_lengths_that_lie_are_refused() {
    let mut stage = AttackedServer::serving();
    let honest = contact(&stage, "x");
    assert!(huge(100_000_000).chunk().len() < 113);
    let too_many = "too_many_operations";
    let cases = vec![
        (
            "100 million operations",
            huge(100_000_000).chunk(),
            too_many,
        ),
        (
            "100 million operations, deflated",
            deflated(&huge(100_000_000).data(), &[]),
            too_many,
        ),
        ("10,001 operations", huge(10_001).chunk(), too_many),
        (
            "as many as there are numbers",
            huge(i64::MAX).chunk(),
            too_many,
        ),
        (
            "less than nothing",
            honest
                .clone()
                .column(column::ACTION, run(i64::MIN, &unsigned(1)))
                .chunk(),
            too_many,
        ),
        (
            "10,000 operations on one key",
            huge(10_000).chunk(),
            "not_flat",
        ),
        (
            "keys beyond number",
            honest
                .clone()
                .column(column::KEY, run(1 << 40, &text("a")))
                .chunk(),
            too_many,
        ),
        (
            "a group of any size",
            honest
                .clone()
                .column(column::REPLACES, run(2, &unsigned(u64::MAX)))
                .chunk(),
            "malformed",
        ),
        (
            "names beyond number",
            honest
                .clone()
                .column(column::REPLACES, run(2, &unsigned(1)))
                .column(column::REPLACES_ACTOR, run(1 << 50, &unsigned(0)))
                .column(column::REPLACES_COUNTER, run(1 << 50, &signed(1)))
                .chunk(),
            too_many,
        ),
        (
            "inserts beyond number",
            honest.column(column::INSERT, unsigned(1 << 60)).chunk(),
            "not_flat",
        ),
    ];
    check(&mut stage, cases);
}

#[test]
fn chunks_that_lie_are_refused() {
    let mut stage = AttackedServer::serving();
    let honest = contact(&stage, "x");
    let (data, chunk) = (honest.data(), honest.chunk());
    let length = unsigned(data.len() as u64).len();
    let head = |kind: u8, length: u64, data: &[u8]| {
        [&chunk[..8], &[kind], &unsigned(length), data].concat()
    };
    let mut checksum = chunk.clone();
    checksum[5] ^= 1;
    let cases = vec![
        ("nothing", Vec::new(), "malformed"),
        ("a text", b"hello".to_vec(), "malformed"),
        ("a wrong checksum", checksum, "bad_checksum"),
        (
            "a saved document",
            crafter::chunk(DOCUMENT, &data),
            "bad_kind",
        ),
        ("an unknown kind", crafter::chunk(9, &data), "bad_kind"),
        (
            "a length that is too short",
            head(PLAIN, data.len() as u64 - 1, &data),
            "trailing_bytes",
        ),
        (
            "a length that is too long",
            head(PLAIN, data.len() as u64 + 1, &data),
            "malformed",
        ),
        (
            "a length beyond everything",
            head(PLAIN, u64::MAX, &data),
            "too_many_bytes",
        ),
        (
            "two changes",
            [chunk.clone(), chunk.clone()].concat(),
            "trailing_bytes",
        ),
        (
            "a number in a longer form",
            [&chunk[..9], &[0x80 | data.len() as u8, 0][..], &data].concat(),
            "malformed",
        ),
    ];
    assert_eq!(length, 1, "the last case is about one byte");
    for case in cases {
        check(&mut stage, vec![case]);
    }
}

#[test]
fn bombs_are_refused() {
    let mut stage = AttackedServer::serving();
    let honest = contact(&stage, "x");
    let (data, chunk) = (honest.data(), honest.chunk());
    let cases = vec![
        (
            "50 MB of zeros in 50 KB",
            deflated(&vec![0; 50_000_000], &[]),
            "too_many_bytes",
        ),
        (
            "a byte too many",
            deflated(&vec![0; 64 * 1024 + 1], &[]),
            "too_many_bytes",
        ),
        (
            "bytes behind what is deflated",
            deflated(&data, b"more"),
            "malformed",
        ),
        (
            "damaged deflate",
            [&chunk[..8], &[2, 4], &[0xff; 4]].concat(),
            "malformed",
        ),
        (
            "70 KB",
            crafter::chunk(PLAIN, &vec![1; 70_000]),
            "too_many_bytes",
        ),
        ("900 KB", vec![0x85; 900_000], "too_many_bytes"),
    ];
    for case in cases {
        check(&mut stage, vec![case]);
    }
}

#[test]
fn what_is_not_flat_is_refused() {
    let mut stage = AttackedServer::serving();
    let honest = contact(&stage, "x");
    let with = |name: u64, entries: [u64; 2]| {
        honest
            .clone()
            .column(name, runs(&entries.map(unsigned)))
            .chunk()
    };
    let meta = |meta: u64, value: &[u8]| {
        let column = runs(&[unsigned(meta), unsigned(36 << 4 | 6)]);
        honest
            .clone()
            .column(column::VALUE_META, column)
            .column(column::VALUE, [value, stage.user().as_bytes()].concat())
    };
    let cases = vec![
        ("a nested map", with(column::ACTION, [0, 1]), "not_flat"),
        ("a list", with(column::ACTION, [2, 1]), "not_flat"),
        ("a text object", with(column::ACTION, [4, 1]), "not_flat"),
        ("a deletion", with(column::ACTION, [3, 1]), "not_flat"),
        ("an increment", with(column::ACTION, [5, 1]), "not_flat"),
        ("a mark", with(column::ACTION, [7, 1]), "not_flat"),
        (
            "an unknown action",
            with(column::ACTION, [u64::MAX, 1]),
            "not_flat",
        ),
        (
            "an object below the root",
            with(column::OBJECT_COUNTER, [1, 1]),
            "not_flat",
        ),
        (
            "an object of another",
            with(column::OBJECT_ACTOR, [0, 0]),
            "not_flat",
        ),
        (
            "an element of a list",
            with(column::ELEMENT_COUNTER, [1, 1]),
            "not_flat",
        ),
        ("a counter", meta(1 << 4 | 8, &[1]).chunk(), "not_flat"),
        ("a time", meta(1 << 4 | 9, &[1]).chunk(), "not_flat"),
        ("bytes", meta(1 << 4 | 7, &[1]).chunk(), "not_flat"),
        ("a fraction", meta(8 << 4 | 5, &[0; 8]).chunk(), "not_flat"),
        (
            "an unsigned number",
            meta(1 << 4 | 3, &[1]).chunk(),
            "not_flat",
        ),
        (
            "a value beyond the end",
            meta(60_000 << 4 | 6, b"x").chunk(),
            "malformed",
        ),
        (
            "a value of any length",
            meta(u64::MAX - 9, b"x").chunk(),
            "malformed",
        ),
        (
            "a text that is not UTF-8",
            meta(1 << 4 | 6, &[0xff]).chunk(),
            "malformed",
        ),
    ];
    check(&mut stage, cases);
}

#[test]
fn keys_and_values_of_nonsense_are_refused() {
    let mut stage = AttackedServer::serving();
    let one = |key: &str, value: &str| {
        CraftedChange::puts(ACTOR, &[(key, value), ("owner", stage.user())]).chunk()
    };
    let cases = vec![
        (
            "a key of 60 KB",
            one(&"k".repeat(60_000), "x"),
            "unknown_field",
        ),
        (
            "a value of 60 KB",
            one("name", &"v".repeat(60_000)),
            "bad_value",
        ),
        ("an empty key", one("", "x"), "malformed"),
        (
            "a key of SQL",
            one("name\"; DROP TABLE contact; --", "x"),
            "unknown_field",
        ),
        (
            "a key of many parts",
            one("lines/../../x", "x"),
            "unknown_field",
        ),
        (
            "a line of SQL",
            one("roles/'; DROP/role", "x"),
            "unknown_field",
        ),
        ("the own id", one("id", "x"), "unknown_field"),
        (
            "a column of the table",
            one("_extra", "{}"),
            "unknown_field",
        ),
        ("a zero byte", one("na\0me", "x"), "unknown_field"),
        // What looks like another name and is none, and what steers whoever shows it.
        ("letters apart", one("name", "Jose\u{301}"), "text_form"),
        (
            "a blank of no width",
            one("name", "Jo\u{200b}e"),
            "text_form",
        ),
        (
            "another direction",
            one("name", "\u{202e}eoJ\u{202c}"),
            "text_form",
        ),
        (
            "a terminal's code",
            one("name", "Joe\u{1b}[2J"),
            "text_form",
        ),
        (
            "two addresses",
            one("email", "a@b.example;c@d.example"),
            "bad_value",
        ),
        (
            "a number with blanks",
            one("phone", "+1 479 555 0100"),
            "bad_value",
        ),
    ];
    check(&mut stage, cases);
}

/// What a liar makes of the head of an honest change.
type Spoil = fn(&mut CraftedChange);

/// Heads that lie, and what the server says of each.
const HEADS_THAT_LIE: &[(&str, Spoil, &str)] = &[
    (
        "no sequence",
        |change| change.seq = unsigned(0),
        "counter_too_high",
    ),
    (
        "any sequence",
        |change| change.seq = unsigned(u64::MAX),
        "counter_too_high",
    ),
    (
        "any start",
        |change| change.start = unsigned(u64::MAX),
        "counter_too_high",
    ),
    (
        "a start of none",
        |change| change.start = unsigned(0),
        "counter_too_high",
    ),
    (
        "a time beyond time",
        |change| change.time = signed(i64::MAX),
        "bad_time",
    ),
    (
        "a message",
        |change| change.message = text("hi"),
        "not_flat",
    ),
    (
        "a message of any length",
        |change| change.message = unsigned(u64::MAX),
        "not_flat",
    ),
    (
        "a short writer",
        |change| change.actor = [unsigned(15), vec![7; 15]].concat(),
        "bad_actor",
    ),
    (
        "a writer of any length",
        |change| change.actor = unsigned(u64::MAX),
        "bad_actor",
    ),
    (
        "itself as another",
        |change| change.others = [unsigned(1), writer(ACTOR)].concat(),
        "bad_actor",
    ),
    (
        "a writer nobody names",
        |change| change.others = [unsigned(1), writer([8; 16])].concat(),
        "not_canonical",
    ),
    (
        "writers beyond number",
        |change| change.others = unsigned(1 << 60),
        "too_many_actors",
    ),
    (
        "dependencies beyond number",
        |change| change.deps = unsigned(1 << 60),
        "too_many_dependencies",
    ),
    (
        "columns beyond number",
        |change| {
            change.behind = Vec::new();
            change.columns = (0..40).map(|n| (n * 16 + 5, vec![1])).collect();
        },
        "bad_columns",
    ),
    (
        "bytes behind",
        |change| change.behind = vec![0],
        "trailing_bytes",
    ),
    (
        "an empty column",
        |change| *change = change.clone().column(0x94, Vec::new()),
        "bad_columns",
    ),
    (
        "a deflated column",
        |change| *change = change.clone().column(0x4a, vec![1]),
        "bad_columns",
    ),
];

/// A writer as the head of a change names it.
fn writer(id: [u8; 16]) -> Vec<u8> {
    [unsigned(16), id.to_vec()].concat()
}

#[test]
fn heads_that_lie_are_refused() {
    let mut stage = AttackedServer::serving();
    let mut cases = Vec::new();
    for (name, spoil, expected) in HEADS_THAT_LIE {
        let mut change = contact(&stage, "x");
        spoil(&mut change);
        cases.push((*name, change.chunk(), *expected));
    }
    check(&mut stage, cases);
}

#[test]
fn a_change_cut_off_anywhere_is_refused() {
    let mut stage = AttackedServer::serving();
    let honest = contact(&stage, &"x".repeat(100));
    for whole in [honest.chunk(), deflated(&honest.data(), &[])] {
        let cut: Vec<Vec<u8>> = (0..whole.len()).map(|end| whole[..end].to_vec()).collect();
        for cut in cut.chunks(100) {
            for verdict in stage.push(cut) {
                assert_eq!(word(&verdict), "malformed", "{verdict:?}");
            }
        }
    }
    stage.unharmed();
}

#[test]
fn ten_thousand_spoilt_changes_each_get_a_verdict() {
    let mut stage = AttackedServer::serving();
    let mut dice = Dice::new(45);
    let (mut accepted, mut codes) = (0, std::collections::BTreeSet::new());
    for round in 0..100 {
        let spoilt: Vec<Vec<u8>> = (0..100)
            .map(|n| spoilt(&mut dice, &contact(&stage, &format!("{round} {n}"))))
            .collect();
        for verdict in stage.push(&spoilt) {
            accepted += usize::from(word(&verdict) == "accepted");
            codes.insert(word(&verdict));
        }
    }
    assert!(
        accepted > 100 && codes.len() > 10,
        "{accepted} accepted, {codes:?}"
    );
    stage.unharmed();
}

/// Mostly with a checksum that agrees, so that the spoilt part itself is judged; some of them
/// deflated.
fn spoilt(dice: &mut Dice, change: &CraftedChange) -> Vec<u8> {
    match dice.roll(8) {
        0 => dice.spoil(&change.chunk()),
        1 => dice.spoil(&deflated(&change.data(), &[])),
        2 => deflated(&dice.spoil(&change.data()), &[]),
        _ => crafter::chunk(PLAIN, &dice.spoil(&change.data())),
    }
}
