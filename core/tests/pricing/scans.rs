//! What scanners send: element strings in brackets and raw, plain numbers, and what is wrong with
//! bad ones.

use std::path::Path;

use outfield_core::base::day::Day;
use outfield_core::base::gs1::{Scan, read};
use outfield_core::base::gtin;

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
        "]e010AB-12 \u{1d}010400638133393117270600",
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
    let scan = read(
        "(01)04006381333931(3202)000150(3131)000125",
        TODAY.parse().unwrap(),
    )
    .unwrap();
    let measures: Vec<String> = scan
        .measures
        .iter()
        .map(|(name, is)| format!("{name} {is}"))
        .collect();
    assert_eq!(measures, ["height_m 12.5", "net_weight_lb 1.5"]);
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
fn whatever_a_scanner_puts_around_a_number_is_no_matter() {
    for scanned in [
        "4006381333931\t",
        "4006381333931 ",
        " 4006381333931",
        "\u{feff}4006381333931\r\n",
        "\u{2}4006381333931\u{3}",
        "]E04006381333931\r",
        " ]E04006381333931 ",
        "A4006381333931",
        "EAN:4006381333931",
        "4006381333931$",
        "*4006381333931*",
        "4 006381 333931",
        "4-006381-333931",
        "]C04006381333931",
        "]d14006381333931",
        "]E3400638133393112",
        "]E3400638133393112345",
    ] {
        check(scanned, item());
    }
    for scanned in [
        "978-0-201-37962-4",
        "978020137962451295",
        "9780201379624 51295",
    ] {
        let book = read(scanned, TODAY.parse().unwrap()).unwrap();
        assert_eq!(book.gtin, text("09780201379624"), "{scanned}");
    }
    for scanned in [
        "ABCDE4006381333931",
        "A4006381333932",
        "400638133393",
        "12345",
    ] {
        assert!(read(scanned, TODAY.parse().unwrap()).is_err(), "{scanned}");
    }
}

#[test]
fn upc_e_is_read_by_its_symbology_and_by_its_digits() {
    let of = |gtin: &str| Scan {
        gtin: text(gtin),
        ..Scan::default()
    };
    for scanned in [
        "]E004256212",
        "E04256212",
        "]E00425621",
        "425621",
        "0425621",
        "]E0042100005622",
    ] {
        check(scanned, of("00042100005622"));
    }
    check("04252614", of("00042100005264"));
    check("06731906", of("00067000003196"));
    // Eight digits that are both: who looks for the product decides.
    for scanned in ["04256212", "]E404256212"] {
        check(
            scanned,
            Scan {
                or_gtin: text("00042100005622"),
                ..of("00000004256212")
            },
        );
    }
    refused("24252613", "its check digit is 3");
}

/// Rows of a list of products whose codes are no GTINs, if the list is beside the project; else a
/// few of them.
fn codes_that_are_no_gtins() -> Vec<String> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let files = [
        "../shared/data/products-bad.csv",
        "../../shared/data/products-bad.csv",
    ];
    let mut found = files.iter();
    let found = found.find_map(|file| std::fs::read_to_string(project.join(file)).ok());
    let few = "gtin,name\n01271700,A\n19063308,B\n92248187,C\n01121335723,D\n".to_owned();
    let text = found.unwrap_or(few);
    let codes = text.lines().skip(1).filter_map(|line| line.split_once(','));
    codes.map(|(code, _)| code.to_owned()).collect()
}

#[test]
fn of_real_codes_that_are_no_gtins_those_of_upc_e_are_read() {
    let codes = codes_that_are_no_gtins();
    let read: Vec<&String> = codes
        .iter()
        .filter(|code| gtin::said(code).is_ok())
        .collect();
    let expected = if codes.len() == 300 { 68 } else { 2 };
    assert_eq!(read.len(), expected, "{read:?}");
    for code in codes {
        let Err(error) = gtin::said(&code) else {
            continue;
        };
        assert!(!error.reason.is_empty(), "{error}");
        assert_eq!(error.text, code);
    }
}

#[test]
fn a_label_is_read_whatever_else_stands_on_it() {
    for scanned in [
        "\u{1d}01040063813339311724033110669801C\u{1d}2125816434762607\u{1d}7127098690",
        "0104006381333931172409307149908319\u{1d}10J051P0171081P\u{1d}210RP7FW9KXP",
        "]C101040063813339313202000150",
        "(01)04006381333931(13)261128(10)L7",
        "(01)04006381333931(3922)000199",
        "(240)00012345(01)04006381333931(10)0455A",
        "(01)04006381333931(10)LOT 12",
        "01040063813339310512345678",
        "(01)04006381333931(4321)1(8200)http://example.com",
        "]C1010400638133393191SECRET\u{1d}8110123",
        "010400638133393110J051P<GS>210RP7FW",
        "010400638133393110J051P{GS}210RP7FW",
        "010400638133393110J051P^]210RP7FW",
        "010400638133393110J051P|210RP7FW",
        "010400638133393110J051P~210RP7FW",
        "010400638133393110J051P\u{241d}210RP7FW",
        "010400638133393110J051P 210RP7FW",
        "]d1010400638133393110J051P\u{1d}210RP7FW",
        "]Q1(01)04006381333931(10)J051P",
    ] {
        let scan = read(scanned, TODAY.parse().unwrap());
        assert_eq!(
            scan.map(|scan| scan.gtin),
            Ok(text("04006381333931")),
            "{scanned:?}"
        );
    }
    let scan = read("010400638133393110J051P 210RP7FW", TODAY.parse().unwrap()).unwrap();
    assert_eq!((scan.batch, scan.serial), (text("J051P"), text("0RP7FW")));
    let scan = read(
        "(01)04006381333931(712)7098690(10)LOT 12",
        TODAY.parse().unwrap(),
    )
    .unwrap();
    assert_eq!(
        (scan.unread, scan.batch),
        (vec!["712".to_owned()], text("LOT 12"))
    );
}

#[test]
fn what_trade_puts_on_labels_is_read() {
    let label = "(02)04006381333931(37)24(30)6(240)A-1(3932)978000250(400)PO 7\
                 (410)4000001000005(415)9501101020016(7003)2706301405(8005)000199(91)x(99)y(20)01\
                 (16)270601(12)270602(3942)0500(3952)000125";
    refused(
        &format!("{label}(3922)000199"),
        "(3922) `000199`: it stands there twice",
    );
    let scan = read(label, TODAY.parse().unwrap());
    let wanted = Scan {
        content: text("04006381333931"),
        count: Some(24),
        pieces: Some(6),
        additional_id: text("A-1"),
        price: Some("2.5".parse().unwrap()),
        currency_number: text("978"),
        order_number: text("PO 7"),
        ship_to: text("4000001000005"),
        billed_by: text("9501101020016"),
        expiry_time: text("2027-06-30T14:05"),
        price_digits: text("000199"),
        internal: [("91", "x"), ("99", "y")]
            .map(|(at, is)| (at.to_owned(), is.to_owned()))
            .into(),
        variant: text("01"),
        sell_by: day("2027-06-01"),
        due: day("2027-06-02"),
        discount_percent: Some("5".parse().unwrap()),
        price_per_measure: Some("1.25".parse().unwrap()),
        ..Scan::default()
    };
    assert_eq!(scan, Ok(wanted));
}

#[test]
fn a_digital_link_is_read_of_any_host() {
    for scanned in [
        "https://id.gs1.org/01/04006381333931",
        "https://www.example.org/01/4006381333931",
        "HTTPS://ID.GS1.ORG/01/04006381333931/",
        "http://example.com/some/shop/gtin/4006381333931?lang=de&utm=1#top",
        "id.gs1.org/01/04006381333931",
        "]Q1https://id.gs1.org/01/04006381333931",
        "]d2https://id.gs1.org/01/04006381333931\r\n",
    ] {
        check(scanned, item());
    }
    check(
        "https://example.com/01/04006381333931/10/AB%2F12?17=270600",
        Scan {
            batch: text("AB/12"),
            expiry: day("2027-06-30"),
            ..item()
        },
    );
    let scan = read(
        "https://www.example.org/01/4006381333931/15/270501/3103/000123?7127=1&8110=2",
        TODAY.parse().unwrap(),
    );
    let scan = scan.unwrap();
    assert_eq!(scan.net_weight_kg, Some("0.123".parse().unwrap()));
    assert_eq!(scan.best_before, day("2027-05-01"));
    check(
        "https://id.gs1.org/00/376104250021234569",
        Scan {
            sscc: text("376104250021234569"),
            ..Scan::default()
        },
    );
    for (scanned, words) in [
        (
            "https://example.com/shop/4006381333931",
            "it is a link that names no goods",
        ),
        (
            "https://id.gs1.org/01/04006381333932",
            "its check digit is 2",
        ),
        ("https://", "it is a link that names no goods"),
        ("https://id.gs1.org/01", "it is a link that names no goods"),
    ] {
        refused(scanned, words);
    }
}

#[test]
fn what_is_wrong_is_named() {
    for (scanned, words) in [
        ("", "it is empty"),
        ("]C1", "it is empty"),
        ("]L0hello", "`hell` is no identifier that is read here"),
        ("hello", "`hell` is no identifier that is read here"),
        ("(89)x", "`89` is no identifier"),
        (
            "92248187123",
            "it names neither goods nor a parcel nor a place",
        ),
        ("(1)x", "an identifier is expected at `(1)x`"),
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
        ("(21)a\u{7}b", "'\\u{7}' has no place in it"),
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
