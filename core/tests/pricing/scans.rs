//! What scanners send: element strings in brackets and raw, plain numbers, and what is wrong with
//! bad ones.

use outfield_core::base::day::Day;
use outfield_core::base::gs1::{Scan, read};

const TODAY: &str = "2026-11-24";

#[track_caller]
fn check(text: &str, wanted: Scan) {
    assert_eq!(read(text, TODAY.parse().unwrap()), Ok(wanted), "{text:?}");
}

#[track_caller]
fn refused(text: &str, words: &str) {
    let said = read(text, TODAY.parse().unwrap()).unwrap_err().to_string();
    assert!(said.contains(words), "{text:?}: {said}");
}

fn item() -> Scan {
    Scan {
        gtin: Some("04006381333931".to_owned()),
        ..Scan::default()
    }
}

fn day(text: &str) -> Option<Day> {
    Some(text.parse().unwrap())
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_goods_label_reads_alike_in_brackets_and_raw() {
    for scanned in [
        "(01)04006381333931(17)270600(10)AB-12",
        "(10)AB-12(17)270630(01)04006381333931",
        "]C101040063813339311727060010AB-12",
        "]d201040063813339311727060010AB-12\u{1d}",
        "]Q3\u{1d}01040063813339311727060010AB-12\r\n",
        "]e010AB-12\u{1d}010400638133393117270600",
        "\u{1d}010400638133393110AB-12\u{1d}17270630",
        "0104006381333931\u{1d}17270600\u{1d}10AB-12",
        "(01)04006381333931(01)04006381333931(17)270600(10)AB-12",
    ] {
        check(
            scanned,
            Scan {
                batch: text("AB-12"),
                expiry: day("2027-06-30"),
                ..item()
            },
        );
    }
}

#[test]
fn a_pallet_label_names_parcel_content_count_weight_and_place() {
    let pallet = Scan {
        sscc: text("376104250021234569"),
        content: text("04006381333931"),
        count: Some(48),
        net_weight_kg: Some("12.5".parse().unwrap()),
        location: text("4000001000005"),
        ..Scan::default()
    };
    check(
        "(00)376104250021234569(02)04006381333931(37)48(3103)012500(414)4000001000005",
        pallet.clone(),
    );
    check(
        "]C1003761042500212345690204006381333931310301250041440000010000053748",
        pallet,
    );
}

#[test]
fn every_date_is_read_and_a_day_of_zero_is_the_last_of_its_month() {
    let dated = Scan {
        produced: day("2026-02-28"),
        best_before: day("2028-02-29"),
        serial: text("S/N(7)_1"),
        ..item()
    };
    check("(01)04006381333931(11)260200(15)280200(21)S/N(7)_1", dated);
}

#[test]
fn the_century_is_the_nearest() {
    for (two_digits, year) in [
        ("26", 2026),
        ("76", 2076),
        ("77", 1977),
        ("99", 1999),
        ("00", 2000),
    ] {
        let scan = read(&format!("(17){two_digits}0101"), TODAY.parse().unwrap()).unwrap();
        assert_eq!(scan.expiry.map(Day::year), Some(year), "{two_digits}");
    }
    let late = read("(17)450101", "2095-01-01".parse().unwrap()).unwrap();
    assert_eq!(late.expiry.map(Day::year), Some(2145));
}

#[test]
fn weights_have_as_many_decimals_as_their_identifier_says() {
    for (identifier, weight) in [("3100", "12345"), ("3103", "12.345"), ("3105", "0.12345")] {
        check(
            &format!("({identifier})012345"),
            Scan {
                net_weight_kg: Some(weight.parse().unwrap()),
                ..Scan::default()
            },
        );
    }
    refused("(3106)012345", "`3106` is no identifier that is read here");
}

#[test]
fn a_plain_number_is_a_trade_item() {
    for scanned in [
        "4006381333931",
        "04006381333931",
        "]E04006381333931",
        "]I104006381333931",
        "4006381333931\n",
    ] {
        check(scanned, item());
    }
    check(
        "036000291452",
        Scan {
            gtin: text("00036000291452"),
            ..Scan::default()
        },
    );
    check(
        "]E496385074",
        Scan {
            gtin: text("00000096385074"),
            ..Scan::default()
        },
    );
    refused("4006381333932", "its check digit is 2, but 1 belongs there");
}

#[test]
fn what_is_wrong_is_named() {
    for (scanned, words) in [
        ("", "it is empty"),
        ("]C1", "it is empty"),
        ("]L0hello", "its symbology is none that carries GS1 data"),
        (
            "hello",
            "`hell` is no identifier that is read here; there are 00, 01, 02, 10",
        ),
        ("(99)x", "`99` is no identifier"),
        ("(1)x", "an identifier is expected at `(1)x`"),
        (
            "(01)04006381333931 (10)A",
            "(01) has 15 characters; 14 are needed",
        ),
        (
            "(01)04006381333932",
            "(01) `04006381333932`: its check digit is 2, but 1 belongs there",
        ),
        ("]C1010400638133", "(01) has 10 characters; 14 are needed"),
        (
            "]C10104006\u{1d}381333931",
            "(01) has 5 characters; 14 are needed",
        ),
        ("(01)040063813é31", "(01) has 12 characters; 14 are needed"),
        (
            "]C101040063813é3931",
            "(01) has 13 characters; 14 are needed",
        ),
        (
            "(00)376104250021234568",
            "(00) `376104250021234568`: its check digit is 8, but 9 belongs there",
        ),
        (
            "(414)4000001000006",
            "(414) `4000001000006`: its check digit is 6",
        ),
        ("(17)270631", "(17) `270631`: the calendar has no such day"),
        ("(17)271300", "the calendar has no such day"),
        ("(17)27063", "(17) has 5 characters; 6 are needed"),
        ("(17)27O630", "it is made of digits alone"),
        ("(10)", "(10) has 0 characters; 1 to 20 are possible"),
        (
            "(10)123456789012345678901",
            "(10) has 21 characters; 1 to 20 are possible",
        ),
        ("(21)a b", "' ' has no place in it"),
        ("(37)123456789", "(37) has 9 characters"),
        ("(37)1x", "it is made of digits alone"),
        (
            "(17)270601(17)270602",
            "it stands there twice with different data",
        ),
    ] {
        refused(scanned, words);
    }
}
