//! Words every room may use: ids, hashes, time, place, exact numbers, money, units, GS1 codes, text
//! and its folding, phone numbers and addresses, limits and the context of a decision. It knows no
//! business object, no storage and no wire.

pub mod blob;
pub mod codes;
pub mod context;
pub mod country;
pub mod currency;
pub mod day;
pub mod decimal;
pub mod email;
pub mod fold;
pub mod fraction;
pub mod gs1;
pub mod gtin;
pub mod hex;
pub mod id;
pub mod limits;
pub mod money;
pub mod parcel;
pub mod phone;
pub mod place;
pub mod planted;
pub mod quantity;
pub mod spread;
pub mod store_code;
pub mod text;
pub mod time;
pub mod unit;
pub mod version;
