//! What is wrong with the conditions of a descriptor: their bounds, paths that lead nowhere, and
//! kinds that cannot be compared, so that no phone meets a test that can never hold. It does not
//! know how a condition is asked.

use super::Check;
use crate::base::limits::{
    CONDITION_DAYS_MAX, CONDITION_DEPTH_MAX, CONDITION_HOPS_MAX, CONDITION_TESTS_MAX,
    CONDITION_WORDS_MAX,
};
use crate::objects::condition::{Condition, FieldTest, LineCondition, Operand, Relation, Test};
use crate::objects::descriptor::{Descriptor, Field, FieldKind, Lines};
use crate::objects::requirement::Requirement;
use crate::objects::scalar::as_held;
use crate::objects::value::Value;

/// Where a path of a condition begins.
#[derive(Clone, Copy)]
enum PathStart<'a> {
    Record(&'a Descriptor),
    Line(&'a Lines),
}

impl<'a> PathStart<'a> {
    fn field(self, name: &str) -> Option<&'a Field> {
        match self {
            PathStart::Record(descriptor) => descriptor.fields.get(name),
            PathStart::Line(lines) => lines.field(name),
        }
    }
}

/// What may be compared with each other.
#[derive(PartialEq, Eq)]
enum Likeness<'a> {
    Number,
    Moment,
    Day,
    Flag,
    Id(Option<&'a str>),
    Word,
}

fn likeness(field: &Field) -> Likeness<'_> {
    match field.kind {
        FieldKind::Integer | FieldKind::Decimal => Likeness::Number,
        FieldKind::Time => Likeness::Moment,
        FieldKind::Day => Likeness::Day,
        FieldKind::Boolean => Likeness::Flag,
        FieldKind::Reference => Likeness::Id(field.of.as_deref()),
        FieldKind::Text
        | FieldKind::Position
        | FieldKind::Choice
        | FieldKind::Phone
        | FieldKind::Email
        | FieldKind::TimeZone
        | FieldKind::Gtin
        | FieldKind::Blob => Likeness::Word,
    }
}

impl<'a> Check<'a> {
    /// Every condition is small enough to be asked by any device, whoever published it.
    pub(super) fn bounds(&mut self) {
        let descriptor = self.descriptor;
        for (name, verb) in &descriptor.verbs {
            self.bounds_of(&format!("verbs.{name}.require"), &verb.require);
        }
        if let Some(of) = &descriptor.verdict_of {
            self.bounds_of("verdict_of.require", &of.require);
        }
    }

    fn bounds_of(&mut self, at: &str, require: &[Requirement]) {
        for (index, requirement) in require.iter().enumerate() {
            self.bounded(&format!("{at}[{index}].if"), &requirement.condition);
        }
    }

    fn bounded(&mut self, at: &str, condition: &Condition) {
        if condition.depth() > CONDITION_DEPTH_MAX {
            self.say(at, format!("is more than {CONDITION_DEPTH_MAX} deep"));
        }
        if condition.tests() > CONDITION_TESTS_MAX {
            self.say(at, format!("has more than {CONDITION_TESTS_MAX} tests"));
        }
        self.sizes(at, condition);
    }

    /// A condition that is asked of the object's records is small and names fields that there are.
    pub(super) fn asked(&mut self, at: &str, condition: &Condition) {
        self.bounded(at, condition);
        self.condition(at, condition, PathStart::Record(self.descriptor));
    }

    fn sizes(&mut self, at: &str, condition: &Condition) {
        let listed = match condition {
            // How many there may be, the number of tests bounds.
            Condition::All(of) | Condition::Any(of) => Some(of.len().min(1)),
            Condition::Role(roles) => Some(roles.len()),
            Condition::Field(FieldTest { path, test }) => {
                self.hops(at, path);
                match test {
                    Test::OneOf(words) => Some(words.len()),
                    Test::Compare(_, Operand::DaysAgo(days)) if *days > CONDITION_DAYS_MAX => {
                        self.say(at, format!("looks back over {CONDITION_DAYS_MAX} days"));
                        None
                    }
                    Test::Compare(_, Operand::Field(other)) => {
                        self.hops(at, other);
                        None
                    }
                    Test::Empty(_) | Test::Compare(..) => None,
                }
            }
            Condition::Not(_) | Condition::Every(_) | Condition::Some(_) => None,
        };
        match listed {
            Some(0) => self.say(at, "an empty list says nothing; name at least one"),
            Some(count) if count > CONDITION_WORDS_MAX => {
                self.say(at, format!("lists more than {CONDITION_WORDS_MAX} words"));
            }
            Some(_) | None => {}
        }
        for part in condition.parts() {
            self.sizes(at, part);
        }
    }

    fn hops(&mut self, at: &str, path: &str) {
        if path.split('.').count() > CONDITION_HOPS_MAX + 1 {
            let message = format!("`{path}` follows more than {CONDITION_HOPS_MAX} references");
            self.say(at, message);
        }
    }

    /// What is required of a record names fields that there are, and says what is refused.
    pub(super) fn requirements(
        &mut self,
        at: &str,
        require: &'a [Requirement],
        of: &'a Descriptor,
    ) {
        for (index, requirement) in require.iter().enumerate() {
            let at = format!("{at}[{index}]");
            self.name(&format!("{at}.code"), &requirement.code, &[]);
            if requirement.waits && !at.starts_with("verdict_of") {
                self.say(format!("{at}.waits"), "only a verdict waits");
            }
            if requirement.say.trim().is_empty() {
                self.say(format!("{at}.say"), "say what is wrong and what to do");
            }
            let start = PathStart::Record(of);
            self.condition(&format!("{at}.if"), &requirement.condition, start);
        }
    }

    fn condition(&mut self, at: &str, condition: &Condition, start: PathStart<'a>) {
        match condition {
            Condition::All(of) => self.each(&format!("{at}.all"), of, start),
            Condition::Any(of) => self.each(&format!("{at}.any"), of, start),
            Condition::Not(of) => self.condition(&format!("{at}.not"), of, start),
            Condition::Every(of) => self.of_lines(at, "every", of, start),
            Condition::Some(of) => self.of_lines(at, "some", of, start),
            Condition::Role(roles) => {
                for role in roles {
                    self.name(&format!("{at}.role"), role.name(), &[]);
                }
            }
            Condition::Field(of) => self.field_test(at, of, start),
        }
    }

    fn each(&mut self, at: &str, of: &[Condition], start: PathStart<'a>) {
        for (index, part) in of.iter().enumerate() {
            self.condition(&format!("{at}[{index}]"), part, start);
        }
    }

    fn of_lines(&mut self, at: &str, name: &str, of: &LineCondition, start: PathStart<'a>) {
        let lines = match start {
            PathStart::Record(descriptor) => descriptor.lines.get(&of.lines),
            PathStart::Line(_) => None,
        };
        match lines {
            Some(lines) => self.condition(&format!("{at}.that"), &of.that, PathStart::Line(lines)),
            None => self.say(
                format!("{at}.{name}"),
                format!("there are no lines `{}` here", of.lines),
            ),
        }
    }

    fn field_test(&mut self, at: &str, of: &FieldTest, start: PathStart<'a>) {
        let field = match self.end_of(&of.path, start) {
            Ok(field) => field,
            Err(message) => return self.say(format!("{at}.field"), message),
        };
        let wrong = match &of.test {
            Test::Empty(_) => None,
            Test::OneOf(words) => words
                .iter()
                .find_map(|word| fits(field, Relation::Equals, word).err()),
            Test::Compare(relation, operand) => {
                let asked = can_be_asked(field, *relation)
                    .and_then(|()| self.comparable(field, *relation, operand, start));
                asked.err()
            }
        };
        if let Some(message) = wrong {
            self.say(format!("{at}.{}", of.test.name()), message);
        }
    }

    fn comparable(
        &self,
        field: &Field,
        relation: Relation,
        operand: &Operand,
        start: PathStart<'a>,
    ) -> Result<(), String> {
        match operand {
            Operand::Scalar(scalar) => fits(field, relation, scalar),
            Operand::Field(path) => {
                let other = self.end_of(path, start)?;
                if likeness(field) == likeness(other) {
                    return Ok(());
                }
                let (one, two) = (field.kind.wants(), other.kind.wants());
                Err(format!("{one} cannot be compared with `{path}`, {two}"))
            }
            Operand::Me if field.kind == FieldKind::Reference => Ok(()),
            Operand::Me => {
                let kind = field.kind.wants();
                Err(format!("`me` is the id of a person, and cannot be {kind}"))
            }
            Operand::DaysAgo(_) => match field.kind {
                FieldKind::Day | FieldKind::Time => Ok(()),
                FieldKind::Text
                | FieldKind::Integer
                | FieldKind::Boolean
                | FieldKind::Position
                | FieldKind::Reference
                | FieldKind::Choice
                | FieldKind::Phone
                | FieldKind::Email
                | FieldKind::TimeZone
                | FieldKind::Gtin
                | FieldKind::Decimal
                | FieldKind::Blob => {
                    let kind = field.kind.wants();
                    Err(format!(
                        "`days_ago` is a day or a time, and cannot be {kind}"
                    ))
                }
            },
        }
    }

    /// The field that a path leads to, or why it leads nowhere.
    fn end_of(&self, path: &str, start: PathStart<'a>) -> Result<&'a Field, String> {
        let mut names = path.split('.').peekable();
        let mut start = start;
        while let Some(name) = names.next() {
            let unknown = || format!("there is no field `{name}` on the way of `{path}`");
            let field = start.field(name).ok_or_else(unknown)?;
            if names.peek().is_none() {
                return Ok(field);
            }
            let of = field.of.as_deref();
            let of = of.ok_or_else(|| format!("`{name}` of `{path}` refers to no record"))?;
            let target = if of == self.descriptor.object {
                Some(self.descriptor)
            } else {
                self.registry.get(of).map(AsRef::as_ref)
            };
            let target = target.ok_or_else(|| format!("there is no object `{of}`"))?;
            start = PathStart::Record(target);
        }
        Err("a path names a field".to_owned())
    }
}

/// Whether values of a field's kind stand to others in this way.
fn can_be_asked(field: &Field, relation: Relation) -> Result<(), String> {
    let can = match relation {
        Relation::Equals => true,
        Relation::Above | Relation::AtLeast | Relation::Below | Relation::AtMost => {
            match likeness(field) {
                Likeness::Number | Likeness::Moment | Likeness::Day => true,
                Likeness::Flag | Likeness::Id(_) | Likeness::Word => false,
            }
        }
        Relation::Starts => match field.kind {
            FieldKind::Text
            | FieldKind::Phone
            | FieldKind::Email
            | FieldKind::TimeZone
            | FieldKind::Gtin => true,
            FieldKind::Integer
            | FieldKind::Boolean
            | FieldKind::Time
            | FieldKind::Day
            | FieldKind::Position
            | FieldKind::Reference
            | FieldKind::Choice
            | FieldKind::Decimal
            | FieldKind::Blob => false,
        },
    };
    if can {
        return Ok(());
    }
    let (name, kind) = (relation.name(), field.kind.wants());
    Err(format!("`{name}` cannot be asked of {kind}"))
}

/// Whether a field could hold a scalar, or begin with it.
fn fits(field: &Field, relation: Relation, scalar: &Value) -> Result<(), String> {
    let held = match (relation, scalar) {
        (Relation::Starts, Value::Text(text)) if !text.trim().is_empty() => return Ok(()),
        (Relation::Starts, _) => return Err("a text begins with a text".to_owned()),
        (_, scalar) => as_held(field.kind, scalar)?,
    };
    match (likeness(field), &held) {
        // Numbers are compared across kinds, so a whole one may be held against a decimal.
        (Likeness::Number, Value::Int(_) | Value::Text(_)) => Ok(()),
        (_, held) => field.check(held),
    }
}
