//! Listens which buckets a phone fetches anew: those that it asks for from their beginning in a
//! meeting in which it had asked for what follows. It does not know why.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use outfield_core::sync::frames::Frame;
use outfield_core::sync::wire;

use crate::line::PhoneLine;

/// From now on keeps the names of the buckets that come anew over a line.
#[must_use]
pub fn fetched_anew(line: &PhoneLine) -> Rc<RefCell<Vec<String>>> {
    let anew = Rc::new(RefCell::new(Vec::new()));
    let (heard, mut continued) = (Rc::clone(&anew), BTreeSet::new());
    line.heard_by(move |call, _| {
        if call.path.ends_with("/hello") {
            continued.clear();
        }
        if !call.path.ends_with("/pull") {
            return;
        }
        for frame in wire::decode(&call.body, usize::MAX).unwrap() {
            let Frame::Want(want) = frame else { continue };
            if want.cursor > 0 {
                continued.insert(want.bucket);
            } else if continued.contains(&want.bucket) {
                heard.borrow_mut().push(want.bucket);
            }
        }
    });
    anew
}
