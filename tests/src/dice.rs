//! Dice that a seed repeats: numbers, random bytes, spoilt bytes. They do not know what is spoilt.

/// A seeded source of numbers.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The dice of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Dice(seed)
    }

    /// A number from 0 up to and without `below`; 0 if that is 0.
    pub fn roll(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }

    /// So many bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.roll(256) as u8).collect()
    }

    /// A text of so many letters.
    pub fn text(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'0' + self.roll(70) as u8))
            .collect()
    }

    /// These bytes with one to three of them changed, put in, taken out or cut off.
    pub fn spoil(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut spoilt = bytes.to_vec();
        for _ in 0..=self.roll(3) {
            let at = self.roll(spoilt.len());
            let special = [0, 1, 0x7f, 0x80, 0xff, self.roll(256) as u8][self.roll(6)];
            match self.roll(8) {
                0..=3 if !spoilt.is_empty() => spoilt[at] = special,
                4 if !spoilt.is_empty() => spoilt[at] ^= 1 << self.roll(8),
                5 => spoilt.insert(at, special),
                6 if !spoilt.is_empty() => drop(spoilt.remove(at)),
                _ if self.roll(4) == 0 => spoilt.truncate(at),
                _ => {}
            }
        }
        spoilt
    }
}
