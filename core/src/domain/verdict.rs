//! What the server says of documents: a judge examines what asks, and the engine writes the verdict
//! and what it posts; which verdict stands, and what was refused of a person's. It names no object:
//! descriptors say which rows are verdicts of which documents.

use serde_json::Value as Json;

use super::decision::{AskedVerdict, PendingChange};
use super::ledger::{Ledger, Posted, post};
use super::named::Findings;
use super::refusal::{Refusal, RefusalKind};
use super::rights::Decider;
use super::situation::Situation;
use super::{require, table, values};
use crate::base::context::Place;
use crate::base::id::{RecordId, UserId};
use crate::base::planted::{self, Planted};
use crate::objects::descriptor::Descriptor;
use crate::objects::verdict_of::{OWNER, VERDICT, VerdictOf};
use crate::objects::{Hold, ReadError, Reader, Record, Registry, Value, Values};

/// A document, and what the server said of it as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedDocument {
    /// The document.
    pub document: Record,
    /// The verdict.
    pub verdict: Record,
}

/// What the server says of a document, to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict, whole.
    pub verdict: Record,
    /// Values of the document's fields that the server alone writes.
    pub beside: Values,
    /// What it posts.
    pub posted: Posted,
}

/// A kind of verdict: its object, and what makes it one.
#[derive(Clone, Copy)]
pub struct VerdictKind<'a> {
    /// The object of the rows.
    pub descriptor: &'a Descriptor,
    /// Of what it is a verdict, and how.
    pub of: &'a VerdictOf,
}

/// The kinds of verdicts that documents of an object may get.
#[must_use]
pub fn kinds<'a>(registry: &'a Registry, object: &'a str) -> Vec<VerdictKind<'a>> {
    let kinds = registry.verdicts_of(object);
    kinds
        .map(|(descriptor, of)| VerdictKind { descriptor, of })
        .collect()
}

/// What the server says of a document that asks and has no answer; nothing if it does not, or has,
/// or waits as before.
pub fn answer(
    decider: &Decider<'_>,
    kind: VerdictKind<'_>,
    document: &Record,
) -> Result<Option<Judgement>, Refusal> {
    let (reader, of) = (decider.reader, kind.of);
    if !of.is_judged() || !of.is_asked(document) {
        return Ok(None);
    }
    let said = said_of(reader, kind, document)?;
    if has_answer(kind, &said, document) {
        return Ok(None);
    }
    let examined = examine(decider, kind, document, &Values::new(), false);
    let granted = examined.and_then(|findings| {
        let verdict = written(decider, kind, document, &findings.found);
        let posted = posted(decider, kind, document, &verdict)?;
        let skips = planted::is(Planted::WaitSkipped);
        if let (Some(why), Some(word), false) = (&findings.waits, &of.words.waiting, skips) {
            return Ok(unsettled(decider, kind, document, word, why));
        }
        Ok(Judgement {
            verdict,
            beside: findings.beside,
            posted,
        })
    });
    let judgement = match granted {
        Ok(judgement) => judgement,
        Err(refusal) if refusal.kind == RefusalKind::Broken => return Err(refusal),
        Err(refusal) => unsettled(decider, kind, document, &of.words.refused, &refusal),
    };
    Ok(Some(judgement).filter(|now| !said_before(&said, of, &now.verdict)))
}

/// Whether the same was said that waits still.
fn said_before(said: &[Record], of: &VerdictOf, now: &Record) -> bool {
    let told = ["code", "numbers_json"];
    let is_same = |before: &&Record| told.iter().all(|of| before.value(of) == now.value(of));
    let before = said.iter().find(|before| before.id == now.id);
    of.is_waiting(now) && before.filter(is_same).is_some()
}

/// Whether there is a yes or a no to a document as it is.
pub fn is_answered(
    reader: &dyn Reader,
    kind: VerdictKind<'_>,
    document: &Record,
) -> Result<bool, ReadError> {
    Ok(has_answer(
        kind,
        &said_of(reader, kind, document)?,
        document,
    ))
}

/// Whether one of these says yes or no to a document as it is.
fn has_answer(kind: VerdictKind<'_>, said: &[Record], document: &Record) -> bool {
    let is_final = |verdict: &Record| !kind.of.is_waiting(verdict);
    let mut said = said.iter();
    said.any(|verdict| is_final(verdict) && kind.of.is_about(verdict, document))
}

/// Asks the judges of what a write asks for, before it is written: what they are against as far as
/// is known here is refused at once, and what they find is written with it.
pub(super) fn foresee(
    decider: &Decider<'_>,
    descriptor: &Descriptor,
    before: &Record,
    written: &mut Values,
) -> Result<Vec<AskedVerdict>, Refusal> {
    let mut asks = Vec::new();
    for kind in kinds(decider.registry, &descriptor.object) {
        let of = kind.of;
        let mut after = values::after(before, written);
        let stays = of.is_asked(before) && of.is_about(before, &after);
        if !of.is_judged() || !of.is_asked(&after) || stays {
            continue;
        }
        for field in &of.foreseen {
            after.values.remove(field);
        }
        let findings = examine(decider, kind, &after, written, true)?;
        for field in &of.foreseen {
            let value = findings.found.get(field).cloned().unwrap_or_default();
            if *before.value(field) != value {
                written.insert(field.clone(), value.clone());
            }
            after.values.insert(field.clone(), value);
        }
        asks.push(asked(decider, kind, &after, &findings)?);
    }
    Ok(asks)
}

/// What a document that asks would move, as far as is known here; a refusal if it would be refused.
pub fn review(
    decider: &Decider<'_>,
    kind: VerdictKind<'_>,
    document: &Record,
) -> Result<AskedVerdict, Refusal> {
    let findings = examine(decider, kind, document, &Values::new(), false)?;
    asked(decider, kind, document, &findings)
}

fn asked(
    decider: &Decider<'_>,
    kind: VerdictKind<'_>,
    document: &Record,
    findings: &Findings,
) -> Result<AskedVerdict, Refusal> {
    let verdict = written(decider, kind, document, &findings.found);
    let posted = posted(decider, kind, document, &verdict)?;
    let mut pending = Vec::new();
    for change in posted.pots {
        let delta = super::amounts::difference(change.value, change.before)?;
        if !delta.is_zero() {
            pending.push(PendingChange {
                pot: change.pot,
                delta,
            });
        }
    }
    Ok(AskedVerdict {
        verdict: kind.descriptor.object.clone(),
        object: document.object.clone(),
        record: document.id,
        pending,
    })
}

fn examine(
    decider: &Decider<'_>,
    kind: VerdictKind<'_>,
    document: &Record,
    input: &Values,
    foresees: bool,
) -> Result<Findings, Refusal> {
    let Some(descriptor) = decider.registry.get(&document.object) else {
        return Ok(Findings::default());
    };
    let situation = Situation {
        foresees,
        ..decider.situation(descriptor, document, false, input)
    };
    require::ask_of(&kind.of.require, &situation)?;
    let mut findings = match &kind.of.judge {
        Some(judge) => table::judge(judge)?(&situation)?,
        None => Findings::default(),
    };
    if findings.waits.is_none() {
        findings.waits = require::waits_for(&kind.of.require, &situation)?;
    }
    findings.beside.extend(kind.of.sets.clone());
    Ok(findings)
}

/// What a verdict posts; the refusal of what breaks a bound.
fn posted(
    decider: &Decider<'_>,
    kind: VerdictKind<'_>,
    document: &Record,
    verdict: &Record,
) -> Result<Posted, Refusal> {
    if kind.descriptor.posts.is_empty() {
        return Ok(Posted::default());
    }
    let granted = match decider.context.place {
        Place::Device => granted_before(decider, kind, document)?,
        Place::Server => Vec::new(),
    };
    let ledger = ledger(decider, document, &granted);
    let mut posted = post(&ledger, kind.descriptor, verdict)?;
    if posted.short.is_empty() {
        return Ok(posted);
    }
    Err(posted.short.remove(0))
}

/// The ledger as a document's verdict posts to it.
fn ledger<'a>(decider: &Decider<'a>, document: &Record, granted: &'a [Hold]) -> Ledger<'a> {
    Ledger {
        registry: decider.registry,
        reader: decider.reader,
        asker: document.id,
        granted,
    }
}

/// What is held by what was granted before, as a device knows it: by the verdict alone.
fn granted_before(
    decider: &Decider<'_>,
    kind: VerdictKind<'_>,
    document: &Record,
) -> Result<Vec<Hold>, Refusal> {
    let mut said = said_of(decider.reader, kind, document)?;
    said.retain(|verdict| kind.of.is_granted(verdict));
    let Some(last) = said.into_iter().max_by_key(judged_at) else {
        return Ok(Vec::new());
    };
    let ledger = ledger(decider, document, &[]);
    Ok(post(&ledger, kind.descriptor, &last)?.holds)
}

/// A verdict that says yes: what it freezes of the document, and what was found.
fn written(
    decider: &Decider<'_>,
    kind: VerdictKind<'_>,
    document: &Record,
    found: &Values,
) -> Record {
    let mut verdict = blank(decider, kind, document, &kind.of.words.granted);
    for (path, value) in found {
        if !value.is_null() && values::field(kind.descriptor, path).is_some() {
            verdict.values.insert(path.clone(), value.clone());
        }
    }
    verdict
}

/// What is not granted, or not yet, and why: it moves nothing.
fn unsettled(
    decider: &Decider<'_>,
    kind: VerdictKind<'_>,
    document: &Record,
    word: &str,
    refusal: &Refusal,
) -> Judgement {
    let mut verdict = blank(decider, kind, document, word);
    let numbers = Json::Object(refusal.numbers.clone()).to_string();
    for (field, text) in [
        ("code", &refusal.code),
        ("message", &refusal.message),
        ("numbers_json", &numbers),
    ] {
        verdict
            .values
            .insert(field.to_owned(), text.as_str().into());
    }
    Judgement {
        verdict,
        beside: Values::new(),
        posted: Posted::default(),
    }
}

fn blank(decider: &Decider<'_>, kind: VerdictKind<'_>, document: &Record, word: &str) -> Record {
    let (object, of) = (&kind.descriptor.object, kind.of);
    let mut same = Values::new();
    for field in &of.same {
        same.insert(field.clone(), document.value(field).clone());
    }
    let said = Record::canonical(&same);
    let mut values = same;
    for field in &of.freeze {
        values.insert(field.clone(), document.value(field).clone());
    }
    values.insert(of.by.clone(), document.id.to_string().into());
    values.insert(VERDICT.to_owned(), word.into());
    let now = Value::Int(decider.context.now.0);
    values.insert("judged_at".to_owned(), now);
    values.retain(|_, value| !value.is_null());
    Record {
        object: object.clone(),
        id: RecordId::derived(&[object.as_bytes(), document.id.as_bytes(), &said]),
        values,
        stamp: None,
    }
}

fn said_of(
    reader: &dyn Reader,
    kind: VerdictKind<'_>,
    document: &Record,
) -> Result<Vec<Record>, ReadError> {
    let wanted = [(kind.of.by.as_str(), Value::from(document.id.to_string()))];
    reader.find(&kind.descriptor.object, &wanted)
}

fn judged_at(verdict: &Record) -> i64 {
    verdict.value("judged_at").int().unwrap_or_default()
}

/// The verdict on a document as it is now, if it has one: what was refused before what waits, and
/// that before what was granted.
pub fn standing(
    registry: &Registry,
    reader: &dyn Reader,
    document: &Record,
) -> Result<Option<Record>, ReadError> {
    let mut standing: Option<Record> = None;
    let mut heaviest = None;
    for kind in kinds(registry, &document.object) {
        if !kind.of.is_asked(document) {
            continue;
        }
        for verdict in said_of(reader, kind, document)? {
            let weight = (weight(kind.of, &verdict), judged_at(&verdict));
            if kind.of.is_about(&verdict, document) && heaviest <= Some(weight) {
                heaviest = Some(weight);
                standing = Some(verdict);
            }
        }
    }
    Ok(standing)
}

/// How much a verdict has to say beside others: a yes the least.
fn weight(of: &VerdictOf, verdict: &Record) -> u8 {
    match (of.is_granted(verdict), of.is_waiting(verdict)) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
    }
}

/// The documents of a person that the server refused as they are now.
pub fn refused(
    registry: &Registry,
    reader: &dyn Reader,
    person: UserId,
) -> Result<Vec<JudgedDocument>, ReadError> {
    let mut refused = Vec::new();
    for descriptor in registry.all() {
        let Some(of) = descriptor.verdict_of.as_ref() else {
            continue;
        };
        // One that was published before that was checked tells nobody, and stops no phone.
        if !descriptor.fields.contains_key(OWNER) {
            continue;
        }
        let mine = Value::from(person.to_string());
        let word = of.words.refused.as_str();
        let wanted = [(VERDICT, word.into()), (OWNER, mine)];
        for verdict in reader.find(&descriptor.object, &wanted)? {
            let document = match verdict.reference(&of.by) {
                Some(id) => reader.record(&of.object, id)?,
                None => None,
            };
            if let Some(document) = document
                && of.is_asked(&document)
                && of.is_about(&verdict, &document)
            {
                refused.push(JudgedDocument { document, verdict });
            }
        }
    }
    Ok(refused)
}
