//! Sales orders: drafting, what they come to, the limits they keep to, what the server says of
//! them. They do not know how a price is made: `pricing` does.

mod amend;
mod approval;
mod bounds;
mod content;
mod draft;
mod judge;
mod kept;
mod limits;
mod policy;
mod show;
mod stage;
mod standing;
mod submit;
mod totals;
mod undecided;

pub use amend::amend_order;
pub use approval::{decide_order, someone_else_approves, waiting_orders, waits_for_approval};
pub use content::content_hash;
pub use draft::{
    account_not_blocked, add_order_line, new_order, remove_order_line, set_order_line,
};
pub use judge::examine_order;
pub use show::{asked, show};
pub use stage::{is_rejected, not_confirmed};
pub use standing::{examine_wish, no_other_wish, wish_order};
pub use submit::{cancel_order, order_lines_sellable, stands, submit_order};
pub use totals::{LineTotal, Totals, totals};
pub use undecided::{confirmed_stays, order_is_decided};
