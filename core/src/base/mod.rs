//! Words every room may use: ids, hashes, time, place, exact numbers, money, units, GS1 codes,
//! limits and the context of a decision. It knows no business object, no storage and no wire.

pub mod codes;
pub mod context;
pub mod currency;
pub mod day;
pub mod decimal;
pub mod fraction;
pub mod gs1;
pub mod gtin;
pub mod id;
pub mod limits;
pub mod money;
pub mod place;
pub mod planted;
pub mod quantity;
pub mod spread;
pub mod time;
pub mod unit;
pub mod version;
