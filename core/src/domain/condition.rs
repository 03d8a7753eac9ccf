//! Whether a condition holds of a record, and if not which test failed first: the same answer on
//! phone and server. It names no object, and does not know what follows from the answer.

mod compare;

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use compare::{FoundValue, is_empty, stands};

use crate::base::context::Context;
use crate::base::limits::CONDITION_HOPS_MAX;
use crate::objects::condition::{Condition, FieldTest, LineCondition, Operand, Relation, Test};
use crate::objects::descriptor::{Descriptor, Lines};
use crate::objects::{FieldKind, ReadError, Reader, Record, Registry, Value};

/// What a condition is asked of: a record, what else is here, who asks and when.
#[derive(Clone, Copy)]
pub struct ConditionGround<'a> {
    /// The known objects.
    pub registry: &'a Registry,
    /// The record's object.
    pub descriptor: &'a Descriptor,
    /// The record.
    pub record: &'a Record,
    /// The door to the records that it refers to.
    pub reader: &'a dyn Reader,
    /// Who asks and when.
    pub context: &'a Context,
}

/// The test that failed first, for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedTest {
    /// The path that was tested, or the lines; none where it was asked who acts.
    pub path: Option<String>,
    /// The test's name, `not` before it where it should not have held.
    pub test: String,
    /// What was wanted.
    pub wanted: Json,
    /// What is there; null where nothing is, or where a record on the way is not here.
    pub is: Json,
}

impl ConditionGround<'_> {
    /// Nothing if the condition holds, else the test that failed first.
    pub fn failed(&self, condition: &Condition) -> Result<Option<FailedTest>, ReadError> {
        let start = ConditionStart {
            ground: self,
            line: None,
        };
        start.against(condition, true)
    }
}

/// One line of the record, as paths begin at it.
#[derive(Clone, Copy)]
struct LineGround<'a> {
    /// Its path, without a field.
    path: &'a str,
    shape: &'a Lines,
    values: &'a BTreeMap<&'a str, &'a Value>,
}

/// Where the paths of a condition begin: at the record, or at one of its lines.
#[derive(Clone, Copy)]
struct ConditionStart<'a> {
    ground: &'a ConditionGround<'a>,
    line: Option<LineGround<'a>>,
}

impl ConditionStart<'_> {
    /// Nothing if the condition's answer is the wanted one, else the test that speaks against it
    /// first. What is under a `not` is wanted the other way round.
    fn against(
        &self,
        condition: &Condition,
        wanted: bool,
    ) -> Result<Option<FailedTest>, ReadError> {
        match (condition, wanted) {
            (Condition::All(of), true) | (Condition::Any(of), false) => {
                for part in of {
                    if let Some(failed) = self.against(part, wanted)? {
                        return Ok(Some(failed));
                    }
                }
                Ok(None)
            }
            (Condition::Any(of), true) | (Condition::All(of), false) => {
                let mut first = None;
                for part in of {
                    match self.against(part, wanted)? {
                        None => return Ok(None),
                        Some(failed) => first = first.or(Some(failed)),
                    }
                }
                Ok(first)
            }
            (Condition::Not(of), _) => self.against(of, !wanted),
            (Condition::Every(of), true) | (Condition::Some(of), false) => {
                self.each_line(of, wanted)
            }
            (Condition::Some(of), true) => self.any_line(of, wanted, "some"),
            (Condition::Every(of), false) => self.any_line(of, wanted, "every"),
            (Condition::Role(roles), _) => {
                let Context { role, rank, .. } = self.ground.context;
                let holds = roles.contains(role) || roles.contains(rank);
                Ok((holds != wanted).then(|| FailedTest {
                    path: None,
                    test: named("role", wanted),
                    wanted: json!(roles),
                    is: json!(role),
                }))
            }
            (Condition::Field(of), _) => self.tested(of, wanted),
        }
    }

    fn each_line(&self, of: &LineCondition, wanted: bool) -> Result<Option<FailedTest>, ReadError> {
        for failed in self.of_lines(of, wanted)? {
            if failed.is_some() {
                return Ok(failed);
            }
        }
        Ok(None)
    }

    fn any_line(
        &self,
        of: &LineCondition,
        wanted: bool,
        name: &str,
    ) -> Result<Option<FailedTest>, ReadError> {
        let answers = self.of_lines(of, wanted)?;
        if answers.iter().any(Option::is_none) {
            return Ok(None);
        }
        let of_nothing = || FailedTest {
            path: Some(of.lines.clone()),
            test: named(name, wanted),
            wanted: json!(1),
            is: json!(0),
        };
        Ok(Some(
            answers
                .into_iter()
                .flatten()
                .next()
                .unwrap_or_else(of_nothing),
        ))
    }

    /// What each line says against the condition, in order of their ids.
    fn of_lines(
        &self,
        of: &LineCondition,
        wanted: bool,
    ) -> Result<Vec<Option<FailedTest>>, ReadError> {
        let mut answers = Vec::new();
        // Lines have no lines of their own.
        let shape = self.ground.descriptor.lines.get(&of.lines);
        let Some(shape) = shape.filter(|_| self.line.is_none()) else {
            return Ok(answers);
        };
        for (line, values) in &self.ground.record.lines(&of.lines) {
            let path = format!("{}/{line}", of.lines);
            let start = ConditionStart {
                ground: self.ground,
                line: Some(LineGround {
                    path: &path,
                    shape,
                    values,
                }),
            };
            answers.push(start.against(&of.that, wanted)?);
        }
        Ok(answers)
    }

    fn tested(&self, of: &FieldTest, wanted: bool) -> Result<Option<FailedTest>, ReadError> {
        let found = self.find(&of.path)?;
        let (holds, asked) = match &of.test {
            Test::Empty(yes) => {
                let is = found.as_ref().map(|found| is_empty(&found.value));
                // What is not to be empty is to be there, and the other way round.
                (is == Some(*yes), json!(*yes == wanted))
            }
            Test::OneOf(words) => {
                let mut holds = false;
                for word in words {
                    let other = found.as_ref().and_then(|found| found.like(word));
                    holds |= stands(found.as_ref(), Relation::Equals, other.as_ref());
                }
                (holds, json!(words))
            }
            Test::Compare(relation, operand) => {
                let other = self.other(found.as_ref(), *relation, operand)?;
                let holds = stands(found.as_ref(), *relation, other.as_ref());
                (
                    holds,
                    other.map_or(Json::Null, |other| other.value.to_json()),
                )
            }
        };
        if holds == wanted {
            return Ok(None);
        }
        let path = match self.line {
            Some(line) => format!("{}/{}", line.path, of.path),
            None => of.path.clone(),
        };
        Ok(Some(FailedTest {
            path: Some(path),
            test: match of.test {
                Test::Empty(_) => of.test.name().to_owned(),
                Test::OneOf(_) | Test::Compare(..) => named(of.test.name(), wanted),
            },
            wanted: asked,
            is: found.map_or(Json::Null, |found| found.value.to_json()),
        }))
    }

    /// What a path leads to; nothing if a record on its way is not here, or this version does not
    /// know the field.
    fn find(&self, path: &str) -> Result<Option<FoundValue>, ReadError> {
        let ground = self.ground;
        let mut names = path.split('.');
        let first = names.next().unwrap_or_default();
        let (field, value) = match self.line {
            Some(line) => (
                line.shape.field(first),
                line.values.get(first).copied().unwrap_or(&Value::Null),
            ),
            None => (
                ground.descriptor.fields.get(first),
                ground.record.value(first),
            ),
        };
        let Some(mut field) = field else {
            return Ok(None);
        };
        let mut value = value.clone();
        for name in names.by_ref().take(CONDITION_HOPS_MAX) {
            let target = field.of.as_deref().and_then(|of| ground.registry.get(of));
            let Some((target, next)) =
                target.and_then(|target| Some((target, target.fields.get(name)?)))
            else {
                return Ok(None);
            };
            if !is_empty(&value) {
                let id = value.text().and_then(|id| id.parse().ok());
                let there = match id {
                    Some(id) => ground.reader.record(&target.object, id)?,
                    None => None,
                };
                let Some(there) = there else {
                    return Ok(None);
                };
                value = there.value(name).clone();
            }
            field = next;
        }
        let kind = field.kind;
        Ok(names.next().is_none().then_some(FoundValue { kind, value }))
    }

    /// What a value is compared with, in the form of its kind.
    fn other(
        &self,
        found: Option<&FoundValue>,
        relation: Relation,
        operand: &Operand,
    ) -> Result<Option<FoundValue>, ReadError> {
        if let Operand::Field(path) = operand {
            return self.find(path);
        }
        let Some(found) = found else {
            return Ok(None);
        };
        let (kind, context) = (found.kind, self.ground.context);
        let value = match operand {
            Operand::Field(_) => None,
            // What a value begins with need not be a whole value.
            Operand::Scalar(scalar) if relation == Relation::Starts => Some(scalar.clone()),
            Operand::Scalar(scalar) => return Ok(found.like(scalar)),
            Operand::Me => Some(Value::from(context.user.to_string())),
            Operand::DaysAgo(days) if kind == FieldKind::Time => {
                Some(Value::Int(context.now.days_before(*days).0))
            }
            Operand::DaysAgo(days) => context.days_ago(*days).map(Value::from),
        };
        Ok(value.map(|value| FoundValue { kind, value }))
    }
}

/// The name of a test as it was asked.
fn named(test: &str, wanted: bool) -> String {
    if wanted {
        test.to_owned()
    } else {
        format!("not {test}")
    }
}
