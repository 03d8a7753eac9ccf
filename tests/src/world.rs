//! A world: one server with a tenant, its office, territories and people, and the phones they
//! carry. It does not know what happens in it.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use outfield_core::base::context::Role;
use outfield_core::base::id::{RecordId, TenantId};
use outfield_core::base::time::Timestamp;
use outfield_core::objects::{Registry, Value, Values, Write};
use outfield_server::tenant::Tenant;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::phone::Phone;
use crate::{Clock, Server};

/// Where the first account stands.
pub const HERE: &str = "36.342235,-94.071410";

/// Everything that one seed decides.
pub struct World {
    /// The clock of everybody.
    pub clock: Arc<Clock>,
    /// The server.
    pub server: Rc<Server>,
    /// The tenant that most things happen in.
    pub tenant: TenantId,
    seed: u64,
    // The folder goes with the world.
    folder: Rc<TempDir>,
}

impl Default for World {
    fn default() -> Self {
        World::new()
    }
}

impl World {
    /// A world with one tenant and the territories North and South.
    #[must_use]
    pub fn new() -> World {
        World::seeded(1)
    }

    /// The same of another seed.
    #[must_use]
    pub fn seeded(seed: u64) -> World {
        World::within(tempfile::tempdir().unwrap(), seed)
    }

    /// The same in a folder of somebody's choice.
    #[must_use]
    pub fn within(folder: TempDir, seed: u64) -> World {
        let folder = Rc::new(folder);
        let clock = Clock::at("2026-11-24T08:30:00Z");
        let server = Rc::new(Server::open(&folder.path().join("server"), &clock, seed));
        let tenant = server.found("Harbour Foods");
        World {
            clock,
            server,
            tenant,
            seed,
            folder,
        }
        .with_territories(["North", "South"])
    }

    /// The world of a folder in which there is one already, at this moment in milliseconds since
    /// 1970; its luck is another.
    #[must_use]
    pub fn again(folder: TempDir, seed: u64, ms: i64, tenant: TenantId) -> World {
        let clock = Clock::at(&Timestamp(ms).rfc3339());
        let server = Rc::new(Server::open(&folder.path().join("server"), &clock, seed));
        World {
            clock,
            server,
            tenant,
            seed,
            folder: Rc::new(folder),
        }
    }

    /// A tenant of the same server that is there already.
    #[must_use]
    pub fn beside(&self, tenant: TenantId) -> World {
        let (clock, server, folder) = (
            Arc::clone(&self.clock),
            Rc::clone(&self.server),
            Rc::clone(&self.folder),
        );
        World {
            clock,
            server,
            tenant,
            seed: self.seed,
            folder,
        }
    }

    /// Another tenant of the same server, with the territories East and West, who never sees this
    /// one.
    #[must_use]
    pub fn neighbour(&self, name: &str) -> World {
        let (clock, server, folder) = (
            Arc::clone(&self.clock),
            Rc::clone(&self.server),
            Rc::clone(&self.folder),
        );
        let tenant = server.found(name);
        World {
            clock,
            server,
            tenant,
            seed: self.seed,
            folder,
        }
        .with_territories(["East", "West"])
    }

    fn with_territories(self, names: [&str; 2]) -> World {
        for name in names {
            self.office(|office| office.add_territory(name, None))
                .unwrap();
        }
        self
    }

    /// Lets the office do something.
    pub fn office<T>(&self, work: impl FnOnce(&mut Tenant) -> T) -> T {
        self.server.with(self.tenant, work)
    }

    /// The objects of the tenant.
    #[must_use]
    pub fn registry(&self) -> Registry {
        self.office(|office| office.registry().clone())
    }

    /// Publishes an object of the tenant's own.
    #[track_caller]
    pub fn publishes(&self, json: &str) {
        self.office(|office| office.publish("object.json", json))
            .unwrap();
    }

    /// The server packs what every bucket holds, and forgets what their logs say twice.
    pub fn compacts(&self) {
        let buckets =
            crate::behind::standings(&crate::behind::open(&self.server.file(self.tenant)));
        buckets
            .keys()
            .for_each(|bucket| self.office(|office| office.compact(bucket)).unwrap());
    }

    /// Adds a person; answers a one-time code.
    #[must_use]
    pub fn hires(&self, name: &str, role: Role, territories: &[&str]) -> String {
        let territories: Vec<String> = territories.iter().map(|name| (*name).to_owned()).collect();
        self.office(|office| office.add_user(name, role, &territories))
            .unwrap()
            .1
    }

    /// Changes what a person may do and see; what is none stays.
    pub fn sets(&self, name: &str, role: Option<Role>, territories: Option<&[&str]>) {
        let territories: Option<Vec<String>> =
            territories.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        self.office(|office| office.set_user(name, role, territories.as_deref(), None))
            .unwrap();
    }

    /// A phone out of its box: nobody is signed in.
    #[must_use]
    pub fn new_phone(&self, file: &str) -> Phone {
        Phone::open(
            self.folder.path(),
            file,
            &self.server,
            &self.clock,
            self.seed,
        )
    }

    /// Hires a rep for North, with a phone that is enrolled and synced.
    #[must_use]
    pub fn phone(&self, name: &str) -> Phone {
        self.phone_for(name, Role::REP, &["North"])
    }

    /// Hires somebody, with a phone that is enrolled and synced.
    #[must_use]
    pub fn phone_for(&self, name: &str, role: Role, territories: &[&str]) -> Phone {
        let code = self.hires(name, role, territories);
        let mut phone = self.new_phone(name);
        phone.enrol(&code).unwrap();
        phone.sync();
        phone
    }

    /// Another phone of somebody who is here already.
    #[must_use]
    pub fn second_phone(&self, name: &str, file: &str) -> Phone {
        let code = self.office(|office| office.user_code(name)).unwrap();
        let mut phone = self.new_phone(file);
        phone.enrol(&code).unwrap();
        phone.sync();
        phone
    }

    /// Where the database of a phone of this name lies.
    #[must_use]
    pub fn place(&self, file: &str) -> PathBuf {
        self.folder.path().join(format!("{file}.db"))
    }

    /// A record is there that nobody decided; answers its id.
    pub fn seeds(&self, object: &str, fields: &Json) -> String {
        let id = RecordId::derived(&[object.as_bytes(), fields.to_string().as_bytes()]);
        let write = Write {
            object: object.to_owned(),
            id,
            new: true,
            values: values(fields),
            verb: None,
        };
        self.office(|office| office.write(&[write])).unwrap();
        id.to_string()
    }

    /// The office makes or changes a record; answers its id.
    #[track_caller]
    pub fn puts(&self, object: &str, id: Option<&str>, fields: &Json) -> String {
        let id = id.map(|id| id.parse().unwrap());
        self.office(|office| office.put(object, id, values(fields)))
            .unwrap()
            .to_string()
    }

    /// The office changes its policy for orders.
    pub fn sets_policy(&self, fields: &Json) {
        let of_all = |office: &mut Tenant| office.find("order_policy", "is_default", &true.into());
        let policy = self.office(of_all).unwrap()[0].id.to_string();
        self.puts("order_policy", Some(&policy), fields);
    }

    /// An account in a territory.
    #[must_use]
    pub fn account(&self, name: &str, territory: &str) -> String {
        let territory = self.territory(territory);
        self.puts(
            "account",
            None,
            &json!({"name": name, "territory": territory, "position": HERE}),
        )
    }

    /// A pen at 2.00, and shops that soon have no credit left.
    pub fn goods(&self, shops: &[String]) {
        let class = self.puts(
            "tax_class",
            None,
            &json!({"name": "Ten", "category": "S", "rate_percent": "10"}),
        );
        let list = self
            .office(|office| office.find("price_list", "name", &"Standard".into()))
            .unwrap()[0]
            .id;
        let pen = self.puts(
            "product",
            None,
            &json!({"name": "Pen", "base_unit": "EA", "tax_class": class}),
        );
        let entry = json!({"price_list": list, "product": pen, "unit": "EA", "unit_price": "2"});
        self.puts("price_entry", None, &entry);
        for shop in shops {
            self.puts(
                "credit_figure",
                None,
                &json!({"account": shop, "currency": "USD", "limit": "100", "used": "0"}),
            );
        }
    }

    /// The id of a territory.
    #[must_use]
    pub fn territory(&self, name: &str) -> String {
        self.office(|office| office.territory_named(name))
            .unwrap()
            .unwrap()
            .to_string()
    }

    /// The id of a person.
    #[must_use]
    pub fn user(&self, name: &str) -> String {
        self.office(|office| office.user_named(name))
            .unwrap()
            .to_string()
    }

    /// One record as the office sees it.
    #[must_use]
    pub fn record(&self, object: &str, id: &str) -> Json {
        self.office(|office| office.record(object, id.parse().unwrap()))
            .unwrap()
    }
}

/// Values from a JSON object.
#[must_use]
pub fn values(json: &Json) -> Values {
    json.as_object()
        .unwrap()
        .iter()
        .map(|(path, json)| (path.clone(), Value::from_json(json).unwrap()))
        .collect()
}
