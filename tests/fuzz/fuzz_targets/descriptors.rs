//! Feeds `fuzz::descriptors`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| outfield_fuzz::fuzz::descriptors(bytes));
