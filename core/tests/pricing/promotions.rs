//! Promotions: hurdles, rewards, how they get on with each other, and what was nearly reached.

use outfield_core::domain::rules::sell::pricing::{
    Buyers, Goods, Hurdle, Level, NearMiss, Promotion, Reward, Validity,
};
use serde_json::json;

use crate::support::{
    PriceShop, category, day, decimal, free, list, money, nets, off, percent, pieces, product,
    promotion, unit,
};

fn on_lines(id: &str, hurdle: Hurdle, reward: Reward) -> Promotion {
    promotion(id, Level::Line, product("crisps"), hurdle, reward)
}

fn on_order(id: &str, hurdle: Hurdle, reward: Reward) -> Promotion {
    promotion(id, Level::Order, Goods::All, hurdle, reward)
}

fn value(amount: &str) -> Hurdle {
    Hurdle::Value(money(amount, "EUR"))
}

fn again(promotion: Promotion) -> Promotion {
    Promotion {
        repeats: true,
        ..promotion
    }
}

fn alone(promotion: Promotion) -> Promotion {
    Promotion {
        excludes: true,
        ..promotion
    }
}

fn first(promotion: Promotion) -> Promotion {
    Promotion {
        priority: 5,
        ..promotion
    }
}

#[track_caller]
fn check(shop: &PriceShop, lines: &[(&str, &str)], wanted: &[&str]) {
    assert_eq!(nets(&shop.sell(lines)), wanted, "{lines:?}");
}

fn near(shop: &PriceShop, lines: &[(&str, &str)]) -> Vec<String> {
    let told = |miss: &NearMiss| {
        let line = miss
            .line
            .map_or(String::new(), |line| format!(" on line {line}"));
        let gaps = miss
            .missing
            .iter()
            .map(|gap| format!("{} {} of {}", gap.missing, gap.of, gap.need));
        format!(
            "{}{line}: {}",
            miss.promotion,
            gaps.collect::<Vec<_>>().join(", ")
        )
    };
    shop.sell(lines).near_misses.iter().map(told).collect()
}

#[test]
fn a_line_promotion_comes_with_its_hurdle_and_goes_with_it() {
    let shop = PriceShop::new().with(on_lines("ten", pieces("10"), percent("15")));
    check(&shop, &[("crisps", "10")], &["8.50"]);
    check(&shop, &[("crisps", "9")], &["9.00"]);
    check(&shop, &[("ham", "10")], &["125.00"]);
    // Each line is judged alone; a variant is its product too.
    check(
        &shop,
        &[("crisps", "9"), ("salted", "11")],
        &["9.00", "9.35"],
    );
}

#[test]
fn a_basket_that_lost_its_hurdle_has_the_bytes_of_one_that_never_had_it() {
    let shop = PriceShop::new().with(on_lines("ten", pieces("10"), percent("15")));
    assert_eq!(
        shop.sell(&[("crisps", "9")]).lines,
        PriceShop::new().sell(&[("crisps", "9")]).lines
    );
    let past = Validity {
        from: None,
        to: Some(day("2026-11-23")),
    };
    let shop = PriceShop::new().with(Promotion {
        validity: past,
        ..on_lines("past", pieces("1"), percent("15"))
    });
    assert_eq!(
        shop.sell(&[("crisps", "9")]).to_json(),
        PriceShop::new().sell(&[("crisps", "9")]).to_json()
    );
}

#[test]
fn a_promotion_is_for_its_buyers_and_its_days() {
    let day_of = |from, to| Validity {
        from: Some(day(from)),
        to: Some(day(to)),
    };
    for (buyers, validity, net) in [
        (Buyers::Tier("gold".to_owned()), Validity::default(), "5.00"),
        (
            Buyers::Tier("silver".to_owned()),
            Validity::default(),
            "10.00",
        ),
        (Buyers::All, day_of("2026-11-24", "2026-11-24"), "5.00"),
        (Buyers::All, day_of("2026-11-25", "2026-12-24"), "10.00"),
    ] {
        let half = on_lines("half", pieces("1"), percent("50"));
        check(
            &PriceShop::new().with(Promotion {
                buyers,
                validity,
                ..half
            }),
            &[("crisps", "10")],
            &[net],
        );
    }
}

#[test]
fn amounts_and_values_are_of_the_baskets_currency_or_do_not_count() {
    let dollars = Reward::Amount(money("1.00", "USD"));
    check(
        &PriceShop::new().with(on_lines("dollar", pieces("1"), dollars)),
        &[("crisps", "5")],
        &["5.00"],
    );
    let dollars = Hurdle::Value(money("1.00", "USD"));
    check(
        &PriceShop::new().with(on_lines("dollar", dollars, percent("50"))),
        &[("crisps", "5")],
        &["5.00"],
    );
}

#[test]
fn every_hurdle_and_reward_on_lines() {
    for (promotion, quantity, wanted) in [
        (
            on_lines("value", value("20"), percent("10")),
            "19",
            &["19.00"][..],
        ),
        (
            on_lines("value", value("20"), percent("10")),
            "20",
            &["18.00"],
        ),
        (on_lines("off", pieces("10"), off("3")), "25", &["22.00"]),
        (
            again(on_lines("each", pieces("10"), off("3"))),
            "25",
            &["19.00"],
        ),
        (
            again(on_lines("more", pieces("1"), off("3"))),
            "25",
            &["0.00"],
        ),
        (
            on_lines("free", pieces("10"), free("ham", "0.5")),
            "25",
            &["25.00", "0.00"],
        ),
        (
            again(on_lines("each", value("10"), off("1"))),
            "39.99",
            &["36.99"],
        ),
    ] {
        check(
            &PriceShop::new().with(promotion),
            &[("crisps", quantity)],
            wanted,
        );
    }
}

#[test]
fn free_goods_are_a_line_of_their_own_with_their_own_tax() {
    let shop = PriceShop::new().with(again(on_lines("free", pieces("10"), free("ham", "0.5"))));
    let priced = shop.sell(&[("crisps", "25"), ("crisps", "1")]);
    let given = &priced.lines[2];
    assert_eq!(
        (given.product.as_deref(), given.quantity, given.unit),
        (Some("ham"), decimal("1"), Some(unit("KGM")))
    );
    assert_eq!(
        (given.free, given.tax_rate, given.gross.minor()),
        (true, decimal("7"), 0)
    );
    assert_eq!(given.promotions, ["free"]);
    assert_eq!(&*given.trace[0].why, "1 KGM free");
    assert_eq!(priced.lines[0].promotions, ["free"]);
    let groups: Vec<String> = priced
        .tax_groups
        .iter()
        .map(|group| format!("{} {}", group.rate, group.base))
        .collect();
    assert_eq!(groups, ["7 0.00", "19 26.00"]);
    let missing = PriceShop::new().with(on_lines("gone", pieces("1"), free("cheese", "1")));
    let refusal = missing
        .price(&json!({"lines": [{"product": "crisps", "quantity": 1}]}))
        .unwrap_err();
    assert_eq!(
        refusal.message,
        "`gone`: its free product `cheese` is not in the book"
    );
}

#[test]
fn an_order_promotion_is_spread_by_largest_remainder_and_sums_exactly() {
    // 10 off 3 x 10: 3.34, 3.33, 3.33; equal claims go by product, then by position.
    let three = [("crisps", "10"), ("crisps", "10"), ("crisps", "10")];
    check(
        &PriceShop::new().with(on_order("ten", value("30"), off("10"))),
        &three,
        &["6.66", "6.67", "6.67"],
    );
    // 10 % off 1.00 + 12.50 + 0.05: 13.55 becomes 12.20 (12.195), 1.35 is spread as 0.10, 1.25,
    // 0.00.
    let lines = [("crisps", "1"), ("ham", "1"), ("crisps", "0.05")];
    let priced = PriceShop::new()
        .with(on_order("tenth", pieces("1"), percent("10")))
        .sell(&lines);
    assert_eq!(nets(&priced), ["0.90", "11.25", "0.05"]);
    let step = &priced.trace[0];
    assert_eq!(
        (step.before.unwrap().to_string(), step.after.to_string()),
        ("13.55".to_owned(), "12.20".to_owned())
    );
    // Never more than there is.
    check(
        &PriceShop::new().with(on_order("all", pieces("1"), off("99"))),
        &lines,
        &["0.00", "0.00", "0.00"],
    );
}

#[test]
fn an_order_promotion_rewards_the_goods_that_it_counts() {
    let meat = promotion(
        "meat",
        Level::Order,
        category("meat"),
        value("20"),
        percent("50"),
    );
    check(
        &PriceShop::new().with(meat.clone()),
        &[("crisps", "50"), ("ham", "1")],
        &["50.00", "12.50"],
    );
    check(
        &PriceShop::new().with(meat),
        &[("crisps", "50"), ("ham", "1"), ("ham", "1")],
        &["50.00", "6.25", "6.25"],
    );
}

#[test]
fn a_mix_needs_all_its_parts_and_counts_them_over_all_lines() {
    let parts = vec![
        (product("crisps"), decimal("10")),
        (category("meat"), decimal("2")),
    ];
    let mix = promotion(
        "menu",
        Level::Line,
        product("crisps"),
        Hurdle::Mix(parts.clone()),
        percent("20"),
    );
    let shop = PriceShop::new().with(mix);
    check(
        &shop,
        &[("crisps", "4"), ("salted", "6"), ("ham", "2")],
        &["3.20", "4.80", "25.00"],
    );
    check(&shop, &[("crisps", "9"), ("ham", "2")], &["9.00", "25.00"]);
    let gift = again(on_order("gift", Hurdle::Mix(parts), free("crisps", "3")));
    let priced = PriceShop::new()
        .with(gift)
        .sell(&[("crisps", "40"), ("ham", "5")]);
    assert_eq!(
        (priced.lines[2].quantity, priced.lines.len()),
        (decimal("6"), 3)
    );
}

#[test]
fn promotions_stack_by_priority_and_per_cent_go_before_amounts() {
    let shop = PriceShop::new()
        .with(on_lines("amount", pieces("1"), off("1")))
        .with(on_lines("tenth", pieces("1"), percent("10")))
        .with(first(on_lines("half", pieces("1"), percent("50"))));
    // 10 becomes 5, 4.50, 3.50.
    let priced = shop.sell(&[("crisps", "10")]);
    assert_eq!(
        (nets(&priced), &priced.lines[0].promotions[..]),
        (
            vec!["3.50".to_owned()],
            &["half".into(), "tenth".into(), "amount".into()][..]
        )
    );
    assert_eq!(priced.lines[0].discount.to_string(), "6.50");
}

#[test]
fn line_promotions_go_before_the_sellers_discount_and_that_before_order_promotions() {
    let shop = PriceShop::new()
        .with(first(on_order("order", pieces("1"), off("1"))))
        .with(on_lines("line", pieces("1"), percent("10")));
    let lines = json!([{"product": "crisps", "quantity": 100, "discount_percent": 50}]);
    let priced = shop.price(&json!({"lines": lines})).unwrap();
    let told: Vec<String> = priced.lines[0]
        .trace
        .iter()
        .map(|step| step.after.to_string())
        .collect();
    assert_eq!(told, ["1", "100.00", "90.00", "45.00", "44.00", "52.36"]);
}

#[test]
fn what_excludes_takes_no_line_that_has_another_and_lets_none_come_after() {
    let tenth = || on_lines("tenth", pieces("1"), percent("10"));
    let half = || alone(on_lines("half", pieces("10"), percent("50")));
    let order = || on_order("order", pieces("1"), percent("20"));
    // First and alone: the line takes nothing else, the other line does.
    let shop = PriceShop::new()
        .with(tenth())
        .with(first(half()))
        .with(order());
    check(
        &shop,
        &[("crisps", "10"), ("crisps", "5")],
        &["5.00", "3.60"],
    );
    // Second: it does not come in any more.
    let shop = PriceShop::new().with(first(tenth())).with(half());
    check(&shop, &[("crisps", "10")], &["9.00"]);
    // An order promotion that excludes leaves out the line that has another.
    let shop = PriceShop::new().with(half()).with(alone(order()));
    check(&shop, &[("crisps", "10"), ("ham", "1")], &["5.00", "10.00"]);
}

#[test]
fn two_that_exclude_each_other_at_one_priority_are_an_error_that_names_both() {
    let shop = PriceShop::new()
        .with(alone(on_lines("half", pieces("10"), percent("50"))))
        .with(on_lines("tenth", pieces("1"), percent("10")));
    check(&shop, &[("crisps", "9")], &["8.10"]);
    let lines =
        json!([{"product": "crisps", "quantity": 9}, {"product": "crisps", "quantity": 10}]);
    let refusal = shop.price(&json!({"lines": lines})).unwrap_err();
    assert_eq!(
        (refusal.code.as_str(), &refusal.fields[..]),
        ("ambiguous_promotion", &["lines[1]".to_owned()][..])
    );
    assert_eq!(refusal.numbers["entries"], json!(["half", "tenth"]));
}

#[test]
fn what_is_taken_back_neither_counts_nor_is_rewarded() {
    let shop = PriceShop::new().with(on_order("tenth", pieces("10"), percent("10")));
    check(
        &shop,
        &[("crisps", "10"), ("crisps", "-5")],
        &["9.00", "-5.00"],
    );
    check(&shop, &[("crisps", "-10")], &["-10.00"]);
}

#[test]
fn lines_without_a_product_count_among_all_goods_only() {
    let shop = PriceShop::new().with(on_order("tenth", value("100"), percent("10")));
    let lines = json!([
        {"unit_price": "90", "tax_rate": 0, "quantity": 1},
        {"product": "crisps", "quantity": 10},
    ]);
    assert_eq!(
        nets(&shop.price(&json!({"lines": lines})).unwrap()),
        ["81.00", "9.00"]
    );
    let shop = PriceShop::new().with(promotion(
        "food",
        Level::Order,
        category("food"),
        value("100"),
        percent("10"),
    ));
    assert_eq!(
        nets(&shop.price(&json!({"lines": lines})).unwrap()),
        ["90.00", "10.00"]
    );
}

#[test]
fn a_near_miss_says_how_much_more() {
    let parts = vec![
        (product("crisps"), decimal("10")),
        (category("meat"), decimal("0.5")),
    ];
    for (promotion, lines, told) in [
        (
            on_lines("ten", pieces("10"), percent("1")),
            &[("crisps", "8")][..],
            &["ten on line 0: 2 quantity of 10"][..],
        ),
        (
            on_lines("ten", pieces("10"), percent("1")),
            &[("ham", "8")],
            &[],
        ),
        (
            on_lines("ten", pieces("10"), percent("1")),
            &[("crisps", "10")],
            &[],
        ),
        (
            on_order("ten", pieces("10"), percent("1")),
            &[("crisps", "8"), ("ham", "0.5")],
            &["ten: 1.5 quantity of 10"],
        ),
        (
            on_order("spend", value("100"), percent("1")),
            &[("crisps", "8")],
            &["spend: 92.00 value of 100.00"],
        ),
        (
            on_order("menu", Hurdle::Mix(parts), percent("1")),
            &[("crisps", "8")],
            &["menu: 2 product crisps of 10, 0.5 category meat of 0.5"],
        ),
    ] {
        assert_eq!(
            near(&PriceShop::new().with(promotion), lines),
            told,
            "{lines:?}"
        );
    }
}

#[test]
fn nothing_is_promised_on_a_line_that_another_keeps_for_itself() {
    let ten = || on_lines("ten", pieces("10"), percent("10"));
    let five = alone(on_lines("five", pieces("5"), percent("50")));
    assert_eq!(
        near(
            &PriceShop::new().with(ten()).with(first(five.clone())),
            &[("crisps", "8")]
        ),
        [""; 0]
    );
    assert_eq!(
        near(
            &PriceShop::new().with(ten()).with(five.clone()),
            &[("crisps", "8")]
        ),
        [""; 0]
    );
    // Here it would come first, and the other would go.
    assert_eq!(
        near(
            &PriceShop::new().with(first(ten())).with(five),
            &[("crisps", "8")]
        ),
        ["ten on line 0: 2 quantity of 10"]
    );
}

#[test]
fn what_is_missing_is_rounded_up_so_that_buying_it_is_enough() {
    let shop = PriceShop::new().with(promotion(
        "ham",
        Level::Line,
        product("ham"),
        pieces("1"),
        percent("10"),
    ));
    let basket = |quantity: &str, unit: &str| {
        let lines = json!([{"product": "ham", "quantity": quantity, "unit": unit}]);
        shop.price(&json!({"lines": lines})).unwrap()
    };
    // 1.1 lb are 0.498951607 kg, so 0.501048393 kg are missing.
    assert_eq!(
        basket("1.1", "LBR").near_misses[0].missing[0].missing,
        "0.501049"
    );
    assert_eq!(basket("1", "KGM").near_misses, []);
}

#[test]
fn a_promotion_that_contradicts_itself_is_refused() {
    let mix = || Hurdle::Mix(vec![(Goods::All, decimal("1"))]);
    let none = Promotion {
        goods: Vec::new(),
        ..on_lines("none", pieces("1"), percent("1"))
    };
    for (promotion, words) in [
        (none, "it names no goods"),
        (
            on_lines("zero", pieces("0"), percent("1")),
            "its hurdle is more than nothing",
        ),
        (
            on_lines("zero", Hurdle::Mix(Vec::new()), percent("1")),
            "its hurdle is more than nothing",
        ),
        (
            on_lines("minus", value("-1"), percent("1")),
            "its hurdle is more than nothing",
        ),
        (
            on_lines("much", pieces("1"), percent("100.1")),
            "its reward is more than nothing, at most 100 %",
        ),
        (
            on_lines("zero", pieces("1"), off("0")),
            "its reward is more than nothing",
        ),
        (
            on_lines("mix", mix(), off("1")),
            "a mix of lines is rewarded in per cent",
        ),
        (
            on_lines("mix", mix(), free("ham", "1")),
            "a mix of lines is rewarded in per cent",
        ),
        (
            again(on_lines("again", pieces("1"), percent("1"))),
            "per cent are not given again",
        ),
        (
            on_lines("two", value("1"), Reward::Amount(money("1", "USD"))),
            "its hurdle and its reward are in two currencies",
        ),
    ] {
        let refusal = PriceShop::new().with(promotion).book().unwrap_err();
        assert_eq!(refusal.code, "bad_price_book");
        assert!(refusal.message.contains(words), "{refusal}");
    }
    let twice = || on_lines("twice", pieces("1"), percent("1"));
    assert!(
        PriceShop::new()
            .with(twice())
            .with(twice())
            .book()
            .unwrap_err()
            .message
            .contains("is in the book already")
    );
    assert!(
        PriceShop::new()
            .selling(list("base", Buyers::All, Vec::new()))
            .book()
            .is_err()
    );
}
