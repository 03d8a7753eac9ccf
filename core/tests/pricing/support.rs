//! A shop in a book: three products, one account, and short ways to say prices, promotions and
//! baskets.

use outfield_core::base::currency::Currency;
use outfield_core::base::day::Day;
use outfield_core::base::decimal::Decimal;
use outfield_core::base::fraction::Fraction;
use outfield_core::base::money::Money;
use outfield_core::base::quantity::Packaging;
use outfield_core::base::unit::Unit;
use outfield_core::domain::Refusal;
use outfield_core::domain::rules::sell::pricing::{
    Account, Basket, Book, Buyers, DatedPart, Goods, Hurdle, Level, PriceEntry, PriceList, Priced,
    Product, Promotion, Reward, TaxRate, Validity, price,
};
use serde_json::{Value as Json, json};

/// The day of every basket that names none.
pub(crate) const TODAY: &str = "2026-11-24";

/// Everything a book is made from, open to be changed.
#[derive(Debug, Clone, Default)]
pub(crate) struct PriceShop {
    pub(crate) products: Vec<Product>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) lists: Vec<PriceList>,
    pub(crate) promotions: Vec<Promotion>,
    pub(crate) taxes: Vec<TaxRate>,
    pub(crate) cash_steps: Vec<Money>,
    /// Several taxes of a class, by its name.
    pub(crate) parts: Vec<(String, DatedPart)>,
}

pub(crate) fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(crate) fn money(text: &str, code: &str) -> Money {
    Money::exact(decimal(text), Currency::named(code).unwrap()).unwrap()
}

pub(crate) fn unit(code: &str) -> Unit {
    code.parse().unwrap()
}

pub(crate) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub(crate) fn product(id: &str) -> Goods {
    Goods::Product(id.to_owned())
}

pub(crate) fn category(id: &str) -> Goods {
    Goods::Category(id.to_owned())
}

/// A price from so many units on.
pub(crate) fn entry(id: &str, goods: Goods, minimum: &str, price: &str) -> PriceEntry {
    PriceEntry {
        id: id.to_owned(),
        goods,
        minimum: decimal(minimum),
        unit: None,
        price: decimal(price),
    }
}

/// A list in euros that always holds.
pub(crate) fn list(id: &str, buyers: Buyers, entries: Vec<PriceEntry>) -> PriceList {
    PriceList {
        id: id.to_owned(),
        version: 1,
        buyers,
        priority: 0,
        currency: Currency::named("EUR").unwrap(),
        validity: Validity::default(),
        tax_inclusive: false,
        entries,
    }
}

/// A promotion for everybody that stacks.
pub(crate) fn promotion(
    id: &str,
    level: Level,
    goods: Goods,
    hurdle: Hurdle,
    reward: Reward,
) -> Promotion {
    Promotion {
        id: id.to_owned(),
        version: 1,
        level,
        buyers: Buyers::All,
        goods: vec![goods],
        validity: Validity::default(),
        hurdle,
        reward,
        repeats: false,
        excludes: false,
        priority: 0,
    }
}

pub(crate) fn pieces(count: &str) -> Hurdle {
    Hurdle::Quantity(decimal(count))
}

pub(crate) fn percent(percent: &str) -> Reward {
    Reward::Percent(decimal(percent))
}

pub(crate) fn off(amount: &str) -> Reward {
    Reward::Amount(money(amount, "EUR"))
}

pub(crate) fn free(product: &str, count: &str) -> Reward {
    Reward::FreeGoods {
        product: product.to_owned(),
        quantity: decimal(count),
    }
}

/// Crisps by the piece, inner of 6, case of 24 and pallet of 40 cases, one of them salted; ham by
/// the kilogram, taxed less.
pub(crate) fn products() -> Vec<Product> {
    let of = Fraction::whole;
    let packed = Packaging::in_base(Unit::EACH)
        .with(unit("XPK"), of(6), Unit::EACH)
        .and_then(|packed| packed.with(unit("XCS"), of(4), unit("XPK")))
        .and_then(|packed| packed.with(unit("XPX"), of(40), unit("XCS")))
        .unwrap();
    let pound = Fraction::new(45_359_237, 100_000_000).unwrap();
    let weighed = Packaging::in_base(unit("KGM"))
        .with(unit("LBR"), pound, unit("KGM"))
        .unwrap();
    let made =
        |id: &str, of: Option<&str>, categories: &[&str], class: &str, packaging: &Packaging| {
            Product {
                id: id.to_owned(),
                variant_of: of.map(str::to_owned),
                categories: categories
                    .iter()
                    .map(|category| (*category).to_owned())
                    .collect(),
                tax_class: class.to_owned(),
                packaging: packaging.clone(),
            }
        };
    vec![
        made("crisps", None, &["snacks", "food"], "standard", &packed),
        made(
            "salted",
            Some("crisps"),
            &["snacks", "food"],
            "standard",
            &packed,
        ),
        made("ham", None, &["meat", "food"], "reduced", &weighed),
    ]
}

/// The harbour shop: contract C, tier gold, territory north.
pub(crate) fn harbour() -> Account {
    Account {
        treatment: None,
        id: "harbour".to_owned(),
        contracts: vec!["C".to_owned()],
        tier: Some("gold".to_owned()),
        territory: Some("north".to_owned()),
    }
}

/// Standard tax of 19 %, 20 % from 2027 on; reduced tax of 7 %.
pub(crate) fn taxes() -> Vec<TaxRate> {
    let tax = |class: &str, version: u32, rate: &str, validity: Validity| TaxRate {
        class: class.to_owned(),
        version,
        category: "S".to_owned(),
        rate: decimal(rate),
        validity,
    };
    vec![
        tax(
            "standard",
            1,
            "19",
            Validity {
                from: None,
                to: Some(day("2026-12-31")),
            },
        ),
        tax(
            "standard",
            2,
            "20",
            Validity {
                from: Some(day("2027-01-01")),
                to: None,
            },
        ),
        tax("reduced", 1, "7", Validity::default()),
    ]
}

impl PriceShop {
    /// Crisps at 1.00, ham at 12.50 a kilogram, for everybody.
    pub(crate) fn new() -> PriceShop {
        let prices = vec![
            entry("crisps", product("crisps"), "0", "1.00"),
            entry("ham", product("ham"), "0", "12.50"),
        ];
        PriceShop {
            products: products(),
            accounts: vec![harbour()],
            lists: vec![list("base", Buyers::All, prices)],
            taxes: taxes(),
            ..PriceShop::default()
        }
    }

    pub(crate) fn with(mut self, promotion: Promotion) -> PriceShop {
        self.promotions.push(promotion);
        self
    }

    pub(crate) fn selling(mut self, list: PriceList) -> PriceShop {
        self.lists.push(list);
        self
    }

    pub(crate) fn book(&self) -> Result<Book, Refusal> {
        let mut book = Book::default();
        self.products
            .iter()
            .for_each(|product| book.put_product(product.clone()));
        self.accounts
            .iter()
            .for_each(|account| book.put_account(account.clone()));
        self.lists
            .iter()
            .try_for_each(|list| book.add_list(list.clone()))?;
        self.promotions
            .iter()
            .try_for_each(|promotion| book.add_promotion(promotion.clone()))?;
        self.taxes
            .iter()
            .try_for_each(|tax| book.add_tax(tax.clone()))?;
        self.cash_steps
            .iter()
            .try_for_each(|step| book.set_cash_step(*step))?;
        self.parts
            .iter()
            .try_for_each(|(class, part)| book.add_part(class, part.clone()))?;
        Ok(book)
    }

    /// Prices a basket in euros, per document, of the harbour shop unless the JSON says otherwise.
    pub(crate) fn price(&self, basket: &Json) -> Result<Priced, Refusal> {
        price(&parsed(basket)?, &self.book()?)
    }

    /// Prices lines for the harbour shop; each is a product and a quantity.
    #[track_caller]
    pub(crate) fn sell(&self, lines: &[(&str, &str)]) -> Priced {
        let lines = lines
            .iter()
            .map(|(product, quantity)| json!({"product": product, "quantity": quantity}));
        self.price(&json!({"account": "harbour", "lines": lines.collect::<Vec<_>>()}))
            .unwrap()
    }
}

/// A basket from JSON, with what is most often the case filled in.
pub(crate) fn parsed(basket: &Json) -> Result<Basket, Refusal> {
    let mut filled =
        json!({"currency": "EUR", "tax_mode": "exclusive", "tax_rounding": "document"});
    for (name, value) in basket.as_object().unwrap() {
        filled[name] = value.clone();
    }
    Basket::parse(&filled.to_string(), day(TODAY), "Europe/Berlin")
}

/// Net, tax and gross as text.
pub(crate) fn totals(priced: &Priced) -> (String, String, String) {
    (
        priced.net.to_string(),
        priced.tax.to_string(),
        priced.gross.to_string(),
    )
}

/// The net of each line, those of free goods included.
pub(crate) fn nets(priced: &Priced) -> Vec<String> {
    priced
        .lines
        .iter()
        .map(|line| line.net.to_string())
        .collect()
}
