//! Who and what the story is about: three reps with their stores, what they sell, and what is found
//! out on the way. It does not know what happens.

use std::collections::BTreeMap;

use outfield_core::base::place::Position;

use crate::stage::breaking_line::BreakingLine;
use crate::stage::rep::StoryRep;

/// A store of the story.
#[derive(Debug, Clone)]
pub(crate) struct StoryStore {
    /// Its account's id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) at: Position,
}

impl StoryStore {
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
    pub(crate) ann: StoryRep,
    /// Another, in the same territory.
    pub(crate) ben: StoryRep,
    /// A third, in a territory of their own.
    pub(crate) cem: StoryRep,
    /// The stores of Ann's and Ben's territory, and those of Cem's.
    pub(crate) stores: [Vec<StoryStore>; 2],
    /// Ids of the products that are counted and ordered.
    pub(crate) products: Vec<String>,
    /// Rep and place among the territory's stores to the visit that is planned there.
    pub(crate) planned: BTreeMap<(&'static str, usize), String>,
    /// What the story has to come back to.
    pub(crate) found: StoryIds,
}

/// Ids of what the story has to come back to; empty before.
#[derive(Debug, Clone, Default)]
pub(crate) struct StoryIds {
    /// The template of the visits.
    pub(crate) template: String,
    /// The contact whose phone number two edit.
    pub(crate) maria: String,
    /// The contact of which two edit different fields.
    pub(crate) dan: String,
    /// The visit in which two count one shelf.
    pub(crate) shelf_visit: String,
    /// The check in which they count it.
    pub(crate) shelf_check: String,
    /// The first order of each part of a rep's day: it tells whether that part's work has arrived.
    pub(crate) first_order: BTreeMap<&'static str, String>,
    /// The order that the server will refuse.
    pub(crate) refused_order: String,
    /// The visit that it was made in.
    pub(crate) refused_in_visit: String,
    /// A visit that Ben made because he passed by.
    pub(crate) passed_by: String,
}

impl Cast {
    /// All three.
    pub(crate) fn reps(&self) -> [&StoryRep; 3] {
        [&self.ann, &self.ben, &self.cem]
    }

    /// Their lines.
    pub(crate) fn lines(&self) -> [&BreakingLine; 3] {
        self.reps().map(|rep| &rep.line)
    }

    /// The rep of this name.
    pub(crate) fn rep(&self, who: &str) -> &StoryRep {
        self.reps()
            .into_iter()
            .find(|rep| rep.who == who)
            .unwrap_or(&self.ann)
    }

    /// The visit that is planned at a place of a rep's way; empty if there is none.
    pub(crate) fn planned(&self, who: &'static str, place: usize) -> String {
        self.planned.get(&(who, place)).cloned().unwrap_or_default()
    }

    /// A store on a rep's way.
    pub(crate) fn store(&self, rep: &StoryRep, place: usize) -> &StoryStore {
        let stores = &self.stores[usize::from(rep.territory != self.ann.territory)];
        &stores[place % stores.len()]
    }
}
