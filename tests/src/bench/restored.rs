//! What the day after the worst day costs: the server's folder is put back as it was before
//! thousands of changes, and phones give those back. It does not know how they notice.

use serde_json::{Value as Json, json};

use super::base::{Bench, NORTH};
use super::measure::time;
use super::site::{Site, SiteDevice};
use super::workload::{PATCH, Scale};

/// Changes that the server loses.
const LOST: usize = 10_000;
const FEW_LOST: usize = 200;

/// Measures how long it takes until the server and two phones agree again, all of it there.
pub fn run(bench: &mut Bench) {
    let lost = bench.plan.rounds(LOST, FEW_LOST);
    let mut site = Site::found(&bench.place("restored"));
    let mut maker = bench.plan.maker();
    let scale = Scale {
        products: 200,
        entries: 1,
        contacts: 1_000,
        ..PATCH
    };
    let goods = maker.goods(&mut site.tenant, scale);
    site.territory(NORTH);
    let (ann, ann_code) = site.rep("Ann", &[NORTH.to_owned()]);
    let (_, ben_code) = site.rep("Ben", &[NORTH.to_owned()]);
    let territory = maker.territory(&mut site.tenant, NORTH, &goods, &[ann], scale);
    let mut ann = site.device("restored-ann", &ann_code);
    let mut ben = site.device("restored-ben", &ben_code);
    site.keep_copy();
    meet(&mut site, &mut [&mut ann, &mut ben]);
    for n in 0..lost {
        let contact = &territory.contacts[n % territory.contacts.len()];
        ann.edits("contact", contact, &json!({"name": format!("Rosa {n}")}));
    }
    meet(&mut site, &mut [&mut ann, &mut ben]);
    let before = [digest(&mut ann), digest(&mut ben)];

    site.put_back();
    let took = time(|| {
        meet(&mut site, &mut [&mut ann, &mut ben]);
        meet(&mut site, &mut [&mut ann]);
    });
    assert_eq!(
        [digest(&mut ann), digest(&mut ben)],
        before,
        "nothing is lost"
    );
    let kept = site.accepted();
    assert!(kept >= lost, "the server knows {kept} changes of {lost}");
    let note =
        format!("{lost} changes of 1,000 contacts; a phone that wrote them and one that did not");
    let name = "changes that a restored server lost are given back";
    bench.report.note(name, took, None, note);
}

/// The phones sync, one after the other.
fn meet(site: &mut Site, phones: &mut [&mut SiteDevice]) {
    site.serve();
    for phone in phones {
        phone.moves_to(&site.url());
        phone.sync();
    }
}

fn digest(phone: &mut SiteDevice) -> Json {
    phone.device().digest().unwrap().data
}
