//! Whether a query can be asked: what it names is there and may be read, what it compares can be
//! compared, and its place in the answer is one of this query's. It does not know how records are
//! found.

mod cursor;
mod names;

use std::collections::BTreeSet;

use super::refusal::Refusal;
use super::spelling;
use crate::base::context::Context;
use crate::base::fold::runs;
use crate::base::limits::{
    QUERY_BYTES_MAX, QUERY_ORDER_MAX, QUERY_PAGE_MAX, QUERY_SCAN_MAX, QUERY_SEARCH_BYTES_MAX,
};
use crate::base::place::Position;
use crate::objects::check::check_condition;
use crate::objects::condition::{Condition, FieldTest, Operand, Test};
use crate::objects::query::{
    BY_CHANGED, BY_CREATED, BY_ID, NearBy, OrderBy, PageMark, ordered_kind,
};
use crate::objects::{Descriptor, FieldKind, Query, Registry, Value};

/// Who asks, of which objects.
#[derive(Clone, Copy)]
pub struct QueryGround<'a> {
    /// The known objects.
    pub registry: &'a Registry,
    /// Who asks and when.
    pub context: &'a Context,
    /// Whether the asker may read records of an object at all.
    pub may_read: &'a dyn Fn(&Descriptor) -> bool,
}

/// A query that can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoundQuery<'a> {
    /// The object.
    pub descriptor: &'a Descriptor,
    /// What must hold, with whoever asks and the day put in their places, for who knows neither.
    pub condition: Option<Condition>,
    /// Where the records are to be.
    pub near: Option<NearField<'a>>,
    /// The place in the answer where the page before ended.
    pub after: Option<PageMark>,
    /// The objects whose records decide what the answer is.
    pub objects: BTreeSet<String>,
}

/// Where records are to be, by which of their fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NearField<'a> {
    /// The field.
    pub field: &'a str,
    /// The place.
    pub at: Position,
    /// How far from there, in metres.
    pub metres: i64,
}

/// Reads a query as somebody typed it.
pub fn read(json: &str) -> Result<Query, Refusal> {
    if json.len() > QUERY_BYTES_MAX {
        let message = format!("a query is at most {QUERY_BYTES_MAX} bytes long");
        return Err(Refusal::too_large("query_too_large", message));
    }
    let query: Query = serde_json::from_str(json).map_err(|error| {
        let message = format!("this is no query: {error}; docs/rest.md shows one");
        Refusal::bad_input("bad_query", message)
    })?;
    if !(1..=QUERY_PAGE_MAX).contains(&query.limit) {
        let message = format!("limit: a number from 1 to {QUERY_PAGE_MAX}");
        return Err(Refusal::bad_input("bad_limit", message).about("limit"));
    }
    Ok(query)
}

/// Why a query is not asked of so many records.
#[must_use]
pub fn no_index(descriptor: &Descriptor, field: &str) -> Refusal {
    let object = &descriptor.object;
    let message = format!(
        "there are more than {QUERY_SCAN_MAX} records of `{object}`, and no index leads to these: \
         an index that begins with `{field}` would (`indexes` of the object), or a condition on a \
         field that has one"
    );
    Refusal::bad_input("no_index", message).about(field)
}

impl<'a> QueryGround<'a> {
    /// The query as it can be asked, or what is wrong with it.
    pub fn sound(&self, query: &Query) -> Result<SoundQuery<'a>, Refusal> {
        let descriptor = self.object(&query.object)?;
        let mut objects = BTreeSet::new();
        if let Some(condition) = &query.condition {
            objects = self.names_of(descriptor, condition)?;
            let problems = check_condition(descriptor, self.registry, condition);
            if let Some(problem) = problems.first() {
                let (at, why) = (&problem.field, &problem.message);
                let message = format!("this cannot be asked: {at}: {why}");
                return Err(Refusal::bad_input("bad_condition", message).about("where"));
            }
        }
        check_order(descriptor, query)?;
        check_search(descriptor, query.search.as_deref())?;
        let near = match &query.near {
            Some(near) => Some(near_field(descriptor, near)?),
            None => None,
        };
        let after = match &query.after {
            Some(text) => Some(cursor::read(text, query, descriptor, self.context.user)?),
            None => None,
        };
        objects.insert(query.object.clone());
        let condition = query.condition.as_ref();
        Ok(SoundQuery {
            objects,
            descriptor,
            condition: condition.map(|of| self.settled(descriptor, of)),
            near,
            after,
        })
    }

    /// What the next page is asked with.
    #[must_use]
    pub fn cursor(&self, query: &Query, mark: &PageMark) -> String {
        cursor::written(query, mark, self.context.user)
    }

    /// The object; one that the asker may not read is not there.
    pub(super) fn object(&self, name: &str) -> Result<&'a Descriptor, Refusal> {
        let readable = || self.registry.all().filter(|of| (self.may_read)(of));
        let found = readable().find(|of| of.object == name);
        found.map(AsRef::as_ref).ok_or_else(|| {
            let offer = spelling::offer(name, readable().map(|of| of.object.as_str()));
            let message = format!("there is no object `{name}`; {offer}");
            Refusal::bad_input("unknown_object", message).about("object")
        })
    }

    /// The condition with values in place of what only the context knows, as far as the record's
    /// own fields are asked.
    fn settled(&self, descriptor: &Descriptor, condition: &Condition) -> Condition {
        let each = |of: &[Condition]| of.iter().map(|of| self.settled(descriptor, of)).collect();
        match condition {
            Condition::All(of) => Condition::All(each(of)),
            Condition::Any(of) => Condition::Any(each(of)),
            Condition::Not(of) => Condition::Not(Box::new(self.settled(descriptor, of))),
            Condition::Every(_) | Condition::Some(_) => condition.clone(),
            Condition::Role(roles) => {
                let Context { role, rank, .. } = self.context;
                if roles.contains(role) || roles.contains(rank) {
                    Condition::All(Vec::new())
                } else {
                    Condition::Any(Vec::new())
                }
            }
            Condition::Field(of) => Condition::Field(self.settled_test(descriptor, of)),
        }
    }

    fn settled_test(&self, descriptor: &Descriptor, of: &FieldTest) -> FieldTest {
        let kind = descriptor.fields.get(&of.path).map(|field| field.kind);
        let (Some(kind), Test::Compare(relation, operand)) = (kind, &of.test) else {
            return of.clone();
        };
        let known = match operand {
            Operand::Me => Some(Value::from(self.context.user.to_string())),
            Operand::DaysAgo(days) if kind == FieldKind::Time => {
                Some(Value::Int(self.context.now.days_before(*days).0))
            }
            Operand::DaysAgo(days) => self.context.days_ago(*days).map(Value::from),
            Operand::Scalar(_) | Operand::Field(_) => None,
        };
        match known {
            Some(value) => FieldTest {
                path: of.path.clone(),
                test: Test::Compare(*relation, Operand::Scalar(value)),
            },
            None => of.clone(),
        }
    }
}

fn bad_sort(why: String) -> Result<(), Refusal> {
    let message = format!("records cannot be ordered so: {why}");
    Err(Refusal::bad_input("bad_sort", message).about("order"))
}

fn bad_search(why: String) -> Result<(), Refusal> {
    let message = format!("this cannot be searched for: {why}");
    Err(Refusal::bad_input("bad_search", message).about("search"))
}

fn check_order(descriptor: &Descriptor, query: &Query) -> Result<(), Refusal> {
    if query.order.len() > QUERY_ORDER_MAX {
        return bad_sort(format!("order by at most {QUERY_ORDER_MAX} fields"));
    }
    if query.near.is_some() && !query.order.is_empty() {
        return bad_sort("what is `near` is ordered by its distance; leave `order` out".to_owned());
    }
    for (index, OrderBy { by, .. }) in query.order.iter().enumerate() {
        if query
            .order
            .iter()
            .take(index)
            .any(|before| before.by == *by)
        {
            return bad_sort(format!("`{by}` is named twice"));
        }
        if by == BY_ID {
            if index + 1 < query.order.len() {
                return bad_sort("no two records have one id, so it is named last".to_owned());
            }
            continue;
        }
        let Some(kind) = ordered_kind(descriptor, by) else {
            let own = [BY_ID, BY_CREATED, BY_CHANGED].into_iter();
            let offer =
                spelling::offer(by, descriptor.fields.keys().map(String::as_str).chain(own));
            let object = &descriptor.object;
            let message = format!("`{object}` has no field `{by}`; {offer}");
            return Err(Refusal::bad_input("unknown_field", message).about(by.as_str()));
        };
        if matches!(kind, FieldKind::Reference | FieldKind::Position) {
            return bad_sort(format!("`{by}` is {}, which has no order", kind.wants()));
        }
    }
    Ok(())
}

fn check_search(descriptor: &Descriptor, search: Option<&str>) -> Result<(), Refusal> {
    match search {
        None => Ok(()),
        Some(text) if text.len() > QUERY_SEARCH_BYTES_MAX => bad_search(format!(
            "search for at most {QUERY_SEARCH_BYTES_MAX} bytes of words"
        )),
        Some(text) if runs(text).is_empty() => {
            bad_search("give at least one word to search for".to_owned())
        }
        Some(_) if descriptor.search.is_empty() => {
            bad_search(format!("no field of `{}` is searched", descriptor.object))
        }
        Some(_) => Ok(()),
    }
}

fn near_field<'a>(descriptor: &'a Descriptor, near: &NearBy) -> Result<NearField<'a>, Refusal> {
    if near.within_m < 0 {
        let refusal = Refusal::bad_input("bad_distance", "metres are 0 or more");
        return Err(refusal.about("within"));
    }
    let mut fields = descriptor.fields.iter();
    let field = fields.find(|(_, field)| field.kind == FieldKind::Position);
    let Some((field, _)) = field else {
        let object = &descriptor.object;
        let message = format!("a `{object}` has no position, so none can be near");
        return Err(Refusal::bad_input("no_position", message).about("near"));
    };
    let at: Result<Position, _> = near.at.parse();
    match at {
        Ok(at) => Ok(NearField {
            field,
            at,
            metres: near.within_m,
        }),
        Err(error) => Err(Refusal::bad_input("bad_position", error.to_string()).about("near")),
    }
}
