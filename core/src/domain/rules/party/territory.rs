//! Territories lie below each other. It does not know who follows them.

use std::collections::BTreeSet;

use crate::domain::refusal::Refusal;
use crate::domain::rules::names::TERRITORY;
use crate::domain::situation::Situation;

/// No territory lies below itself.
pub fn territory_below_others(situation: &Situation<'_>) -> Result<(), Refusal> {
    let mut above = situation
        .input("parent")
        .text()
        .and_then(|id| id.parse().ok());
    let mut seen = BTreeSet::from([situation.id]);
    while let Some(id) = above {
        if !seen.insert(id) {
            let message = "a territory cannot lie below itself; choose another parent";
            return Err(Refusal::rule("below_itself", message).about("parent"));
        }
        let parent = situation.reader.record(TERRITORY, id)?;
        above = parent.and_then(|parent| parent.reference("parent"));
    }
    Ok(())
}
