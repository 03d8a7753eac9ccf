//! Gathers who and what the story is about: reps, the stores on their ways, and products. The seed
//! chooses. It does not know what happens.

use std::collections::BTreeMap;

use outfield_server::error::ServerError;
use serde_json::Value as Json;

use super::cast::{Cast, StoryIds, StoryStore};
use super::office::OpenedOffice;
use crate::stage::StoryStage;
use crate::stage::rep::StoryRep;

/// How far away the stores of a territory may lie from the one that the seed chose, in metres.
const REGION_M: &str = "3000000";
/// Stores that a list shows, more than a territory of the story has.
const STORES_MAX: &str = "1000";
/// As many stores as a territory of the story visits; one with fewer is visited more often.
const STORES: &str = "14";
/// Products that a list shows, and as many as the story needs.
const PRODUCTS_MAX: &str = "1000";
const PRODUCTS: usize = 8;

/// Gathers the reps, their stores and what they sell; the seed chooses.
pub(crate) fn gather(
    stage: &mut StoryStage<'_>,
    reps: [StoryRep; 3],
    opened: &OpenedOffice,
    template: String,
) -> Result<Cast, ServerError> {
    let [ann, ben, cem] = reps;
    let stores = [near_stores(stage, &ann)?, near_stores(stage, &cem)?];
    let products = choose_products(stage, &ann, opened)?;
    let found = StoryIds {
        template,
        ..StoryIds::default()
    };
    Ok(Cast {
        tenant: opened.tenant.clone(),
        ann,
        ben,
        cem,
        stores,
        products,
        planned: BTreeMap::new(),
        found,
    })
}

/// The ids of what the story sells.
fn choose_products(
    stage: &mut StoryStage<'_>,
    rep: &StoryRep,
    opened: &OpenedOffice,
) -> Result<Vec<String>, ServerError> {
    let listed = stage.ask(rep, &["list", "product", "--limit", PRODUCTS_MAX])?;
    let mut left = texts(&listed, "id");
    if left.len() < PRODUCTS {
        let message = format!(
            "{} products were imported; the story needs {PRODUCTS} with valid GTINs",
            opened.products
        );
        return Err(ServerError::bad_input("too_few_products", message));
    }
    let mut products = Vec::new();
    while products.len() < PRODUCTS {
        let choice = stage.chance.place_in(left.len());
        products.push(left.swap_remove(choice));
    }
    Ok(products)
}

/// The stores that lie nearest to the one that the seed chose.
fn near_stores(stage: &mut StoryStage<'_>, rep: &StoryRep) -> Result<Vec<StoryStore>, ServerError> {
    let all = stage.ask(rep, &["list", "account", "--limit", STORES_MAX])?;
    let positions = texts(&all, "position");
    let choice = stage.chance.place_in(positions.len());
    let at = positions
        .get(choice)
        .map(String::as_str)
        .unwrap_or_default();
    let near = [
        "list", "account", "--near", at, "--within", REGION_M, "--limit", STORES,
    ];
    let near = stage.ask(rep, &near)?;
    let mut stores = Vec::new();
    for account in near.as_array().into_iter().flatten() {
        stores.push(store(account)?);
    }
    if stores.is_empty() {
        return Err(stage.amiss(rep.who, "looks for stores nearby", "none is there"));
    }
    Ok(stores)
}

fn store(account: &Json) -> Result<StoryStore, ServerError> {
    let text = |name: &str| account[name].as_str().unwrap_or_default();
    let Ok(at) = text("position").parse() else {
        return Err(ServerError::broken("a store without a position is near"));
    };
    Ok(StoryStore {
        id: text("id").to_owned(),
        name: text("name").to_owned(),
        at,
    })
}

/// The texts that the records of a list have under a name.
fn texts(list: &Json, name: &str) -> Vec<String> {
    let records = list.as_array().into_iter().flatten();
    records
        .filter_map(|record| record[name].as_str().map(str::to_owned))
        .collect()
}
