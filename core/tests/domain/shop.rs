//! A shop that orders: a policy, a tax class, two priced products, and the order that is at hand.
//! It does not know what is expected of it.

use outfield_core::base::context::Place;
use outfield_core::base::id::RecordId;
use outfield_core::domain::rights::Decider;
use outfield_core::domain::rules::sell::order::show;
use outfield_core::domain::verdict::{self, VerdictKind};
use outfield_core::domain::{situation::Situation, table};
use outfield_core::objects::{Reader, Record, Values};
use serde_json::{Value as Json, json};

use crate::support::{RuleWorld, id};

/// A pen at 2.00, twelve to the case.
pub(crate) const PEN: u8 = 40;
/// Chewing gum at 0.50.
pub(crate) const GUM: u8 = 41;
pub(crate) const CASE: &str = "XCS";

pub(crate) struct Shop {
    pub(crate) world: RuleWorld,
    pub(crate) order: RecordId,
}

impl Shop {
    /// Everything that an order needs, and no order.
    pub(crate) fn new() -> Shop {
        let mut world = RuleWorld::new();
        let policy = json!({
            "name": "Standard", "is_default": true, "currency": "USD", "tax_mode": "exclusive",
            "tax_rounding": "document",
        });
        world.put("order_policy", id(30), &policy);
        world.put(
            "tax_class",
            id(31),
            &json!({"name": "Standard", "category": "S", "rate_percent": "10"}),
        );
        let list =
            json!({"name": "Standard", "applies_to": "all", "currency": "USD", "list_version": 3});
        world.put("price_list", id(32), &list);
        for (number, name, price) in [(PEN, "Pen", "2.00"), (GUM, "Gum", "0.50")] {
            let product = json!({
                "name": name, "base_unit": "EA", "tax_class": id(31), "units/case/unit": CASE,
                "units/case/numerator": 12,
            });
            world.put("product", id(number), &product);
            let entry = json!({
                "price_list": id(32), "product": id(number), "unit": "EA", "unit_price": price,
            });
            world.put("price_entry", id(number + 20), &entry);
        }
        Shop {
            world,
            order: id(0),
        }
    }

    /// The same with one more order, which is now at hand.
    pub(crate) fn begun(mut self) -> Shop {
        self.order = self
            .world
            .tell(&json!({"do": "new_order", "account": id(10)}));
        self
    }

    /// An order for so many pens that says it is submitted.
    pub(crate) fn submitted(pens: &str) -> Shop {
        let mut shop = Shop::new().begun();
        shop.sets(PEN, pens);
        shop.submits();
        shop
    }

    /// A credit limit of the account, and what is used of it.
    pub(crate) fn limits(&mut self, limit: &str, used: &str) {
        let figure = json!({"account": id(10), "currency": "USD", "limit": limit, "used": used});
        self.world.put("credit_figure", id(50), &figure);
    }

    /// A command about the order at hand.
    pub(crate) fn about(&self, mut command: Json) -> Json {
        command["sales_order"] = json!(self.order);
        command
    }

    #[track_caller]
    pub(crate) fn does(&mut self, command: &Json) {
        let command = self.about(command.clone());
        self.world.tell(&command);
    }

    pub(crate) fn line(&self, product: u8, quantity: &str) -> Json {
        self.about(json!({"do": "set_order_line", "product": id(product), "quantity": quantity}))
    }

    #[track_caller]
    pub(crate) fn sets(&mut self, product: u8, quantity: &str) {
        let line = self.line(product, quantity);
        self.world.tell(&line);
    }

    pub(crate) fn submit(&self) -> Json {
        self.about(json!({"do": "submit_order"}))
    }

    #[track_caller]
    pub(crate) fn submits(&mut self) {
        let command = self.submit();
        self.world.tell(&command);
    }

    pub(crate) fn edit(&self, fields: &Json) -> Json {
        json!({"do": "edit", "object": "sales_order", "id": self.order, "fields": fields})
    }

    #[track_caller]
    pub(crate) fn edits(&mut self, fields: &Json) {
        let command = self.edit(fields);
        self.world.tell(&command);
    }

    /// Writes a value as if no rule were there.
    pub(crate) fn edits_past_rules(&mut self, path: &str, value: &str) {
        let order = self.order;
        self.world.set("sales_order", order, path, value);
    }

    pub(crate) fn record(&self) -> Record {
        self.world.records[&("sales_order".to_owned(), self.order)].clone()
    }

    pub(crate) fn value(&self, path: &str) -> Json {
        self.world.value("sales_order", self.order, path)
    }

    #[track_caller]
    pub(crate) fn order_has(&self, values: &Json) {
        for (path, value) in values.as_object().unwrap() {
            assert_eq!(self.value(path), *value, "{path}");
        }
    }

    #[track_caller]
    pub(crate) fn show(&self) -> Json {
        show(&self.world, self.order).unwrap()
    }

    /// Asks something of the order as it is now, as the server does.
    fn asks<T>(&self, question: impl FnOnce(&Situation<'_>) -> T) -> T {
        let (world, record, context, nothing) = (
            &self.world,
            self.record(),
            self.world.context(),
            Values::new(),
        );
        let descriptor = world.registry.get("sales_order").unwrap();
        question(&Situation {
            registry: &world.registry,
            descriptor,
            record: &record,
            new: false,
            id: self.order,
            input: &nothing,
            reader: world,
            context: &context,
            foresees: false,
            proofs: table::proof,
        })
    }

    /// Whether the server would take in a change: the code of its refusal, or `ok`.
    pub(crate) fn admitted(&self) -> String {
        self.asks(table::may_take_in)
            .map_or_else(|refusal| refusal.code, |()| "ok".to_owned())
    }

    /// Has the server answer what the order asks, and writes what it says; how many answers.
    #[track_caller]
    pub(crate) fn judged(&mut self) -> usize {
        self.world.place = Place::Server;
        let order = self.record();
        let mut given = 0;
        for object in ["order_verdict", "order_standing"] {
            given += usize::from(self.answers(object, &order));
        }
        self.world.place = Place::Device;
        given
    }

    #[track_caller]
    fn answers(&mut self, object: &str, order: &Record) -> bool {
        let context = self.world.context();
        let registry = self.world.registry.clone();
        let kinds = verdict::kinds(&registry, "sales_order");
        let of_object = |kind: &VerdictKind<'_>| kind.descriptor.object == object;
        let kind = kinds.into_iter().find(of_object).unwrap();
        let decider = Decider {
            registry: &registry,
            reader: &self.world,
            context: &context,
        };
        let Some(judgement) = verdict::answer(&decider, kind, order).unwrap() else {
            return false;
        };
        self.world.answered(object, order.id);
        self.world.moved(&judgement.posted);
        for (field, value) in judgement.beside {
            self.world.set("sales_order", order.id, &field, value);
        }
        let verdict = judgement.verdict;
        let key = (verdict.object.clone(), verdict.id);
        assert!(self.world.records.insert(key, verdict).is_none());
        true
    }

    /// The only verdict of the order, as JSON.
    #[track_caller]
    pub(crate) fn verdict(&mut self) -> Json {
        self.judged();
        let wanted = [("order", self.order.to_string().into())];
        let found = self.world.find("order_verdict", &wanted).unwrap();
        let [verdict] = &found[..] else {
            panic!("{} verdicts", found.len())
        };
        verdict.to_json()
    }
}
