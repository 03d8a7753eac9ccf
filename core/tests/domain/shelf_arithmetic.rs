//! What counts of a shelf come to: availability, share, what to order, and when counts of several
//! people add up.

use outfield_core::base::fraction::Ratio;
use outfield_core::base::id::RecordId;
use outfield_core::domain::rules::figures::compute::{self, HalfNames};
use outfield_core::domain::rules::shelf::arithmetic::{
    Count, Status, availability, joined, share, shares, suggested,
};

use crate::support::id;

const TEA: RecordId = RecordId([70; 16]);

/// A count of a product by person `by` at the same moment as all others.
fn count(product: RecordId, by: u8, status: Status) -> Count {
    Count {
        product,
        at: (i64::from(by), id(by).to_string()),
        status,
        facings: 0,
        on_shelf_units: 0,
        back_stock_units: 0,
        par_units: None,
        category: String::new(),
        own: true,
        sum: false,
    }
}

fn found(statuses: &[Status]) -> Vec<Count> {
    statuses
        .iter()
        .zip(70..)
        .map(|(status, product)| count(id(product), 1, *status))
        .collect()
}

#[test]
fn availability_is_present_of_listed_and_checked_and_the_rest_is_out_of_stock() {
    use Status::{Expired, ListedVoid, NotChecked, NotListed, Present};
    for (statuses, available, out) in [
        (
            &[Present, Present, ListedVoid][..],
            Some("66.7"),
            Some("33.3"),
        ),
        (
            &[Present, Expired, ListedVoid, NotListed, NotChecked],
            Some("33.3"),
            Some("66.7"),
        ),
        (&[NotListed, NotChecked], None, None),
        (&[], None, None),
        (&[ListedVoid], Some("0.0"), Some("100.0")),
    ] {
        let stocks = joined(&found(statuses));
        let [osa, oos, _] = &compute::shelf(&[stocks])[..] else {
            panic!("three figures")
        };
        assert_eq!(
            (osa.value().as_deref(), oos.value().as_deref()),
            (available, out),
            "{statuses:?}"
        );
        assert_eq!(
            (osa.of, oos.of.numerator),
            (
                HalfNames::new("products available", "products listed and checked"),
                "products not available"
            )
        );
    }
}

#[test]
fn share_of_shelf_is_own_facings_of_all_facings_of_the_category() {
    let faced = |product, category: &str, own, facings| Count {
        facings,
        own,
        category: category.to_owned(),
        ..count(id(product), 1, Status::Present)
    };
    let stocks = joined(&[
        faced(70, "tea", true, 4),
        faced(71, "tea", false, 8),
        faced(72, "cola", true, 3),
    ]);
    assert_eq!(share(&stocks), Ratio::of(7, 15));
    let by_category = shares(&stocks);
    assert_eq!(
        (by_category["tea"], by_category["cola"]),
        (Ratio::of(4, 12), Ratio::of(3, 3))
    );
    let [_, _, figure] = &compute::shelf(&[stocks])[..] else {
        panic!("three figures")
    };
    assert_eq!(
        (figure.name, figure.value().as_deref()),
        ("share_of_shelf", Some("46.7"))
    );
    assert_eq!(
        figure.of,
        HalfNames::new("own facings", "facings of the categories")
    );
    assert_eq!(share(&joined(&found(&[Status::Present]))).percent(), None);
}

#[test]
fn the_order_to_propose_is_par_less_what_is_on_hand_and_never_below_nothing() {
    use Status::{Expired, ListedVoid, NotChecked, NotListed, Present};
    for (status, par, shelf, back, order) in [
        (Present, Some(20), 6, 4, 10),
        (Present, Some(20), 20, 4, 0),
        (Present, None, 0, 0, 0),
        (ListedVoid, Some(20), 0, 5, 15),
        (Expired, Some(20), 5, 0, 15),
        (NotListed, Some(20), 0, 0, 0),
        (NotChecked, Some(20), 0, 0, 0),
        (Present, Some(i64::MIN), i64::MAX, i64::MAX, 0),
    ] {
        let counted = Count {
            par_units: par,
            on_shelf_units: shelf,
            back_stock_units: back,
            ..count(TEA, 1, status)
        };
        let own = joined(std::slice::from_ref(&counted));
        assert_eq!(
            suggested(&own[0]),
            order,
            "{status:?} {par:?} {shelf} {back}"
        );
        let rivals = joined(&[Count {
            own: false,
            ..counted
        }]);
        assert_eq!(
            suggested(&rivals[0]),
            0,
            "nobody orders a competitor's product from us"
        );
    }
}

#[test]
fn counts_of_two_people_add_up_only_where_the_line_says_so() {
    let seen = |by, units, sum| Count {
        on_shelf_units: units,
        facings: units,
        par_units: Some(30),
        sum,
        ..count(TEA, by, Status::Present)
    };
    for (ben, ana, on_hand, order) in [
        (seen(2, 5, false), seen(3, 12, false), 12, 18),
        (seen(2, 5, true), seen(3, 12, true), 17, 13),
        (seen(2, 5, false), seen(3, 12, true), 12, 18),
        (seen(2, 5, true), seen(3, 12, false), 12, 18),
        (seen(3, 5, false), seen(2, 12, false), 5, 25),
    ] {
        let stocks = joined(&[ben.clone(), ana.clone()]);
        assert_eq!(stocks, joined(&[ana, ben]));
        assert_eq!(
            (stocks.len(), stocks[0].on_hand_units, stocks[0].facings),
            (1, on_hand, on_hand)
        );
        assert_eq!(suggested(&stocks[0]), order);
    }
}

#[test]
fn who_has_not_looked_takes_nothing_away_from_who_has() {
    let ben = Count {
        on_shelf_units: 5,
        sum: true,
        ..count(TEA, 2, Status::Present)
    };
    let ana = Count {
        sum: true,
        ..count(TEA, 3, Status::NotChecked)
    };
    let stocks = joined(&[ben, ana.clone()]);
    assert_eq!(
        (stocks[0].status, stocks[0].on_hand_units),
        (Status::Present, 5)
    );
    assert_eq!(joined(&[ana])[0].status, Status::NotChecked);
}

#[test]
fn a_product_that_adds_up_is_there_if_anyone_found_it() {
    let ben = Count {
        on_shelf_units: 5,
        sum: true,
        ..count(TEA, 2, Status::Present)
    };
    let ana = |sum| Count {
        sum,
        ..count(TEA, 3, Status::ListedVoid)
    };
    assert_eq!(joined(&[ben.clone(), ana(true)])[0].status, Status::Present);
    assert_eq!(joined(&[ben, ana(false)])[0].status, Status::ListedVoid);
}

#[test]
fn every_status_reads_back_by_its_name() {
    use Status::{Expired, ListedVoid, NotChecked, NotListed, Present};
    for status in [NotChecked, NotListed, ListedVoid, Expired, Present] {
        assert_eq!(Status::named(status.name()), status);
    }
    assert_eq!(Status::named("melted"), NotChecked);
    assert_eq!(
        availability(&joined(&found(&[NotChecked]))),
        Ratio::of(0, 0)
    );
}
