//! What a price or a promotion speaks of: which goods, which buyers, which days; and the product
//! and the account that belong to them or do not. It does not know prices.

use crate::base::day::Day;
use crate::base::quantity::Packaging;
use crate::domain::refusal::Refusal;
use crate::domain::rules::sell::tax::TaxTreatment;

/// Which goods a price or promotion is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Goods {
    /// One variant of a product.
    Variant(String),
    /// A product with all its variants.
    Product(String),
    /// A category with everything below it.
    Category(String),
    /// Everything; a promotion may say so, a price may not.
    All,
}

/// Whom a price list or promotion is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Buyers {
    /// Who buys under this contract.
    Contract(String),
    /// One account.
    Account(String),
    /// Accounts of one tier.
    Tier(String),
    /// Accounts of one territory.
    Territory(String),
    /// Everybody, those who are not known included.
    All,
}

/// From which day to which something holds, both days included; an open end holds for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Validity {
    /// The first day.
    pub from: Option<Day>,
    /// The last day.
    pub to: Option<Day>,
}

/// A thing that is sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// The id that baskets name.
    pub id: String,
    /// The product of which this is a variant.
    pub variant_of: Option<String>,
    /// Its categories, the nearest first, up to the root.
    pub categories: Vec<String>,
    /// The class that decides its tax.
    pub tax_class: String,
    /// The units it comes in.
    pub packaging: Packaging,
}

/// Someone who buys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// The id that baskets name.
    pub id: String,
    /// The contracts under which it buys.
    pub contracts: Vec<String>,
    /// Its tier.
    pub tier: Option<String>,
    /// Its territory.
    pub territory: Option<String>,
    /// Why no tax is taken of it; none if it is taxed as goods are.
    pub treatment: Option<TaxTreatment>,
}

impl Validity {
    /// Whether a day lies within.
    #[must_use]
    pub fn holds(self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

impl Goods {
    /// Whether a product belongs to them; what is no product belongs to all goods only.
    pub(super) fn include(&self, product: Option<&Product>) -> bool {
        let is = |test: &dyn Fn(&Product) -> bool| product.is_some_and(test);
        match self {
            Goods::Variant(id) => is(&|product| product.id == *id),
            Goods::Product(id) => {
                is(&|product| product.id == *id || product.variant_of.as_ref() == Some(id))
            }
            Goods::Category(id) => is(&|product| product.categories.contains(id)),
            Goods::All => true,
        }
    }
}

impl Buyers {
    /// Whether an account is one of them; whoever is not known is one of all buyers only.
    #[must_use]
    pub fn include(&self, account: Option<&Account>) -> bool {
        let is = |test: &dyn Fn(&Account) -> bool| account.is_some_and(test);
        match self {
            Buyers::Contract(id) => is(&|account| account.contracts.contains(id)),
            Buyers::Account(id) => is(&|account| account.id == *id),
            Buyers::Tier(id) => is(&|account| account.tier.as_ref() == Some(id)),
            Buyers::Territory(id) => is(&|account| account.territory.as_ref() == Some(id)),
            Buyers::All => true,
        }
    }
}

/// A refusal of something in the book itself, which no seller can mend.
pub(super) fn bad_book(name: &str, why: &str) -> Refusal {
    Refusal::rule("bad_price_book", format!("`{name}`: {why}")).with("entry", name)
}
