//! The app before an update, as a simulation has it: it knows fewer objects, or fewer fields of
//! them. It is compiled with the feature `planted` alone. It does not know what is missing.

use std::cell::Cell;

use crate::objects::Registry;

/// What an older version makes of the objects that this one brings.
pub type OlderVersion = fn(Registry) -> Registry;

thread_local! {
    static NOW: Cell<Option<OlderVersion>> = const { Cell::new(None) };
}

/// From now on this thread runs that version of the app, or this one.
pub fn run(version: Option<OlderVersion>) {
    NOW.set(version);
}

pub(super) fn of(registry: Registry) -> Registry {
    NOW.get()
        .map_or(registry.clone(), |version| version(registry))
}
