//! Whether the names in a condition are there for whoever asks. It does not know what is asked of
//! what they name.

use std::collections::BTreeSet;

use super::QueryGround;
use crate::domain::refusal::Refusal;
use crate::domain::spelling;
use crate::objects::condition::{Condition, FieldTest, LineCondition, Operand, Test};
use crate::objects::descriptor::{Field, Lines};
use crate::objects::{Descriptor, FieldKind};

/// Where a path begins.
#[derive(Clone, Copy)]
enum NamesStart<'a> {
    Record(&'a Descriptor),
    Line(&'a Lines),
}

impl<'a> QueryGround<'a> {
    /// Every name of a condition is that of a field, on the way to which the asker may read.
    /// Answers the objects that lie on such ways.
    pub(super) fn names_of(
        &self,
        descriptor: &Descriptor,
        condition: &Condition,
    ) -> Result<BTreeSet<String>, Refusal> {
        let mut met = BTreeSet::new();
        self.each_name(NamesStart::Record(descriptor), condition, &mut met)?;
        Ok(met)
    }

    fn each_name(
        &self,
        start: NamesStart<'_>,
        condition: &Condition,
        met: &mut BTreeSet<String>,
    ) -> Result<(), Refusal> {
        match condition {
            Condition::All(of) | Condition::Any(of) => {
                for part in of {
                    self.each_name(start, part, met)?;
                }
                Ok(())
            }
            Condition::Not(of) => self.each_name(start, of, met),
            Condition::Every(of) | Condition::Some(of) => self.lines(start, of, met),
            Condition::Role(_) => Ok(()),
            Condition::Field(FieldTest { path, test }) => {
                self.path(start, path, met)?;
                match test {
                    Test::Compare(_, Operand::Field(other)) => self.path(start, other, met),
                    Test::Compare(..) | Test::Empty(_) | Test::OneOf(_) => Ok(()),
                }
            }
        }
    }

    fn lines(
        &self,
        start: NamesStart<'_>,
        of: &LineCondition,
        met: &mut BTreeSet<String>,
    ) -> Result<(), Refusal> {
        let lines = match start {
            NamesStart::Record(descriptor) => &descriptor.lines,
            NamesStart::Line(_) => return Err(unknown(&of.lines, [].into_iter())),
        };
        match lines.get(&of.lines) {
            Some(shape) => self.each_name(NamesStart::Line(shape), &of.that, met),
            None => Err(unknown(&of.lines, lines.keys().map(String::as_str))),
        }
    }

    fn path(
        &self,
        start: NamesStart<'_>,
        path: &str,
        met: &mut BTreeSet<String>,
    ) -> Result<(), Refusal> {
        let mut names = path.split('.').peekable();
        let mut start = start;
        while let Some(name) = names.next() {
            let field = start.field(name)?;
            if names.peek().is_none() {
                return Ok(());
            }
            // What leads to an object that the asker may not read, leads nowhere.
            let of = field
                .of
                .as_deref()
                .filter(|_| field.kind == FieldKind::Reference);
            let Some(of) = of else {
                let message = format!("`{name}` of `{path}` refers to no record");
                return Err(Refusal::bad_input("unknown_field", message).about(path));
            };
            met.insert(of.to_owned());
            start = NamesStart::Record(self.object(of)?);
        }
        Ok(())
    }
}

impl<'a> NamesStart<'a> {
    fn field(self, name: &str) -> Result<&'a Field, Refusal> {
        match self {
            NamesStart::Record(of) => {
                let known = || of.fields.keys().map(String::as_str);
                of.fields.get(name).ok_or_else(|| unknown(name, known()))
            }
            NamesStart::Line(of) => {
                let known = || of.fields.keys().map(String::as_str);
                of.field(name).ok_or_else(|| unknown(name, known()))
            }
        }
    }
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Refusal {
    let offer = spelling::offer(name, known);
    let message = format!("where: there is no field `{name}`; {offer}");
    Refusal::bad_input("unknown_field", message).about(name)
}
