//! The session as a table of events and actions: what it asks for, in which order, and how it goes
//! on when the server says no, has no time, or falls silent. No socket, no store, no clock.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use outfield_core::base::id::{ActorId, ChangeHash, DeviceId, RecordId, UserId};
use outfield_core::sync::Reply;
use outfield_core::sync::backoff::{WAIT_MS_BASE, WAIT_MS_MAX, wait_ms};
use outfield_core::sync::frames::*;
use outfield_core::sync::session::{Action, Event, SyncFailure, SyncOutcome, SyncSession};
use outfield_core::sync::wire;

/// What happens, in the words of a test.
enum Happens<'a> {
    /// The server answers 200 with frames.
    Frames(&'a [Frame]),
    /// So many bytes of frames arrive, then the answer ends as if it were whole, or breaks off.
    Part(&'a [Frame], usize, bool),
    /// The server answers with a status and an error's code.
    Status(u16, &'a str),
    /// The server has no time, and asks to wait so many milliseconds.
    Busy(u64),
    /// The call is lost.
    Lost,
    /// What was asked for is done.
    Went,
    /// The outbox holds entries with these numbers.
    Entries(&'a [u64]),
    /// These buckets are to be pulled, from these cursors.
    Wants(&'a [(&'a str, u64)]),
    /// These frames are what the server may have lost.
    Offers(&'a [Frame]),
    /// These frames are what the server lacks.
    Returns(&'a [Frame]),
}
use Happens::*;

fn hello() -> Hello {
    Hello {
        proto_min: 1,
        proto_max: 1,
        actor: ActorId([1; 16]),
        state: 0,
        tick: 0,
        issued: 0,
    }
}

fn welcome(same: bool) -> Frame {
    let (user, device, buckets) = (
        UserId([2; 16]),
        DeviceId([3; 16]),
        vec!["tenant".to_owned()],
    );
    let (role, name, time_zone) = ("rep".to_owned(), "Ann".to_owned(), "UTC".to_owned());
    let (proto, epoch, seen, server_ms) = (1, 1, 0, 0);
    Frame::Welcome(Welcome {
        proto,
        epoch,
        seen,
        server_ms,
        user,
        role,
        name,
        time_zone,
        device,
        same,
        buckets,
        lease_days: None,
    })
}

fn verdict() -> Frame {
    Frame::Verdict(Verdict {
        hash: ChangeHash([4; 32]),
        ruling: Ruling::Accepted { number: 1 },
        seal: None,
    })
}

fn start() -> Frame {
    Frame::Start(Start {
        bucket: "tenant".to_owned(),
        from: 0,
    })
}

fn end() -> Frame {
    Frame::End(End { tick: 5 })
}

fn entries(numbers: &[u64]) -> Vec<PushEntry> {
    let entry = |number: &u64| {
        let (object, bytes) = ("note".to_owned(), vec![1].into());
        let (is_fact, record, knew) = (false, RecordId([5; 16]), 0);
        PushEntry {
            number: *number,
            is_fact,
            object,
            record,
            bytes,
            knew,
            actor: None,
            at_ms: None,
            group: None,
            count: None,
            verb: None,
        }
    };
    numbers.iter().map(entry).collect()
}

/// A session, and what it said since somebody looked.
struct Table {
    session: SyncSession,
    said: Vec<String>,
    /// Whether the device holds something that the server may have lost.
    has_doubts: bool,
}

impl Table {
    /// A session that has just said hello.
    fn new() -> Table {
        let mut table = Table {
            session: SyncSession::new(),
            said: Vec::new(),
            has_doubts: false,
        };
        let action = table.session.step(Event::Start(hello()));
        table.note(action);
        table
    }

    /// One that has been greeted and asks for what is unsent.
    fn greeted(same: bool) -> Table {
        let mut table = Table::new();
        let greet = if same { "greet same" } else { "greet" };
        table.check(
            &[Frames(&[welcome(same)]), Went],
            &["call hello", greet, "entries after 0"],
        );
        table
    }

    fn note(&mut self, action: Action) {
        let said = match action {
            Action::Call { path, body } => {
                let wanted = wire::decode(&body, usize::MAX).unwrap();
                let wanted = wanted.iter().map(|frame| {
                    if let Frame::Want(want) = frame {
                        return format!(" {}/{}", want.bucket, want.cursor);
                    }
                    if let Frame::Entry(entry) = frame {
                        format!(" {}", entry.number)
                    } else {
                        String::new()
                    }
                });
                format!(
                    "call {}{}",
                    path.trim_start_matches("/sync/v1/"),
                    wanted.collect::<String>()
                )
            }
            Action::Read => return,
            Action::Greet(welcome) => format!("greet{}", if welcome.same { " same" } else { "" }),
            Action::GiveEntries { after, .. } => format!("entries after {after}"),
            Action::Settle(verdicts) => format!("settle {}", verdicts.len()),
            Action::GiveWants { pulled } => {
                format!("wants{}", if pulled { " after a pull" } else { "" })
            }
            Action::GiveOffers => "offers".to_owned(),
            Action::NoteLacking(lacking) => format!("lacking {}", lacking.len()),
            Action::GiveReturns => "returns".to_owned(),
            Action::SettleReturns(returned) => format!("returned {}", returned.len()),
            Action::Take(frames) => format!("take {}", frames.len()),
            Action::Renew => "renew".to_owned(),
            Action::Wait(ms) => format!("wait {ms}"),
            Action::Finish(SyncOutcome {
                verified: true,
                failure: None,
            }) => "verified".to_owned(),
            Action::Finish(SyncOutcome { verified, failure }) => {
                let failure = match failure {
                    Some(SyncFailure::Unreachable(why)) => format!("unreachable: {why}"),
                    Some(SyncFailure::SignedOut(why)) => format!("signed out: {why}"),
                    Some(SyncFailure::Refused { code, .. }) => format!("refused: {code}"),
                    Some(SyncFailure::Malformed(why)) => format!("malformed: {why}"),
                    Some(SyncFailure::Diverged(buckets)) => {
                        format!("diverged: {}", buckets.join(", "))
                    }
                    None => "not verified".to_owned(),
                };
                if verified {
                    format!("verified, but {failure}")
                } else {
                    failure
                }
            }
        };
        self.said.push(said);
    }

    fn step(&mut self, event: Event<'_>) {
        let mut action = self.session.step(event);
        if let Action::GiveOffers = action
            && !self.has_doubts
        {
            action = self.session.step(Event::Offers(Vec::new()));
        }
        self.note(action);
    }

    fn answer(&mut self, status: u16, body: &[u8], retry_after_ms: Option<u64>) {
        if !body.is_empty() {
            self.step(Event::Piece(status, body));
        }
        self.step(Event::Answered(
            Reply {
                status,
                retry_after_ms,
            },
            0,
        ));
    }

    fn happens(&mut self, happens: &Happens<'_>) {
        match happens {
            Frames(frames) => self.answer(200, &wire::encode(frames).unwrap(), None),
            Part(frames, bytes, whole) => {
                self.step(Event::Piece(200, &wire::encode(frames).unwrap()[..*bytes]));
                match whole {
                    true => self.step(Event::Answered(
                        Reply {
                            status: 200,
                            retry_after_ms: None,
                        },
                        0,
                    )),
                    false => self.step(Event::Lost("it broke off".to_owned(), 0)),
                }
            }
            Status(status, code) => {
                let body =
                    format!(r#"{{"error": {{"code": "{code}", "message": "said {code}"}}}}"#);
                self.answer(*status, body.as_bytes(), None);
            }
            Busy(ms) => self.answer(429, b"", Some(*ms)),
            Lost => self.step(Event::Lost("no answer".to_owned(), 0)),
            Went => self.step(Event::Went),
            Entries(numbers) => self.step(Event::Entries(entries(numbers))),
            Offers(frames) => self.step(Event::Offers(frames.to_vec())),
            Returns(frames) => self.step(Event::Returns(frames.to_vec())),
            Wants(wants) => {
                let want = |(bucket, cursor): &(&str, u64)| Want {
                    bucket: (*bucket).to_owned(),
                    cursor: *cursor,
                };
                let wants = wants.iter().map(|of| Frame::Want(want(of)));
                self.step(Event::Wants(wants.collect()));
            }
        }
    }

    /// These things happen, and since the last look the session said this.
    #[track_caller]
    fn check(&mut self, events: &[Happens<'_>], said: &[&str]) {
        events.iter().for_each(|event| self.happens(event));
        assert_eq!(std::mem::take(&mut self.said), said);
    }
}

#[test]
fn a_meeting_greets_sends_fetches_and_compares() {
    let mut table = Table::greeted(false);
    table.check(&[Entries(&[1, 2])], &["call push 1 2"]);
    table.check(
        &[Frames(&[verdict(), verdict()]), Went],
        &["settle 2", "entries after 2"],
    );
    table.check(&[Entries(&[3])], &["call push 3"]);
    table.check(
        &[Frames(&[verdict()]), Went, Entries(&[])],
        &["settle 1", "entries after 3", "wants"],
    );
    table.check(&[Wants(&[("tenant", 4)])], &["call pull tenant/4"]);
    table.check(
        &[Frames(&[start(), end()])],
        &["take 2", "wants after a pull"],
    );
    table.check(&[Wants(&[])], &["verified"]);
}

/// A meeting at whose end something is in doubt.
fn doubting() -> Table {
    let mut table = Table::greeted(true);
    table.has_doubts = true;
    table.check(
        &[Entries(&[]), Wants(&[])],
        &["wants after a pull", "offers"],
    );
    table
}

#[test]
fn what_is_in_doubt_is_offered_and_what_lacks_given_back_and_fetched() {
    let record = RecordId([5; 16]);
    let ruling = Ruling::Accepted { number: 0 };
    let returned = Frame::Returned(Returned { record, ruling });
    let mut table = doubting();
    let lacking = Frame::Lacking(Lacking { record });
    table.check(&[Offers(&[start()])], &["call offer"]);
    table.check(&[Frames(&[lacking]), Went], &["lacking 1", "returns"]);
    table.check(&[Returns(&[start()])], &["call return"]);
    table.check(&[Lost, Went], &["wait 250", "call return"]);
    table.check(&[Frames(&[returned]), Went], &["returned 1", "returns"]);
    table.check(
        &[Returns(&[]), Offers(&[start()])],
        &["offers", "call offer"],
    );
    table.check(
        &[Frames(&[]), Went, Returns(&[])],
        &["lacking 0", "returns", "offers"],
    );
    table.check(&[Offers(&[])], &["wants"]);
    table.check(&[Wants(&[("tenant", 4)])], &["call pull tenant/4"]);
    let said = &["take 2", "wants after a pull", "verified"];
    table.check(&[Frames(&[start(), end()]), Wants(&[])], said);
}

#[test]
fn a_server_that_takes_nothing_back_ends_no_meeting() {
    let refused = &[Offers(&[start()]), Status(404, "not_found")];
    doubting().check(refused, &["call offer", "verified"]);
}

#[test]
fn an_offer_that_is_not_heard_ends_the_meeting_and_nothing_is_settled() {
    let mut table = doubting();
    let said = &[
        "call offer",
        "wait 250",
        "call offer",
        "wait 500",
        "call offer",
    ];
    table.check(&[Offers(&[start()]), Lost, Went, Lost, Went], said);
    table.check(&[Lost], &["unreachable: no answer"]);
}

#[test]
fn who_is_up_to_date_and_has_nothing_to_say_makes_one_call() {
    let said = &["wants after a pull", "verified"];
    Table::greeted(true).check(&[Entries(&[]), Wants(&[])], said);
}

#[test]
fn who_is_up_to_date_and_sends_something_fetches_it_back() {
    let mut table = Table::greeted(true);
    table.check(
        &[Entries(&[1]), Frames(&[verdict()]), Went],
        &["call push 1", "settle 1", "entries after 1"],
    );
    table.check(
        &[Entries(&[]), Wants(&[("tenant", 4)])],
        &["wants", "call pull tenant/4"],
    );
}

#[test]
fn an_upload_that_fails_does_not_hold_up_the_download() {
    for (failures, said, why) in [
        (
            &[Lost, Went, Entries(&[1]), Lost, Went, Entries(&[1]), Lost][..],
            &[
                "call push 1",
                "wait 250",
                "entries after 0",
                "call push 1",
                "wait 500",
                "entries after 0",
                "call push 1",
                "wants",
            ][..],
            "unreachable: no answer",
        ),
        (
            &[Status(403, "nope")],
            &["call push 1", "wants"],
            "refused: nope",
        ),
        (
            &[
                Status(500, "broken"),
                Went,
                Status(500, "broken"),
                Went,
                Status(500, "broken"),
            ],
            &[
                "call push 1",
                "wait 250",
                "call push 1",
                "wait 500",
                "call push 1",
                "wants",
            ],
            "unreachable: said broken",
        ),
        (
            &[Part(&[verdict()], 9, true)],
            &["call push 1", "wants"],
            "malformed: the body ends in the middle of a frame",
        ),
    ] {
        let mut table = Table::greeted(false);
        table.happens(&Entries(&[1]));
        table.check(failures, said);
        table.check(
            &[Wants(&[("tenant", 4)]), Frames(&[end()])],
            &["call pull tenant/4", "take 1", "wants after a pull"],
        );
        table.check(&[Wants(&[])], &[&format!("verified, but {why}")]);
    }
}

#[test]
fn a_token_that_ran_out_is_renewed_once_and_the_call_made_again() {
    let out = || Status(401, "signed_out");
    let mut table = Table::new();
    table.check(&[out(), Went], &["call hello", "renew", "call hello"]);
    table.check(&[out()], &["signed out: said signed_out"]);

    let mut table = Table::greeted(false);
    table.check(
        &[Entries(&[1]), out(), Went],
        &["call push 1", "renew", "call push 1"],
    );
    table.check(
        &[Frames(&[verdict()]), Went, Entries(&[])],
        &["settle 1", "entries after 1", "wants"],
    );
    table.check(
        &[Wants(&[("tenant", 4)]), out()],
        &["call pull tenant/4", "signed out: said signed_out"],
    );

    let mut table = Table::greeted(false);
    table.check(
        &[Entries(&[]), Wants(&[("tenant", 4)])],
        &["wants", "call pull tenant/4"],
    );
    table.check(&[out(), Went], &["renew", "call pull tenant/4"]);
    table.check(
        &[Frames(&[end()]), Wants(&[])],
        &["take 1", "wants after a pull", "verified"],
    );
}

#[test]
fn who_is_asked_to_wait_waits_at_least_so_long() {
    let mut table = Table::greeted(false);
    table.check(&[Entries(&[1]), Busy(4_000)], &["call push 1", "wait 4000"]);
    table.check(&[Went, Busy(10)], &["call push 1", "wait 500"]);
    table.check(&[Went, Frames(&[verdict()])], &["call push 1", "settle 1"]);
}

#[test]
fn a_server_that_cannot_be_greeted_is_left_alone() {
    Table::new().check(&[Lost], &["call hello", "unreachable: no answer"]);
    Table::new().check(
        &[Busy(4_000)],
        &[
            "call hello",
            "unreachable: the server answered with status 429",
        ],
    );
    Table::new().check(
        &[Status(400, "protocol")],
        &["call hello", "refused: protocol"],
    );
    Table::new().check(
        &[Frames(&[end()])],
        &["call hello", "malformed: the server's greeting is missing"],
    );
}

#[test]
fn a_pull_that_is_cut_goes_on_from_where_the_cursors_are() {
    for whole in [true, false] {
        let mut table = Table::greeted(false);
        table.check(
            &[Entries(&[]), Wants(&[("tenant", 0)])],
            &["wants", "call pull tenant/0"],
        );
        table.check(&[Part(&[start(), end()], 3, whole)], &["wait 250"]);
        table.check(
            &[Went, Wants(&[("tenant", 7)])],
            &["wants", "call pull tenant/7"],
        );
        table.check(
            &[Part(&[start(), end()], 5, whole), Went],
            &["wait 500", "wants"],
        );
        table.check(
            &[Wants(&[("tenant", 9)]), Lost],
            &["call pull tenant/9", "unreachable: no answer"],
        );
    }
}

#[test]
fn a_bucket_that_still_differs_after_two_rounds_is_reported() {
    let mut table = Table::greeted(false);
    table.check(
        &[Entries(&[]), Wants(&[("tenant", 4), ("user", 1)])],
        &["wants", "call pull tenant/4 user/1"],
    );
    table.check(
        &[Frames(&[end()]), Wants(&[("tenant", 0)])],
        &["take 1", "wants after a pull", "call pull tenant/0"],
    );
    table.check(
        &[Frames(&[end()]), Wants(&[("tenant", 0)])],
        &["take 1", "wants after a pull", "diverged: tenant"],
    );
}

#[test]
fn a_cut_does_not_count_as_a_round() {
    let mut table = Table::greeted(false);
    table.check(
        &[Entries(&[]), Wants(&[("tenant", 4)])],
        &["wants", "call pull tenant/4"],
    );
    table.check(
        &[Lost, Went, Wants(&[("tenant", 4)])],
        &["wait 250", "wants", "call pull tenant/4"],
    );
    table.check(
        &[Lost, Went, Wants(&[("tenant", 4)])],
        &["wait 500", "wants", "call pull tenant/4"],
    );
    table.check(
        &[Frames(&[end()]), Wants(&[("tenant", 0)])],
        &["take 1", "wants after a pull", "call pull tenant/0"],
    );
    table.check(
        &[Frames(&[end()]), Wants(&[])],
        &["take 1", "wants after a pull", "verified"],
    );
}

#[test]
fn bytes_that_are_no_frames_end_a_pull_and_not_the_app() {
    let mut table = Table::greeted(false);
    table.check(
        &[Entries(&[]), Wants(&[("tenant", 4)])],
        &["wants", "call pull tenant/4"],
    );
    table.step(Event::Piece(200, b"<html>captive portal</html>"));
    table.check(
        &[],
        &["malformed: the body is not zstd: Unknown frame descriptor"],
    );
}

#[test]
fn an_answer_longer_than_any_is_not_read_to_its_end() {
    let mut table = Table::greeted(false);
    table.check(&[Entries(&[1])], &["call push 1"]);
    for _ in 0..17 {
        table.step(Event::Piece(200, &[0; 64 * 1024]));
    }
    table.check(&[], &["wants"]);
}

#[test]
fn waits_grow_with_jitter_up_to_a_cap() {
    for (tried, least, most) in [
        (1, 250, 500),
        (2, 500, 1_000),
        (5, 4_000, 8_000),
        (40, 150_000, 300_000),
    ] {
        assert_eq!(
            (wait_ms(tried, 0, None), wait_ms(tried, most - least, None)),
            (least, most)
        );
        assert!((least..=most).contains(&wait_ms(tried, u64::MAX, None)));
    }
    assert_eq!(WAIT_MS_BASE, 500);
    assert_eq!(wait_ms(1, 0, Some(u64::MAX)), WAIT_MS_MAX);
}
