//! What parts measure on: a territory of the plan's size on a running server, a device that holds
//! it, and the report. It does not know the parts.

use std::path::PathBuf;

use outfield_core::base::id::UserId;
use outfield_core::objects::Registry;
use rusqlite::types::Value as Sql;
use serde_json::Value as Json;
use tempfile::TempDir;

use super::device_rows;
use super::floor::Floor;
use super::machine;
use super::report::BenchReport;
use super::site::{Site, SiteDevice};
use super::workload::{self, BenchTerritory, Catalogue, Maker, Scale};

/// What decides all names and numbers.
pub const SEED: u64 = 20_261_124;
/// The people of the territory; the first one's device is the one that is looked at.
pub(super) const PEOPLE: [&str; 4] = ["Ann", "Ben", "Cyd", "Dan"];
/// The territory.
pub(super) const NORTH: &str = "North";

/// What is to be measured.
#[derive(Debug, Clone, Default)]
pub struct BenchPlan {
    /// Parts by name; none for all.
    pub only: Vec<String>,
    /// A small share of everything, to see that it works; its figures count for nothing.
    pub quick: bool,
    /// A file of stores.
    pub stores: Option<PathBuf>,
    /// A file of products.
    pub products: Option<PathBuf>,
    /// A library that was built for phones.
    pub library: Option<PathBuf>,
}

impl BenchPlan {
    /// How much there is of everything.
    #[must_use]
    pub fn scale(&self) -> Scale {
        if self.quick {
            workload::SMALL
        } else {
            workload::T
        }
    }

    /// So many, or so many in a quick run.
    #[must_use]
    pub fn rounds(&self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }

    /// The maker of its records.
    #[must_use]
    pub fn maker(&self) -> Maker {
        Maker::new(SEED, self.stores.as_deref(), self.products.as_deref())
    }
}

/// One run.
pub struct Bench {
    /// What is to be measured.
    pub plan: BenchPlan,
    /// What was measured.
    pub report: BenchReport,
    progress: Box<dyn FnMut(&str)>,
    base: Option<Base>,
    folder: TempDir,
}

/// A territory of the plan's size on a running server, and a device that holds it.
pub struct Base {
    /// The server.
    pub site: Site,
    /// Its catalogue.
    pub goods: Catalogue,
    /// The territory.
    pub territory: BenchTerritory,
    /// The first person's device.
    pub device: SiteDevice,
}

impl Base {
    /// The objects that are known.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        self.site.tenant.registry()
    }

    /// A floor with the same rows that the device holds, or without rows.
    #[must_use]
    pub fn floor(&self, name: &str, is_durable: bool) -> Floor {
        let model = self.device.beside();
        let floor = Floor::like(
            &model,
            &device_rows::tables(self.registry()),
            &self.site.place(name),
            is_durable,
        );
        floor.insert(&device_rows::all_rows(self.registry(), &model));
        floor
    }
}

impl Bench {
    /// Nothing measured yet; `progress` is told what is being done.
    #[must_use]
    pub fn new(plan: BenchPlan, progress: Box<dyn FnMut(&str)>) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        Bench {
            plan,
            report: BenchReport::default(),
            progress,
            base: None,
            folder,
        }
    }

    /// Says what is being done.
    pub fn tell(&mut self, what: &str) {
        (self.progress)(what);
    }

    /// A place for a site of its own.
    #[must_use]
    pub fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What was measured, for programs.
    #[must_use]
    pub fn json(&self) -> Json {
        self.report.json(
            &machine::described(),
            &workload::described(self.plan.scale(), SEED),
        )
    }

    /// The territory that most parts look at, made when it is first wanted, and the report.
    pub fn base(&mut self) -> (&mut Base, &mut BenchReport) {
        if self.base.is_none() {
            self.tell("fills a territory");
            self.base = Some(self.fill());
        }
        let base = self.base.as_mut().expect("it was just made");
        (base, &mut self.report)
    }

    fn fill(&self) -> Base {
        let (mut site, mut maker, scale) = (
            Site::found(&self.place("base")),
            self.plan.maker(),
            self.plan.scale(),
        );
        site.territory(NORTH);
        let people = PEOPLE.map(|name| site.rep(name, &[NORTH.to_owned()]));
        let goods = maker.goods(&mut site.tenant, scale);
        let reps: Vec<UserId> = people.iter().map(|(user, _)| *user).collect();
        let territory = maker.territory(&mut site.tenant, NORTH, &goods, &reps, scale);
        let device = site.device(PEOPLE[0], &people[0].1);
        Base {
            site,
            goods,
            territory,
            device,
        }
    }
}

/// An id as SQLite keeps it.
#[must_use]
pub fn blob(id: &str) -> Sql {
    Sql::Blob(
        id.parse::<outfield_core::base::id::RecordId>()
            .unwrap()
            .0
            .to_vec(),
    )
}
