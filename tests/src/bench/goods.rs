//! Stores and products, from files or from dice. It does not know what becomes of them.

use std::path::Path;

use outfield_core::base::gtin;

use crate::dice::Dice;

/// First names of people.
pub const FIRST: [&str; 12] = [
    "Maria", "Dan", "Joe", "Eve", "Aisha", "Chen", "Lena", "Omar", "Priya", "Tom", "Zoë", "Iván",
];
/// Last names of people.
pub const LAST: [&str; 12] = [
    "Lopez", "Ortiz", "Harp", "Stone", "Khan", "Li", "Vogel", "Haddad", "Rao", "Baker", "Müller",
    "Petrov",
];
const KINDS: [&str; 4] = ["Supercenter", "Market", "Express", "Wholesale"];
const PLACES: [&str; 16] = [
    "Rogers",
    "Harrison",
    "Springdale",
    "Bentonville",
    "Fayetteville",
    "Lowell",
    "Neosho",
    "Joplin",
    "Siloam",
    "Berryville",
    "Cassville",
    "Monett",
    "Aurora",
    "Huntsville",
    "Ozark",
    "Alma",
];
const FOODS: [&str; 12] = [
    "Sauce",
    "Almonds",
    "Green Beans",
    "Soup",
    "Crackers",
    "Olive Oil",
    "Peaches",
    "Salsa",
    "Granola",
    "Rice",
    "Tea",
    "Jam",
];
const TASTES: [&str; 12] = [
    "Gourmet",
    "Roast",
    "Cut",
    "Super",
    "Cinnamon",
    "Organic",
    "Classic",
    "Spicy",
    "Sweet",
    "Smoked",
    "Garden",
    "Old Style",
];
const CATEGORIES: [&str; 8] = [
    "grocery", "snacks", "canned", "drinks", "bakery", "dairy", "frozen", "spreads",
];
/// Stores and products that dice make.
const MADE: usize = 3_000;

/// One store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetailStore {
    /// What kind of store it is.
    pub kind: String,
    /// Its street.
    pub street: String,
    /// Its city.
    pub city: String,
    /// Its region.
    pub region: String,
    /// Its postal code.
    pub postal_code: String,
    /// Its position.
    pub position: String,
    /// The day it opened.
    pub opened: String,
}

/// One product.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ware {
    /// Its GTIN, as fourteen digits.
    pub gtin: String,
    /// Its name.
    pub name: String,
    /// Its category.
    pub category: String,
}

/// Stores within some fifty kilometres.
#[must_use]
pub fn stores(dice: &mut Dice) -> Vec<RetailStore> {
    (0..MADE)
        .map(|n| RetailStore {
            kind: KINDS[dice.roll(KINDS.len())].to_owned(),
            street: format!(
                "{} {} STREET",
                1 + dice.roll(9_999),
                ["WALNUT", "MAIN", "OAK", "HWY 62"][n % 4]
            ),
            city: format!(
                "{}{}",
                PLACES[dice.roll(PLACES.len())],
                ["", " North", " Heights", " Springs"][dice.roll(4)]
            ),
            region: "AR".to_owned(),
            postal_code: format!("72{:03}", dice.roll(1_000)),
            position: format!("36.{:06},-94.{:06}", dice.roll(900_000), dice.roll(900_000)),
            opened: format!(
                "{}-{:02}-{:02}",
                1962 + dice.roll(60),
                1 + dice.roll(12),
                1 + dice.roll(28)
            ),
        })
        .collect()
}

/// Products with names of three words.
#[must_use]
pub fn wares(dice: &mut Dice) -> Vec<Ware> {
    (0..MADE)
        .map(|n| {
            let name = format!(
                "{} {} {}",
                TASTES[dice.roll(TASTES.len())],
                FOODS[dice.roll(FOODS.len())],
                100 + dice.roll(900)
            );
            Ware {
                gtin: checked(&format!("00{:011}", 10_000_000_000 + n)),
                name,
                category: category(n),
            }
        })
        .collect()
}

fn category(n: usize) -> String {
    CATEGORIES[n % CATEGORIES.len()].to_owned()
}

/// Thirteen digits with the check digit that belongs to them.
fn checked(digits: &str) -> String {
    (0..=9)
        .find_map(|check| gtin::normalised(&format!("{digits}{check}")).ok())
        .unwrap()
}

/// The rows of a file of values between commas, without its head; quotes keep commas together.
fn table(file: &Path) -> Vec<Vec<String>> {
    let text =
        std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let cells = |line: &str| {
        let mut cells = vec![String::new()];
        let mut is_quoted = false;
        for letter in line.chars() {
            match letter {
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => cells.push(String::new()),
                other => cells.last_mut().unwrap().push(other),
            }
        }
        cells
    };
    text.lines().skip(1).map(cells).collect()
}

/// Stores of a file with the columns `store_no,type,street,city,state,zip,lat,lon,opened`.
#[must_use]
pub fn read_stores(file: &Path) -> Vec<RetailStore> {
    let whole = table(file).into_iter().filter(|row| row.len() == 9);
    whole
        .map(|row| RetailStore {
            kind: row[1].clone(),
            street: row[2].clone(),
            city: row[3].clone(),
            region: row[4].clone(),
            postal_code: row[5].clone(),
            position: format!("{},{}", row[6], row[7]),
            opened: row[8].clone(),
        })
        .collect()
}

/// Products of a file with the columns `gtin,name`.
#[must_use]
pub fn read_wares(file: &Path) -> Vec<Ware> {
    let mut wares = Vec::new();
    for row in table(file) {
        if let [code, name, ..] = &row[..]
            && let Ok(gtin) = gtin::normalised(code)
        {
            wares.push(Ware {
                gtin,
                name: name.clone(),
                category: category(wares.len()),
            });
        }
    }
    wares
}
