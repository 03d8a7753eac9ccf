//! Sales orders: drafting, what they come to, the limits they keep to, what the server says of
//! them. They do not know how a price is made: `pricing` does.

mod amounts;
mod bounds;
mod content;
mod draft;
mod judge;
mod limits;
mod policy;
mod show;
mod submit;
mod totals;
mod undecided;

pub use content::content_hash;
pub use draft::{
    account_not_blocked, add_order_line, new_order, remove_order_line, set_order_line,
};
pub use judge::judge_order;
pub use limits::is_rejected;
pub use show::{asked, show};
pub use submit::{cancel_order, not_confirmed, order_lines_sellable, stands, submit_order};
pub use totals::{LineTotal, Totals, totals};
pub use undecided::{confirmed_stays, order_is_decided};
