//! Servers that lie about themselves, about what was pushed, or about how long they talk.
//! They do not lie about data: `forgers` do.

use outfield_core::app::Device;
use outfield_core::base::id::ChangeHash;
use outfield_core::sync::frames::{Frame, Ruling, Verdict, Welcome};
use outfield_core::sync::wire;
use outfield_tests::crafter::{frame, zstd, zstd_bomb};
use outfield_tests::dice::Dice;
use outfield_tests::impostor::{Impostor, Say};
use outfield_tests::keys::key;
use outfield_tests::served::Yard;
use outfield_tests::{Clock, Luck};
use serde_json::json;

use super::victim::{Victim, body, pulling, pushed};

fn whole(body: &[u8]) -> Say {
    Say::Whole(200, body.to_vec())
}

#[test]
fn a_phone_outlives_whatever_is_no_answer() {
    let mut victim = Victim::new();
    let mut dice = Dice::new(48);
    let cases = [
        ("a web page", whole(b"<html>hello</html>")),
        ("nothing", whole(b"")),
        ("another status", Say::Whole(204, Vec::new())),
        ("a status out of range", Say::Whole(999, Vec::new())),
        (
            "a redirect to itself",
            Say::Raw(
                b"HTTP/1.1 307 X\r\nlocation: /sync/v1/hello\r\ncontent-length: 0\r\n\r\n".to_vec(),
            ),
        ),
        ("a fault", Say::Whole(500, b"<html>".to_vec())),
        ("a refusal that is no JSON", Say::Whole(403, b"\"".to_vec())),
        (
            "a refusal of nesting",
            Say::Whole(403, b"[".repeat(100_000)),
        ),
        ("no HTTP", Say::Raw(b"SSH-2.0-OpenSSH\r\n".to_vec())),
        ("random bytes", Say::Raw(dice.bytes(5_000))),
        ("silence at once", Say::Raw(Vec::new())),
        (
            "a head without end",
            Say::Endless(b"x".to_vec(), b"a: b\r\n".to_vec()),
        ),
        (
            "a body without end",
            Say::Endless(Vec::new(), vec![7; 65_536]),
        ),
        ("a body byte by byte", Say::Drip(Vec::new(), vec![7])),
        (
            "a cut answer",
            Say::Cut(body(&[Frame::Welcome(victim.welcome())])),
        ),
        ("a bomb", whole(&zstd_bomb(&[], 0, 50_000))),
        (
            "a bomb of frames to skip",
            whole(&zstd_bomb(&[], 0x21, 50_000)),
        ),
        ("a critical frame", whole(&zstd(&frame(0xb3, b"x")))),
        (
            "a greeting of nesting",
            whole(&zstd(&frame(
                0x02,
                &[vec![0xa1, 0x18, 99], vec![0x81; 900_000]].concat(),
            ))),
        ),
    ];
    for (name, say) in cases {
        for at in ["/sync/v1/hello", "/sync/v1/push", "/sync/v1/pull"] {
            let (welcome, say) = (body(&[Frame::Welcome(victim.welcome())]), say.clone());
            let met = victim.meets(&format!("{name} to {at}"), move |path, _| match path {
                path if path == at => say.clone(),
                "/sync/v1/hello" => whole(&welcome),
                _ => whole(&body(&[])),
            });
            assert!(met.is_err(), "{name} to {at}");
        }
    }
}

/// Somebody whom the server does not know.
const STRANGER: &str = "01940c3e-5b1a-7cc0-8000-0123456789ab";

/// What a liar makes of an honest greeting.
type SpoilGreeting = fn(&mut Welcome);

const GREETINGS_THAT_LIE: &[(&str, SpoilGreeting)] = &[
    ("another protocol", |welcome| welcome.proto = 99),
    ("an unknown role", |welcome| {
        welcome.role = "king".to_owned()
    }),
    ("another role", |welcome| welcome.role = "admin".to_owned()),
    ("another person", |welcome| {
        welcome.user = STRANGER.parse().unwrap()
    }),
    ("another device", |welcome| {
        welcome.device = STRANGER.parse().unwrap()
    }),
    ("numbers used up", |welcome| welcome.seen = u64::MAX),
    ("nearly all numbers used up", |welcome| {
        welcome.seen = i64::MAX as u64
    }),
    ("the end of time", |welcome| welcome.server_ms = i64::MAX),
    ("the begin of time", |welcome| welcome.server_ms = i64::MIN),
    ("a zone of nonsense", |welcome| {
        welcome.time_zone = "../../etc/passwd".to_owned()
    }),
    ("a name without end", |welcome| {
        welcome.name = "n".repeat(900_000)
    }),
    ("no buckets", |welcome| welcome.buckets = Vec::new()),
    ("buckets without end", |welcome| {
        welcome.buckets = (0..20_000).map(|n| format!("territory/{n}")).collect()
    }),
    ("buckets of nonsense", |welcome| {
        welcome.buckets = vec![String::new(), "'; --".to_owned(), "x".repeat(9_000)]
    }),
    ("one bucket many times", |welcome| {
        welcome.buckets = vec!["tenant".to_owned(); 50]
    }),
    ("nothing new", |welcome| {
        welcome.same = true;
        welcome.buckets = Vec::new();
    }),
];

#[test]
fn a_phone_outlives_greetings_that_lie() {
    let mut victim = Victim::new();
    let honest = victim.welcome();
    for (name, spoil) in GREETINGS_THAT_LIE {
        let mut welcome = honest.clone();
        spoil(&mut welcome);
        victim.meets(name, pulling(welcome, whole(&body(&[])))).ok();
    }
}

/// What a liar says of a hash.
type RulingOf = fn(ChangeHash) -> Ruling;

/// The hash of every entry that was pushed.
fn hashes(said: &[u8]) -> Vec<ChangeHash> {
    let frames = wire::decode(said, 1 << 24).unwrap();
    let entries = frames.into_iter().filter_map(|frame| {
        if let Frame::Entry(entry) = frame {
            Some(entry)
        } else {
            None
        }
    });
    let hash = |entry: outfield_core::sync::frames::PushEntry| match entry.is_fact {
        true => outfield_core::app::fact_hash(entry.record, &entry.bytes),
        false => {
            outfield_core::crdt::gate::change(&entry.bytes)
                .unwrap()
                .hash
        }
    };
    entries.map(hash).collect()
}

#[test]
fn a_phone_outlives_verdicts_that_lie() {
    let mut victim = Victim::new();
    let all = |ruling: RulingOf| {
        move |said: &[u8]| {
            let verdict = |hash: ChangeHash| {
                Frame::Verdict(Verdict {
                    hash,
                    ruling: ruling(hash),
                    seal: None,
                })
            };
            whole(&body(
                &hashes(said).into_iter().map(verdict).collect::<Vec<_>>(),
            ))
        }
    };
    let unknown = |_: &[u8]| {
        let (hash, ruling) = (ChangeHash([1; 32]), Ruling::Accepted { number: u64::MAX });
        whole(&body(&vec![
            Frame::Verdict(Verdict {
                hash,
                ruling,
                seal: None
            });
            900
        ]))
    };
    let welcome = victim.welcome();
    victim
        .meets("verdicts on nothing", pushed(welcome, unknown))
        .ok();
    let cases: [(&str, RulingOf); 4] = [
        ("the same again and again", |_| Ruling::Rewrite),
        ("later and later", |_| Ruling::RetryLater),
        ("needs itself", |hash| Ruling::Needs { hashes: vec![hash] }),
        ("needs much", |hash| Ruling::Needs {
            hashes: vec![hash; 1_000],
        }),
    ];
    for (name, ruling) in cases {
        let welcome = victim.welcome();
        victim.meets(name, pushed(welcome, all(ruling))).ok();
    }
}

#[test]
fn a_phone_outlives_forged_tokens() {
    let mut victim = Victim::new();
    let status = victim.phone.status().unwrap().data["enrolled"].clone();
    let good = json!({
        "token": "t", "refresh_token": "r", "user": status["user"], "name": "Vera", "role": "rep",
        "device": status["device"],
        "tenant": victim.tenant(), "time_zone": "UTC",
    });
    let with = |member: &str, value: &str| {
        let mut forged = good.clone();
        forged[member] = value.into();
        forged.to_string().into_bytes()
    };
    let cases = [
        ("no JSON", b"hello".to_vec()),
        ("nothing in it", b"{}".to_vec()),
        ("tokens that are none", good.to_string().into_bytes()),
        (
            "another person's",
            with("user", "01940c3e-5b1a-7cc0-8000-0123456789ab"),
        ),
        ("nobody's", with("user", "nobody")),
        ("an unknown role's", with("role", "King!")),
        ("no device's", with("device", "x")),
        (
            "another tenant's",
            with("tenant", "01940c3e-5b1a-7cc0-8000-0123456789ab"),
        ),
        ("a token of two lines", with("token", "a\r\nb: c")),
        ("a token of no letters", with("refresh_token", "\u{1f600}")),
        ("tokens without end", with("token", &"t".repeat(900_000))),
    ];
    for (name, answer) in cases {
        let met = victim.meets(name, move |path, _| match path {
            "/sync/v1/refresh" => whole(&answer),
            _ => Say::Whole(401, b"{}".to_vec()),
        });
        assert!(met.is_err(), "{name}");
    }
}

#[test]
fn a_new_phone_outlives_answers_that_enrol_nobody() {
    let yard = Yard::new();
    let served = yard.serve("127.0.0.1:0");
    let code = yard.user("Nora", "rep");
    let path = yard.path("Nora.db");
    let open = || {
        Device::open(
            &path,
            &key(),
            Luck::of(&Clock::at("2026-11-24T08:30:00Z"), 2, "Nora"),
        )
        .expect("it opens")
    };
    let id = "01940c3e-5b1a-7cc0-8000-0123456789ab";
    let good = json!({
        "token": "t", "refresh_token": "r", "user": id, "name": "N", "role": "rep", "device": id,
        "tenant": id,
        "time_zone": "UTC",
    });
    for member in [
        "token",
        "refresh_token",
        "user",
        "name",
        "role",
        "device",
        "tenant",
        "time_zone",
    ] {
        for value in [
            json!(null),
            json!(7),
            json!("\n"),
            json!("x".repeat(2_000)),
            json!({}),
        ] {
            let mut forged = good.clone();
            forged[member] = value;
            let liar = Impostor::new(move |_, _| whole(forged.to_string().as_bytes()));
            assert!(open().enrol(&liar.url(), &code).is_err(), "{member}");
        }
    }
    for (member, value) in [("user", "nobody"), ("role", "King!"), ("device", "x")] {
        let mut forged = good.clone();
        forged[member] = value.into();
        let liar = Impostor::new(move |_, _| whole(forged.to_string().as_bytes()));
        assert!(open().enrol(&liar.url(), &code).is_err(), "{member}");
    }
    let mut phone = open();
    phone
        .enrol(&served.url, &code)
        .expect("the code is still good");
    phone.sync().expect("the server is there");
}
