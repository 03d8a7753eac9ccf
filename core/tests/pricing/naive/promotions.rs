//! Promotions of the second pricing: for each level, for each priority from the highest down.

use std::collections::BTreeSet;

use outfield_core::domain::rules::sell::pricing::{
    Basket, Goods, Hurdle, Level, Promotion, Reward,
};

use super::number::Number;
use super::opening::{NaiveLine, closeness, in_time, nearness, tax_of};
use super::shares::{hand_out, millionths, money};
use crate::support::PriceShop;

/// A basket at the till.
pub(super) struct Till<'a> {
    pub(super) shop: &'a PriceShop,
    pub(super) basket: &'a Basket,
    pub(super) lines: Vec<NaiveLine>,
    pub(super) free: Vec<NaiveFree>,
    pub(super) near: Vec<(String, Option<usize>, Vec<String>)>,
}

/// Goods that a promotion gives.
pub(super) struct NaiveFree {
    pub(super) product: String,
    pub(super) tax: (String, String),
    pub(super) promotion: String,
}

/// One question: these lines together, and how it was answered.
struct PoolAnswer {
    lines: Vec<usize>,
    times: i128,
    any: bool,
    missing: Vec<String>,
}

impl Till<'_> {
    pub(super) fn level(&mut self, level: Level) -> Result<(), String> {
        for line in &mut self.lines {
            line.opening = line.amount.nearest();
        }
        let active: Vec<Promotion> = self
            .shop
            .promotions
            .iter()
            .filter(|one| one.level == level && self.holds(one))
            .cloned()
            .collect();
        let priorities: BTreeSet<i32> = active.iter().map(|promotion| promotion.priority).collect();
        for priority in priorities.into_iter().rev() {
            let mut equals: Vec<&Promotion> = active
                .iter()
                .filter(|one| one.priority == priority)
                .collect();
            equals.sort_by_key(|one| (kind(&one.reward), one.id.clone()));
            self.equals(&equals)?;
        }
        Ok(())
    }

    fn holds(&self, promotion: &Promotion) -> bool {
        let mut currencies = Vec::new();
        if let Hurdle::Value(money) = &promotion.hurdle {
            currencies.push(money.currency());
        }
        if let Reward::Amount(money) = &promotion.reward {
            currencies.push(money.currency());
        }
        in_time(promotion.validity, self.basket)
            && nearness(self.shop, self.basket, &promotion.buyers).is_some()
            && currencies
                .iter()
                .all(|currency| *currency == self.basket.currency)
    }

    fn equals(&mut self, equals: &[&Promotion]) -> Result<(), String> {
        let answers: Vec<Vec<PoolAnswer>> =
            equals.iter().map(|promotion| self.ask(promotion)).collect();
        let wants = |at: usize| -> BTreeSet<usize> {
            answers[at]
                .iter()
                .filter(|asked| asked.times > 0)
                .flat_map(|asked| asked.lines.clone())
                .collect()
        };
        for one in 0..equals.len() {
            for two in 0..one {
                let fight = equals[one].excludes || equals[two].excludes;
                if fight && !wants(one).is_disjoint(&wants(two)) {
                    return Err("ambiguous_promotion".to_owned());
                }
            }
        }
        for (promotion, asked) in equals.iter().zip(&answers) {
            for asked in asked.iter().filter(|asked| asked.times > 0) {
                self.reward(promotion, asked)?;
            }
        }
        for (promotion, asked) in equals.iter().zip(&answers) {
            let short = |asked: &PoolAnswer| asked.times == 0 && asked.any;
            if !asked.iter().any(short) {
                continue;
            }
            let alone = alone(promotion);
            for asked in self.ask(promotion).into_iter().filter(short) {
                self.near.push((
                    promotion.id.clone(),
                    alone.then(|| asked.lines[0]),
                    asked.missing,
                ));
            }
        }
        Ok(())
    }

    fn may(&self, at: usize, promotion: &Promotion) -> bool {
        let line = &self.lines[at];
        let bought = line.pieces.is_positive() && line.opening > 0;
        bought
            && line
                .taken
                .iter()
                .all(|(_, excludes)| !excludes && !promotion.excludes)
    }

    fn ask(&self, promotion: &Promotion) -> Vec<PoolAnswer> {
        let fits =
            |at: usize, goods: &Goods| closeness(goods, self.lines[at].product.as_ref()).is_some();
        let mut own = Vec::new();
        for at in 0..self.lines.len() {
            if self.may(at, promotion) && promotion.goods.iter().any(|goods| fits(at, goods)) {
                own.push(at);
            }
        }
        let questions: Vec<Vec<usize>> = if alone(promotion) {
            own.iter().map(|at| vec![*at]).collect()
        } else {
            vec![own]
        };
        let mut answers = Vec::new();
        for lines in questions.into_iter().filter(|lines| !lines.is_empty()) {
            // What there is and what is asked for, part by part.
            let mut parts: Vec<(Number, Number)> = Vec::new();
            let sum = |numbers: Vec<Number>| {
                numbers
                    .iter()
                    .fold(Number::whole(0), |sum, number| sum.plus(number))
            };
            let mut is_money = false;
            match &promotion.hurdle {
                Hurdle::Quantity(least) => {
                    let have = sum(lines
                        .iter()
                        .map(|at| self.lines[*at].pieces.clone())
                        .collect());
                    parts.push((have, Number::read(&least.to_string())));
                }
                Hurdle::Value(least) => {
                    let have = lines.iter().map(|at| self.lines[*at].opening).sum();
                    parts.push((
                        Number::whole(have),
                        Number::whole(i128::from(least.minor())),
                    ));
                    is_money = true;
                }
                Hurdle::Mix(mix) => {
                    for (goods, least) in mix {
                        let all = (0..self.lines.len())
                            .filter(|at| self.may(*at, promotion) && fits(*at, goods));
                        let have = sum(all.map(|at| self.lines[at].pieces.clone()).collect());
                        parts.push((have, Number::read(&least.to_string())));
                    }
                }
            }
            let times = parts
                .iter()
                .map(|(have, need)| have.over(need).floor())
                .min()
                .unwrap();
            let times = if promotion.repeats {
                times
            } else {
                times.min(1)
            };
            let any = parts.iter().any(|(have, _)| have.is_positive());
            let short = parts.iter().filter(|(have, need)| have.is_below(need));
            let missing = short
                .map(|(have, need)| self.missing(&need.minus(have), is_money))
                .collect();
            answers.push(PoolAnswer {
                lines,
                times,
                any,
                missing,
            });
        }
        answers
    }

    fn missing(&self, gap: &Number, is_money: bool) -> String {
        if is_money {
            return money(gap.nearest(), self.basket);
        }
        let millionths = -Number::whole(0)
            .minus(gap)
            .times(&Number::whole(1_000_000))
            .floor();
        let text = format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    fn reward(&mut self, promotion: &Promotion, asked: &PoolAnswer) -> Result<(), String> {
        let take =
            |line: &mut NaiveLine| line.taken.push((promotion.id.clone(), promotion.excludes));
        if let Reward::FreeGoods { product, .. } = &promotion.reward {
            let product = self
                .shop
                .products
                .iter()
                .find(|one| one.id == *product)
                .ok_or("bad_price_book")?;
            let tax = tax_of(self.shop, self.basket, product)?;
            self.free.push(NaiveFree {
                product: product.id.clone(),
                tax,
                promotion: promotion.id.clone(),
            });
            asked.lines.iter().for_each(|at| take(&mut self.lines[*at]));
            return Ok(());
        }
        let with_something = asked
            .lines
            .iter()
            .copied()
            .filter(|at| self.lines[*at].amount.is_positive());
        let lines: Vec<usize> = with_something.collect();
        if promotion.level == Level::Line {
            for at in lines {
                let line = &mut self.lines[at];
                line.amount = Number::whole(left(&promotion.reward, &line.amount, asked.times));
                take(line);
            }
            return Ok(());
        }
        let amounts: Vec<i128> = lines
            .iter()
            .map(|at| self.lines[*at].amount.nearest())
            .collect();
        let whole: i128 = amounts.iter().sum();
        if whole == 0 {
            return Ok(());
        }
        let off = whole - left(&promotion.reward, &Number::whole(whole), asked.times);
        let claim = |amount: &i128| Number::new(off * amount, whole);
        let claims: Vec<Number> = amounts.iter().map(claim).collect();
        // Tax before product: the rate as a number of fixed width sorts as text.
        let name = |at: &usize| {
            let line = &self.lines[*at];
            let product = line
                .product
                .as_ref()
                .map_or(String::new(), |product| format!("+{}", product.id));
            let rate = millionths(&line.tax.1);
            format!("{} {rate:012} {product}", line.tax.0)
        };
        let names: Vec<String> = lines.iter().map(name).collect();
        for (at, share) in lines.iter().zip(hand_out(off, &claims, &amounts, &names)) {
            let line = &mut self.lines[*at];
            line.amount = line.amount.minus(&Number::whole(share));
            take(line);
        }
        Ok(())
    }
}

/// Whether each line is asked by itself.
fn alone(promotion: &Promotion) -> bool {
    promotion.level == Level::Line && !matches!(promotion.hurdle, Hurdle::Mix(_))
}

fn kind(reward: &Reward) -> u8 {
    match reward {
        Reward::Percent(_) => 1,
        Reward::Amount(_) => 2,
        Reward::FreeGoods { .. } => 3,
    }
}

fn left(reward: &Reward, amount: &Number, times: i128) -> i128 {
    match reward {
        Reward::Percent(percent) => {
            let left = Number::whole(100).minus(&Number::read(&percent.to_string()));
            amount.times(&left).over(&Number::whole(100)).nearest()
        }
        Reward::Amount(off) => amount
            .minus(&Number::whole(i128::from(off.minor()) * times))
            .nearest()
            .max(0),
        Reward::FreeGoods { .. } => amount.nearest(),
    }
}
