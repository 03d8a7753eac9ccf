//! What a newer descriptor must keep of the one that phones hold already.
//! It does not know what is wrong with a descriptor by itself.

use super::Check;
use crate::objects::descriptor::Field;

impl Check<'_> {
    /// Descriptors only grow: no field goes, no field changes its kind, no choice is taken away.
    pub(super) fn growth(&mut self) {
        let Some(before) = self.registry.get(&self.descriptor.object).cloned() else {
            return;
        };
        let descriptor = self.descriptor;
        if *before == *descriptor {
            return;
        }
        if descriptor.version <= before.version {
            self.say(
                "version",
                format!(
                    "must be above {}, the version that is published",
                    before.version
                ),
            );
        }
        if descriptor.kind != before.kind {
            self.say("kind", "an object cannot change its kind");
        }
        for (name, field) in &before.fields {
            self.grown(
                &format!("fields.{name}"),
                field,
                descriptor.fields.get(name),
            );
        }
        for (lines, shape) in &before.lines {
            for (name, field) in &shape.fields {
                let now = descriptor
                    .lines
                    .get(lines)
                    .and_then(|shape| shape.fields.get(name));
                self.grown(&format!("lines.{lines}.fields.{name}"), field, now);
            }
        }
    }

    fn grown(&mut self, at: &str, before: &Field, now: Option<&Field>) {
        let Some(now) = now else {
            self.say(at, "a field cannot go; mark it `retired`");
            return;
        };
        if now.kind != before.kind || now.of != before.of {
            self.say(
                at,
                "a field cannot change its kind; add another and retire this one",
            );
        }
        if before
            .choices
            .iter()
            .any(|choice| !now.choices.contains(choice))
        {
            self.say(format!("{at}.choices"), "a choice cannot be taken away");
        }
        if now.required && !before.required {
            self.say(
                at,
                "a field cannot become required: phones hold records without it",
            );
        }
    }
}
