//! Who and what the story is about: three reps with their stores, what they sell, and what is found
//! out on the way. It does not know what happens.

use std::collections::BTreeMap;

use outfield_core::base::place::Position;
use serde_json::Value as Json;

use super::line::Line;
use super::office::Opened;
use super::stage::{Rep, Stage};
use outfield_server::error::ServerError;

/// How far away the stores of a territory may lie from the one that the seed chose, in metres.
const REGION_M: &str = "3000000";
/// Stores that a list shows, more than a territory of the story has.
const STORES_MAX: &str = "1000";
/// As many stores as a territory of the story visits; one with fewer is visited more often.
const STORES: &str = "14";
/// Products that a list shows, and as many as the story needs.
const PRODUCTS_MAX: &str = "1000";
const PRODUCTS: usize = 8;

/// A store of the story.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    /// Its account's id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    at: Position,
}

impl Store {
    /// A position so many millionths of a degree away.
    pub(crate) fn off(&self, udeg: i32) -> String {
        // Towards the equator, so that no store lies beyond a pole.
        let here = self.at.latitude_udeg;
        let latitude_udeg = if here > 0 { here - udeg } else { here + udeg };
        Position {
            latitude_udeg,
            ..self.at
        }
        .to_string()
    }
}

/// Who and what the story is about.
pub(crate) struct Cast {
    /// The tenant's id.
    pub(crate) tenant: String,
    /// A rep.
    pub(crate) ann: Rep,
    /// Another, in the same territory.
    pub(crate) ben: Rep,
    /// A third, in a territory of their own.
    pub(crate) cem: Rep,
    /// The stores of Ann's and Ben's territory, and those of Cem's.
    pub(crate) stores: [Vec<Store>; 2],
    /// Ids of the products that are counted and ordered.
    pub(crate) products: Vec<String>,
    /// Rep and place among the territory's stores to the visit that is planned there.
    pub(crate) planned: BTreeMap<(&'static str, usize), String>,
    /// What the story has to come back to.
    pub(crate) found: Found,
}

/// Ids of what the story has to come back to; empty before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// The template of the visits.
    pub(crate) template: String,
    /// The contact whose phone number two edit.
    pub(crate) maria: String,
    /// The contact of which two edit different fields.
    pub(crate) dan: String,
    /// The visit and the check in which two count one shelf.
    pub(crate) shelf: (String, String),
    /// The first order of each part of a rep's day: it tells whether that part's work has arrived.
    pub(crate) first_order: BTreeMap<&'static str, String>,
    /// The order that the server will refuse, and the visit that it was made in.
    pub(crate) refused: (String, String),
    /// A visit that Ben made because he passed by.
    pub(crate) passed_by: String,
}

impl Cast {
    /// All three.
    pub(crate) fn reps(&self) -> [&Rep; 3] {
        [&self.ann, &self.ben, &self.cem]
    }

    /// Their lines.
    pub(crate) fn lines(&self) -> [&Line; 3] {
        self.reps().map(|rep| &rep.line)
    }

    /// The rep of this name.
    pub(crate) fn rep(&self, who: &str) -> &Rep {
        self.reps()
            .into_iter()
            .find(|rep| rep.who == who)
            .unwrap_or(&self.ann)
    }

    /// A store on a rep's way.
    pub(crate) fn store(&self, rep: &Rep, place: usize) -> &Store {
        let stores = &self.stores[usize::from(rep.territory != self.ann.territory)];
        &stores[place % stores.len()]
    }
}

/// Gathers the reps, their stores and what they sell; the seed chooses.
pub(crate) fn gather(
    stage: &mut Stage<'_>,
    reps: [Rep; 3],
    opened: &Opened,
    template: String,
) -> Result<Cast, ServerError> {
    let [ann, ben, cem] = reps;
    let stores = [near_stores(stage, &ann)?, near_stores(stage, &cem)?];
    let listed = stage.ask(&ann, &["list", "product", "--limit", PRODUCTS_MAX])?;
    let mut listed: Vec<&str> = listed
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|of| of["id"].as_str())
        .collect();
    if listed.len() < PRODUCTS {
        let message = format!(
            "{} products were imported; the story needs {PRODUCTS} with valid GTINs",
            opened.products
        );
        return Err(ServerError::bad_input("too_few_products", message));
    }
    let mut products = Vec::new();
    while products.len() < PRODUCTS {
        let choice = usize::try_from(stage.chance.below(listed.len() as u64)).unwrap_or(0);
        products.push(listed.swap_remove(choice).to_owned());
    }
    let found = Found {
        template,
        ..Found::default()
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

/// The stores that lie nearest to the one that the seed chose.
fn near_stores(stage: &mut Stage<'_>, rep: &Rep) -> Result<Vec<Store>, ServerError> {
    let all = stage.ask(rep, &["list", "account", "--limit", STORES_MAX])?;
    let placed: Vec<&str> = all
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|of| of["position"].as_str())
        .collect();
    let choice = usize::try_from(stage.chance.below(placed.len() as u64)).unwrap_or(0);
    let at = placed.get(choice).copied().unwrap_or_default();
    let near = stage.ask(
        rep,
        &[
            "list", "account", "--near", at, "--within", REGION_M, "--limit", STORES,
        ],
    )?;
    let store = |of: &Json| {
        let text = |name: &str| of[name].as_str().unwrap_or_default().to_owned();
        let at = text("position")
            .parse()
            .map_err(|_| ServerError::broken("a store without a position is near"))?;
        Ok(Store {
            id: text("id"),
            name: text("name"),
            at,
        })
    };
    let stores: Vec<Store> = near
        .as_array()
        .into_iter()
        .flatten()
        .map(store)
        .collect::<Result<_, ServerError>>()?;
    if stores.is_empty() {
        Err(stage.amiss(rep.who, "looks for stores nearby", "none is there"))
    } else {
        Ok(stores)
    }
}
