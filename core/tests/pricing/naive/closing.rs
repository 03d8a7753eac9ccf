//! The end of the second pricing: tax of lines and groups, sums, what is paid. It does not know how
//! lines came to their amounts.

use std::collections::{BTreeMap, BTreeSet};

use outfield_core::domain::rules::sell::pricing::Basket;
use outfield_core::domain::rules::sell::tax::{Rounding, TaxMode};

use super::number::Number;
use super::promotions::Till;
use super::shares::{hand_out, millionths, money, taxed};

/// What a basket comes to, all numbers as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NaivePriced {
    pub(crate) totals: [String; 4],
    /// Net, tax, gross and discount of each line.
    pub(crate) lines: Vec<[String; 4]>,
    pub(crate) taken: Vec<Vec<String>>,
    pub(crate) groups: Vec<[String; 4]>,
    /// Promotion, line, and what is missing of each part.
    pub(crate) near: Vec<(String, Option<usize>, Vec<String>)>,
}

/// What is taxed: an amount by its category and rate, and the name that it is sorted by.
struct NaiveTaxable {
    amount: i128,
    tax: (String, String),
    name: String,
}

/// Net and tax of each row, and of each category and rate.
struct NaiveSplit {
    rows: Vec<(i128, i128)>,
    groups: BTreeMap<(String, String), (i128, i128)>,
}

fn taxables(till: &Till<'_>) -> Vec<NaiveTaxable> {
    let mut rows = Vec::new();
    for line in &till.lines {
        let product = line.product.as_ref();
        rows.push(NaiveTaxable {
            amount: line.amount.nearest(),
            tax: line.tax.clone(),
            name: product.map_or(String::new(), |product| product.id.clone()),
        });
    }
    for free in &till.free {
        rows.push(NaiveTaxable {
            amount: 0,
            tax: free.tax.clone(),
            name: free.product.clone(),
        });
    }
    rows
}

fn split(rows: &[NaiveTaxable], basket: &Basket) -> NaiveSplit {
    let mut splits = vec![(0, 0); rows.len()];
    let mut groups: BTreeMap<(String, String), (i128, i128)> = BTreeMap::new();
    let keys: BTreeSet<_> = rows.iter().map(|row| row.tax.clone()).collect();
    for key in keys {
        let own: Vec<usize> = (0..rows.len()).filter(|at| rows[*at].tax == key).collect();
        let amounts: Vec<i128> = own.iter().map(|at| rows[*at].amount).collect();
        let names: Vec<String> = own.iter().map(|at| rows[*at].name.clone()).collect();
        let taxes = taxes(&amounts, &names, &key.1, basket);
        for ((at, amount), tax) in own.iter().zip(amounts).zip(taxes) {
            let net = if basket.tax_mode == TaxMode::Exclusive {
                amount
            } else {
                amount - tax
            };
            splits[*at] = (net, tax);
            let group = groups.entry(key.clone()).or_default();
            *group = (group.0 + net, group.1 + tax);
        }
    }
    NaiveSplit {
        rows: splits,
        groups,
    }
}

/// The taxes of amounts of one rate.
fn taxes(amounts: &[i128], names: &[String], rate: &str, basket: &Basket) -> Vec<i128> {
    let whole = taxed(amounts.iter().sum(), rate, basket.tax_mode);
    let percent = Number::read(rate);
    let hundred = Number::whole(100);
    let parts = match basket.tax_mode {
        TaxMode::Exclusive => hundred,
        TaxMode::Inclusive => hundred.plus(&percent),
    };
    let claim = |amount: &i128| Number::whole(*amount).times(&percent).over(&parts);
    match basket.tax_rounding {
        Rounding::Line => amounts
            .iter()
            .map(|amount| taxed(*amount, rate, basket.tax_mode).1)
            .collect(),
        Rounding::Document => {
            let claims: Vec<Number> = amounts.iter().map(claim).collect();
            hand_out(whole.1, &claims, amounts, names)
        }
    }
}

/// The gross by the step that coins can pay.
fn payable(till: &Till<'_>, gross: i128) -> i128 {
    let step = till
        .shop
        .cash_steps
        .iter()
        .find(|step| step.currency() == till.basket.currency);
    step.map_or(gross, |step| {
        Number::new(gross, i128::from(step.minor())).nearest() * i128::from(step.minor())
    })
}

pub(super) fn close(till: Till<'_>) -> NaivePriced {
    let basket = till.basket;
    let split = split(&taxables(&till), basket);
    let (net, tax) = split
        .groups
        .values()
        .fold((0, 0), |sum, group| (sum.0 + group.0, sum.1 + group.1));
    let payable = payable(&till, net + tax);
    let full = till
        .lines
        .iter()
        .map(|line| line.full.nearest() - line.amount.nearest());
    let discounts: Vec<i128> = full.chain(till.free.iter().map(|_| 0)).collect();
    let told = |(row, discount): (&(i128, i128), &i128)| {
        [row.0, row.1, row.0 + row.1, *discount].map(|minor| money(minor, basket))
    };
    let by_number = |key: &(String, String)| (key.0.clone(), millionths(&key.1));
    let mut sorted: Vec<_> = split.groups.iter().collect();
    sorted.sort_by_key(|(key, _)| by_number(key));
    let group = |(key, (net, tax)): (&(String, String), &(i128, i128))| {
        [
            key.0.clone(),
            key.1.clone(),
            money(*net, basket),
            money(*tax, basket),
        ]
    };
    let names = |taken: &Vec<(String, bool)>| {
        taken
            .iter()
            .map(|(name, _)| name.clone())
            .collect::<Vec<_>>()
    };
    let taken = till.lines.iter().map(|line| names(&line.taken));
    NaivePriced {
        totals: [net, tax, net + tax, payable].map(|minor| money(minor, basket)),
        lines: split.rows.iter().zip(&discounts).map(told).collect(),
        taken: taken
            .chain(till.free.iter().map(|free| vec![free.promotion.clone()]))
            .collect(),
        groups: sorted.into_iter().map(group).collect(),
        near: till.near,
    }
}
