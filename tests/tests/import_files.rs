//! Files as people really have them, through the command: what spreadsheets and shops make of a
//! table. Each case is a file, what the import says of it, and what stands in the records then.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use outfield_tests::served::{Yard, binary};
use serde_json::{Value as Json, json};

/// An office, and files that it imports.
struct ImportDesk {
    yard: Yard,
}

/// How one import ended.
struct ToldImport {
    exit: i32,
    data: Json,
    message: String,
}

impl ImportDesk {
    fn new() -> ImportDesk {
        ImportDesk { yard: Yard::new() }
    }

    fn import(&self, what: &str, file: impl AsRef<[u8]>, options: &[&str]) -> ToldImport {
        let path = self.yard.path("import.csv");
        std::fs::write(&path, file).unwrap();
        self.import_again(what, "import.csv", options)
    }

    fn import_again(&self, what: &str, name: &str, options: &[&str]) -> ToldImport {
        let mut command = self.yard.keeper.command(binary());
        let command = command
            .current_dir(self.yard.path(""))
            .args(["--json", "import", what, name, "--data"])
            .arg(self.yard.data())
            .args(options);
        let output = command.output().unwrap();
        let answer: Json = serde_json::from_slice(&output.stdout).unwrap();
        ToldImport {
            exit: output.status.code().unwrap(),
            message: answer["error"]["message"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            data: answer["data"].clone(),
        }
    }

    /// What a second import of these columns sees of the records: nothing that it would change.
    #[track_caller]
    fn holds(&self, what: &str, rows: &str) {
        let told = self.import(what, rows, &["--dry-run"]);
        let count = rows.lines().count() - 1;
        assert_eq!(told.data["unchanged"], count, "{}", told.data);
    }
}

fn reasons(told: &ToldImport) -> Vec<String> {
    let rejected = told.data["rejected"].as_array().unwrap().iter();
    rejected
        .map(|row| format!("{}: {}", row["line"], row["reason"].as_str().unwrap()))
        .collect()
}

const GOOD: &str = "gtin,name,price\n4006381333931,K\u{e4}se,1.25\n";

#[test]
fn every_dialect_of_a_spreadsheet_is_imported() {
    let text = "gtin;name;price\r\n4006381333931;K\u{e4}se;1,25\r\n";
    let wide = |text: &str| -> Vec<u8> {
        let marked = format!("\u{feff}{text}");
        marked.encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    let windows: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
    for (bytes, encoding, delimiter, guessed) in [
        (text.as_bytes().to_vec(), "utf-8", ";", false),
        (
            format!("\u{feff}sep=;\r\n{text}").into_bytes(),
            "utf-8",
            ";",
            false,
        ),
        (wide(&text.replace(';', "\t")), "utf-16le", "\t", false),
        (text.replace(';', "|").into_bytes(), "utf-8", "|", false),
        (windows, "windows-1252", ";", true),
    ] {
        let desk = ImportDesk::new();
        let told = desk.import("products", &bytes, &[]);
        let file = json!({ "format": "csv", "encoding": encoding, "delimiter": delimiter,
            "encoding_guessed": guessed });
        assert_eq!((told.exit, &told.data["file"]), (0, &file), "{}", told.data);
        desk.holds("products", GOOD);
    }
}

#[test]
fn an_encoding_that_is_said_is_taken() {
    let desk = ImportDesk::new();
    let told = desk.import(
        "products",
        b"gtin,name\n4006381333931,\x83\x65\x83\x58\x83\x67\n",
        &["--encoding", "shift_jis"],
    );
    assert_eq!(told.exit, 0, "{}", told.message);
    desk.holds(
        "products",
        "gtin,name\n4006381333931,\u{30c6}\u{30b9}\u{30c8}\n",
    );
    let told = desk.import("products", GOOD, &["--encoding", "latin-9000"]);
    assert!(
        told.message
            .starts_with("there is no encoding `latin-9000`"),
        "{}",
        told.message
    );
    let told = desk.import(
        "products",
        b"gtin,name\n1,\xff\xff",
        &["--encoding", "shift_jis"],
    );
    assert!(
        told.message.contains("line 2 is not Shift_JIS"),
        "{}",
        told.message
    );
}

#[test]
fn what_a_spreadsheet_did_to_a_cell_is_undone_or_named() {
    let desk = ImportDesk::new();
    let told = desk.import(
        "accounts",
        "code,name,street,blocked,opened,lat,lon\n\
         1,A,\"12 Main St\nSuite 4\",TRUE,31/12/1999,\"36,5\",\"-94,25\"\n\
         2,B,,No,24-Nov-2026,,\n\
         3,C,,FALSE,7/1/1962,,\n\
         4,D,#REF!,,,,\n\
         4.00638E+12,E,,,,,\n",
        &[],
    );
    let said = [
        "5: opened_on: `7/1/1962` may be 1962-01-07 or 1962-07-01; \
         say --date-format, such as DD.MM.YYYY or MM/DD/YYYY",
        "6: street: `#REF!` is what a spreadsheet writes where it could not show a value; \
         write the value",
        "7: code: `4.00638E+12` is a long number that a spreadsheet shortened, and its last digits \
         are lost; take the code from its source, into a column that is formatted as text",
    ];
    assert_eq!(
        (told.exit, reasons(&told)),
        (2, said.map(str::to_owned).to_vec())
    );
    desk.holds(
        "accounts",
        "code,name,street,blocked,opened,position\n\
         1,A,12 Main St Suite 4,true,1999-12-31,\"36.500000,-94.250000\"\n\
         2,B,,false,2026-11-24,\n",
    );
    let told = desk.import(
        "accounts",
        "code,name,opened\n3,C,7/1/1962\n",
        &["--date-format", "M/D/YYYY"],
    );
    assert_eq!(told.exit, 0, "{}", told.message);
    desk.holds("accounts", "code,name,opened\n3,C,1962-07-01\n");
}

#[test]
fn amounts_are_what_they_were_meant_or_asked_about() {
    let desk = ImportDesk::new();
    let file = "gtin;name;price\n4006381333931;A;1.234,50\n4006381333948;B;1,250\n";
    let told = desk.import("products", file, &[]);
    let asked = "3: price: `1,250` may be 1250 or 1.250; say --decimal comma or --decimal point";
    assert_eq!(reasons(&told), [asked]);
    let told = desk.import("products", file, &["--decimal", "comma"]);
    assert_eq!(told.exit, 0, "{}", told.message);
    let told = desk.import("products", file, &["--decimal", "point"]);
    assert!(reasons(&told)[0].contains("no number with a decimal point"));
}

#[test]
fn a_column_that_is_not_imported_rejects_no_row() {
    let desk = ImportDesk::new();
    let told = desk.import(
        "products",
        "gtin,name,Notes,Notes,,\n4006381333931,A,\"x\n\ty\",\u{1},,\n,,,,,\n96385074,B\n",
        &[],
    );
    assert_eq!(
        (told.exit, &told.data["created"]),
        (0, &json!(2)),
        "{}",
        told.data
    );
    assert_eq!(told.data["ignored_columns"], json!(["Notes", "Notes"]));
    let told = desk.import("products", "gtin,name,name\n96385074,B,C\n", &[]);
    assert!(
        told.message
            .contains("column 3 is named `name` like another")
    );
}

#[test]
fn a_missing_quotation_mark_swallows_no_row() {
    let desk = ImportDesk::new();
    let file = "gtin,name\n96385074,\"Gum\n4006381333931,\"Pen\"\n4006381333948,Ham\n";
    let told = desk.import("products", file, &[]);
    assert_eq!(
        reasons(&told),
        ["2: a quotation mark is missing, or one is left over"]
    );
    assert_eq!(told.data["created"], 1);
}

#[test]
fn a_territory_is_one_in_whatever_spelling() {
    let desk = ImportDesk::new();
    let file = "code,name,terr\n1,A,North\n2,B,north\n3,C, NORTH \n4,D,south  east\n\
                5,E,South East\n6,F,\n";
    let told = desk.import("accounts", file, &["--territory-column", "terr"]);
    assert_eq!(told.exit, 0, "{}", told.message);
    assert_eq!(told.data["territories_added"], json!(["south east"]));
    assert_eq!(told.data["without_territory"], 1);
    let territories = desk.yard.office(&["territory", "list"]);
    assert_eq!(territories["data"].as_array().unwrap().len(), 2);
    let refused = desk.yard.refused(&["territory", "add", " north"]);
    assert_eq!(refused["error"]["code"], "exists");
    desk.yard.office(&[
        "user",
        "add",
        "Ann",
        "--role",
        "rep",
        "--territory",
        "NORTH",
    ]);
}

#[test]
fn accounts_that_no_rep_will_see_are_counted() {
    let desk = ImportDesk::new();
    let told = desk.import(
        "accounts",
        "code,name,terr\n1,A,North\n2,B,North\n",
        &["--dry-run"],
    );
    assert_eq!(told.data["without_territory"], 2);
    desk.import(
        "accounts",
        "code,name,terr\n1,A,North\n",
        &["--territory-column", "terr"],
    );
    let told = desk.import("accounts", "code,name\n1,A\n2,B\n", &[]);
    assert_eq!(
        told.data["without_territory"], 1,
        "the first has one already"
    );
    let told = desk.import("products", GOOD, &[]);
    assert!(told.data["without_territory"].is_null());
}

#[test]
fn failed_rows_are_mended_in_a_file_of_their_own() {
    let desk = ImportDesk::new();
    let file = "gtin;name;note\n4006381333932;Pen;=1+1\n96385074;Gum;\n\
                36000291452;\"Tis;sues\";+1\n";
    let told = desk.import("products", file, &["--failed", "failed.csv"]);
    assert_eq!(
        (told.exit, &told.data["failed_file"]),
        (2, &json!("failed.csv"))
    );
    let failed = std::fs::read_to_string(desk.yard.path("failed.csv")).unwrap();
    let lines: Vec<&str> = failed
        .trim_start_matches('\u{feff}')
        .split("\r\n")
        .collect();
    assert_eq!(lines[0], "gtin,name,note,rejection_reason");
    assert!(lines[1].starts_with("4006381333932,Pen,'=1+1,"), "{failed}");
    assert!(
        lines[2].starts_with("36000291452,Tis;sues,'+1,"),
        "{failed}"
    );
    let mended = failed.replace("4006381333932", "4006381333931");
    let told = desk.import("products", mended, &["--failed", "failed.csv"]);
    assert_eq!(
        (&told.data["created"], &told.data["rejected_rows"]),
        (&json!(1), &json!(1))
    );
    let again = std::fs::read_to_string(desk.yard.path("failed.csv")).unwrap();
    assert_eq!(again.matches("rejection_reason").count(), 1);
    assert_eq!(again.lines().count(), 2, "{again}");
    let own = desk.import("products", file, &["--failed", "import.csv"]);
    assert!(
        own.message.contains("is the file that is imported"),
        "{}",
        own.message
    );
    std::fs::write(desk.yard.path("letter.txt"), "Dear").unwrap();
    let other = desk.import("products", file, &["--failed", "letter.txt"]);
    assert!(
        other.message.contains("is there already"),
        "{}",
        other.message
    );
    assert_eq!(
        std::fs::read(desk.yard.path("letter.txt")).unwrap(),
        b"Dear"
    );
}

#[test]
fn an_import_that_breaks_off_leaves_no_half_a_file_of_failed_rows() {
    let desk = ImportDesk::new();
    let endless = "m".repeat(2 << 20);
    let file = format!("gtin,name\n4006381333932,Pen\n96385074,\"Gu{endless}\n");
    let told = desk.import("products", file, &["--failed", "failed.csv"]);
    assert_ne!(told.exit, 0, "{}", told.message);
    assert!(told.message.contains("quotation mark"), "{}", told.message);
    assert!(!desk.yard.path("failed.csv.part").exists());
}

#[test]
fn batches_are_one_import() {
    let desk = ImportDesk::new();
    let mut rows = "code,name,terr\n".to_owned();
    for at in 0..2_500 {
        rows.push_str(&format!("C{at},Shop {at},T{}\n", at % 3));
    }
    rows.push_str("C0,Again,T0\n");
    let told = desk.import("accounts", &rows, &["--territory-column", "terr"]);
    assert_eq!(told.data["created"], 2_500);
    assert_eq!(told.data["territories_added"], json!(["T0", "T1", "T2"]));
    assert_eq!(reasons(&told), ["2502: line 2 has this code already"]);
}
