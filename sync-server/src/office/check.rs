//! Finds the rows that would be refused if they were written today: those from before a rule was
//! asked, or that something else made wrong. It changes nothing, and does not know the rules.

use outfield_core::domain::admit::Admission;
use outfield_core::domain::rights::Decider;
use outfield_core::objects::{Kind, Record, Values};
use outfield_core::store::tables;
use serde_json::{Value as Json, json};

use crate::error::ServerError;
use crate::tenant::Tenant;
use crate::work::execute::Seat;

impl Tenant {
    /// Every row that is not sound: object, id, name, code, what is wrong, fields.
    pub fn check_rows(&mut self) -> Result<Vec<Json>, ServerError> {
        let context = self.context_of(Seat::Operator)?;
        let store = self.store(&self.db);
        let decider = Decider {
            registry: &self.registry,
            reader: &store,
            context: &context,
        };
        let mut wrong = Vec::new();
        for descriptor in self.registry.all() {
            if descriptor.kind != Kind::Row || descriptor.admit.is_empty() {
                continue;
            }
            for id in tables::ids(&self.db, descriptor)? {
                let Some(row) = tables::read(&self.db, descriptor, id)? else {
                    continue;
                };
                let blank = Record {
                    values: Values::new(),
                    ..row.clone()
                };
                let admission = Admission {
                    situation: &decider.situation(descriptor, &blank, true, &row.values),
                    verb: None,
                    states: &[],
                };
                if let Err(refusal) = admission.check() {
                    wrong.push(json!({
                        "object": descriptor.object,
                        "id": id,
                        "name": row.text("name"),
                        "code": refusal.code,
                        "message": refusal.message,
                        "fields": refusal.fields,
                    }));
                }
            }
        }
        Ok(wrong)
    }
}
