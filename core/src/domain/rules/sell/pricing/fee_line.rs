//! The lines of fees that a basket comes with. They are charged on what promotions and discounts
//! left, and are gone with what they are charged for. It does not know deposits.

use super::charge::{ChargeKind, LineCharge};
use super::charging::by_quantity;
use super::fee::{Fee, FeeCharge, FeePer};
use super::scope::Account;
use super::sheet::{ChargeLine, Sheet, SheetLine};
use super::tax_line::{ListedPrice, TaxedGoods, converted, line_tax};
use super::trace::{PriceReason, PriceStage, price_told};
use crate::base::fraction::Fraction;
use crate::base::limits::FEES_MAX;
use crate::base::money::{Money, in_major};
use crate::domain::refusal::Refusal;

/// What a fee is charged for in a basket.
struct Charged {
    /// For how many.
    times: Fraction,
    /// The share of what each comes to, in smallest units.
    share: i128,
}

/// The lines of fees that a basket comes with.
pub(super) fn lines<'a>(
    sheet: &Sheet<'a>,
    account: Option<&Account>,
) -> Result<Vec<ChargeLine<'a>>, Refusal> {
    let (book, basket) = (sheet.book, sheet.basket);
    let holds = |fee: &&Fee| {
        let in_currency = fee.currency.is_none_or(|of| of == basket.currency);
        in_currency && fee.validity.holds(basket.at) && fee.buyers.include(account)
    };
    let holding: Vec<&Fee> = book.fees().iter().filter(holds).collect();
    if holding.len() > FEES_MAX {
        let message = format!(
            "{} fees hold for this buyer, and at most {FEES_MAX} can; let some of them end",
            holding.len()
        );
        return Err(Refusal::rule("too_many_fees", message).with("most", FEES_MAX));
    }
    let mut found = Vec::new();
    for fee in holding {
        let charged = fee.charged(sheet)?;
        if charged.times != Fraction::ZERO {
            found.push(line(fee, &charged, sheet)?);
        }
    }
    Ok(found)
}

impl Fee {
    /// For what of a basket it is charged.
    fn charged(&self, sheet: &Sheet<'_>) -> Result<Charged, Refusal> {
        let is_meant =
            |line: &&SheetLine<'_>| !line.is_container && self.goods.include(line.product);
        let lines = sheet.lines.iter().filter(is_meant);
        let mut charged = Charged {
            times: Fraction::ZERO,
            share: 0,
        };
        match self.per {
            FeePer::Order => {
                let (mut value, mut is_sold) = (Fraction::ZERO, false);
                for line in lines {
                    value = value.plus(line.amount)?;
                    is_sold |= line.quantity.is_positive();
                }
                if is_sold && self.reaches(value.numerator()) {
                    charged.add(Fraction::ONE, self.share_of(value)?)?;
                }
            }
            FeePer::Line => {
                for line in lines {
                    if line.quantity.is_positive() && self.reaches(line.amount.numerator()) {
                        charged.add(Fraction::ONE, self.share_of(line.amount)?)?;
                    }
                }
            }
            FeePer::Unit => {
                for line in lines {
                    if self.reaches(line.amount.numerator()) {
                        charged.add(line.quantity, 0)?;
                    }
                }
                // What is given for nothing is handed over all the same.
                for free in &sheet.free {
                    if self.goods.include(Some(free.product)) && self.reaches(0) {
                        charged.add(free.quantity, 0)?;
                    }
                }
            }
        }
        Ok(charged)
    }

    fn reaches(&self, minor: i128) -> bool {
        let minor_of = |bound: Money| i128::from(bound.minor());
        self.from.is_none_or(|from| minor_of(from) <= minor)
            && self.below.is_none_or(|below| minor < minor_of(below))
    }

    fn share_of(&self, value: Fraction) -> Result<i128, Refusal> {
        match &self.charge {
            FeeCharge::Amount(_) => Ok(0),
            FeeCharge::Percent(percent) => {
                let share = value.times(Fraction::percent(*percent)?)?;
                Ok(share.rounded().max(0))
            }
        }
    }

    fn told(&self) -> String {
        let per = match self.per {
            FeePer::Unit => "a unit",
            FeePer::Line => "a line",
            FeePer::Order => "an order",
        };
        let charge = match &self.charge {
            FeeCharge::Amount(amount) => format!("{amount} {per}"),
            FeeCharge::Percent(percent) => format!("{percent} % of {per}"),
        };
        let from = self.from.map(|from| format!(" from {from}"));
        let below = self.below.map(|below| format!(" below {below}"));
        format!(
            "{charge}{}{}",
            from.unwrap_or_default(),
            below.unwrap_or_default()
        )
    }
}

impl Charged {
    fn add(&mut self, times: Fraction, share: i128) -> Result<(), Refusal> {
        self.times = self.times.plus(times)?;
        let share = Fraction::whole(self.share).plus(Fraction::whole(share))?;
        self.share = share.numerator();
        Ok(())
    }
}

fn line<'a>(fee: &'a Fee, charged: &Charged, sheet: &Sheet<'a>) -> Result<ChargeLine<'a>, Refusal> {
    let (book, basket) = (sheet.book, sheet.basket);
    let goods = TaxedGoods {
        id: &fee.name,
        class: &fee.tax_class,
        packaging: None,
    };
    let tax = line_tax(book, goods, basket)?;
    let (quantity, price) = match &fee.charge {
        FeeCharge::Percent(_) => {
            let share = in_major(Fraction::whole(charged.share), basket.currency)?;
            (Fraction::ONE, share)
        }
        FeeCharge::Amount(amount) => {
            let listed = ListedPrice {
                price: (*amount).into(),
                is_with_tax: fee.tax_inclusive,
                base_units: Fraction::ONE,
            };
            let price = converted(listed, &tax, basket.tax_mode)?.unwrap_or(listed.price);
            (charged.times, price)
        }
    };
    let reason = PriceReason::new(&fee.name, Some(fee.version), &fee.told());
    let step = reason.step(PriceStage::Fee, None, price_told(price)?);
    let opened = ChargeLine {
        charge: LineCharge {
            kind: ChargeKind::Fee,
            id: Some(format!("fee~{}", fee.id)),
            name: fee.name.clone(),
            reason_code: fee.reason_code.clone(),
        },
        product: None,
        quantity,
        unit: None,
        unit_price: price,
        minor: 0,
        tax,
        steps: vec![step],
    };
    by_quantity(opened, basket.currency)
}
