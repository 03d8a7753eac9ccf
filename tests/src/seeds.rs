//! What runs of many seeds share: work on every core, and the search for planted errors.
//! It does not know what a run does.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use outfield_core::base::planted::Planted;

/// Does work number 0, 1, 2 and so on, on every core, until there is none; what came of it, in no
/// order.
pub(crate) fn on_every_core<T: Send>(work: impl Fn(u64) -> Option<T> + Sync) -> Vec<T> {
    let next = AtomicU64::new(0);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        let all = || {
            std::iter::from_fn(|| work(next.fetch_add(1, Ordering::Relaxed))).collect::<Vec<T>>()
        };
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(all)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    })
}

/// Says something on standard output; a reader who left early is no fault.
pub fn say(text: &str) {
    write!(std::io::stdout(), "{text}").ok();
}

/// The errors that a word of the command line names: `all` of these, or one.
#[must_use]
pub fn named(errors: &[Planted], word: &str) -> Option<Vec<Planted>> {
    let chosen: Vec<Planted> = errors
        .iter()
        .copied()
        .filter(|error| word == "all" || error.name() == word)
        .collect();
    (!chosen.is_empty()).then_some(chosen)
}

/// Plants each error and says how many units it took to find it, and by what; whether all were
/// found within the bound.
pub fn search(
    errors: Vec<Planted>,
    unit: &str,
    bound: u64,
    find: impl Fn(Planted) -> Option<(u64, String)>,
) -> bool {
    let width = bound.to_string().len();
    let mut found_all = true;
    for error in errors {
        match find(error) {
            Some((count, what)) => {
                let what = what.lines().next().unwrap_or_default();
                say(&format!(
                    "{:<28} {unit} {count:>width$}  {what}\n",
                    error.name()
                ));
            }
            None => {
                found_all = false;
                say(&format!(
                    "{:<28} not found within {bound} {unit}s\n",
                    error.name()
                ));
            }
        }
    }
    found_all
}
