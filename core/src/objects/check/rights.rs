//! What is wrong with the rights that a descriptor says. It does not know who asks for them.

use super::Check;
use crate::objects::descriptor::Kind;

impl Check<'_> {
    /// Roles have names; what they may change and do is there; facts are changed by nobody.
    pub(super) fn rights(&mut self) {
        let descriptor = self.descriptor;
        for (role, right) in &descriptor.rights {
            let at = format!("rights.{}", role.name());
            self.name(&at, role.name(), &[]);
            for path in right.edit.iter().filter(|path| *path != "*") {
                let known = match path.split_once('/') {
                    None => descriptor.fields.contains_key(path),
                    Some((lines, field)) => {
                        let lines = descriptor.lines.get(lines);
                        lines.is_some_and(|lines| field == "*" || lines.field(field).is_some())
                    }
                };
                if !known {
                    self.say(format!("{at}.edit"), format!("there is no field `{path}`"));
                }
            }
            for verb in right.verbs.iter().filter(|verb| *verb != "*") {
                if !descriptor.verbs.contains_key(verb) {
                    self.say(format!("{at}.do"), format!("there is no verb `{verb}`"));
                }
            }
            if descriptor.kind == Kind::Fact && !right.edit.is_empty() {
                self.say(at, "facts are never edited, so nobody may be granted it");
            }
        }
    }
}
