//! How long to wait before the next try: longer each time, with jitter, never beyond a cap.
//! It knows no clock; the random number is handed in.

/// The first wait, in milliseconds.
pub const WAIT_MS_BASE: u64 = 500;
/// The longest wait, in milliseconds.
pub const WAIT_MS_MAX: u64 = 5 * 60 * 1000;

const _: () = assert!(WAIT_MS_BASE < WAIT_MS_MAX);

/// Milliseconds to wait after the try number `tried` (from 1) failed: between half and all of a
/// span that doubles with every try. What the server asked for (`asked_ms`, from `Retry-After`) is
/// waited at least.
#[must_use]
pub fn wait_ms(tried: u32, random: u64, asked_ms: Option<u64>) -> u64 {
    let doubled = WAIT_MS_BASE.saturating_mul(1 << tried.saturating_sub(1).min(20));
    let span = doubled.min(WAIT_MS_MAX);
    let jittered = span / 2 + random % (span / 2 + 1);
    jittered.max(asked_ms.unwrap_or(0).min(WAIT_MS_MAX))
}
