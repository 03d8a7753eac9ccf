//! One visit without a network: check-in, survey, shelf, prices, promotion, order, check-out, a
//! process each. It does not know which visits there are.

use std::time::Instant;

use outfield_server::error::ServerError;
use serde_json::Value as Json;

use super::cast::{Cast, StoryStore};
use super::day::{self, Stop, StoryTrade};
use crate::page::Mood;
use crate::proof::exact::micros;
use crate::stage::StoryStage;
use crate::stage::answer::{exactly, said};
use crate::stage::rep::StoryRep;

/// Millionths of a degree of latitude: about 40 m, within every fence.
const NEAR_UDEG: i32 = 360;
/// How wrong the phones' positions may be, in metres.
pub(crate) const ACCURACY_M: &str = "15";
/// Most of one product that is ordered where nobody looks at the money, and most facings of one.
const QUANTITY_MAX: u64 = 12;
const FACINGS_MAX: u64 = 9;
/// Millionths of one cent.
const CENT: i128 = 10_000;

/// What a visit came to.
pub(crate) struct VisitMade {
    /// The visit's id.
    pub(crate) visit: String,
    /// The order as it was submitted, if one was.
    pub(crate) order: Option<Json>,
}

/// A visit from check-in to check-out, told in one line; so many were made before.
pub(crate) fn visit(
    stage: &mut StoryStage<'_>,
    cast: &Cast,
    stop: &Stop,
    done: usize,
) -> Result<VisitMade, ServerError> {
    let began = Instant::now();
    let rep = cast.rep(stop.who);
    let store = cast.store(rep, stop.place);
    let now = format!("{} at {}", rep.who, store.name);
    stage.page.progress(done, day::visits(), &now);
    rep.at(stop.minute);
    let minute = rep.minute();
    let visit = check_in(stage, cast, stop)?;
    let counted = shelf(stage, cast, rep, &visit)?;
    let order = sell(stage, cast, rep, store, &visit, stop.trade)?;
    stage.works(rep, &["visit", "check-out", &visit])?;
    let mut what = store.name.clone();
    if stop.route.is_none() {
        what.push_str(" (passing by)");
    }
    let sold = match &order {
        Some(order) => ordered(order),
        None => "nothing sold".to_owned(),
    };
    stage.page.hour(Some(minute));
    let told = format!("{counted}, {sold}");
    let ms = Some(began.elapsed().as_millis());
    stage.page.step(rep.who, &what, Mood::Done, &told, ms);
    Ok(VisitMade { visit, order })
}

/// An order in few words.
pub(crate) fn ordered(order: &Json) -> String {
    let lines = order["lines"].as_array().map_or(0, Vec::len);
    let products = if lines == 1 {
        "1 product".to_owned()
    } else {
        format!("{lines} products")
    };
    format!(
        "{products} sold for {} {}",
        said(&order["gross"]),
        said(&order["currency"])
    )
}

/// Where a record stands, in words.
pub(crate) fn state(data: &Json) -> String {
    said(&data["state"]).replace('_', " ")
}

/// Begins a visit, planned or not; answers its id.
pub(crate) fn check_in(
    stage: &mut StoryStage<'_>,
    cast: &Cast,
    stop: &Stop,
) -> Result<String, ServerError> {
    let rep = cast.rep(stop.who);
    let store = cast.store(rep, stop.place);
    let visit = if stop.route.is_some() {
        cast.planned(stop.who, stop.place)
    } else {
        let template = cast.found.template.as_str();
        let start = ["visit", "start", &store.id, "--purpose", "Passed by"];
        let start = [&start[..], &["--template", template]].concat();
        said(&stage.works(rep, &start)?["id"])
    };
    let at = [
        "visit",
        "check-in",
        &visit,
        "--at",
        &store.off(NEAR_UDEG),
        "--accuracy",
        ACCURACY_M,
    ];
    let begun = stage.works(rep, &at)?;
    if begun["state"] != "in_progress" {
        return Err(stage.amiss(rep.who, "checks in", &begun.to_string()));
    }
    Ok(visit)
}

/// Survey, shelf, prices and promotion; answers what was counted in words.
fn shelf(
    stage: &mut StoryStage<'_>,
    cast: &Cast,
    rep: &StoryRep,
    visit: &str,
) -> Result<String, ServerError> {
    let product = product(stage, cast);
    let facings = 1 + stage.chance.below(FACINGS_MAX);
    let counted = count(stage, rep, visit, &product, facings)?;
    let check = said(&counted["id"]);
    answer(stage, rep, visit, &check)?;
    stage.works(rep, &["visit", "answer", visit, "promotion", "present"])?;
    Ok(format!("{facings} facings counted"))
}

/// Survey, and the end of the counting: what was counted is the answer.
pub(crate) fn answer(
    stage: &mut StoryStage<'_>,
    rep: &StoryRep,
    visit: &str,
    check: &str,
) -> Result<(), ServerError> {
    let survey = [
        "visit",
        "answer",
        visit,
        "talk",
        "yes",
        "--question",
        "sells",
    ];
    stage.works(rep, &survey)?;
    for action in ["talk", "prices", "shelf"] {
        stage.works(rep, &["visit", "answer", visit, action])?;
    }
    stage.follows(rep, "inventory_check", check).map(drop)
}

/// One of the products.
pub(crate) fn product(stage: &mut StoryStage<'_>, cast: &Cast) -> String {
    let choice = stage.chance.place_in(cast.products.len());
    cast.products[choice].clone()
}

/// Counts a product on the shelf; answers the check.
pub(crate) fn count(
    stage: &mut StoryStage<'_>,
    rep: &StoryRep,
    visit: &str,
    product: &str,
    facings: u64,
) -> Result<Json, ServerError> {
    let command = [
        "visit",
        "count",
        visit,
        product,
        "status=present",
        &format!("facings={facings}"),
        &format!("on_shelf_units={}", 3 * facings),
        "price=1.99",
        "sum=true",
    ];
    stage.works(rep, &command)
}

/// Takes an order in a visit and submits it; answers it, or nothing where nothing is sold.
pub(crate) fn sell(
    stage: &mut StoryStage<'_>,
    cast: &Cast,
    rep: &StoryRep,
    store: &StoryStore,
    visit: &str,
    trade: StoryTrade,
) -> Result<Option<Json>, ServerError> {
    let lines: Vec<Option<i128>> = match trade {
        StoryTrade::Nothing => return Ok(None),
        StoryTrade::Products(products) => vec![None; products],
        StoryTrade::For(cents) => cents.iter().map(|cents| Some(*cents)).collect(),
    };
    let begun = stage.works(rep, &["order", "new", &store.id, "--visit", visit])?;
    let order = said(&begun["id"]);
    let first = stage.chance.place_in(cast.products.len());
    for (number, cents) in lines.into_iter().enumerate() {
        let product = &cast.products[(first + number) % cast.products.len()];
        let quantity = (1 + stage.chance.below(QUANTITY_MAX)).to_string();
        let shown = stage.works(rep, &["order", "add", &order, product, &quantity])?;
        if let Some(cents) = cents {
            let quantity = cents * CENT / price_of(&shown, product).max(1);
            let quantity = quantity.max(1).to_string();
            stage.works(rep, &["order", "set", &order, product, &quantity])?;
        }
    }
    let order = submit(stage, rep, &order)?;
    stage.works(rep, &["visit", "answer", visit, "order"])?;
    Ok(Some(order))
}

/// The unit price of a product in an order, in millionths.
fn price_of(order: &Json, product: &str) -> i128 {
    let lines = order["lines"].as_array().into_iter().flatten();
    let price = lines
        .filter(|line| line["product"] == product)
        .find_map(|line| line["unit_price"].as_str());
    price.and_then(micros).unwrap_or(0)
}

/// Submits an order, which the phone by itself agrees to.
pub(crate) fn submit(
    stage: &mut StoryStage<'_>,
    rep: &StoryRep,
    order: &str,
) -> Result<Json, ServerError> {
    let submitted = stage.works(rep, &["order", "submit", order])?;
    if submitted["status"] != "waiting" {
        return Err(stage.amiss(rep.who, "submits an order", &submitted.to_string()));
    }
    stage.ledger.submitted(rep.who, &submitted);
    stage.follows(rep, "sales_order", order)?;
    Ok(submitted)
}

/// Logs what was said or done about a visit, a contact or an account.
pub(crate) fn follow_up(
    stage: &mut StoryStage<'_>,
    rep: &StoryRep,
    note: &str,
    about: &str,
    id: &str,
) -> Result<(), ServerError> {
    let command = ["follow-up", note, about, id];
    let wanted = exactly(note, |data| said(&data["note"]));
    stage.does(rep, "logs a follow-up", &command, wanted)?;
    Ok(())
}
