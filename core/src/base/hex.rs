//! Bytes as hexadecimal letters, two for each. It does not know what the bytes are.

/// The letters of bytes, in lower case.
#[must_use]
pub fn letters(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of letters in either case; none if one is no hexadecimal letter, or the last is alone.
#[must_use]
pub fn bytes(letters: &str) -> Option<Vec<u8>> {
    if !letters.len().is_multiple_of(2) {
        return None;
    }
    let mut bytes = Vec::with_capacity(letters.len() / 2);
    for pair in letters.as_bytes().chunks(2) {
        let is_hex = pair.iter().all(u8::is_ascii_hexdigit);
        let pair = std::str::from_utf8(pair).ok().filter(|_| is_hex)?;
        bytes.push(u8::from_str_radix(pair, 16).ok()?);
    }
    Some(bytes)
}
