//! What SQL can say of a condition: a part that every match passes, whether that is all of it, and
//! whether an index leads to it. It does not know who asks: who acts and what day it is stand in
//! the condition as values.

use rusqlite::types::Value as Sql;

use super::ddl::lines_table;
use super::open::DECIMAL;
use super::tables::{Cells, to_sql};
use crate::objects::condition::{Condition, FieldTest, LineCondition, Operand, Relation, Test};
use crate::objects::descriptor::Lines;
use crate::objects::path::REMOVED;
use crate::objects::scalar::as_held;
use crate::objects::{Descriptor, FieldKind, Value, beside};

/// What `str::trim` takes off, so that SQL calls the same texts empty.
const BLANKS: &str = "\t\n\u{b}\u{c}\r \u{85}\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\
                      \u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\
                      \u{202f}\u{205f}\u{3000}";

/// A condition of SQL and what its question marks stand for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SqlPart {
    pub(super) sql: String,
    pub(super) bound: Vec<Sql>,
}

/// What SQL says of a condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PushedCondition {
    /// What every match passes.
    pub(super) part: SqlPart,
    /// Whether nothing else passes it.
    pub(super) is_exact: bool,
    /// Whether an index leads to what passes it.
    pub(super) is_served: bool,
}

impl PushedCondition {
    fn exact(sql: impl Into<String>, bound: Vec<Sql>) -> PushedCondition {
        let sql = sql.into();
        PushedCondition {
            part: SqlPart { sql, bound },
            is_exact: true,
            is_served: false,
        }
    }

    fn served(self, is_served: bool) -> PushedCondition {
        PushedCondition { is_served, ..self }
    }

    /// What was said of rows of another table, as said of the records that they belong to.
    fn within(self, before: &str, after: &str) -> PushedCondition {
        let PushedCondition { part, .. } = &self;
        let sql = format!("{before}{}{after}", part.sql);
        let bound = part.bound.clone();
        PushedCondition {
            part: SqlPart { sql, bound },
            ..self
        }
    }
}

/// What SQL can say of a condition that is asked of records `r` of an object; nothing if it can say
/// nothing.
pub(super) fn pushed(descriptor: &Descriptor, condition: &Condition) -> Option<PushedCondition> {
    let start = SqlStart {
        descriptor,
        lines: None,
    };
    start.condition(condition)
}

/// Whether an index begins with this field of a record.
pub(super) fn is_led(descriptor: &Descriptor, field: &str) -> bool {
    let is_reference = descriptor
        .fields
        .get(field)
        .is_some_and(|of| of.kind == FieldKind::Reference);
    let lies = descriptor.is_beside(field);
    let leads = |index: &Vec<String>| {
        let together = index.iter().all(|of| descriptor.is_beside(of) == lies);
        together && index.first().is_some_and(|first| first == field)
    };
    is_reference || descriptor.indexes.iter().any(leads)
}

/// Where the paths of a condition begin.
#[derive(Clone, Copy)]
struct SqlStart<'a> {
    descriptor: &'a Descriptor,
    lines: Option<LinesStart<'a>>,
}

#[derive(Clone, Copy)]
struct LinesStart<'a> {
    name: &'a str,
    shape: &'a Lines,
}

/// A column with the kind of its field.
struct AskedColumn {
    sql: String,
    kind: FieldKind,
    is_led: bool,
}

impl SqlStart<'_> {
    fn condition(&self, condition: &Condition) -> Option<PushedCondition> {
        match condition {
            Condition::All(of) => self.all(of),
            Condition::Any(of) => self.any(of),
            Condition::Not(of) => self.not(of),
            Condition::Some(of) => self.some(of, "IN"),
            Condition::Every(of) => {
                let against = Condition::Not(of.that.clone());
                let lines = LineCondition {
                    lines: of.lines.clone(),
                    that: Box::new(against),
                };
                let none = self.some(&lines, "NOT IN").filter(|none| none.is_exact);
                none.map(|none| none.served(false))
            }
            Condition::Role(_) => None,
            Condition::Field(of) => self.field(of),
        }
    }

    /// What any of them says, all say together.
    fn all(&self, of: &[Condition]) -> Option<PushedCondition> {
        let mut said: Vec<PushedCondition> = Vec::new();
        for part in of {
            said.extend(self.condition(part));
        }
        let is_whole = said.len() == of.len();
        if said.is_empty() {
            return is_whole.then(|| PushedCondition::exact("1", Vec::new()));
        }
        let is_served = said.iter().any(|part| part.is_served);
        let is_exact = is_whole && said.iter().all(|part| part.is_exact);
        let joined = joined(said, " AND ");
        Some(PushedCondition {
            is_exact,
            is_served,
            ..joined
        })
    }

    /// Where one of them says nothing, they say nothing together.
    fn any(&self, of: &[Condition]) -> Option<PushedCondition> {
        let said: Option<Vec<PushedCondition>> =
            of.iter().map(|part| self.condition(part)).collect();
        let said = said?;
        if said.is_empty() {
            return Some(PushedCondition::exact("0", Vec::new()));
        }
        let is_served = said.iter().all(|part| part.is_served);
        let is_exact = said.iter().all(|part| part.is_exact);
        let joined = joined(said, " OR ");
        Some(PushedCondition {
            is_exact,
            is_served,
            ..joined
        })
    }

    /// What is not known does not hold, so its opposite does.
    fn not(&self, of: &Condition) -> Option<PushedCondition> {
        let said = self.condition(of).filter(|said| said.is_exact)?;
        Some(said.within("((", ") IS NOT TRUE)").served(false))
    }

    fn some(&self, of: &LineCondition, is_in: &str) -> Option<PushedCondition> {
        if self.lines.is_some() {
            return None;
        }
        let shape = self.descriptor.lines.get(&of.lines)?;
        let start = SqlStart {
            descriptor: self.descriptor,
            lines: Some(LinesStart {
                name: &of.lines,
                shape,
            }),
        };
        let table = lines_table(&self.descriptor.object, &of.lines);
        let before = format!(
            "r.id {is_in} (SELECT parent FROM \"{table}\" WHERE coalesce(\"{REMOVED}\", 0) = 0 AND "
        );
        Some(start.condition(&of.that)?.within(&before, ")"))
    }

    fn field(&self, of: &FieldTest) -> Option<PushedCondition> {
        if self.lines.is_none() && self.descriptor.is_beside(&of.path) {
            return self.beside(of);
        }
        self.column(&of.path)?.tested(&of.test)
    }

    fn column(&self, path: &str) -> Option<AskedColumn> {
        match self.lines {
            Some(LinesStart { name, shape }) => {
                let mut led = self.descriptor.looked_up();
                Some(AskedColumn {
                    sql: format!("\"{path}\""),
                    kind: shape.field(path)?.kind,
                    is_led: led.any(|(lines, field)| lines == name && field == path),
                })
            }
            None => Some(AskedColumn {
                sql: format!("r.\"{path}\""),
                kind: self.descriptor.fields.get(path)?.kind,
                is_led: is_led(self.descriptor, path),
            }),
        }
    }

    /// The server's own fields lie in a table of their own, where some records have no row.
    fn beside(&self, of: &FieldTest) -> Option<PushedCondition> {
        let column = AskedColumn {
            sql: format!("\"{}\"", of.path),
            kind: self.descriptor.fields.get(&of.path)?.kind,
            is_led: is_led(self.descriptor, &of.path),
        };
        let (record, table) = (beside::RECORD, beside::name_of(&self.descriptor.object));
        let rows = format!("(SELECT \"{record}\" FROM \"{table}\" WHERE \"{record}\" IS NOT NULL");
        if of.test == Test::Empty(true) {
            let there = column.tested(&Test::Empty(false))?;
            return Some(there.within(&format!("r.id NOT IN {rows} AND "), ")"));
        }
        let said = column.tested(&of.test)?;
        Some(said.within(&format!("r.id IN {rows} AND "), ")"))
    }
}

fn joined(said: Vec<PushedCondition>, word: &str) -> PushedCondition {
    let mut each = Vec::new();
    let mut bound = Vec::new();
    for part in said {
        each.push(part.part.sql);
        bound.extend(part.part.bound);
    }
    PushedCondition::exact(format!("({})", each.join(word)), bound)
}

impl AskedColumn {
    fn tested(&self, test: &Test) -> Option<PushedCondition> {
        match test {
            Test::Empty(yes) => Some(self.empty(*yes)),
            Test::OneOf(words) => {
                let bound: Option<Vec<Sql>> = words.iter().map(|word| self.bound(word)).collect();
                let marks = vec!["?"; words.len()].join(", ");
                let sql = format!("{} IN ({marks})", self.compared());
                Some(PushedCondition::exact(sql, bound?).served(self.is_led()))
            }
            Test::Compare(relation, Operand::Scalar(scalar)) => self.compare(*relation, scalar),
            Test::Compare(_, Operand::Field(_) | Operand::Me | Operand::DaysAgo(_)) => None,
        }
    }

    fn empty(&self, yes: bool) -> PushedCondition {
        let (column, blanks) = (&self.sql, || vec![Sql::Text(BLANKS.to_owned())]);
        match (self.is_text(), yes) {
            (true, true) => {
                let sql = format!("({column} IS NULL OR trim({column}, ?) = '')");
                PushedCondition::exact(sql, blanks())
            }
            (true, false) => PushedCondition::exact(format!("trim({column}, ?) <> ''"), blanks()),
            (false, true) => {
                PushedCondition::exact(format!("{column} IS NULL"), Vec::new()).served(self.is_led)
            }
            (false, false) => PushedCondition::exact(format!("{column} IS NOT NULL"), Vec::new()),
        }
    }

    fn compare(&self, relation: Relation, scalar: &Value) -> Option<PushedCondition> {
        let sign = match relation {
            Relation::Equals => "=",
            Relation::Above => ">",
            Relation::AtLeast => ">=",
            Relation::Below => "<",
            Relation::AtMost => "<=",
            Relation::Starts => return self.starts(scalar.text()?),
        };
        let sql = format!("{} {sign} ?", self.compared());
        let bound = vec![self.bound(scalar)?];
        Some(PushedCondition::exact(sql, bound).served(self.is_led()))
    }

    /// All texts from the beginning itself up to the least that is greater than all it begins.
    fn starts(&self, beginning: &str) -> Option<PushedCondition> {
        let mut after = beginning.to_owned();
        let last = after.pop()?;
        after.push((last..=char::MAX).nth(1)?);
        let sql = format!("({0} >= ? AND {0} < ?)", self.sql);
        let bound = vec![Sql::Text(beginning.to_owned()), Sql::Text(after)];
        Some(PushedCondition::exact(sql, bound).served(self.is_led))
    }

    /// A scalar as the column would hold it; nothing where only the condition itself can tell.
    fn bound(&self, scalar: &Value) -> Option<Sql> {
        let held = match (self.kind, as_held(self.kind, scalar).ok()?) {
            (FieldKind::Integer, Value::Text(number)) => Value::Int(number.parse().ok()?),
            (FieldKind::Decimal, Value::Int(number)) => Value::Text(number.to_string()),
            (_, held) => held,
        };
        if held.is_null() {
            return None;
        }
        match to_sql(self.kind, &held)? {
            Cells::One(sql) | Cells::Position([_, _, sql]) => Some(sql),
        }
    }

    fn compared(&self) -> String {
        if self.kind == FieldKind::Decimal {
            format!("{} COLLATE {DECIMAL}", self.sql)
        } else {
            self.sql.clone()
        }
    }

    /// No index keeps decimals in the order of numbers.
    fn is_led(&self) -> bool {
        self.is_led && self.kind != FieldKind::Decimal
    }

    fn is_text(&self) -> bool {
        match self.kind {
            FieldKind::Integer | FieldKind::Boolean | FieldKind::Time | FieldKind::Reference => {
                false
            }
            FieldKind::Text
            | FieldKind::Day
            | FieldKind::Position
            | FieldKind::Choice
            | FieldKind::Phone
            | FieldKind::Email
            | FieldKind::TimeZone
            | FieldKind::Gtin
            | FieldKind::Decimal
            | FieldKind::Blob => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BLANKS;

    #[test]
    fn what_is_blank_here_is_what_is_trimmed_elsewhere() {
        let all: String = (char::MIN..=char::MAX)
            .filter(|c| c.is_whitespace())
            .collect();
        assert_eq!(BLANKS, all);
    }
}
