//! What a device did where its person follows no more, and what leaves it in the very meeting that
//! tells of the restore: nothing of either is lost.

use outfield_tests::Fault;
use outfield_tests::anew::fetched_anew;
use outfield_tests::server::PutBack;
use serde_json::json;

use super::{Yesterday, yesterday};

impl Yesterday {
    /// The office moves Ann away from all that she did.
    fn moves_ann(&self) {
        let _ = self.world.territory("South");
        self.world.sets("Ann", None, Some(&["South"]));
    }
}

#[test]
fn what_was_done_where_one_follows_no_more_comes_back() {
    let mut day = yesterday();
    let note = json!({"do": "log_follow_up", "account": day.shop, "note": "Before I left."});
    let note = day.ann.does(&note);
    for edit in [
        json!({"city": "Rogers"}),
        json!({"email": "harps@example.com"}),
    ] {
        day.ann.edits("account", &day.shop, &edit);
    }
    day.ann.sync();
    day.moves_ann();
    day.ann.sync();
    assert_eq!(day.ann.get("account", &day.shop), json!(null));

    day.puts_back();
    day.moves_ann();
    let synced = day.ann.sync();

    assert_eq!(synced["returned"], 3, "{synced}");
    let here = day.world.record("account", &day.shop);
    assert_eq!(here["city"], "Rogers");
    assert_eq!(here["email"], "harps@example.com");
    let here = day.world.record("follow_up", &note);
    assert_eq!(here["note"], "Before I left.");
    assert_eq!(day.ann.sync()["returned"], json!(null));
    day.ben.sync();
    day.agrees();
}

#[test]
fn what_leaves_in_the_meeting_that_tells_of_the_restore_comes_back_too() {
    let mut day = yesterday();
    let ben = &mut day.ben;
    ben.edits("account", &day.shop, &json!({"city": "Rogers"}));
    ben.sync();
    let order = day.orders("3");
    day.ann.sync();

    day.puts_back();
    day.moves_ann();
    day.ann.sync();

    let here = day.world.record("account", &day.shop);
    assert_eq!(here["city"], "Rogers");
    let here = day.world.record("sales_order", &order);
    assert_eq!(here["state"], "submitted");
    assert_eq!(day.credit(), "6.6");
    assert_eq!(day.ann.get("account", &day.shop), json!(null));
    day.ben.sync();
    day.agrees();
}

#[test]
fn own_work_is_kept_for_a_month_and_no_longer() {
    let returned_after = |days: i64| {
        let mut day = yesterday();
        let shop = day.shop.clone();
        day.ann.edits("account", &shop, &json!({"city": "Rogers"}));
        day.ann.sync();
        day.moves_ann();
        for _ in 0..days {
            day.world.clock.advance_hours(24);
            day.ann.sync();
        }
        day.puts_back();
        day.moves_ann();
        day.ann.sync()["returned"].clone()
    };
    assert_eq!(returned_after(29), json!(1));
    assert_eq!(returned_after(32), json!(null));
}

#[test]
fn what_nobody_can_give_back_is_told_with_what_was_done() {
    let mut day = yesterday();
    // A shop of after the copy, which nobody but Ann ever had: its making is lost for good.
    let shop = day.world.account("Kroger", "North");
    day.ann.sync();
    day.ann.edits("account", &shop, &json!({"city": "Rogers"}));
    day.ann.sync();
    day.moves_ann();
    day.ann.sync();
    day.puts_back();
    day.moves_ann();
    let told = day.ann.sync();
    assert_eq!(told["needs_attention"], 0, "another device may have it");
    for _ in 0..31 {
        day.world.clock.advance_hours(24);
        day.ann.sync();
    }
    let told = day.ann.needs_attention();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["code"], "history_lost");
    assert_eq!(told[0]["command"]["set"]["city"], "Rogers", "{told:?}");
    day.world.clock.advance_hours(24);
    assert_eq!(day.ann.sync()["needs_attention"], 1);
}

#[test]
fn one_copy_may_be_put_back_twice() {
    let mut day = yesterday();
    for mobile in ["+14795550109", "+14795550110"] {
        day.world.clock.advance_hours(25);
        day.ann
            .edits("contact", &day.rosa, &json!({"mobile": mobile}));
        day.ann.sync();
        day.ben.sync();
        day.world.server.is_put_back(&day.copy, PutBack::Folder);
        day.ann.sync();
        day.ben.sync();
        let here = day.world.record("contact", &day.rosa);
        assert_eq!(here["mobile"], mobile);
    }
    day.agrees();
}

#[test]
fn a_meeting_that_breaks_off_after_the_restore_fetches_no_bucket_anew_in_the_next() {
    let mut day = yesterday();
    let (ann, rosa) = (&mut day.ann, day.rosa.clone());
    ann.edits("contact", &rosa, &json!({"mobile": "+14795550109"}));
    ann.sync();
    let before = day.world.place("Ann before");
    day.ann.copy_files(&before, true);
    let anew = fetched_anew(&day.ann.line);
    for bytes in (0..4_000).step_by(190) {
        day.puts_back();
        day.ann.restore_files(&before);
        day.ann.line.fault("/pull", Fault::Cut(bytes));
        for _ in 0..3 {
            day.ann.line.fault("/pull", Fault::RequestLost);
        }
        drop(day.ann.syncs());
        day.ann.line.mend();
        // What Ann was told of the contact goes on behind what she holds of it.
        let name = json!({"name": format!("Rosa {bytes}")});
        day.ben.edits("contact", &rosa, &name);
        day.ben.sync();
        day.ann.sync();
        let here = day.world.record("contact", &rosa);
        assert_eq!(here["mobile"], "+14795550109", "cut after {bytes} bytes");
        assert_eq!(*anew.borrow(), [] as [String; 0], "cut after {bytes} bytes");
    }
    day.agrees();
}
