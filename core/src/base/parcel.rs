//! Bytes that only the holder of a secret reads: a sealed box of X25519 and XSalsa20-Poly1305, as
//! libsodium's `crypto_box_seal` makes it. It does not know what the bytes are, nor whose secret it
//! is.

use crypto_box::aead::rand_core::{CryptoRng, Error, RngCore};
use crypto_box::{PublicKey, SecretKey};

use super::context::Surroundings;

/// Bytes of a secret, and of what others lock with.
pub const PARCEL_KEY_BYTES: usize = 32;

/// Chance that the surroundings hand in.
struct Drawn<'a>(&'a dyn Surroundings);

impl RngCore for Drawn<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_be_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_be_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(32) {
            let drawn = self.0.entropy();
            part.copy_from_slice(&drawn[..part.len()]);
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Drawn<'_> {}

/// What others lock with, for the holder of this secret to open.
#[must_use]
pub fn lock_of(secret: [u8; PARCEL_KEY_BYTES]) -> [u8; PARCEL_KEY_BYTES] {
    *SecretKey::from(secret).public_key().as_bytes()
}

/// Locks bytes so that the holder of the secret alone opens them; none if there are too many.
pub fn lock(
    bytes: &[u8],
    lock: [u8; PARCEL_KEY_BYTES],
    surroundings: &dyn Surroundings,
) -> Option<Vec<u8>> {
    let mut chance = Drawn(surroundings);
    PublicKey::from(lock).seal(&mut chance, bytes).ok()
}

/// What was locked for the holder of this secret; none if it was not, or is spoilt.
#[must_use]
pub fn unlock(locked: &[u8], secret: [u8; PARCEL_KEY_BYTES]) -> Option<Vec<u8>> {
    SecretKey::from(secret).unseal(locked).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::Timestamp;

    struct DrawnInOrder(std::sync::atomic::AtomicU8);

    impl Surroundings for DrawnInOrder {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }

        fn entropy(&self) -> [u8; 32] {
            [self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed); 32]
        }

        fn wait(&self, _: u64) {}
    }

    #[test]
    fn the_holder_of_the_secret_alone_opens_what_was_locked() {
        let secret = [9; PARCEL_KEY_BYTES];
        let drawn = DrawnInOrder(1.into());
        let locked = lock(b"two visits", lock_of(secret), &drawn).unwrap();
        assert_eq!(unlock(&locked, secret).unwrap(), b"two visits");
        assert_eq!(unlock(&locked, [8; PARCEL_KEY_BYTES]), None);
        assert!(!locked.windows(3).any(|part| part == b"two"));
        for at in 0..locked.len() {
            let mut spoilt = locked.clone();
            spoilt[at] ^= 1;
            assert_eq!(unlock(&spoilt, secret), None, "byte {at}");
        }
        assert_eq!(unlock(&locked[..locked.len() - 1], secret), None);
        assert_eq!(unlock(b"", secret), None);
        assert_ne!(
            locked,
            lock(b"two visits", lock_of(secret), &drawn).unwrap()
        );
    }
}
