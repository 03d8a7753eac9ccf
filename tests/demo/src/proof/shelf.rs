//! What is claimed of a shelf that two people counted: both counts are in each file, and they add
//! up. It imports nothing of the core.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::case::{Checked, ProofCase};
use super::evidence::EvidenceFile;
use super::ledger::Expected;

/// Product to person to the facings that this person counted.
type CountedFacings<'a> = BTreeMap<String, BTreeMap<&'a str, i64>>;

/// Two people counted one shelf; both counts are in each file, and they add up.
pub(crate) fn both_counts(case: &ProofCase<'_>, expected: &[Expected]) -> Checked {
    let mut checks = expected.iter();
    let is_shared = |record: &&Expected| record.id == case.shelf_check && record.by.len() == 2;
    let Some(check) = checks.find(is_shared) else {
        return Err("no shelf was counted by two".to_owned());
    };
    let mut counted = CountedFacings::new();
    for file in case.holding(&check.by) {
        add_counts(case, check, file, &mut counted)?;
    }
    let Some((product, by)) = counted.iter().find(|(_, by)| by.len() == 2) else {
        return Err("no product was counted by two".to_owned());
    };
    let sum: i64 = by.values().sum();
    let mut products = case.shelf_shown["products"]
        .as_array()
        .into_iter()
        .flatten();
    let shown = products.find(|of| of["id"] == product.as_str());
    if shown.map(|of| &of["facings"]) != Some(&Json::from(sum)) {
        return Err(format!(
            "`visit shelf` says {shown:?}; the counts add up to {sum} facings"
        ));
    }
    let by = by.iter().map(|(who, facings)| format!("{who} {facings}"));
    let by: Vec<String> = by.collect();
    Ok(format!(
        "both counts of one shelf stay: {} facings of one product, {sum} in all by `visit shelf`",
        by.join(", ")
    ))
}

/// Makes sure that a file has each person's counts, and notes them.
fn add_counts<'a>(
    case: &'a ProofCase<'_>,
    check: &Expected,
    file: &EvidenceFile<'_>,
    counted: &mut CountedFacings<'a>,
) -> Result<(), String> {
    let mut checks = file.records("inventory_check")?;
    let found = checks.remove(&check.id).unwrap_or_default();
    for phone in case.seeing(&check.by) {
        let own = format!("~{}/facings", phone.user);
        for (path, facings) in &check.values {
            let Some(product) = path.strip_suffix(&own) else {
                continue;
            };
            if found.get(path) != Some(facings) {
                return Err(format!(
                    "{} has lost {}'s count of {facings} facings",
                    file.name, phone.who
                ));
            }
            let product = product.trim_start_matches("counts/").to_owned();
            let facings = facings.as_i64().unwrap_or(0);
            counted
                .entry(product)
                .or_default()
                .insert(phone.who, facings);
        }
    }
    Ok(())
}
