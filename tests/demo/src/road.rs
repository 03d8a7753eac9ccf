//! The day on the road: two parts of it without a signal, and noon between them, when there is one
//! for a while. It does not know how the work of all comes together.

use serde_json::Value as Json;

use super::cast::Cast;
use super::day::{self, AFTERNOON, CALLED_OFF, FIRST, JOINT, MORNING, NOON, REFUSING, Stop};
use super::home::{said, unsent};
use super::page::Mood;
use super::stage::{Expect, Rep, Stage, exactly};
use super::trouble;
use super::visit::{self, ACCURACY_M, Made, ordered};
use outfield_server::error::ServerError;

/// Millionths of a degree of latitude: about 1.2 km, outside every fence.
const FAR_UDEG: i32 = 11_000;

/// The morning: no signal.
pub(crate) fn morning(stage: &mut Stage<'_>, cast: &mut Cast) -> Result<(), ServerError> {
    stage.page.heading("On the road: no signal");
    stage.switch_off(
        ("is switched off", " (SIGKILL): nobody can be reached"),
        &cast.lines(),
    )?;
    first_visit(stage, cast)?;
    visits(stage, cast, MORNING, 1)?;
    waits(stage, cast)
}

/// Makes visits one after the other, and keeps what the story comes back to.
fn visits(
    stage: &mut Stage<'_>,
    cast: &mut Cast,
    stops: &[Stop],
    done: usize,
) -> Result<(), ServerError> {
    for (number, stop) in stops.iter().enumerate() {
        let made = visit::visit(stage, cast, stop, (done + number, day::visits()))?;
        remember(cast, stop, made);
    }
    Ok(())
}

fn remember(cast: &mut Cast, stop: &Stop, Made { visit, order }: Made) {
    if let Some(order) = order {
        let order = said(&order["id"]);
        if (stop.who, stop.place) == ("Ben", REFUSING) {
            cast.found.refused = (order.clone(), visit.clone());
        }
        cast.found.first_order.entry(stop.who).or_insert(order);
    }
    if stop.who == "Ben" && stop.route.is_none() {
        cast.found.passed_by = visit;
    }
}

/// How much work waits on each phone.
fn waits(stage: &Stage<'_>, cast: &Cast) -> Result<(), ServerError> {
    let mut each = Vec::new();
    for rep in cast.reps() {
        each.push(format!("{} on {}'s", unsent(stage, rep)?, rep.who));
    }
    let (last, others) = each
        .split_last()
        .map(|(last, others)| (last.as_str(), others.join(", ")))
        .unwrap_or_default();
    stage.page.hour(None);
    stage.page.step(
        ("Phones", "hold what nobody else has"),
        (Mood::Done, &format!("{others}, {last} changes")),
        None,
    );
    Ok(())
}

fn state(data: &Json) -> String {
    said(&data["state"]).replace('_', " ")
}

/// Reads one member.
fn member(name: &str) -> impl Fn(&Json) -> String {
    move |data| said(&data[name])
}

/// Ann's first visit, told step by step.
fn first_visit(stage: &mut Stage<'_>, cast: &mut Cast) -> Result<(), ServerError> {
    let (ann, visit) = (
        &cast.ann,
        cast.planned
            .get(&("Ann", FIRST.place))
            .cloned()
            .unwrap_or_default(),
    );
    let store = cast.store(ann, FIRST.place);
    ann.at(FIRST.minute - 5);
    stage.cannot(ann, "tries to sync", &["sync"], Expect::Unreachable)?;
    let planned =
        |data: &Json| format!("{} visits are planned", data.as_array().map_or(0, Vec::len));
    stage.looks(
        ann,
        "opens today's list",
        &["today"],
        exactly("6 visits are planned", planned),
    )?;
    ann.at(FIRST.minute);
    let far = store.off(FAR_UDEG);
    let at = [
        "visit",
        "check-in",
        &visit,
        "--at",
        &far,
        "--accuracy",
        ACCURACY_M,
    ];
    stage.cannot(
        ann,
        &format!("arrives at {}", store.name),
        &at,
        Expect::Refused("outside_fence"),
    )?;
    let with_reason = [&at[..], &["--reason", "Parking is closed"]].concat();
    stage.does(
        ann,
        "says why: Parking is closed",
        &with_reason,
        exactly("in progress", state),
    )?;
    stage.cannot(
        ann,
        "checks out",
        &["visit", "check-out", &visit],
        Expect::Refused("mandatory_undone"),
    )?;
    let product = visit::product(stage, cast, 0);
    let shelf = [
        "visit",
        "count",
        &visit,
        &product,
        "status=present",
        "facings=4",
        "on_shelf_units=12",
        "price=1.99",
    ];
    let counts = |data: &Json| {
        let line = data["counts"]
            .as_object()
            .and_then(|lines| lines.values().next())
            .cloned()
            .unwrap_or_default();
        format!(
            "{} facings, {} units at {}",
            line["facings"],
            line["on_shelf_units"],
            said(&line["price"])
        )
    };
    let check = stage.does(
        ann,
        "counts the shelf",
        &shelf,
        exactly("4 facings, 12 units at 1.99", counts),
    )?;
    visit::answer(stage, (ann, &visit), &said(&check["id"]))?;
    let promotion = [
        "visit",
        "skip",
        &visit,
        "promotion",
        "--reason",
        "None runs",
    ];
    let skipped = |data: &Json| said(&data["actions"]["promotion"]["state"]);
    stage.does(
        ann,
        "leaves the promotion out: none runs",
        &promotion,
        exactly("skipped", skipped),
    )?;
    let order = visit::sell(stage, cast, (ann, store, &visit), FIRST.trade)?.unwrap_or_default();
    let (number, told) = (
        said(&order["number"]),
        format!("{}, tax and all", ordered(&order)),
    );
    stage.page.hour(Some(ann.minute()));
    stage.page.step(
        (ann.who, &format!("takes the order {number}")),
        (Mood::Done, &told),
        None,
    );
    stage.does(
        ann,
        "checks out",
        &["visit", "check-out", &visit],
        exactly("completed", state),
    )?;
    let made = stage.does(
        ann,
        "adds a contact",
        &["create", "contact", "name=Joe Harp"],
        exactly("Joe Harp", member("name")),
    )?;
    stage.works(
        ann,
        &[
            "link",
            &said(&made["id"]),
            &store.id,
            "--role",
            "Store manager",
        ],
    )?;
    follow_up(
        stage,
        ann,
        "Wants a second shelf by spring",
        ("--visit", &visit),
    )?;
    remember(
        cast,
        &FIRST,
        Made {
            visit,
            order: Some(order),
        },
    );
    Ok(())
}

fn follow_up(
    stage: &mut Stage<'_>,
    rep: &Rep,
    note: &str,
    (about, id): (&str, &str),
) -> Result<(), ServerError> {
    stage
        .does(
            rep,
            "logs a follow-up",
            &["follow-up", note, about, id],
            exactly(note, member("note")),
        )
        .map(drop)
}

/// Noon: there is a signal for a while. Two meet in one store; the phone of one dies in mid-sync.
pub(crate) fn noon(stage: &mut Stage<'_>, cast: &mut Cast) -> Result<(), ServerError> {
    stage
        .page
        .heading("Noon: a signal for a while, and Cem has none");
    let (ann, ben) = (&cast.ann, &cast.ben);
    ann.at(NOON.minute);
    let visit = visit::check_in(stage, cast, &NOON)?;
    let product = visit::product(stage, cast, 0);
    let check = said(&visit::count(stage, (ann, &visit), (&product, 2))?["id"]);
    let told = format!(
        "at {}, where Ben comes to help",
        cast.store(ann, JOINT).name
    );
    stage.page.hour(Some(ann.minute()));
    stage.page.step(
        (ann.who, "begins to count a long shelf"),
        (Mood::Done, &told),
        None,
    );
    stage.serve("is switched on again", &[&ann.line, &ben.line])?;
    trouble::phone_dies(stage, cast, ann)?;
    stage.looks(
        ann,
        "switches the phone on and syncs again",
        &["sync"],
        trouble::synced,
    )?;
    stage.looks(ben, "syncs", &["sync"], trouble::synced)?;
    let known = stage.ask(ben, &["get", "inventory_check", &check])?;
    stage.ledger.known_to_all(&known);
    cast.found.shelf = (visit, check);
    cast.found.first_order.retain(|who, _| *who == "Cem");
    Ok(())
}

/// The afternoon: no signal again, and two people in each other's way without knowing.
pub(crate) fn afternoon(stage: &mut Stage<'_>, cast: &mut Cast) -> Result<(), ServerError> {
    stage.page.heading("The afternoon: no signal again");
    stage.switch_off(("is switched off again", " (SIGKILL)"), &cast.lines())?;
    one_shelf(stage, cast)?;
    edits(stage, cast)?;
    visits(stage, cast, AFTERNOON, 2 + MORNING.len())?;
    let (ben, cem) = (&cast.ben, &cast.cem);
    ben.at(CALLED_OFF.minute);
    let visit = cast
        .planned
        .get(&("Ben", CALLED_OFF.place))
        .cloned()
        .unwrap_or_default();
    let what = format!("calls off {}", cast.store(ben, CALLED_OFF.place).name);
    let why = "Closed for stocktaking";
    stage.does(
        ben,
        &what,
        &["visit", "cancel", &visit, "--reason", why],
        |data| format!("{}: {why}", state(data)),
    )?;
    follow_up(
        stage,
        ben,
        "Maria Lopez has a new number",
        ("--contact", &cast.found.maria),
    )?;
    cem.at(CALLED_OFF.minute);
    follow_up(
        stage,
        cem,
        "Moves to a larger hall in May",
        ("--account", &cast.store(cem, 3).id),
    )?;
    waits(stage, cast)
}

/// Ann and Ben count one shelf, each on a phone of their own; then Ann ends her visit.
fn one_shelf(stage: &mut Stage<'_>, cast: &mut Cast) -> Result<(), ServerError> {
    let (ann, ben, (visit, check)) = (&cast.ann, &cast.ben, cast.found.shelf.clone());
    let product = cast.products[0].clone();
    for (rep, end) in [(ann, "left"), (ben, "right")] {
        rep.at(NOON.minute + 25);
        let facings = 2 + stage.chance.below(6);
        visit::count(stage, (rep, &visit), (&product, facings))?;
        stage.page.hour(Some(rep.minute()));
        let told = format!("{facings} facings of one product");
        stage.page.step(
            (rep.who, &format!("counts the {end} end of the shelf")),
            (Mood::Done, &told),
            None,
        );
    }
    visit::answer(stage, (ann, &visit), &check)?;
    let order = visit::sell(
        stage,
        cast,
        (ann, cast.store(ann, JOINT), &visit),
        NOON.trade,
    )?
    .unwrap_or_default();
    let told = format!("completed, {}", ordered(&order));
    stage.does(
        ann,
        "takes an order and checks out",
        &["visit", "check-out", &visit],
        |_| told.clone(),
    )?;
    remember(
        cast,
        &NOON,
        Made {
            visit,
            order: Some(order),
        },
    );
    Ok(())
}

/// Both edit one contact's phone number, and different fields of another contact.
fn edits(stage: &mut Stage<'_>, cast: &Cast) -> Result<(), ServerError> {
    let (maria, dan) = (cast.found.maria.as_str(), cast.found.dan.as_str());
    let ann = format!("+1479555{:04}", 110 + stage.chance.below(40));
    let ben = format!("+1479555{:04}", 150 + stage.chance.below(40));
    let email = "maria.lopez@example.com";
    cast.ann.at(12 * 60 + 45);
    cast.ben.at(12 * 60 + 45);
    let both = |data: &Json| format!("{}, {}", said(&data["phone"]), said(&data["email"]));
    let edit = [
        "edit",
        "contact",
        maria,
        &format!("phone={ann}"),
        &format!("email={email}"),
    ];
    let what = "edits Maria Lopez: phone and e-mail";
    stage.does(
        &cast.ann,
        what,
        &edit,
        exactly(format!("{ann}, {email}"), both),
    )?;
    let edit = ["edit", "contact", maria, &format!("phone={ben}")];
    stage.does(
        &cast.ben,
        "edits Maria Lopez: phone",
        &edit,
        exactly(ben.as_str(), member("phone")),
    )?;
    let edit = ["edit", "contact", dan, "mobile=+14795550109"];
    stage.does(
        &cast.ann,
        "edits Dan Ortiz: mobile",
        &edit,
        exactly("+14795550109", member("mobile")),
    )?;
    let edit = ["edit", "contact", dan, "job_title=Store manager"];
    stage.does(
        &cast.ben,
        "edits Dan Ortiz: job title",
        &edit,
        exactly("Store manager", member("job_title")),
    )?;
    Ok(())
}
