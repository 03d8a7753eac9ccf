//! Whoever gives back what the server never said is refused, and learns nothing.

use outfield_core::base::id::{ActorId, ChangeHash, RecordId};
use outfield_core::crdt::Document;
use outfield_core::sync::frames::{Change, Doc, Fact, Frame, Offer, Row, Ruling, Seal, Want};
use outfield_core::sync::{Call, wire};
use outfield_tests::{World, behind};
use serde_json::json;

use super::yesterday;

/// Makes a call of the protocol with frames.
fn calls(world: &World, token: &str, path: &'static str, frames: &[Frame]) -> Vec<Frame> {
    let call = Call {
        path,
        token: Some(token.to_owned()),
        media_type: wire::MEDIA_TYPE,
        body: wire::encode(frames).unwrap(),
    };
    let answer = world.server.answer(&call).unwrap();
    assert_eq!(
        answer.status,
        200,
        "{}",
        String::from_utf8_lossy(&answer.body)
    );
    wire::decode(&answer.body, 1 << 24).unwrap()
}

/// All that the server tells of a territory, each with its seal.
fn sealed(world: &World, token: &str) -> Vec<(Frame, Seal)> {
    let mut wants = Vec::new();
    for bucket in [
        "tenant".to_owned(),
        format!("territory/{}", world.territory("North")),
    ] {
        wants.push(Frame::Want(Want { bucket, cursor: 0 }));
    }
    let told = calls(world, token, "/sync/v1/pull", &wants);
    let pairs = told.windows(2).filter_map(|two| match two {
        [frame, Frame::Seal(seal)] => Some((frame.clone(), seal.clone())),
        _ => None,
    });
    pairs.collect()
}

fn gives(world: &World, token: &str, frame: Frame, seal: Seal) -> Ruling {
    let answer = calls(world, token, "/sync/v1/return", &[frame, Frame::Seal(seal)]);
    let [Frame::Returned(returned)] = answer.as_slice() else {
        panic!("{answer:?}")
    };
    returned.ruling.clone()
}

#[track_caller]
fn is_refused(ruling: &Ruling) {
    assert!(
        matches!(ruling, Ruling::Quarantined { code, .. } if code == "not_sealed"),
        "{ruling:?}"
    );
}

fn lies_about_fact(fact: &Fact) -> [Frame; 3] {
    let mut values = fact.values.clone();
    values.insert("note".to_owned(), "Lie.".into());
    let actor = ActorId([7; 16]);
    let at_ms = fact.at_ms - 1;
    [
        Frame::Fact(Fact {
            values,
            ..fact.clone()
        }),
        Frame::Fact(Fact {
            actor,
            ..fact.clone()
        }),
        Frame::Fact(Fact {
            at_ms,
            ..fact.clone()
        }),
    ]
}

/// What a frame says, told otherwise under its seal, and under another one.
fn lies_about(frame: &Frame, seal: &Seal, another: &Seal) -> Vec<(Frame, Seal)> {
    let mut told = Vec::new();
    let mut lies = vec![(frame.clone(), another.clone())];
    if let Frame::Row(row) = frame {
        let mut values = row.values.clone();
        values.insert("name".to_owned(), "Lie".into());
        told.push(Frame::Row(Row {
            values,
            ..row.clone()
        }));
        let record = RecordId([9; 16]);
        told.push(Frame::Row(Row {
            record,
            ..row.clone()
        }));
        let object = if row.object == "product" {
            "territory"
        } else {
            "product"
        };
        let object = object.to_owned();
        told.push(Frame::Row(Row {
            object,
            ..row.clone()
        }));
        let tick = seal.tick.map(|tick| tick + 1);
        lies.push((
            frame.clone(),
            Seal {
                tick,
                ..seal.clone()
            },
        ));
    }
    if let Frame::Fact(fact) = frame {
        told.extend(lies_about_fact(fact));
    }
    if let Frame::Doc(doc) = frame {
        let record = RecordId([9; 16]);
        told.push(Frame::Doc(Doc {
            record,
            ..doc.clone()
        }));
        let blob = vec![0x85, 0x6f, 0x4a, 0x83].into();
        told.push(Frame::Doc(Doc {
            blob,
            ..doc.clone()
        }));
        let blob = Vec::new().into();
        told.push(Frame::Doc(Doc {
            blob,
            ..doc.clone()
        }));
        let heads = Vec::new();
        told.push(Frame::Doc(Doc {
            heads,
            ..doc.clone()
        }));
    }
    lies.extend(told.into_iter().map(|frame| (frame, seal.clone())));
    lies
}

#[test]
fn nobody_gives_back_what_the_server_never_said() {
    let mut day = yesterday();
    let note = json!({"do": "log_follow_up", "account": day.shop, "note": "True."});
    day.ann.does(&note);
    day.orders("3");
    day.ann
        .edits("contact", &day.rosa, &json!({"mobile": "+14795550109"}));
    day.ann.sync();
    let token = day.ann.token();
    let told = sealed(&day.world, &token);
    day.puts_back();
    let standing =
        |world: &World| behind::standings(&behind::open(&world.server.file(world.tenant)));
    let before = standing(&day.world);
    let mut forged = 0;
    for (frame, seal) in &told {
        let (_, another) = told.iter().find(|(_, other)| other != seal).unwrap();
        for (frame, seal) in lies_about(frame, seal, another) {
            is_refused(&gives(&day.world, &token, frame, seal));
            forged += 1;
        }
    }
    assert!(forged > 20, "{forged}");
    assert_eq!(standing(&day.world), before);
}

#[test]
fn what_is_given_back_again_changes_nothing_and_a_stranger_learns_nothing() {
    let mut day = yesterday();
    day.orders("3");
    day.ann.sync();
    let (token, theirs) = (day.ann.token(), day.ben.token());
    let told = sealed(&day.world, &token);
    day.puts_back();
    for (frame, seal) in &told {
        let taken = gives(&day.world, &token, frame.clone(), seal.clone());
        assert!(
            matches!(taken, Ruling::Accepted { .. }),
            "{frame:?}: {taken:?}"
        );
    }
    let standing =
        |world: &World| behind::standings(&behind::open(&world.server.file(world.tenant)));
    let before = standing(&day.world);
    for (frame, seal) in &told {
        for token in [&token, &theirs] {
            let taken = gives(&day.world, token, frame.clone(), seal.clone());
            assert!(matches!(taken, Ruling::Accepted { .. }), "{taken:?}");
        }
    }
    assert_eq!(standing(&day.world), before);
    assert_eq!(day.credit(), "6.6");
    // Who asks without a seal is told the same of what is here and of what is not.
    for record in [RecordId([9; 16]), day.shop.parse().unwrap()] {
        let offer = Frame::Offer(Offer {
            object: "account".to_owned(),
            record,
            hashes: vec![ChangeHash([1; 32])],
            actor: None,
            at_ms: None,
        });
        let seal = Frame::Seal(Seal {
            seals: vec![0; 16].into(),
            tick: None,
        });
        assert!(calls(&day.world, &theirs, "/sync/v1/offer", &[offer, seal]).is_empty());
    }
}

#[test]
fn a_token_that_the_server_never_handed_out_opens_nothing() {
    let mut day = yesterday();
    let before = day.ben.token();
    day.world.clock.advance_hours(25);
    day.ann
        .edits("contact", &day.rosa, &json!({"mobile": "+14795550109"}));
    day.ann.sync();
    let token = day.ann.token();
    day.puts_back();
    let status = |token: &str| {
        let call = Call {
            path: "/sync/v1/pull",
            token: Some(token.to_owned()),
            media_type: wire::MEDIA_TYPE,
            body: wire::encode(&[]).unwrap(),
        };
        day.world.server.answer(&call).unwrap().status
    };
    let (tenant, said) = token.split_once('-').unwrap();
    for at in 0..said.len() {
        let mut letters = said.as_bytes().to_vec();
        letters[at] = if letters[at] == b'0' { b'1' } else { b'0' };
        let forged = String::from_utf8(letters).unwrap();
        assert_eq!(status(&format!("{tenant}-{forged}")), 401, "{at}");
    }
    for odd in ["", "0", "é", &said[2..]] {
        assert_eq!(status(&format!("{tenant}-{odd}")), 401);
    }
    // Another text is another token, whatever it reads as.
    for same in [said.to_uppercase(), said.replace("00", "+0")] {
        assert_eq!(status(&format!("{tenant}-{same}")), 401, "{same}");
    }
    assert_eq!(status(&format!("{}-{said}", tenant.to_uppercase())), 401);
    assert_eq!(status(&token), 200);
    // What had run out stays so.
    assert_eq!(status(&before), 401);
}

/// The document of a contact as the server told it, with its seals.
fn told_contact(told: &[(Frame, Seal)], id: &str) -> (Doc, Seal) {
    let id: RecordId = id.parse().unwrap();
    let found = told.iter().find_map(|(frame, seal)| {
        let Frame::Doc(doc) = frame else { return None };
        (doc.record == id).then(|| (doc.clone(), seal.clone()))
    });
    found.unwrap()
}

#[test]
fn one_change_alone_is_taken_back_under_its_own_seal_and_behind_what_it_builds_on() {
    let mut day = yesterday();
    let edits = [
        json!({"mobile": "+14795550109"}),
        json!({"mobile": "+14795550110"}),
    ];
    let mut changes = Vec::new();
    let token = day.ann.token();
    for edit in &edits {
        day.ann.edits("contact", &day.rosa, edit);
        day.ann.sync();
        let (doc, seal) = told_contact(&sealed(&day.world, &token), &day.rosa);
        let document = Document::load(&doc.blob, &[]).unwrap();
        let change = Change {
            seq: 0,
            object: doc.object.clone(),
            record: doc.record,
            bytes: document.change(doc.heads[0]).unwrap().into(),
        };
        changes.push((change, seal));
    }
    day.puts_back();
    let [(first, first_seal), (second, second_seal)] = <[_; 2]>::try_from(changes).unwrap();
    let gives = |change: &Change, seal: &Seal| {
        gives(
            &day.world,
            &token,
            Frame::Change(change.clone()),
            seal.clone(),
        )
    };

    let elsewhere = Change {
        record: RecordId([9; 16]),
        ..first.clone()
    };
    let otherwise = Change {
        object: "account".to_owned(),
        ..first.clone()
    };
    for (change, seal) in [
        (&elsewhere, &first_seal),
        (&otherwise, &first_seal),
        (&first, &second_seal),
        (&second, &first_seal),
    ] {
        is_refused(&gives(change, seal));
    }
    let early = gives(&second, &second_seal);
    assert!(matches!(early, Ruling::Needs { .. }), "{early:?}");
    for (change, seal) in [
        (&first, &first_seal),
        (&first, &first_seal),
        (&second, &second_seal),
    ] {
        let taken = gives(change, seal);
        assert!(matches!(taken, Ruling::Accepted { .. }), "{taken:?}");
    }
    let here = day.world.record("contact", &day.rosa);
    assert_eq!(here["mobile"], "+14795550110");
    day.ann.sync();
    day.ben.sync();
    day.agrees();
}
