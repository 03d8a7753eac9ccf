//! What is wrong with what the server does with changes: guards that it asks, verdicts, and what no
//! two rows have alike. It does not know what judges say.

use super::{Check, Kind};
use crate::objects::descriptor::{Field, FieldKind};
use crate::objects::verdict_of::{OWNER, VERDICT, VerdictOf};

impl<'a> Check<'a> {
    /// What the server does with changes from devices.
    pub(super) fn judgement(&mut self) {
        for guard in &self.descriptor.admit {
            if !self.names.guards.contains(&guard.as_str()) {
                self.say("admit", format!("there is no guard `{guard}`"));
            }
        }
        if let Some(of) = &self.descriptor.verdict_of {
            self.verdict_of(of);
        }
        for (name, field) in &self.descriptor.fields {
            self.credits(name, field);
        }
        for (index, fields) in self.descriptor.unique.iter().enumerate() {
            self.unique(&format!("unique[{index}]"), fields);
        }
    }

    /// What the server holds a day to stands in a day of its own.
    fn credits(&mut self, name: &str, field: &Field) {
        let Some(of) = &field.credits else { return };
        let is_said = |said: &Field| said.kind == FieldKind::Day && said.by.is_none();
        let is_right = field.kind == FieldKind::Day
            && field.by.is_some()
            && self.descriptor.fields.get(of).is_some_and(is_said);
        if !is_right {
            let message = "a day that is `by` the server credits a day that people write";
            self.say(format!("fields.{name}.credits"), message);
        }
    }

    /// A row of verdicts names the document, and both have what says that it is about it still.
    fn verdict_of(&mut self, of: &'a VerdictOf) {
        let descriptor = self.descriptor;
        let by = descriptor.fields.get(&of.by);
        let by = by.and_then(|field| field.of.as_ref());
        if by != Some(&of.object) || descriptor.kind != Kind::Row {
            let message = format!("`{}` of a row must refer to `{}`", of.by, of.object);
            self.say("verdict_of.by", message);
        }
        if let Some(judge) = &of.judge
            && !self.names.judges.contains(&judge.as_str())
        {
            self.say("verdict_of.judge", format!("there is no judge `{judge}`"));
        }
        if of.is_judged() && !descriptor.made_by_verbs {
            let message = "what the server says is `made_by_verbs`: nobody else writes it";
            self.say("made_by_verbs", message);
        }
        self.verdict_fields(of);
        let Some(about) = self.registry.get(&of.object) else {
            let message = format!("there is no object `{}`", of.object);
            self.say("verdict_of.object", message);
            return;
        };
        self.requirements("verdict_of.require", &of.require, about);
        self.waits(of);
        for (name, value) in &of.sets {
            let field = about.fields.get(name).filter(|_| about.is_beside(name));
            match field.map(|field| field.check(value)) {
                Some(Ok(())) => {}
                Some(Err(why)) => self.say("verdict_of.sets", why),
                None => {
                    let message = format!("`{name}` is no field that the server alone writes");
                    self.say("verdict_of.sets", message);
                }
            }
        }
        if about.kind != Kind::Document {
            self.say("verdict_of.object", "only documents ask for a verdict");
        }
        if of.same.is_empty() || of.asks.is_empty() {
            let message = "say by which fields it is asked, and which say that it is the same";
            self.say("verdict_of.same", message);
        }
        for name in of.same.iter().chain(&of.freeze) {
            let both = about.fields.get(name).zip(descriptor.fields.get(name));
            if !both.is_some_and(|(theirs, own)| theirs.kind == own.kind) {
                let message = format!("there is no field `{name}` of both");
                self.say("verdict_of.same", message);
            }
        }
        let of_document = of.asks.keys().chain(&of.foreseen);
        for name in of_document.filter(|name| !about.fields.contains_key(*name)) {
            let message = format!("`{}` has no field `{name}`", of.object);
            self.say("verdict_of.while", message);
        }
        for (name, words) in &of.asks {
            let field = about.fields.get(name);
            let known = field.map_or(&[][..], |field| field.choices.as_slice());
            if words.is_empty() || !words.iter().all(|word| known.contains(word)) {
                let message = format!("`{name}` asks with some of its choices");
                self.say("verdict_of.while", message);
            }
        }
    }

    /// What waits says so, and what ends that names the document.
    fn waits(&mut self, of: &VerdictOf) {
        let waits = of.require.iter().any(|of| of.waits) || !of.also_when.is_empty();
        if waits && of.words.waiting.is_none() {
            self.say(
                "verdict_of.words",
                "a verdict that waits has a word for that",
            );
        }
        for when in &of.also_when {
            let other = self.registry.get(&when.object);
            let field = other.and_then(|other| other.fields.get(&when.field));
            let names_it = field.is_some_and(|field| field.of.as_ref() == Some(&of.object));
            if !names_it || when.object == self.descriptor.object {
                let (other, field) = (&when.object, &when.field);
                let message = format!("`{field}` of `{other}` does not refer to `{}`", of.object);
                self.say("verdict_of.also_when", message);
            }
        }
    }

    /// What every verdict has.
    fn verdict_fields(&mut self, of: &VerdictOf) {
        let said = self.descriptor.fields.get(VERDICT);
        let mut words = vec![&of.words.granted, &of.words.refused];
        words.extend(&of.words.waiting);
        let has_words =
            said.is_some_and(|field| words.iter().all(|word| field.choices.contains(word)));
        if !has_words {
            let words: Vec<&str> = words.into_iter().map(String::as_str).collect();
            let words = words.join("` and `");
            let message = format!("a verdict is a choice with `{words}`");
            self.say("fields.verdict", message);
        }
        let owner = self.descriptor.fields.get(OWNER);
        if owner.is_none_or(|field| field.kind != FieldKind::Reference) {
            let message = "a verdict has `owner`, a reference to the person who is told of a no";
            self.say("fields.owner", message);
        }
        if !of.is_judged() {
            return;
        }
        for (name, kind) in [
            ("judged_at", FieldKind::Time),
            ("code", FieldKind::Text),
            ("message", FieldKind::Text),
            ("numbers_json", FieldKind::Text),
        ] {
            let is_there = self.descriptor.fields.get(name);
            if is_there.is_none_or(|field| field.kind != kind) {
                let message = format!("a verdict has `{name}`, {}", kind.wants());
                self.say(format!("fields.{name}"), message);
            }
        }
    }

    fn unique(&mut self, at: &str, fields: &[String]) {
        if fields.is_empty() || self.descriptor.kind != Kind::Row {
            self.say(at, "only rows are unique, by one field at least");
        }
        for name in fields {
            if !self.descriptor.fields.contains_key(name) {
                self.say(at, format!("there is no field `{name}`"));
            }
        }
        let mut indexes = self.descriptor.indexes.iter();
        if !indexes.any(|index| index.first() == fields.first()) {
            let message = "what is unique is looked up by its first field: give it an index";
            self.say(at, message);
        }
    }
}
