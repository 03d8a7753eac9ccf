//! One visit without a network: check-in, survey, shelf, prices, promotion, order, check-out, a
//! process each. It does not know which visits there are.

use std::time::Instant;

use serde_json::Value as Json;

use super::cast::{Cast, Store};
use super::day::{Stop, Trade};
use super::exact::micros;
use super::home::said;
use super::page::Mood;
use super::stage::{Rep, Stage};
use outfield_server::error::ServerError;

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
pub(crate) struct Made {
    /// The visit's id.
    pub(crate) visit: String,
    /// The order as it was submitted, if one was.
    pub(crate) order: Option<Json>,
}

/// A visit from check-in to check-out, told in one line.
pub(crate) fn visit(
    stage: &mut Stage<'_>,
    cast: &Cast,
    stop: &Stop,
    done: (usize, usize),
) -> Result<Made, ServerError> {
    let (rep, store, began) = (
        cast.rep(stop.who),
        cast.store(cast.rep(stop.who), stop.place),
        Instant::now(),
    );
    stage
        .page
        .progress(done.0, done.1, &format!("{} at {}", rep.who, store.name));
    rep.at(stop.minute);
    let minute = rep.minute();
    let visit = check_in(stage, cast, stop)?;
    let counted = shelf(stage, cast, (rep, &visit))?;
    let order = sell(stage, cast, (rep, store, &visit), stop.trade)?;
    stage.works(rep, &["visit", "check-out", &visit])?;
    let how = if stop.route.is_some() {
        ""
    } else {
        " (passing by)"
    };
    let sold = order.as_ref().map_or("nothing sold".to_owned(), ordered);
    stage.page.hour(Some(minute));
    let (what, told) = (format!("{}{how}", store.name), format!("{counted}, {sold}"));
    stage.page.step(
        (rep.who, &what),
        (Mood::Done, &told),
        Some(began.elapsed().as_millis()),
    );
    Ok(Made { visit, order })
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

/// Begins a visit, planned or not; answers its id.
pub(crate) fn check_in(
    stage: &mut Stage<'_>,
    cast: &Cast,
    stop: &Stop,
) -> Result<String, ServerError> {
    let rep = cast.rep(stop.who);
    let store = cast.store(rep, stop.place);
    let visit = match cast
        .planned
        .get(&(stop.who, stop.place))
        .filter(|_| stop.route.is_some())
    {
        Some(planned) => planned.clone(),
        None => {
            let start = [
                "visit",
                "start",
                &store.id,
                "--purpose",
                "Passed by",
                "--template",
                &cast.found.template,
            ];
            said(&stage.works(rep, &start)?["id"])
        }
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
    stage: &mut Stage<'_>,
    cast: &Cast,
    (rep, visit): (&Rep, &str),
) -> Result<String, ServerError> {
    let (product, facings) = (product(stage, cast, 0), 1 + stage.chance.below(FACINGS_MAX));
    let counted = count(stage, (rep, visit), (&product, facings))?;
    let check = said(&counted["id"]);
    answer(stage, (rep, visit), &check)?;
    stage.works(rep, &["visit", "answer", visit, "promotion", "present"])?;
    Ok(format!("{facings} facings counted"))
}

/// Survey, and the end of the counting: what was counted is the answer.
pub(crate) fn answer(
    stage: &mut Stage<'_>,
    (rep, visit): (&Rep, &str),
    check: &str,
) -> Result<(), ServerError> {
    stage.works(
        rep,
        &[
            "visit",
            "answer",
            visit,
            "talk",
            "yes",
            "--question",
            "sells",
        ],
    )?;
    for action in ["talk", "prices", "shelf"] {
        stage.works(rep, &["visit", "answer", visit, action])?;
    }
    stage.follows(rep, "inventory_check", check).map(drop)
}

/// One of the products; `more` tells those apart that one order or one shelf has.
pub(crate) fn product(stage: &mut Stage<'_>, cast: &Cast, more: usize) -> String {
    let choice = usize::try_from(stage.chance.below(cast.products.len() as u64)).unwrap_or(0);
    cast.products[(choice + more) % cast.products.len()].clone()
}

/// Counts a product on the shelf; answers the check.
pub(crate) fn count(
    stage: &mut Stage<'_>,
    (rep, visit): (&Rep, &str),
    (product, facings): (&str, u64),
) -> Result<Json, ServerError> {
    let values = [
        format!("facings={facings}"),
        format!("on_shelf_units={}", 3 * facings),
    ];
    let [facings, units] = &values;
    let command = [
        "visit",
        "count",
        visit,
        product,
        "status=present",
        facings,
        units,
        "price=1.99",
        "sum=true",
    ];
    stage.works(rep, &command)
}

/// Takes an order in a visit and submits it; answers it, or nothing where nothing is sold.
pub(crate) fn sell(
    stage: &mut Stage<'_>,
    cast: &Cast,
    (rep, store, visit): (&Rep, &Store, &str),
    trade: Trade,
) -> Result<Option<Json>, ServerError> {
    let lines: Vec<Option<i128>> = match trade {
        Trade::Nothing => return Ok(None),
        Trade::Products(products) => vec![None; products],
        Trade::For(cents) => cents.iter().map(|cents| Some(*cents)).collect(),
    };
    let order = said(&stage.works(rep, &["order", "new", &store.id, "--visit", visit])?["id"]);
    let first = usize::try_from(stage.chance.below(cast.products.len() as u64)).unwrap_or(0);
    for (number, cents) in lines.into_iter().enumerate() {
        let product = &cast.products[(first + number) % cast.products.len()];
        let quantity = 1 + stage.chance.below(QUANTITY_MAX);
        let shown = stage.works(
            rep,
            &["order", "add", &order, product, &quantity.to_string()],
        )?;
        if let Some(cents) = cents {
            let quantity = cents * CENT / price_of(&shown, product).max(1);
            stage.works(
                rep,
                &[
                    "order",
                    "set",
                    &order,
                    product,
                    &quantity.max(1).to_string(),
                ],
            )?;
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
pub(crate) fn submit(stage: &mut Stage<'_>, rep: &Rep, order: &str) -> Result<Json, ServerError> {
    let submitted = stage.works(rep, &["order", "submit", order])?;
    if submitted["status"] != "waiting" {
        return Err(stage.amiss(rep.who, "submits an order", &submitted.to_string()));
    }
    stage.ledger.submitted(rep.who, &submitted);
    stage.follows(rep, "sales_order", order)?;
    Ok(submitted)
}
