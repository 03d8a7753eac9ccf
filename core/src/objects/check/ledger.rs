//! What is wrong with pots and postings. It does not know what they hold.

use super::{Check, Kind};
use crate::base::limits::POSTS_MAX;
use crate::objects::descriptor::{Descriptor, FieldKind};
use crate::objects::posting::{Phase, Posting, PotEnd};
use crate::objects::pot::Pot;

impl Check<'_> {
    pub(super) fn ledger(&mut self) {
        let descriptor = self.descriptor;
        for (name, field) in &descriptor.fields {
            if let Some(pot) = &field.pot {
                let at = format!("fields.{name}.pot");
                if field.kind != FieldKind::Decimal || descriptor.kind != Kind::Row {
                    self.say(at.as_str(), "only a decimal of a row is a pot");
                }
                self.pot(&at, pot);
            }
        }
        for (name, posting) in &descriptor.posts {
            self.posting(&format!("posts.{name}"), posting);
        }
        if descriptor.posts.len() > POSTS_MAX {
            self.say("posts", format!("more than {POSTS_MAX} postings"));
        }
        let is_source = descriptor.kind == Kind::Fact || descriptor.made_by_verbs;
        if !descriptor.posts.is_empty() && (descriptor.kind == Kind::Document || !is_source) {
            let message = "only what is written once posts: a fact, or a row that a judge makes";
            self.say("posts", message);
        }
    }

    fn pot(&mut self, at: &str, pot: &Pot) {
        if pot.floor.is_some() == pot.ceiling.is_some() {
            self.say(at, "a pot has either a `floor` or a `ceiling`");
        }
        for (key, name, kind) in [
            ("ceiling", &pot.ceiling, FieldKind::Decimal),
            ("held", &pot.held, FieldKind::Decimal),
            ("as_of", &pot.as_of, FieldKind::Time),
        ] {
            let Some(name) = name else { continue };
            let field = self.descriptor.fields.get(name);
            if field.is_none_or(|field| field.kind != kind || field.pot.is_some()) {
                let message = format!("`{name}` is to be {} of its own", kind.wants());
                self.say(format!("{at}.{key}"), message);
            }
        }
        if let Some(unit) = &pot.unit
            && !self.descriptor.fields.contains_key(unit)
        {
            self.say(format!("{at}.in"), format!("there is no field `{unit}`"));
        }
        let is_code = pot
            .short
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if pot.short.is_empty() || !is_code || pot.say.is_empty() {
            let message = "`short` is a code in snake case, and `say` what people read";
            self.say(format!("{at}.short"), message);
        }
    }

    fn posting(&mut self, at: &str, posting: &Posting) {
        let descriptor = self.descriptor;
        for name in posting.when.keys() {
            if !descriptor.fields.contains_key(name) {
                self.say(format!("{at}.when"), format!("there is no field `{name}`"));
            }
        }
        if let Some(lines) = &posting.each
            && !descriptor.lines.contains_key(lines)
        {
            self.say(
                format!("{at}.each"),
                format!("there are no lines `{lines}`"),
            );
        }
        if let Some(line) = &posting.line {
            self.source_field(&format!("{at}.line"), posting, line);
        }
        self.phase(at, posting);
        for (key, end) in [("from", &posting.from), ("to", &posting.to)] {
            if let Some(end) = end {
                self.pot_end(&format!("{at}.{key}"), posting, end);
            }
        }
    }

    /// What each phase needs.
    fn phase(&mut self, at: &str, posting: &Posting) {
        let moves = match posting.phase {
            Phase::Post => posting.from.is_some() || posting.to.is_some(),
            Phase::Hold => posting.from.is_some() && posting.to.is_none(),
            Phase::Capture => posting.from.is_none() && posting.held_by.is_some(),
            Phase::Release | Phase::Resume => posting.from.is_none() && posting.to.is_none(),
        };
        if !moves {
            let message = "a post has `from` or `to`, a hold `from`, a capture `of` and maybe \
                           `to`; what releases and resumes names no pot";
            self.say(format!("{at}.phase"), message);
        }
        let is_held = posting.phase != Phase::Post;
        match &posting.held_for {
            None if is_held => self.say(format!("{at}.for"), "say for which record is held"),
            Some(name)
                if self
                    .descriptor
                    .fields
                    .get(name)
                    .is_none_or(|of| of.of.is_none()) =>
            {
                self.say(
                    format!("{at}.for"),
                    format!("there is no reference `{name}`"),
                );
            }
            Some(_) | None => {}
        }
        let counts = matches!(posting.phase, Phase::Post | Phase::Hold | Phase::Capture);
        match &posting.quantity {
            Some(path) if counts => self.source_field(&format!("{at}.quantity"), posting, path),
            None if counts => self.say(format!("{at}.quantity"), "say which field says how much"),
            Some(_) => self.say(format!("{at}.quantity"), "all that is held is given back"),
            None => {}
        }
    }

    fn source_field(&mut self, at: &str, posting: &Posting, path: &str) {
        let descriptor = self.descriptor;
        let known = match path.split_once('/') {
            Some((lines, field)) => {
                let shape = descriptor.lines.get(lines);
                posting.each.as_deref() == Some(lines)
                    && shape.is_some_and(|shape| shape.field(field).is_some())
            }
            None => descriptor.fields.contains_key(path),
        };
        if !known {
            self.say(at, format!("there is no field `{path}` here"));
        }
    }

    /// A posting names pots, and by which fields of their rows.
    fn pot_end(&mut self, at: &str, posting: &Posting, end: &PotEnd) {
        let row = match end.object() {
            own if own == self.descriptor.object => None,
            other => self.registry.get(other).cloned(),
        };
        let Some(row) = row else {
            self.say(
                format!("{at}.pot"),
                format!("there is no object `{}`", end.object()),
            );
            return;
        };
        let pot = row
            .fields
            .get(end.path())
            .and_then(|field| field.pot.as_ref());
        match pot {
            None => self.say(format!("{at}.pot"), format!("`{}` is no pot", end.pot)),
            Some(pot) if posting.phase == Phase::Hold && pot.held.is_none() => {
                self.say(format!("{at}.pot"), "of this pot nothing can be held");
            }
            Some(_) => {}
        }
        for (field, source) in &end.by {
            if !row.fields.contains_key(field) {
                let message = format!("`{}` has no field `{field}`", row.object);
                self.say(format!("{at}.by"), message);
            }
            self.source_field(&format!("{at}.by.{field}"), posting, source);
        }
        if !is_found(&row, end) {
            let message = "name the fields by which its rows are looked up: one that has an index";
            self.say(format!("{at}.by"), message);
        }
    }
}

/// Whether an index serves a look for these rows.
fn is_found(row: &Descriptor, end: &PotEnd) -> bool {
    let is_named = |field: &String| end.by.contains_key(field);
    let is_reference = |field: &String| row.fields.get(field).is_some_and(|of| of.of.is_some());
    let mut indexes = row.indexes.iter();
    indexes.any(|index| index.first().is_some_and(is_named)) || end.by.keys().any(is_reference)
}
