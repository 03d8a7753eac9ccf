//! Walls that see: the sources of the workspace are parsed, and checked against tables of data for
//! rooms, owners of outside crates, circles, sizes, names, and objects that are named where they
//! should not be. `scan` alone knows `syn`; the checks work on what it found. Nothing here knows
//! what the code does.

pub mod circles;
pub mod codes;
pub mod finding;
pub mod manifests;
pub mod measure;
pub mod names;
pub mod objects;
pub mod owners;
pub mod place;
pub mod scan;
pub mod shapes;
pub mod sizes;
pub mod still_named;
pub mod walls;
pub mod workspace;
