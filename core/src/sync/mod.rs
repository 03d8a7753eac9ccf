//! How replicas talk: frames, their bytes, and a session that says what to send next and what to do
//! with answers. It knows no business object, no Automerge and no SQL; only `http` knows a socket.

pub mod backoff;
pub mod call;
pub mod carrier;
mod file_frames;
pub mod frames;
pub mod http;
pub mod live;
pub mod parcel;
pub mod session;
pub mod wire;

pub use carrier::{Call, Carrier, CarryError, Reply};
