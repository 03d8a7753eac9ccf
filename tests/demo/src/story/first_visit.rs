//! Ann's first visit, told step by step. It does not know what else the day brings.

use outfield_server::error::ServerError;
use serde_json::Value as Json;

use super::cast::{Cast, StoryStore};
use super::day::FIRST;
use super::visit::{self, ACCURACY_M, VisitMade, ordered, state};
use crate::page::Mood;
use crate::stage::StoryStage;
use crate::stage::answer::{Expect, exactly, said};
use crate::stage::rep::StoryRep;

/// Millionths of a degree of latitude: about 1.2 km, outside every fence.
const FAR_UDEG: i32 = 11_000;
/// How long before the first visit Ann looks at the phone, in minutes.
const BEFORE_MIN: u32 = 5;

/// Lives the visit.
pub(crate) fn first_visit(
    stage: &mut StoryStage<'_>,
    cast: &Cast,
) -> Result<VisitMade, ServerError> {
    let ann = &cast.ann;
    let visit = cast.planned("Ann", FIRST.place);
    let store = cast.store(ann, FIRST.place);
    ann.at(FIRST.minute - BEFORE_MIN);
    stage.cannot(ann, "tries to sync", &["sync"], Expect::Unreachable)?;
    let list = exactly("6 visits are planned", planned);
    stage.looks(ann, "opens today's list", &["today"], list)?;
    ann.at(FIRST.minute);
    arrive(stage, ann, store, &visit)?;
    let check_out = ["visit", "check-out", &visit];
    let undone = Expect::Refused("mandatory_undone");
    stage.cannot(ann, "checks out", &check_out, undone)?;
    let product = visit::product(stage, cast);
    count_shelf(stage, ann, &visit, &product)?;
    let order = take_order(stage, cast, store, &visit)?;
    stage.does(ann, "checks out", &check_out, exactly("completed", state))?;
    add_contact(stage, ann, store)?;
    let note = "Wants a second shelf by spring";
    visit::follow_up(stage, ann, note, "--visit", &visit)?;
    Ok(VisitMade {
        visit,
        order: Some(order),
    })
}

fn planned(today: &Json) -> String {
    format!(
        "{} visits are planned",
        today.as_array().map_or(0, Vec::len)
    )
}

/// Checks in too far away, and says why.
fn arrive(
    stage: &mut StoryStage<'_>,
    ann: &StoryRep,
    store: &StoryStore,
    visit: &str,
) -> Result<(), ServerError> {
    let far = store.off(FAR_UDEG);
    let at = [
        "visit",
        "check-in",
        visit,
        "--at",
        &far,
        "--accuracy",
        ACCURACY_M,
    ];
    let what = format!("arrives at {}", store.name);
    stage.cannot(ann, &what, &at, Expect::Refused("outside_fence"))?;
    let with_reason = [&at[..], &["--reason", "Parking is closed"]].concat();
    let what = "says why: Parking is closed";
    stage.does(ann, what, &with_reason, exactly("in progress", state))?;
    Ok(())
}

/// Counts the shelf, answers what is asked, and leaves one action out.
fn count_shelf(
    stage: &mut StoryStage<'_>,
    ann: &StoryRep,
    visit: &str,
    product: &str,
) -> Result<(), ServerError> {
    let shelf = [
        "visit",
        "count",
        visit,
        product,
        "status=present",
        "facings=4",
        "on_shelf_units=12",
        "price=1.99",
    ];
    let wanted = exactly("4 facings, 12 units at 1.99", first_count);
    let check = stage.does(ann, "counts the shelf", &shelf, wanted)?;
    visit::answer(stage, ann, visit, &said(&check["id"]))?;
    let skip = ["visit", "skip", visit, "promotion", "--reason", "None runs"];
    let what = "leaves the promotion out: none runs";
    stage.does(ann, what, &skip, exactly("skipped", promotion))?;
    Ok(())
}

fn first_count(check: &Json) -> String {
    let counts = check["counts"].as_object();
    let line = counts.and_then(|lines| lines.values().next());
    let line = line.unwrap_or(&Json::Null);
    format!(
        "{} facings, {} units at {}",
        line["facings"],
        line["on_shelf_units"],
        said(&line["price"])
    )
}

fn promotion(visit: &Json) -> String {
    said(&visit["actions"]["promotion"]["state"])
}

fn take_order(
    stage: &mut StoryStage<'_>,
    cast: &Cast,
    store: &StoryStore,
    visit: &str,
) -> Result<Json, ServerError> {
    let ann = &cast.ann;
    let order = visit::sell(stage, cast, ann, store, visit, FIRST.trade)?.unwrap_or_default();
    let what = format!("takes the order {}", said(&order["number"]));
    let told = format!("{}, tax and all", ordered(&order));
    stage.page.hour(Some(ann.minute()));
    stage.page.step(ann.who, &what, Mood::Done, &told, None);
    Ok(order)
}

fn add_contact(
    stage: &mut StoryStage<'_>,
    ann: &StoryRep,
    store: &StoryStore,
) -> Result<(), ServerError> {
    let create = ["create", "contact", "name=Joe Harp"];
    let name = exactly("Joe Harp", |data| said(&data["name"]));
    let made = stage.does(ann, "adds a contact", &create, name)?;
    let contact = said(&made["id"]);
    let link = ["link", &contact, &store.id, "--role", "Store manager"];
    stage.works(ann, &link)?;
    Ok(())
}
