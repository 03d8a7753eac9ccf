//! Names close to a misspelt one, for messages that help.
//! It does not know what the names stand for.

/// Names offered in one message.
const OFFERED_MAX: usize = 12;
/// Letters that may differ in a name that counts as close.
const DISTANCE_MAX: usize = 2;

/// A half-sentence that offers the close names, or else the known ones.
#[must_use]
pub fn offer<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    let close: Vec<&str> = known
        .iter()
        .copied()
        .filter(|other| is_close(name, other))
        .collect();
    if !close.is_empty() {
        return format!("did you mean {}?", quoted(&close));
    }
    match known.len() {
        0 => "there are none".to_owned(),
        1..=OFFERED_MAX => format!("known are {}", quoted(&known)),
        _ => format!("known are {} and others", quoted(&known[..OFFERED_MAX])),
    }
}

pub(super) fn quoted(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn is_close(name: &str, other: &str) -> bool {
    let contained =
        name.len() >= 3 && (other.contains(name) || name.contains(other) && other.len() >= 3);
    contained || distance(name, other) <= DISTANCE_MAX
}

/// How many letters must be put in, taken out or changed to get from one to the other.
pub(super) fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(80).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, letter) in one.chars().take(80).enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (column, against) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *against);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}
