//! Makes what a camera wrote fit to be kept and sent: bounded before it is read, smaller, and
//! without what a camera writes beside the picture. It does not know where files are kept, nor
//! which records name them.

mod prepare;

pub use prepare::{MediaError, prepare};
