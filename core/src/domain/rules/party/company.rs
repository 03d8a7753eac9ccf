//! The company whose tenant this is, as it says itself. It does not know its people.

use crate::base::country::Country;
use crate::domain::rules::names::COMPANY;
use crate::objects::{ReadError, Reader};

/// The country in which the company dials; none until it says so.
pub fn country(reader: &dyn Reader) -> Result<Option<Country>, ReadError> {
    let companies = reader.find(COMPANY, &[])?;
    let mut said = companies
        .iter()
        .filter_map(|company| company.text("country"));
    Ok(said.find_map(Country::named))
}
