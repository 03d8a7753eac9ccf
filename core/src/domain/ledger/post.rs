//! Posting a record: each of its postings becomes movements. Bounds are asked of the net effect of
//! all of them. It does not know tables.

use std::collections::BTreeSet;

use super::movement::Posted;
use super::open_pots::OpenPots;
use super::run::{Leg, PostingRun};
use super::short::Draws;
use super::view::Ledger;
use crate::domain::refusal::Refusal;
use crate::objects::verdict_of::are;
use crate::objects::{Descriptor, Phase, Posting, Record};

/// What posting a record comes to, upon what stands. The same record posts nothing a second time:
/// whoever keeps movements sees to it.
pub fn post(
    ledger: &Ledger<'_>,
    descriptor: &Descriptor,
    source: &Record,
) -> Result<Posted, Refusal> {
    let mut run = PostingRun {
        ledger: *ledger,
        source,
        pots: OpenPots::default(),
        holds: Vec::new(),
        touched: BTreeSet::new(),
        loaded: BTreeSet::new(),
        draws: Draws::default(),
        movements: Vec::new(),
    };
    for (name, posting) in &descriptor.posts {
        if are(source, &posting.when) {
            run.posting(name, posting)?;
        }
    }
    run.finish()
}

impl PostingRun<'_> {
    fn posting(&mut self, name: &str, posting: &Posting) -> Result<(), Refusal> {
        let source = self.source;
        let lines: Vec<Option<&str>> = match &posting.each {
            Some(lines) => source.lines(lines).into_keys().map(Some).collect(),
            None => vec![None],
        };
        let legs = lines.into_iter().map(|line| Leg {
            name,
            posting,
            line,
        });
        match posting.phase {
            Phase::Hold => self.hold_all(name, posting, legs.collect()),
            Phase::Post => {
                for leg in legs {
                    self.transfer(leg)?;
                }
                Ok(())
            }
            Phase::Capture => {
                for leg in legs {
                    self.capture(leg)?;
                }
                Ok(())
            }
            Phase::Release => self.release(posting),
            Phase::Resume => self.resume(posting),
        }
    }
}
