//! Searching as people type: each name is found by its own words, however they are written, and by
//! the ways in which people leave letters, marks and blanks out.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use outfield_core::base::id::RecordId;
use outfield_core::objects::{Record, Registry, Value};
use outfield_core::store::{self, Db, PHONE, Schema, meta, search, tables};
use proptest::prelude::*;

const SHOP: &str = r#"{"object":"shop","version":1,"label":"Shop","kind":"row",
 "scope":[{"bucket":"tenant"}],"search":["name","gtin","phone","number"],"rights":{},"fields":{
 "name":{"kind":"text"},"gtin":{"kind":"gtin"},"phone":{"kind":"phone"},
 "number":{"kind":"text"}}}"#;

/// A database that searches shops.
struct SearchedShops {
    db: Db,
    registry: Registry,
    folder: tempfile::TempDir,
}

impl SearchedShops {
    fn new() -> SearchedShops {
        SearchedShops::of(PHONE)
    }

    fn of(schema: Schema) -> SearchedShops {
        let folder = tempfile::tempdir().unwrap();
        let db = store::open::open(&folder.path().join("a.db"), schema).unwrap();
        let mut registry = Registry::default();
        registry.adopt(serde_json::from_str(SHOP).unwrap());
        tables::ensure(&db, &registry).unwrap();
        SearchedShops {
            db,
            registry,
            folder,
        }
    }

    fn put(&self, n: u32, field: &str, text: &str) {
        let mut id = [0; 16];
        id[12..].copy_from_slice(&n.to_be_bytes());
        let record = Record {
            object: "shop".to_owned(),
            id: RecordId(id),
            values: [(field.to_owned(), Value::from(text))].into(),
            stamp: None,
        };
        tables::put(&self.db, self.registry.get("shop").unwrap(), &record).unwrap();
    }

    /// The numbers of the shops that a text finds.
    fn found(&self, text: &str) -> Vec<u32> {
        let number = |id: RecordId| u32::from_be_bytes(id.0[12..].try_into().unwrap());
        let found = search::search(&self.db, text, 5_000).unwrap();
        found.into_iter().map(|(_, id)| number(id)).collect()
    }
}

/// What is typed, and the name that it is to find.
const NAMES: &[(&str, &str)] = &[
    ("strasse", "Straße Markt"),
    ("grossmarkt", "Großmarkt Nord"),
    ("muller", "Müller"),
    ("mueller", "Müller"),
    ("müller", "Mueller Bau"),
    ("MÜLLER", "Mueller Bau"),
    ("soerensen", "Sørensen"),
    ("aarhus", "Århus Kiosk"),
    ("lodz", "Łódź Sklep"),
    ("smorrebrod", "Smørrebrød Huset"),
    ("isik", "Işık Bakkal"),
    ("ışık", "ISIK BAKKAL"),
    ("da nang", "Đà Nẵng Market"),
    ("σισυφος", "ΣΊΣΥΦΟΣ"),
    ("αγορα", "Αγορά"),
    ("елка", "Ёлка Магазин"),
    ("احمد", "بقالة أحمد"),
    ("محمد", "مُحَمَّد"),
    ("oeuvre", "Œuvre"),
    ("abc", "ＡＢＣ Shop"),
    ("ａｂｃ", "ABC"),
    ("mcdonalds", "McDonald's Main St"),
    ("mc donalds", "McDonald's Main St"),
    ("mcdonald's", "McDonalds"),
    ("mcdonald", "McDonald's Main St"),
    ("oneil", "O'Neil Hardware"),
    ("o neil", "O'Neil Hardware"),
    ("o'neil", "ONeil"),
    ("oneil", "O Neil Hardware"),
    ("obrien", "O’Brien Pub"),
    ("o'brien", "O’Brien Pub"),
    ("o´brien", "O’Brien Pub"),
    ("sams club", "Sam's Club"),
    ("samsclub", "Sam's Club"),
    ("sam's club", "Sams Club"),
    ("st johns", "St. John's Market"),
    ("stjohns", "St. John's Market"),
    ("cocacola", "Coca-Cola Depot"),
    ("coca cola", "Cocacola Depot"),
    ("coca-cola", "Coca Cola"),
    ("cocacola", "Coca Cola"),
    ("7eleven", "7-Eleven"),
    ("7eleven", "7 Eleven"),
    ("7 eleven", "7-Eleven"),
    ("7-11", "7-11 Store"),
    ("711", "7-11 Store"),
    ("hm", "H&M"),
    ("h&m", "HM"),
    ("h & m", "H&M"),
    ("hm", "H & M"),
    ("att", "AT&T Center"),
    ("burgerking", "Burger King"),
    ("burger king", "Burgerking"),
    ("walmart", "Wal-Mart Supercenter"),
    ("wal mart", "Walmart Supercenter"),
    ("abc", "A.B.C. Traders"),
    ("saint-etienne", "Saint Étienne"),
    ("超市", "北京超市"),
    ("市", "北京超市"),
    ("北京超市", "北京超市"),
    ("京超市", "北京 超市"),
    ("마트", "서울마트"),
    ("서울 마트", "서울마트"),
    ("ร้าน", "น้ำปลาร้านดี"),
    ("ถูก", "ราคาถูก"),
    ("イレブン", "セブンイレブン"),
    ("ｲﾚﾌﾞﾝ", "セブン-イレブン"),
    ("せぶん", "セブンイレブン"),
    ("세븐일레븐", "세븐-일레븐 강남"),
    ("हिन्दी", "हिन्दी किराना"),
];

#[test]
fn names_are_found_as_people_type_them() {
    let mut missed = Vec::new();
    for (typed, name) in NAMES {
        let shops = SearchedShops::new();
        shops.put(1, "name", name);
        shops.put(2, "name", "Zzyzx");
        if shops.found(typed) != [1] {
            missed.push((typed, name));
        }
    }
    assert_eq!(missed, []);
}

#[test]
fn what_is_not_meant_is_not_found() {
    for (typed, name) in [
        ("sams", "Sam Smith"),
        ("超京", "北京超市"),
        ("市北", "北京超市"),
        ("king burger", "Burgerking"),
        ("onion", "O'Neil"),
        ("ガム", "カム"),
        ("", "Anything"),
        ("'", "O'Neil"),
        ("\u{e000}", "Anything"),
    ] {
        let shops = SearchedShops::new();
        shops.put(1, "name", name);
        assert!(shops.found(typed).is_empty(), "{typed} {name}");
    }
}

#[test]
fn numbers_are_found_as_they_are_printed() {
    for (field, kept, typed) in [
        (
            "gtin",
            "04006381333931",
            &[
                "4006381333931",
                "04006381333931",
                "400638",
                "4 006381 333931",
                "004006381333931",
            ][..],
        ),
        (
            "gtin",
            "00036000291452",
            &[
                "036000291452",
                "36000291452",
                "0036000291452",
                "0 36000 29145 2",
            ],
        ),
        ("gtin", "00000096385074", &["96385074", "9638 5074"]),
        ("gtin", "00042100005264", &["04252614", "042100005264"]),
        (
            "phone",
            "+14795550100",
            &[
                "+14795550100",
                "4795550100",
                "(479) 555-0100",
                "479.555.0100",
                "5550100",
                "555 0100",
                "+1 479 555 0100",
                "001 479 555 0100",
            ],
        ),
        (
            "phone",
            "+497111234567",
            &[
                "0711 1234567",
                "+49 711 1234567",
                "0711/1234567",
                "+49 (0)711 1234567",
            ],
        ),
        (
            "number",
            "SO-7K2-12",
            &["SO-7K2-12", "so7k212", "so 7k2 12", "7k2-12", "7K2"],
        ),
        ("number", "0012", &["12", "0012"]),
    ] {
        let shops = SearchedShops::new();
        shops.put(1, field, kept);
        shops.put(2, "gtin", "05000112637922");
        for typed in typed {
            assert_eq!(shops.found(typed), [1], "{typed} {kept}");
        }
    }
}

#[test]
fn a_database_of_before_enters_its_words_anew() {
    let before = Schema {
        migrations: &PHONE.migrations[..PHONE.migrations.len() - 1],
        ..PHONE
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.db");
    let db = store::open::open(&file, before).unwrap();
    let mut registry = Registry::default();
    registry.adopt(serde_json::from_str(SHOP).unwrap());
    let sql = "INSERT INTO search_entry (object, id) VALUES ('shop', zeroblob(16));
               INSERT INTO search (rowid, words) VALUES (1, 'Straße')";
    db.execute_batch(sql).unwrap();
    drop(db);
    let db = store::open::open(&file, PHONE).unwrap();
    assert!(!tables::fits(&db, &registry).unwrap());
    tables::ensure(&db, &registry).unwrap();
    let shops = SearchedShops {
        db,
        registry,
        folder,
    };
    let found = shops.found("straße");
    assert!(found.is_empty(), "what was entered otherwise is gone");
    shops.put(1, "name", "Straße");
    assert_eq!(shops.found("strasse"), [1]);
}

#[test]
fn words_are_entered_anew_where_other_fields_are_searched() {
    let shops = SearchedShops::new();
    shops.put(1, "name", "Corner");
    shops.put(1, "number", "K-7");
    let mut registry = Registry::default();
    let less = SHOP
        .replace(r#","number"]"#, "]")
        .replace("\"version\":1", "\"version\":2");
    registry.adopt(serde_json::from_str(&less).unwrap());
    assert!(!tables::fits(&shops.db, &registry).unwrap());
    tables::ensure(&shops.db, &registry).unwrap();
    assert!(tables::fits(&shops.db, &registry).unwrap());
    assert!(shops.found("k7").is_empty());
    tables::ensure(&shops.db, &shops.registry).unwrap();
    assert_eq!(shops.found("k7"), [1]);
    assert!(meta::get(&shops.db, "shape").unwrap().is_some());
    assert!(shops.folder.path().exists());
}

/// The name in another form that a person may type.
fn forms(name: &str) -> Vec<String> {
    let apart: String = icu_normalizer::DecomposingNormalizerBorrowed::new_nfd()
        .normalize(name)
        .into_owned();
    let without = |marks: &[char]| name.replace(marks, "");
    vec![
        name.to_owned(),
        apart.to_uppercase(),
        apart,
        name.to_uppercase(),
        name.to_lowercase(),
        without(&['\'', '\u{2019}', '`']),
        without(&['-']),
        without(&['\'', '\u{2019}', '-', '.']),
        name.replace('-', " "),
    ]
}

/// Names of real products, if the file is beside the project; else those of the demo.
fn real_names() -> Vec<String> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let files = [
        "../shared/data/products.csv",
        "../../shared/data/products.csv",
        "tests/demo/src/story/sample-products.csv",
    ];
    let found = files
        .iter()
        .find_map(|file| std::fs::read_to_string(project.join(file)).ok());
    let text = found.unwrap();
    let names = text.lines().skip(1).filter_map(|line| line.split_once(','));
    names
        .map(|(_, name)| name.trim_matches('"').to_owned())
        .collect()
}

#[test]
fn each_real_name_is_found_however_it_is_typed() {
    let shops = SearchedShops::new();
    let names = real_names();
    let tx = store::open::begin(&shops.db).unwrap();
    for (n, name) in (0..).zip(&names) {
        shops.put(n, "name", name);
    }
    store::open::commit(tx).unwrap();
    let mut missed = Vec::new();
    for (n, name) in (0_u32..).zip(&names) {
        // Every name in one way, and every tenth in all.
        let forms = forms(name);
        let ways = forms.len();
        for (way, form) in forms.into_iter().enumerate() {
            let is_tried = n % 10 == 0 || n as usize % ways == way;
            if is_tried && !shops.found(&form).contains(&n) {
                missed.push((name, form));
            }
        }
    }
    missed.truncate(20);
    assert_eq!(missed, []);
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(60)
    })]

    #[test]
    fn a_name_of_any_script_is_found_by_itself(name in "\\PC{1,24}") {
        let shops = SearchedShops::new();
        shops.put(1, "name", &name);
        let has_words = !shops.found(&name).is_empty();
        for form in forms(&name).into_iter().take(5) {
            prop_assert_eq!(!shops.found(&form).is_empty(), has_words, "{:?}", form);
        }
        prop_assert!(has_words || !name.contains(char::is_alphanumeric), "{:?}", name);
    }
}
