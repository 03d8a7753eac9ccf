//! Gathers from the rows that the office keeps what the prices of some products are made from, for
//! one buyer. It does not price: `pricing` does.

use std::collections::{BTreeMap, BTreeSet};

use super::fee_book::{Bought, add_fees};
use super::office_row::{
    buyers, goods, mistake, money, needed, parsed, priority, speaks_of, validity, version,
};
use super::tax_book::add_class;
use crate::base::currency::Currency;
use crate::base::decimal::Decimal;
use crate::base::limits::{DEPOSIT_DEPTH_MAX, ORDER_LINES_MAX};
use crate::domain::refusal::Refusal;
use crate::domain::rules::goods::deposit::{UnitDeposit, deposits};
use crate::domain::rules::goods::product::packaging;
use crate::domain::rules::names::{
    ACCOUNT, ORDER_POLICY, PRICE_ENTRY, PRICE_LIST, PRODUCT, PROMOTION, TAX_CLASS, TERRITORY,
};
use crate::domain::rules::sell::pricing::{
    Account, Basket, Book, Deposit, Goods, Hurdle, Item, Level, PriceEntry, PriceList, Product,
    Promotion, Reward,
};
use crate::domain::rules::sell::tax::TaxTreatment;
use crate::objects::{Reader, Record, Value};

/// The book for a basket: its products, its buyer, the prices for them, all promotions, their
/// taxes, the cash step of the tenant's policy.
pub fn book(reader: &dyn Reader, basket: &Basket) -> Result<Book, Refusal> {
    let mut book = without_cash(reader, basket)?;
    for policy in reader.find(ORDER_POLICY, &[("is_default", Value::Bool(true))])? {
        if policy.text("currency") == Some(basket.currency.code()) {
            cash(&mut book, &policy, basket.currency)?;
        }
    }
    Ok(book)
}

/// The book for an order, whose cash step was frozen when it was made.
pub(super) fn of_order(
    reader: &dyn Reader,
    basket: &Basket,
    order: &Record,
) -> Result<Book, Refusal> {
    let mut book = without_cash(reader, basket)?;
    cash(&mut book, order, basket.currency)?;
    Ok(book)
}

/// Takes over the cash step that a row names.
fn cash(book: &mut Book, row: &Record, currency: Currency) -> Result<(), Refusal> {
    let Some(step) = parsed::<Decimal>(row, "cash_step")? else {
        return Ok(());
    };
    book.set_cash_step(money(row, "cash_step", step, currency)?)
}

fn without_cash(reader: &dyn Reader, basket: &Basket) -> Result<Book, Refusal> {
    let promotions = reader.find(PROMOTION, &[])?;
    let rewards = promotions
        .iter()
        .filter_map(|promotion| promotion.text("reward_product"));
    let bought = basket.lines.iter().filter_map(|line| match &line.item {
        Item::Product(id) => Some(id.as_str()),
        Item::Own { .. } => None,
    });
    let priced: BTreeSet<&str> = bought.chain(rewards).collect();
    let mut gathered = Gathered {
        reader,
        book: Book::default(),
        lists: BTreeMap::new(),
        classes: BTreeSet::new(),
        categories: BTreeSet::new(),
    };
    gathered.buyer(basket)?;
    gathered.goods(&priced)?;
    let Gathered {
        mut book,
        lists,
        mut classes,
        categories,
        ..
    } = gathered;
    lists
        .into_values()
        .try_for_each(|list| book.add_list(list))?;
    for row in newest(&promotions) {
        let added = promotion(row, basket.currency).and_then(|made| book.add_promotion(made));
        match added {
            // What it does not speak of has its price all the same; the mistake is told beside it.
            Err(refusal) if !concerns(row, &priced, &categories) => book.note_mistake(refusal),
            added => added?,
        }
    }
    // The others that promotions count are named to the buyer, no more.
    let counted: BTreeSet<&str> = promotions.iter().flat_map(goods_of).collect();
    for id in counted.difference(&priced) {
        row(reader, PRODUCT, id)?
            .iter()
            .for_each(|row| called(&mut book, row));
    }
    let account = basket.account.as_deref().and_then(|id| book.account(id));
    let account = account.cloned();
    let asked = Bought {
        products: &priced,
        categories: &categories,
        account: account.as_ref(),
    };
    classes.extend(add_fees(&mut book, reader, basket, &asked)?);
    for class in classes {
        if let Some(row) = row(reader, TAX_CLASS, &class)? {
            called(&mut book, &row);
            add_class(&mut book, &row);
        }
    }
    Ok(book)
}

/// What was found so far.
struct Gathered<'a> {
    reader: &'a dyn Reader,
    book: Book,
    lists: BTreeMap<String, PriceList>,
    classes: BTreeSet<String>,
    categories: BTreeSet<String>,
}

impl Gathered<'_> {
    /// The buyer, by whom the names are known that prices call.
    fn buyer(&mut self, basket: &Basket) -> Result<(), Refusal> {
        let Some(id) = &basket.account else {
            return Ok(());
        };
        let Some(row) = row(self.reader, ACCOUNT, id)? else {
            return Ok(());
        };
        called(&mut self.book, &row);
        let territory = row
            .text("territory")
            .map_or(Ok(None), |id| self::row(self.reader, TERRITORY, id))?;
        territory.iter().for_each(|row| called(&mut self.book, row));
        self.book.put_account(account(&row));
        Ok(())
    }

    /// The goods that are priced, the containers that come with them, and the prices of all.
    fn goods(&mut self, priced: &BTreeSet<&str>) -> Result<(), Refusal> {
        let mut level = Vec::new();
        for id in priced {
            level.extend(self.product(id)?);
        }
        let mut seen: BTreeSet<String> = priced.iter().map(|id| (*id).to_owned()).collect();
        let most = seen.len() + ORDER_LINES_MAX;
        for _ in 0..DEPOSIT_DEPTH_MAX {
            for id in std::mem::take(&mut level) {
                if seen.len() < most && seen.insert(id.clone()) {
                    // A container that cannot be read stops what comes in it, and nothing else.
                    level.extend(self.product(&id).unwrap_or_default());
                }
            }
        }
        for category in std::mem::take(&mut self.categories) {
            let goods = Goods::Category(category.clone());
            entries(self.reader, &mut self.lists, "category", &category, goods)?;
            self.categories.insert(category);
        }
        Ok(())
    }

    /// A product with its prices, and the containers that come with it.
    fn product(&mut self, id: &str) -> Result<Vec<String>, Refusal> {
        let Some(row) = row(self.reader, PRODUCT, id)? else {
            return Ok(Vec::new());
        };
        let product = product(&row)?;
        self.classes.insert(product.tax_class.clone());
        self.categories.extend(product.categories.clone());
        called(&mut self.book, &row);
        self.book.put_product(product);
        if row.value("is_container").is_true() {
            self.book.put_container(id);
        }
        let deposits = deposits(&row).map(|deposits| deposits.into_iter().map(deposit).collect());
        let containers = deposits.as_ref().map(|deposits: &Vec<Deposit>| {
            let containers = deposits.iter().map(|deposit| deposit.container.clone());
            containers.collect()
        });
        let containers = containers.unwrap_or_default();
        if deposits
            .as_ref()
            .map_or(true, |deposits| !deposits.is_empty())
        {
            self.book.put_deposits(id, deposits);
        }
        let goods = Goods::Product(id.to_owned());
        entries(self.reader, &mut self.lists, "product", id, goods)?;
        Ok(containers)
    }
}

fn deposit(of_unit: UnitDeposit) -> Deposit {
    Deposit {
        unit: of_unit.unit,
        container: of_unit.container.to_string(),
        count: of_unit.count,
    }
}

/// Takes over what people call a row.
fn called(book: &mut Book, row: &Record) {
    if let Some(name) = row.text("name") {
        book.call(&row.id.to_string(), name);
    }
}

/// The promotions, of each name those of its newest version.
fn newest(promotions: &[Record]) -> Vec<&Record> {
    let mut versions: BTreeMap<&str, u32> = BTreeMap::new();
    for row in promotions {
        let newest = versions
            .entry(row.text("name").unwrap_or_default())
            .or_default();
        *newest = (*newest).max(version(row, "promotion_version"));
    }
    let mut newest: Vec<&Record> = promotions.iter().collect();
    newest.retain(|row| {
        let name = row.text("name").unwrap_or_default();
        versions.get(name) == Some(&version(row, "promotion_version"))
    });
    newest
}

/// Whether a promotion speaks of some of these goods.
fn concerns(promotion: &Record, products: &BTreeSet<&str>, categories: &BTreeSet<String>) -> bool {
    let parts = promotion.lines("mix").into_values().map(|part| {
        let text = |field: &str| part.get(field).and_then(|value| value.text());
        goods(text("product"), text("category"))
    });
    let own = goods(promotion.text("product"), promotion.text("category"));
    // A mix counts what its parts name.
    let own = (promotion.text("hurdle") != Some("mix")).then_some(own);
    own.into_iter()
        .chain(parts)
        .any(|goods| speaks_of(&goods, products, categories))
}

/// The products that a promotion counts.
fn goods_of(promotion: &Record) -> Vec<&str> {
    let parts = promotion
        .lines("mix")
        .into_values()
        .filter_map(|part| part.get("product")?.text());
    promotion.text("product").into_iter().chain(parts).collect()
}

fn row(reader: &dyn Reader, object: &str, id: &str) -> Result<Option<Record>, Refusal> {
    let id = id.parse().ok();
    Ok(id.map_or(Ok(None), |id| reader.record(object, id))?)
}

fn product(row: &Record) -> Result<Product, Refusal> {
    let categories = row
        .text("category")
        .map(str::to_owned)
        .into_iter()
        .collect();
    let tax_class = row.text("tax_class").unwrap_or_default().to_owned();
    Ok(Product {
        id: row.id.to_string(),
        variant_of: None,
        categories,
        tax_class,
        packaging: packaging(row)?,
    })
}

fn account(row: &Record) -> Account {
    let text = |field: &str| row.text(field).map(str::to_owned);
    let (tier, territory) = (text("tier"), text("territory"));
    Account {
        id: row.id.to_string(),
        contracts: Vec::new(),
        tier,
        territory,
        treatment: row.text("tax_treatment").and_then(TaxTreatment::named),
    }
}

/// Puts all prices for some goods into their lists.
fn entries(
    reader: &dyn Reader,
    lists: &mut BTreeMap<String, PriceList>,
    field: &str,
    value: &str,
    goods: Goods,
) -> Result<(), Refusal> {
    for row in reader.find(PRICE_ENTRY, &[(field, value.into())])? {
        let list: String = needed(&row, "price_list")?;
        if !lists.contains_key(&list) {
            let Some(row) = self::row(reader, PRICE_LIST, &list)? else {
                continue;
            };
            lists.insert(list.clone(), price_list(&row)?);
        }
        let entry = PriceEntry {
            goods: goods.clone(),
            ..price_entry(&row)?
        };
        lists
            .entry(list)
            .and_modify(|list| list.entries.push(entry));
    }
    Ok(())
}

/// A row as a price, for what it names.
pub(super) fn price_entry(row: &Record) -> Result<PriceEntry, Refusal> {
    Ok(PriceEntry {
        id: row.id.to_string(),
        goods: goods(row.text("product"), row.text("category")),
        minimum: parsed(row, "minimum_quantity")?.unwrap_or_default(),
        unit: parsed(row, "unit")?,
        price: needed(row, "unit_price")?,
    })
}

pub(super) fn price_list(row: &Record) -> Result<PriceList, Refusal> {
    Ok(PriceList {
        id: row.text("name").unwrap_or_default().to_owned(),
        version: version(row, "list_version"),
        buyers: buyers(row)?,
        priority: priority(row),
        currency: Currency::named(row.text("currency").unwrap_or_default())
            .map_err(|error| mistake(row, "currency", error))?,
        validity: validity(row)?,
        tax_inclusive: row.value("tax_inclusive").is_true(),
        entries: Vec::new(),
    })
}

pub(super) fn promotion(row: &Record, currency: Currency) -> Result<Promotion, Refusal> {
    let own = row.text("currency").map_or(Ok(currency), Currency::named);
    let own = own.map_err(|error| mistake(row, "currency", error))?;
    let amount = |field: &str| money(row, field, needed(row, field)?, own);
    let hurdle = match row.text("hurdle") {
        Some("value") => Hurdle::Value(amount("hurdle_value")?),
        Some("mix") => Hurdle::Mix(mix(row)?),
        _ => Hurdle::Quantity(needed(row, "hurdle_quantity")?),
    };
    let reward = match row.text("reward") {
        Some("amount") => Reward::Amount(amount("reward_amount")?),
        Some("free_goods") => Reward::FreeGoods {
            product: needed(row, "reward_product")?,
            quantity: needed(row, "reward_quantity")?,
        },
        _ => Reward::Percent(needed(row, "reward_percent")?),
    };
    Ok(Promotion {
        id: row.text("name").unwrap_or_default().to_owned(),
        version: version(row, "promotion_version"),
        level: if row.text("level") == Some("order") {
            Level::Order
        } else {
            Level::Line
        },
        buyers: buyers(row)?,
        goods: vec![goods(row.text("product"), row.text("category"))],
        validity: validity(row)?,
        hurdle,
        reward,
        repeats: row.value("repeats").is_true(),
        excludes: row.value("excludes").is_true(),
        priority: priority(row),
    })
}

fn mix(row: &Record) -> Result<Vec<(Goods, Decimal)>, Refusal> {
    let asked = row.lines("mix").into_values().map(|line| {
        let text = |field: &str| line.get(field).and_then(|value| value.text());
        let quantity = text("quantity").unwrap_or_default().parse::<Decimal>();
        Ok((
            goods(text("product"), text("category")),
            quantity.map_err(|error| mistake(row, "mix", error))?,
        ))
    });
    asked.collect()
}
