//! How an enrolment code is written: twelve letters that nobody mistakes for each other, in any
//! case, such as `7KM4-XQ9T-2HBN`. The first two say whose tenant's it is, or nearly: where they
//! fit several, each is asked. The other ten are the secret. It does not know who may use it.

use outfield_core::base::id::{ChangeHash, TenantId};

/// Digits and letters without I, L, O and U: five bits each.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters that name the tenant.
const TENANT_LETTERS: usize = 2;
/// Letters of a whole code, so that 50 bits of it are secret.
const LETTERS: usize = 12;
/// Letters that stand together.
const GROUP: usize = 4;

/// A code of this tenant, drawn from entropy.
pub(crate) fn drawn(tenant: TenantId, entropy: &[u8; 32]) -> String {
    let mut letters = tenant_letters(tenant);
    let secret = entropy.iter().take(LETTERS - TENANT_LETTERS);
    letters.extend(secret.map(|byte| letter(*byte)));
    grouped(&letters)
}

/// The one form of a code, however it was typed; none if it is none of these.
pub(crate) fn normal(typed: &str) -> Option<String> {
    let mut letters = String::new();
    for typed in typed.chars().filter(|c| *c != '-' && !c.is_whitespace()) {
        let meant = match typed.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        if !meant.is_ascii() || !ALPHABET.contains(&(meant as u8)) {
            return None;
        }
        letters.push(meant);
    }
    (letters.len() == LETTERS).then(|| grouped(&letters))
}

/// Whether a code in its one form may be one of this tenant.
pub(crate) fn may_be_of(code: &str, tenant: TenantId) -> bool {
    code.starts_with(&tenant_letters(tenant))
}

fn tenant_letters(tenant: TenantId) -> String {
    let hash = ChangeHash::of(tenant.as_bytes()).0;
    hash[..TENANT_LETTERS]
        .iter()
        .map(|byte| letter(*byte))
        .collect()
}

/// The letter of the low five bits.
fn letter(byte: u8) -> char {
    char::from(ALPHABET[usize::from(byte) % ALPHABET.len()])
}

fn grouped(letters: &str) -> String {
    let mut code = String::new();
    for (index, letter) in letters.chars().enumerate() {
        if index > 0 && index % GROUP == 0 {
            code.push('-');
        }
        code.push(letter);
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        let tenant = TenantId([7; 16]);
        let mut entropy = [0; 32];
        for (byte, index) in entropy.iter_mut().zip(0_u8..) {
            *byte = index.wrapping_mul(37);
        }
        let code = drawn(tenant, &entropy);
        assert_eq!((code.len(), code.matches('-').count()), (14, 2));
        assert!(may_be_of(&code, tenant));
        let sloppy = format!(" {} ", code.to_lowercase().replace('-', " "));
        for typed in [
            code.clone(),
            sloppy.replace('0', "o").replace('1', "l"),
            code.replace('-', "").replace('1', "I"),
        ] {
            assert_eq!(normal(&typed), Some(code.clone()), "{typed}");
        }
        for other in ["", "7KM4-XQ9T-2HB", "7KM4-XQ9T-2HBNN", "7KM4-XQ9T-2HBÜ"] {
            assert_eq!(normal(other), None, "{other}");
        }
    }

    #[test]
    fn every_letter_is_as_likely_as_any_other() {
        let mut counts = [0_u32; 32];
        for byte in 0..=u8::MAX {
            let letter = letter(byte);
            let at = ALPHABET
                .iter()
                .position(|known| char::from(*known) == letter);
            counts[at.expect("a letter of the alphabet")] += 1;
        }
        assert_eq!(counts, [8; 32]);
    }
}
