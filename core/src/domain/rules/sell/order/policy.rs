//! What the office has said once for all orders: the money they are in, how they are taxed.
//! It does not know orders.

use crate::domain::refusal::Refusal;
use crate::domain::rules::names::ORDER_POLICY;
use crate::objects::{Reader, Record, Value};

/// The tenant's policy, which says in which money and with which tax orders are made.
pub(super) fn policy(reader: &dyn Reader) -> Result<Record, Refusal> {
    let policy = reader
        .find(ORDER_POLICY, &[("is_default", Value::Bool(true))])?
        .into_iter()
        .next();
    policy.ok_or_else(|| {
        let message =
            "the office has not said in which currency and with which tax orders are made; \
             ask for an order policy";
        Refusal::rule("no_order_policy", message)
    })
}
