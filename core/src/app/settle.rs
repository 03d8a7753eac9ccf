//! Takes in the server's verdicts: accepted work joins the history, refused work is kept with its
//! reason, and what was done after it is done again above the accepted history. It does not know
//! why the server refused.

use super::rewrite::{QuarantineReason, QuarantineReasons, TouchedRecords, rewrite};
use super::sealed;
use super::sign::sign_anew;
use super::sweep::sweep_later;
use super::together::from_entry;
use super::working::promote;
use super::{Device, FieldError};
use crate::base::context::Context;
use crate::base::planted::{self, Planted};
use crate::store::outbox::EntryKind;
use crate::store::{self, members, outbox, own_work};
use crate::sync::frames::{Ruling, Verdict};

impl Device {
    /// Takes in verdicts in one transaction; after this returns each entry that was judged is
    /// settled for good.
    pub(super) fn apply_verdicts(&mut self, verdicts: Vec<Verdict>) -> Result<(), FieldError> {
        store::open::durable(&self.db, true)?;
        let tx = store::open::begin(&self.db)?;
        let mut renewed: Option<Context> = None;
        let mut changed = TouchedRecords::new();
        let reasons = reasons(&verdicts);
        for Verdict { hash, ruling, seal } in verdicts {
            match ruling {
                Ruling::Accepted { .. } | Ruling::Duplicate { .. } => {
                    if let Some(entry) = own_work::accept(&tx, hash)? {
                        promote(&tx, &entry)?;
                        // Its person may follow none of the buckets that it came into.
                        if members::of(&tx, entry.record)?.is_empty() {
                            sweep_later(&tx)?;
                        }
                        if let Some(seal) = &seal {
                            sealed::keep_accepted(&tx, entry.record, hash, seal)?;
                        }
                    }
                    continue;
                }
                // What the server lacks, or has no time for, stays queued.
                Ruling::Needs { .. } | Ruling::RetryLater => continue,
                Ruling::Quarantined { .. } | Ruling::Rewrite => {}
            }
            let Some(entry) = outbox::find(&tx, hash)? else {
                continue;
            };
            let context = match &renewed {
                Some(context) => context,
                None => renewed.insert(self.context_with_new_actor()?),
            };
            changed.extend(if reasons.contains_key(&hash) {
                rewrite(&tx, &self.registry, context, &entry, &reasons)?
            } else if entry.kind == EntryKind::Fact {
                continue;
            } else {
                sign_anew(&tx, &self.registry, context, from_entry(&entry))?
            });
        }
        store::open::commit(tx)?;
        self.identity = self.stored_identity()?;
        self.tell(changed.into_iter().collect());
        Ok(())
    }

    /// The context of this moment under an actor that never wrote.
    pub(super) fn context_with_new_actor(&self) -> Result<Context, FieldError> {
        let mut context = self.context()?;
        if !planted::is(Planted::ReusedActor) {
            context.actor = self.new_actor();
        }
        Ok(context)
    }
}

/// Why entries were refused.
fn reasons(verdicts: &[Verdict]) -> QuarantineReasons {
    let mut reasons = QuarantineReasons::new();
    for verdict in verdicts {
        if let Ruling::Quarantined {
            code,
            message,
            fields,
            numbers,
        } = &verdict.ruling
        {
            let reason = QuarantineReason {
                code: code.clone(),
                message: message.clone(),
                fields: fields.clone(),
                numbers: numbers.clone().unwrap_or_else(|| "{}".to_owned()),
            };
            reasons.insert(verdict.hash, reason);
        }
    }
    reasons
}
