//! Pages of records: those that a condition holds for, in an order, from a place in that order on.
//! It does not know who asks, nor what else must hold of a record: that is asked of it in turn.

use rusqlite::params_from_iter;
use rusqlite::types::Value as Sql;

use super::error::StoreError;
use super::open::DECIMAL;
use super::pushed::{PushedCondition, SqlPart, is_led, pushed};
use super::schema::Db;
use super::search::WORDS_OF;
use super::tables::{Cells, read, to_sql};
use crate::base::id::RecordId;
use crate::base::limits::QUERY_SCAN_MAX;
use crate::base::place::Position;
use crate::objects::query::{BY_CHANGED, BY_CREATED, BY_ID, OrderBy, PageMark, ordered_kind};
use crate::objects::{Condition, Descriptor, FieldKind, Record, Value, beside};

/// Whether a record is a member, asked of each; cheap where an index leads to few.
const MEMBER_EACH: &str = "EXISTS (SELECT 1 FROM member m WHERE m.id = r.id AND m.object = ? \
                           AND m.bucket IN (SELECT b.number FROM bucket b \
                           WHERE b.name IN (SELECT value FROM json_each(?))))";
/// The same of all members at once; cheap where all records would have to be asked.
const MEMBERS_ALL: &str = "r.id IN (SELECT m.id FROM member m WHERE m.object = ? \
                           AND m.bucket IN (SELECT b.number FROM bucket b \
                           WHERE b.name IN (SELECT value FROM json_each(?))))";

/// What is looked for. Names are those of the descriptor.
#[derive(Clone, Copy)]
pub struct PageQuest<'a> {
    /// The object.
    pub descriptor: &'a Descriptor,
    /// What must hold.
    pub condition: Option<&'a Condition>,
    /// What the records are ordered by.
    pub order: &'a [OrderBy],
    /// Only those near a place, nearest first, whatever the order.
    pub near: Option<NearCircle<'a>>,
    /// Words as the index of words is asked for them.
    pub words: Option<&'a str>,
    /// Only members of these buckets.
    pub buckets: Option<&'a [String]>,
    /// Only what comes after this place in the order.
    pub after: Option<&'a PageMark>,
    /// At most so many.
    pub limit: usize,
    /// Whether the whole condition holds, for what SQL cannot say.
    pub holds: &'a dyn Fn(&Record) -> Result<bool, StoreError>,
}

/// A circle on the earth, and the field of positions that may lie in it.
#[derive(Clone, Copy)]
pub struct NearCircle<'a> {
    /// The field.
    pub field: &'a str,
    /// The middle.
    pub at: Position,
    /// How far from there.
    pub metres: i64,
}

/// A record, with its distance where that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRecord {
    /// The record.
    pub record: Record,
    /// How far it is, in metres.
    pub metres: Option<i64>,
}

/// One page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordPage {
    /// The records. Where few of many match there may be fewer than asked for, although more come.
    pub records: Vec<PageRecord>,
    /// The place after which the next page begins; none after the last.
    pub next: Option<PageMark>,
}

/// How many match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchCount {
    /// As many as were counted.
    pub count: usize,
    /// Whether there may be more.
    pub more: bool,
}

/// A record that may match.
struct PageCandidate {
    id: RecordId,
    metres: Option<i64>,
}

impl PageQuest<'_> {
    /// The page.
    pub fn page(&self, db: &Db) -> Result<RecordPage, StoreError> {
        let pushed = self.pushed();
        let is_exact = pushed.as_ref().is_none_or(|pushed| pushed.is_exact);
        let most = if is_exact {
            self.limit.saturating_add(1)
        } else {
            QUERY_SCAN_MAX
        };
        let mut page = RecordPage::default();
        let mut seen = 0;
        let mut last = None;
        for candidate in self.candidates(db, pushed, most)? {
            seen += 1;
            let Some(record) = read(db, self.descriptor, candidate.id)? else {
                continue;
            };
            let is_match = is_exact || (self.holds)(&record)?;
            if is_match && page.records.len() == self.limit {
                page.next = last;
                return Ok(page);
            }
            last = Some(self.mark(&record, candidate.metres));
            if is_match {
                let metres = candidate.metres;
                page.records.push(PageRecord { record, metres });
            }
        }
        if !is_exact && seen == most {
            page.next = last;
        }
        Ok(page)
    }

    /// How many match, wherever the page begins.
    pub fn count(&self, db: &Db) -> Result<MatchCount, StoreError> {
        let whole = PageQuest {
            after: None,
            ..*self
        };
        let pushed = self.pushed();
        let is_exact = pushed.as_ref().is_none_or(|pushed| pushed.is_exact);
        let candidates = whole.candidates(db, pushed, QUERY_SCAN_MAX + 1)?;
        let more = candidates.len() > QUERY_SCAN_MAX;
        let mut count = 0;
        for candidate in candidates.iter().take(QUERY_SCAN_MAX) {
            let is_match = if is_exact {
                true
            } else {
                match read(db, self.descriptor, candidate.id)? {
                    Some(record) => (self.holds)(&record)?,
                    None => false,
                }
            };
            count += usize::from(is_match);
        }
        Ok(MatchCount { count, more })
    }

    /// The field that needs an index before this may be asked of so many records; none if it may.
    pub fn unserved(&self, db: &Db) -> Result<Option<String>, StoreError> {
        let pushed = self.pushed();
        let is_led = pushed.is_some_and(|pushed| pushed.is_served);
        if is_led || self.near.is_some() || self.words.is_some() || self.is_ordered_by_index() {
            return Ok(None);
        }
        let tested = self.condition.and_then(first_field);
        let ordered = self.order.iter().map(|order| order.by.clone());
        let Some(wanting) = tested.or(ordered.into_iter().next()) else {
            return Ok(None);
        };
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM \"{}\" LIMIT ?1)",
            self.descriptor.object
        );
        let most = i64::try_from(QUERY_SCAN_MAX).map_err(StoreError::new)?;
        let there: i64 = db
            .prepare_cached(&sql)?
            .query_row([most + 1], |row| row.get(0))?;
        Ok((there > most).then_some(wanting))
    }

    /// By id everything is in order; that serves whoever asks for all, and nobody else.
    fn is_ordered_by_index(&self) -> bool {
        match self.order.first() {
            None => self.condition.is_none(),
            Some(first) if first.by == BY_ID => self.condition.is_none(),
            Some(first) => {
                let kind = ordered_kind(self.descriptor, &first.by);
                is_led(self.descriptor, &first.by)
                    && !self.descriptor.is_beside(&first.by)
                    && kind != Some(FieldKind::Decimal)
            }
        }
    }

    fn pushed(&self) -> Option<PushedCondition> {
        match self.condition {
            Some(condition) => pushed(self.descriptor, condition).or(Some(PushedCondition {
                part: SqlPart::all(),
                is_exact: false,
                is_served: false,
            })),
            None => None,
        }
    }

    /// The place of a record in the order.
    fn mark(&self, record: &Record, metres: Option<i64>) -> PageMark {
        let mut values: Vec<Value> = metres.map(Value::Int).into_iter().collect();
        if metres.is_none() {
            for order in self.keys() {
                values.push(self.ordered_value(record, &order.by));
            }
        }
        let id = record.id;
        PageMark { values, id }
    }

    /// What a record is ordered by, as its column holds it.
    fn ordered_value(&self, record: &Record, by: &str) -> Value {
        let value = match (by, record.stamp) {
            (BY_CREATED, Some(stamp)) => Value::Int(stamp.created_at.0),
            (BY_CHANGED, Some(stamp)) => Value::Int(stamp.changed_at.0),
            (by, _) => record.value(by).clone(),
        };
        let kind = ordered_kind(self.descriptor, by);
        let fits = kind.is_some_and(|kind| to_sql(kind, &value).is_some());
        if fits { value } else { Value::Null }
    }

    /// What the records are ordered by before their ids.
    fn keys(&self) -> impl Iterator<Item = &OrderBy> {
        self.order.iter().filter(|order| order.by != BY_ID)
    }

    /// The id goes the way of what stands before it, so that one index can give both.
    fn is_id_down(&self) -> bool {
        self.order.last().is_some_and(|order| order.down)
    }

    fn candidates(
        &self,
        db: &Db,
        pushed: Option<PushedCondition>,
        most: usize,
    ) -> Result<Vec<PageCandidate>, StoreError> {
        let is_served = pushed.as_ref().is_some_and(|pushed| pushed.is_served);
        let is_led = is_served || self.near.is_some() || self.words.is_some();
        let mut wanted = self.wanted(is_led)?;
        if let Some(pushed) = pushed {
            wanted = wanted.and(pushed.part);
        }
        if let Some(circle) = self.near {
            return self.nearest(db, wanted, circle, most);
        }
        let mut found = Vec::new();
        for segment in self.segments()? {
            let SqlPart { sql, mut bound } = wanted.clone().and(segment);
            let room = i64::try_from(most - found.len()).unwrap_or(i64::MAX);
            bound.push(Sql::Integer(room));
            let sql = format!(
                "SELECT r.id FROM \"{}\" AS r WHERE {sql} ORDER BY {} LIMIT ?",
                self.descriptor.object,
                self.ordering()
            );
            let mut statement = db.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(bound))?;
            while let Some(row) = rows.next()? {
                let id = RecordId::from_slice(&row.get::<_, Vec<u8>>(0)?)?;
                found.push(PageCandidate { id, metres: None });
            }
            if found.len() >= most {
                break;
            }
        }
        Ok(found)
    }

    /// What is asked beside the condition: words, and buckets.
    fn wanted(&self, is_led: bool) -> Result<SqlPart, StoreError> {
        let mut wanted = SqlPart::all();
        let object = Sql::Text(self.descriptor.object.clone());
        if let Some(words) = self.words {
            wanted = wanted.and(SqlPart {
                sql: format!("r.id IN ({WORDS_OF})"),
                bound: vec![Sql::Text(words.to_owned()), object.clone()],
            });
        }
        if let Some(buckets) = self.buckets {
            let names = serde_json::to_string(buckets).map_err(StoreError::new)?;
            let sql = if is_led { MEMBER_EACH } else { MEMBERS_ALL };
            wanted = wanted.and(SqlPart {
                sql: sql.to_owned(),
                bound: vec![object, Sql::Text(names)],
            });
        }
        Ok(wanted)
    }

    /// What comes after the mark, as stretches that follow each other and that an index can each
    /// begin at: what equals the mark in all but the id, then in all but the last value, and so on.
    fn segments(&self) -> Result<Vec<SqlPart>, StoreError> {
        let Some(mark) = self.after else {
            return Ok(vec![SqlPart::all()]);
        };
        let beyond = |is_down: bool| if is_down { "<" } else { ">" };
        let mut equal = vec![SqlPart::all()];
        let mut stretches = Vec::new();
        for (order, value) in self.keys().zip(&mark.values) {
            let column = self.column(&order.by);
            let sql = self.bound(&order.by, value)?;
            let before = equal.last().cloned().unwrap_or_else(SqlPart::all);
            let said = |said: &str, bound: Vec<Sql>| {
                let sql = format!("{column} {said}");
                before.clone().and(SqlPart { sql, bound })
            };
            let mut after = Vec::new();
            if sql != Sql::Null {
                after.push(said(
                    &format!("{} ?", beyond(order.down)),
                    vec![sql.clone()],
                ));
                after.push(said("IS NULL", Vec::new()));
            }
            stretches.push(after);
            equal.push(said("IS ?", vec![sql]));
        }
        let same = equal.pop().unwrap_or_else(SqlPart::all);
        let id = SqlPart {
            sql: format!("r.id {} ?", beyond(self.is_id_down())),
            bound: vec![Sql::Blob(mark.id.0.to_vec())],
        };
        stretches.push(vec![same.and(id)]);
        Ok(stretches.into_iter().rev().flatten().collect())
    }

    fn bound(&self, by: &str, value: &Value) -> Result<Sql, StoreError> {
        let kind = ordered_kind(self.descriptor, by);
        match kind.and_then(|kind| to_sql(kind, value)) {
            Some(Cells::One(sql) | Cells::Position([_, _, sql])) => Ok(sql),
            None => Err(StoreError::new(format!("no `{by}` is like that"))),
        }
    }

    fn ordering(&self) -> String {
        let mut by = String::new();
        let way = |is_down: bool| if is_down { "DESC" } else { "ASC" };
        for order in self.keys() {
            let column = self.column(&order.by);
            by.push_str(&format!("{column} {} NULLS LAST, ", way(order.down)));
        }
        format!("{by}r.id {}", way(self.is_id_down()))
    }

    fn column(&self, by: &str) -> String {
        let (record, table) = (beside::RECORD, beside::name_of(&self.descriptor.object));
        let column = match by {
            BY_CREATED | BY_CHANGED => format!("r.\"_{by}\""),
            by if self.descriptor.is_beside(by) => {
                format!("(SELECT s.\"{by}\" FROM \"{table}\" AS s WHERE s.\"{record}\" = r.id)")
            }
            by => format!("r.\"{by}\""),
        };
        if ordered_kind(self.descriptor, by) == Some(FieldKind::Decimal) {
            return format!("{column} COLLATE {DECIMAL}");
        }
        column
    }

    fn nearest(
        &self,
        db: &Db,
        mut wanted: SqlPart,
        circle: NearCircle<'_>,
        most: usize,
    ) -> Result<Vec<PageCandidate>, StoreError> {
        let name = circle.field;
        let box_around = circle.at.around(circle.metres);
        for (axis, (least, greatest)) in ["lat", "lon"].iter().zip(box_around) {
            wanted = wanted.and(SqlPart {
                sql: format!("r.\"{name}_{axis}\" BETWEEN ? AND ?"),
                bound: vec![Sql::Integer(least.into()), Sql::Integer(greatest.into())],
            });
        }
        let sql = format!(
            "SELECT r.id, r.\"{name}_lat\", r.\"{name}_lon\" FROM \"{}\" AS r WHERE {}",
            self.descriptor.object, wanted.sql
        );
        let mut statement = db.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(wanted.bound))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let there = Position {
                latitude_udeg: row.get(1)?,
                longitude_udeg: row.get(2)?,
            };
            let distance = circle.at.metres_to(there);
            let id = RecordId::from_slice(&row.get::<_, Vec<u8>>(0)?)?;
            if distance <= circle.metres && self.is_farther(distance, id) {
                found.push((distance, id));
            }
        }
        found.sort_unstable();
        found.truncate(most);
        let mut nearest = Vec::new();
        for (distance, id) in found {
            let metres = Some(distance);
            nearest.push(PageCandidate { id, metres });
        }
        Ok(nearest)
    }

    fn is_farther(&self, distance: i64, id: RecordId) -> bool {
        match self.after {
            None => true,
            Some(mark) => {
                let marked = mark.values.first().and_then(Value::int).unwrap_or(0);
                (distance, id) > (marked, mark.id)
            }
        }
    }
}

impl SqlPart {
    fn all() -> SqlPart {
        SqlPart {
            sql: "1".to_owned(),
            bound: Vec::new(),
        }
    }

    fn and(mut self, other: SqlPart) -> SqlPart {
        self.sql = format!("{} AND {}", self.sql, other.sql);
        self.bound.extend(other.bound);
        self
    }
}

/// The first field of the record itself that a condition tests.
fn first_field(condition: &Condition) -> Option<String> {
    match condition {
        Condition::Field(of) => Some(of.path.clone()),
        Condition::Every(of) | Condition::Some(of) => {
            first_field(&of.that).map(|field| format!("{}/*/{field}", of.lines))
        }
        Condition::All(of) | Condition::Any(of) => of.iter().find_map(first_field),
        Condition::Not(of) => first_field(of),
        Condition::Role(_) => None,
    }
}
