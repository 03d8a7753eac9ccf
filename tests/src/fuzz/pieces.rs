//! Bytes cut into pieces with a kind each. It does not know what the pieces mean.

/// Bytes cut into pieces, each with a kind and two bytes of length in front; the last may be
/// shorter than it says.
pub(super) fn pieces(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let [kind, high, low, rest @ ..] = bytes else {
            return None;
        };
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (piece, rest) = rest.split_at(length);
        bytes = rest;
        Some((*kind, piece))
    })
}
