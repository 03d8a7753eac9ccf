//! What prices are made from: products, accounts, price lists, promotions, tax rates, cash
//! rounding; plain values. It refuses what contradicts itself when it is put in. It does not know
//! where the values are stored.

use std::collections::{BTreeMap, BTreeSet};

use super::basket::{LINE_PRICE_MAX, PERCENT_SCALE_MAX, TAX_RATE_MAX};
use super::deposit::Deposit;
use super::fee::{Fee, check_fee};
use super::promotion::{Promotion, check_promotion};
use super::scope::{Account, Buyers, Goods, Product, Validity, bad_book};
use crate::base::currency::Currency;
use crate::base::decimal::Decimal;
use crate::base::limits::TAX_PART_LINES_MAX;
use crate::base::money::{Money, UNIT_PRICE_SCALE_MAX};
use crate::base::quantity::QUANTITY_SCALE_MAX;
use crate::base::unit::Unit;
use crate::domain::refusal::Refusal;
use crate::domain::rules::sell::tax_parts::{TaxCharge, TaxPart};

/// Prices for some buyers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceList {
    /// The id that traces name.
    pub id: String,
    /// Which version of the list this is.
    pub version: u32,
    /// Whom it is for.
    pub buyers: Buyers,
    /// Decides between entries that are equal otherwise; the higher wins.
    pub priority: i32,
    /// The currency of its prices.
    pub currency: Currency,
    /// When it holds.
    pub validity: Validity,
    /// Whether its prices hold the tax.
    pub tax_inclusive: bool,
    /// The prices.
    pub entries: Vec<PriceEntry>,
}

/// One price of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceEntry {
    /// The id that traces name, unique within the list.
    pub id: String,
    /// What it prices.
    pub goods: Goods,
    /// From how many units on it holds; nothing means always.
    pub minimum: Decimal,
    /// The unit of price and minimum; the base unit where none is named.
    pub unit: Option<Unit>,
    /// The price of one unit.
    pub price: Decimal,
}

/// How goods of a tax class are taxed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxRate {
    /// The tax class.
    pub class: String,
    /// Which version of the rate this is.
    pub version: u32,
    /// The category of EN 16931, such as S or Z.
    pub category: String,
    /// Per cent.
    pub rate: Decimal,
    /// When it holds.
    pub validity: Validity,
}

/// One of several taxes of a class, and the days on which it is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatedPart {
    /// The tax.
    pub part: TaxPart,
    /// The currency of its amount; any, where none is named.
    pub currency: Option<Currency>,
    /// When it holds.
    pub validity: Validity,
}

/// Everything that prices are made from. Filled piece by piece; each piece is checked as it comes
/// in.
#[derive(Debug, Clone, Default)]
pub struct Book {
    products: BTreeMap<String, Product>,
    accounts: BTreeMap<String, Account>,
    lists: Vec<PriceList>,
    /// Where the entries for some goods stand: list and entry.
    entries: BTreeMap<Goods, Vec<(usize, usize)>>,
    promotions: Vec<Promotion>,
    taxes: BTreeMap<String, Vec<TaxRate>>,
    /// Several taxes of a class, as they stand; days on which any of them holds have these.
    parts: BTreeMap<String, Vec<DatedPart>>,
    /// The containers that come with products, or why nobody can say.
    deposits: BTreeMap<String, Result<Vec<Deposit>, Refusal>>,
    containers: BTreeSet<String>,
    /// In the order of their names.
    fees: Vec<Fee>,
    /// Tax classes that cannot be read, and why.
    spoilt: BTreeMap<String, Refusal>,
    cash_steps: BTreeMap<Currency, Money>,
    /// What people call what has an id: products, accounts, territories, tax classes.
    names: BTreeMap<String, String>,
    /// What is wrong with what the office keeps and concerns no goods of this basket.
    mistakes: Vec<Refusal>,
}

impl Book {
    /// Keeps a mistake of the office that changes none of the prices asked for.
    pub fn note_mistake(&mut self, mistake: Refusal) {
        self.mistakes.push(mistake);
    }

    /// The mistakes that were noted, as a person reads them.
    pub(super) fn mistakes(&self) -> Vec<String> {
        let told = self.mistakes.iter();
        told.map(|mistake| mistake.message.clone()).collect()
    }

    /// Says what people call something; traces and messages call it so.
    pub fn call(&mut self, id: &str, name: &str) {
        self.names.insert(id.to_owned(), name.to_owned());
    }

    /// What people call something; its id, where nobody said.
    pub(super) fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.known_name(id).unwrap_or(id)
    }

    /// What people call something, if somebody said.
    pub(super) fn known_name(&self, id: &str) -> Option<&str> {
        self.names.get(id).map(String::as_str)
    }

    /// Puts a product in, or another in the place of the one with its id.
    pub fn put_product(&mut self, product: Product) {
        self.products.insert(product.id.clone(), product);
    }

    /// Puts an account in, or another in the place of the one with its id.
    pub fn put_account(&mut self, account: Account) {
        self.accounts.insert(account.id.clone(), account);
    }

    /// Puts a price list in.
    pub fn add_list(&mut self, list: PriceList) -> Result<(), Refusal> {
        if self.lists.iter().any(|other| other.id == list.id) {
            return Err(bad_book(
                &list.id,
                "a price list with this id is in the book already",
            ));
        }
        check_validity(&list.id, list.validity)?;
        let mut ids = BTreeSet::new();
        for entry in &list.entries {
            let name = format!("{}/{}", list.id, entry.id);
            check_entry(&name, entry)?;
            if !ids.insert(&entry.id) {
                return Err(bad_book(
                    &name,
                    "the list has an entry with this id already",
                ));
            }
        }
        for (position, entry) in list.entries.iter().enumerate() {
            self.entries
                .entry(entry.goods.clone())
                .or_default()
                .push((self.lists.len(), position));
        }
        self.lists.push(list);
        Ok(())
    }

    /// Puts a promotion in.
    pub fn add_promotion(&mut self, promotion: Promotion) -> Result<(), Refusal> {
        if self.promotions.iter().any(|other| other.id == promotion.id) {
            return Err(bad_book(
                &promotion.id,
                "a promotion with this id is in the book already",
            ));
        }
        check_validity(&promotion.id, promotion.validity)?;
        check_promotion(&promotion)?;
        let place = self
            .promotions
            .partition_point(|other| other.order() <= promotion.order());
        self.promotions.insert(place, promotion);
        Ok(())
    }

    /// Says which containers come with a product, or why nobody can say; then it has no price.
    pub fn put_deposits(&mut self, product: &str, deposits: Result<Vec<Deposit>, Refusal>) {
        self.deposits.insert(product.to_owned(), deposits);
    }

    /// Says that a product is a container, which may be ordered or given back by itself.
    pub fn put_container(&mut self, product: &str) {
        self.containers.insert(product.to_owned());
    }

    /// Puts a fee in.
    pub fn add_fee(&mut self, fee: Fee) -> Result<(), Refusal> {
        check_validity(&fee.name, fee.validity)?;
        check_fee(&fee)?;
        let before = |other: &Fee| (&other.name, &other.id) < (&fee.name, &fee.id);
        let place = self.fees.partition_point(before);
        self.fees.insert(place, fee);
        Ok(())
    }

    /// Puts a tax rate in.
    pub fn add_tax(&mut self, tax: TaxRate) -> Result<(), Refusal> {
        check_validity(&tax.class, tax.validity)?;
        if tax.rate.is_negative() || tax.rate.scale() > PERCENT_SCALE_MAX || tax.category.is_empty()
        {
            return Err(bad_book(
                &tax.class,
                "a tax has a category and a rate of 0 or more with at most 6 decimals",
            ));
        }
        self.taxes.entry(tax.class.clone()).or_default().push(tax);
        Ok(())
    }

    /// Puts one of several taxes of a class in, behind those that stand before it.
    pub fn add_part(&mut self, class: &str, dated: DatedPart) -> Result<(), Refusal> {
        check_validity(class, dated.validity)?;
        check_part(class, &dated.part)?;
        let parts = self.parts.entry(class.to_owned()).or_default();
        if parts.len() >= TAX_PART_LINES_MAX {
            return Err(bad_book(
                class,
                &format!("it has more than {TAX_PART_LINES_MAX} lines of taxes"),
            ));
        }
        let before = |other: &DatedPart| other.part.position <= dated.part.position;
        let place = parts.partition_point(before);
        parts.insert(place, dated);
        Ok(())
    }

    /// Says that the taxes of a class cannot be read: what is of it has no price.
    pub fn spoil_class(&mut self, class: &str, why: Refusal) {
        self.spoilt.insert(class.to_owned(), why);
    }

    /// Says by which step cash amounts of a currency go, such as 0.05 CHF.
    pub fn set_cash_step(&mut self, step: Money) -> Result<(), Refusal> {
        if step.minor() <= 0 {
            return Err(bad_book(
                step.currency().code(),
                "a cash step is more than nothing",
            ));
        }
        self.cash_steps.insert(step.currency(), step);
        Ok(())
    }

    /// The product with this id.
    #[must_use]
    pub fn product(&self, id: &str) -> Option<&Product> {
        self.products.get(id)
    }

    /// The account with this id.
    #[must_use]
    pub fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.get(id)
    }

    /// All prices for exactly these goods.
    pub(super) fn prices(&self, goods: &Goods) -> impl Iterator<Item = (&PriceList, &PriceEntry)> {
        let places = self.entries.get(goods).into_iter().flatten();
        places.filter_map(|(list, position)| {
            let list = self.lists.get(*list)?;
            Some((list, list.entries.get(*position)?))
        })
    }

    /// All promotions in the order in which they are applied.
    pub(super) fn promotions(&self) -> impl Iterator<Item = &Promotion> {
        self.promotions.iter()
    }

    /// The tax rates of a class.
    pub(super) fn taxes(&self, class: &str) -> &[TaxRate] {
        self.taxes.get(class).map_or(&[], Vec::as_slice)
    }

    /// Whether anything comes in containers.
    pub(super) fn has_deposits(&self) -> bool {
        !self.deposits.is_empty()
    }

    /// The containers that come with a product.
    pub(super) fn deposits(&self, product: &str) -> Result<&[Deposit], Refusal> {
        match self.deposits.get(product) {
            None => Ok(&[]),
            Some(Ok(deposits)) => Ok(deposits),
            Some(Err(why)) => Err(why.clone()),
        }
    }

    /// Whether a product is a container.
    pub(super) fn is_container(&self, product: &str) -> bool {
        self.containers.contains(product)
    }

    /// All fees, in order.
    pub(super) fn fees(&self) -> &[Fee] {
        &self.fees
    }

    /// Why the taxes of a class cannot be read, if they cannot.
    pub(super) fn spoilt(&self, class: &str) -> Option<&Refusal> {
        self.spoilt.get(class)
    }

    /// The several taxes of a class, in order; none of most classes.
    pub(super) fn parts(&self, class: &str) -> &[DatedPart] {
        self.parts.get(class).map_or(&[], Vec::as_slice)
    }

    /// By which step cash amounts go.
    pub(super) fn cash_step(&self, currency: Currency) -> Option<Money> {
        self.cash_steps.get(&currency).copied()
    }
}

fn check_validity(name: &str, validity: Validity) -> Result<(), Refusal> {
    match (validity.from, validity.to) {
        (Some(from), Some(to)) if to < from => Err(bad_book(name, "it ends before it begins")),
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}

fn check_part(class: &str, part: &TaxPart) -> Result<(), Refusal> {
    if part.name.trim().is_empty() || part.category.is_empty() {
        return Err(bad_book(
            class,
            "each of its taxes has a name and a category",
        ));
    }
    let (number, scale_max) = match &part.charge {
        TaxCharge::Percent(percent) => (*percent, PERCENT_SCALE_MAX),
        TaxCharge::PerUnit { amount, .. } => (*amount, UNIT_PRICE_SCALE_MAX),
    };
    let most = match &part.charge {
        TaxCharge::Percent(_) => TAX_RATE_MAX,
        TaxCharge::PerUnit { .. } => LINE_PRICE_MAX,
    };
    if number.is_negative() || number.scale() > scale_max || number > Decimal::from(most) {
        let why = format!(
            "its tax `{}` is 0 to {most}, with at most {scale_max} digits after the point",
            part.name
        );
        return Err(bad_book(class, &why));
    }
    Ok(())
}

fn check_entry(name: &str, entry: &PriceEntry) -> Result<(), Refusal> {
    if entry.goods == Goods::All {
        return Err(bad_book(
            name,
            "a price is of a variant, product or category, never of everything",
        ));
    }
    if entry.price.is_negative() || entry.price.scale() > UNIT_PRICE_SCALE_MAX {
        return Err(bad_book(
            name,
            "a price is not negative and has at most 6 digits after the point",
        ));
    }
    if entry.minimum.is_negative() || entry.minimum.scale() > QUANTITY_SCALE_MAX {
        return Err(bad_book(
            name,
            "a minimum is not negative and has at most 6 digits after the point",
        ));
    }
    Ok(())
}
