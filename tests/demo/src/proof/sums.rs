//! What is claimed of the sums of orders: every one is what plain arithmetic makes of the products'
//! GTINs. It imports nothing of the core.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::case::{Checked, ProofCase, first, plain};
use super::evidence::EvidenceFile;
use super::exact::{ONE, micros, money, times_to_cents};
use super::ledger::{Expected, PlainValues};
use super::orders::{files_of, number, text, verdicts};

/// Records of an object by id.
type Records = BTreeMap<String, PlainValues>;

/// The sums of an order, in millionths.
#[derive(Clone, Copy, PartialEq, Eq)]
struct OrderSums {
    net: i128,
    tax: i128,
    gross: i128,
}

impl OrderSums {
    /// What `number` finds by these names.
    fn of(number: impl Fn(&str) -> Option<i128>) -> OrderSums {
        OrderSums {
            net: number("net").unwrap_or(-1),
            tax: number("tax").unwrap_or(-1),
            gross: number("gross").unwrap_or(-1),
        }
    }

    fn shown(self) -> String {
        format!(
            "{} + {} = {}",
            money(self.net),
            money(self.tax),
            money(self.gross)
        )
    }
}

/// What the proof knows of products: price by the GTIN, and tax.
struct ProofProducts {
    products: Records,
    tax_classes: Records,
}

impl ProofProducts {
    /// The price of one, by the published formula: 49 + n mod 1951 cents, n the 12 digits before
    /// the check digit.
    fn price(&self, product: &str) -> Result<i128, String> {
        let found = self.products.get(product);
        let gtin = found.map(|of| text(of, "gtin")).unwrap_or_default();
        let digits = gtin.get(1..13).and_then(|digits| digits.parse().ok());
        let Some(n) = digits else {
            return Err(format!("product {product} has no GTIN"));
        };
        let n: i128 = n;
        Ok((49 + n % 1951) * (ONE / 100))
    }

    /// The tax on one.
    fn rate(&self, product: &str) -> Result<i128, String> {
        let found = self.products.get(product);
        let class = found.map(|of| text(of, "tax_class")).unwrap_or_default();
        let class = self.tax_classes.get(&class);
        let Some(percent) = class.and_then(|of| number(of, "rate_percent")) else {
            return Err(format!("product {product} has no tax"));
        };
        Ok(percent / 100)
    }

    /// The sums of an order by its lines' products and quantities alone; tax is rounded once for
    /// each rate.
    fn computed(&self, order: &Json) -> Result<OrderSums, String> {
        let mut by_rate: BTreeMap<i128, i128> = BTreeMap::new();
        for line in lines(order) {
            let product = plain(&line["product"]);
            let quantity = line["quantity"].as_str().and_then(micros).unwrap_or(0);
            let amount = times_to_cents(self.price(&product)?, quantity);
            *by_rate.entry(self.rate(&product)?).or_default() += amount;
        }
        let (mut net, mut tax) = (0, 0);
        for (rate, base) in by_rate {
            net += base;
            tax += times_to_cents(base, rate);
        }
        Ok(OrderSums {
            net,
            tax,
            gross: net + tax,
        })
    }

    /// The lines that a verdict has frozen.
    fn frozen_lines(&self, verdict: &PlainValues) -> Result<FrozenLines, String> {
        let mut frozen = FrozenLines { right: 0, net: 0 };
        for (path, product) in verdict {
            if !path.starts_with("lines/") || !path.ends_with("/product") {
                continue;
            }
            let at = |field: &str| number(verdict, &path.replace("/product", field)).unwrap_or(-1);
            let is_right = at("/unit_price") == self.price(&plain(product))?
                && at("/net") == times_to_cents(at("/unit_price"), at("/quantity"));
            frozen.right += usize::from(is_right);
            frozen.net += at("/net");
        }
        Ok(frozen)
    }
}

/// The lines that a verdict has frozen.
struct FrozenLines {
    /// How many have the price that is due.
    right: usize,
    /// The sum of their amounts.
    net: i128,
}

fn lines(order: &Json) -> &[Json] {
    order["lines"].as_array().map_or(&[], Vec::as_slice)
}

/// Every order's sums, as answered on the phone and as frozen by the server, are those of plain
/// arithmetic.
pub(crate) fn sums(case: &ProofCase<'_>, _: &[Expected]) -> Checked {
    let products = ProofProducts {
        products: case.server_file.records("product")?,
        tax_classes: case.server_file.records("tax_class")?,
    };
    let (mut problems, mut all, mut lines_all) = (Vec::new(), 0, 0);
    for (id, order) in case.ledger.orders() {
        let Some(answered) = order.submitted.last() else {
            continue;
        };
        let due = products.computed(answered)?;
        let said = OrderSums::of(|name| answered[name].as_str().and_then(micros));
        if said != due {
            let (said, due) = (said.shown(), due.shown());
            let who = &order.who;
            problems.push(format!("{who}'s phone answered {said}, due was {due}"));
        }
        let count = lines(answered).len();
        for file in files_of(case, &order.who) {
            problems.extend(misfrozen(&products, file, id, due, count)?);
        }
        all += due.gross;
        lines_all += count;
    }
    first(problems, "a sum is wrong")?;
    Ok(format!(
        "to the cent: {} orders, {lines_all} lines, {} in all; \
         prices made here from the GTINs, tax rounded once a rate, \
         are those on the phones and those that the server froze",
        case.ledger.orders().len(),
        money(all)
    ))
}

/// What is wrong with the sums that the server froze for an order, in a file.
fn misfrozen(
    products: &ProofProducts,
    file: &EvidenceFile<'_>,
    order: &str,
    due: OrderSums,
    lines: usize,
) -> Result<Vec<String>, String> {
    let mut problems = Vec::new();
    let confirmed = verdicts(file, order)?.remove("confirmed");
    for verdict in confirmed.unwrap_or_default() {
        let said = OrderSums::of(|name| number(&verdict, name));
        let frozen = products.frozen_lines(&verdict)?;
        if said != due || frozen.net != due.net || frozen.right != lines {
            problems.push(format!(
                "{}: {} frozen, {} its {} lines, {} due",
                file.name,
                said.shown(),
                money(frozen.net),
                frozen.right,
                due.shown()
            ));
        }
    }
    Ok(problems)
}
