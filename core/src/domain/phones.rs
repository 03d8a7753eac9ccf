//! Phone numbers that name no country, read as they are dialled where the record is, or else where
//! the company is. It does not know how numbers are written: `base::phone` does.

use super::refusal::Refusal;
use super::rights::Decider;
use super::table;
use crate::base::country::Country;
use crate::base::phone::{e164, is_kept};
use crate::objects::{Field, FieldKind, Record, Value, Values};

/// The field that says where a record is.
const COUNTRY: &str = "country";

impl Decider<'_> {
    /// The same values, with those of phone fields as they are kept. What is no number stays, for
    /// the check to refuse.
    pub(super) fn with_phones<'a>(
        &self,
        before: Option<&Record>,
        values: &Values,
        field: impl Fn(&str) -> Option<&'a Field>,
    ) -> Result<Values, Refusal> {
        let mut settled = values.clone();
        for (path, value) in values {
            let is_phone = field(path).is_some_and(|field| field.kind == FieldKind::Phone);
            let Some(text) = value.text().filter(|text| is_phone && !is_kept(text)) else {
                continue;
            };
            let country = self.country(before, values)?;
            if let Ok(kept) = e164(text, country) {
                settled.insert(path.clone(), Value::from(kept));
            }
        }
        Ok(settled)
    }

    /// Where a record is, as it says or will say, else where the company is.
    fn country(
        &self,
        before: Option<&Record>,
        values: &Values,
    ) -> Result<Option<Country>, Refusal> {
        let before = before.and_then(|record| record.text(COUNTRY));
        let said = match values.get(COUNTRY) {
            Some(said) => said.text(),
            None => before,
        };
        if let Some(country) = said.and_then(Country::named) {
            return Ok(Some(country));
        }
        Ok(table::country(self.reader)?)
    }
}
