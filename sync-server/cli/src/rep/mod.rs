//! What a rep does on a device's own database: each command is handed to the core as it is, offline
//! but for three. It does not know rules, merge or sync.

mod arguments;
mod database;
mod execute;
mod key;
mod listing;
mod order;
mod order_view;
mod photo;
mod record;
mod run;
mod visit;

pub(crate) use arguments::RepArguments;
pub(crate) use run::run;
