//! What a panic said, kept for whoever reports it. It does not know what failed.

use std::cell::RefCell;
use std::panic;
use std::sync::Once;

thread_local! {
    static WORDS: RefCell<String> = const { RefCell::new(String::new()) };
}

/// From now on a panic in a run is kept instead of printed.
pub(crate) fn quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|info| {
            let payload = info.payload();
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text
                .or_else(|| payload.downcast_ref::<&str>().copied())
                .unwrap_or("it panicked");
            let place = info
                .location()
                .map(|place| format!(" ({}:{})", place.file(), place.line()));
            WORDS.with_borrow_mut(|words| *words = format!("{text}{}", place.unwrap_or_default()));
        }));
    });
}

/// What the last panic of this thread said.
pub(crate) fn last_words() -> String {
    WORDS.take()
}
