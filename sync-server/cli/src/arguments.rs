//! The commands and their arguments, as `--help` and `docs/cli.md` show them; those of `rep` are in
//! the folder `rep`. It does not know what any of them does.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::demo::DemoArguments;
use crate::rep::RepArguments;

/// Outfield: an offline-first field-sales system. `docs/cli.md` is the contract of these commands.
#[derive(Debug, Parser)]
#[command(
    name = "outfield",
    version,
    propagate_version = true,
    disable_help_subcommand = true
)]
pub(crate) struct CliArguments {
    /// Answer with exactly one JSON object on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print only the id (of lists, the ids), for shell variables
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: CliCommand,
}

/// What the binary does.
#[derive(Debug, Subcommand)]
pub(crate) enum CliCommand {
    /// Serve a data folder over HTTP until Ctrl-C or SIGTERM
    Serve(ServeArguments),
    /// Tenants: enterprises that never see each other
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// Territories: who sees which accounts
    #[command(subcommand)]
    Territory(TerritoryCommand),
    /// Users of a tenant, and their enrolment codes
    #[command(subcommand)]
    User(UserCommand),
    /// What devices handed in and was refused
    Quarantine {
        #[command(flatten)]
        place: OfficePlace,
    },
    /// Rows of the office that are not right, such as a promotion without its hurdle, and figures
    /// that are not what their movements come to
    Check {
        #[command(flatten)]
        place: OfficePlace,
    },
    /// What the server wrote of a record, and what moved because of it
    Trail {
        /// The record's id
        record: String,
        #[command(flatten)]
        place: OfficePlace,
    },
    /// Devices that users have enrolled
    #[command(subcommand)]
    Device(DeviceCommand),
    /// The tenant's own objects
    #[command(subcommand)]
    Object(ObjectCommand),
    /// Write a record as the office
    Put(PutArguments),
    /// Import records from a CSV file
    #[command(subcommand)]
    Import(ImportCommand),
    /// Work as a rep on a device's own database, with or without a network
    Rep(RepArguments),
    /// Live a day of three reps, most of it without a network, and prove that nothing of it was
    /// lost
    Demo(DemoArguments),
}

/// Where the office's data lies, and whose it is.
#[derive(Debug, Args)]
pub(crate) struct OfficePlace {
    /// The data folder of the server
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The tenant, once there are several
    #[arg(long, value_name = "NAME")]
    pub(crate) tenant: Option<String>,
}

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// The data folder; made when it is not there
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8480")]
    pub(crate) listen: String,
    /// Stop when standard input ends too: for a program that starts a server and may die before it
    #[arg(long)]
    pub(crate) until_eof: bool,
}

/// What is done to tenants.
#[derive(Debug, Subcommand)]
pub(crate) enum TenantCommand {
    /// Add a tenant; the data folder is made when it is not there
    Add {
        /// Its name
        name: String,
        /// The IANA time zone that decides what day it is
        #[arg(long, value_name = "ZONE", default_value = "UTC")]
        time_zone: String,
        /// The data folder of the server
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// List the tenants
    List {
        /// The data folder of the server
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
}

/// What is done to territories.
#[derive(Debug, Subcommand)]
pub(crate) enum TerritoryCommand {
    /// Add a territory
    Add {
        /// Its name
        name: String,
        /// The name of the territory that it is a part of
        #[arg(long, value_name = "NAME")]
        parent: Option<String>,
        #[command(flatten)]
        place: OfficePlace,
    },
    /// List the territories
    List {
        #[command(flatten)]
        place: OfficePlace,
    },
}

/// What is done to users.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add a user; the answer holds a one-time enrolment code
    Add(UserAddArguments),
    /// Make a new one-time enrolment code
    Code {
        /// The user's name
        name: String,
        #[command(flatten)]
        place: OfficePlace,
    },
    /// List the users
    List {
        #[command(flatten)]
        place: OfficePlace,
    },
    /// Change a user's role, territories, or whether the user may sign in
    Set(UserSetArguments),
}

/// Arguments of `user add`.
#[derive(Debug, Args)]
pub(crate) struct UserAddArguments {
    /// The user's name
    pub(crate) name: String,
    /// What the user may do
    #[arg(long)]
    pub(crate) role: String,
    /// Names of the territories that the user sees; may be repeated
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) territory: Vec<String>,
    #[command(flatten)]
    pub(crate) place: OfficePlace,
}

/// Arguments of `user set`.
#[derive(Debug, Args)]
pub(crate) struct UserSetArguments {
    /// The user's name
    pub(crate) name: String,
    /// What the user may do from now on
    #[arg(long)]
    pub(crate) role: Option<String>,
    /// All territories that the user sees from now on; may be repeated, and an empty name means
    /// none
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) territory: Option<Vec<String>>,
    /// Whether the user may sign in
    #[arg(long, value_name = "true|false")]
    pub(crate) active: Option<bool>,
    #[command(flatten)]
    pub(crate) place: OfficePlace,
}

/// What is done to devices.
#[derive(Debug, Subcommand)]
pub(crate) enum DeviceCommand {
    /// List the devices
    List {
        #[command(flatten)]
        place: OfficePlace,
    },
    /// End a device's access; what it has not sent stays on it
    Revoke {
        /// The device's id
        device: String,
        #[command(flatten)]
        place: OfficePlace,
    },
}

/// What is done to objects.
#[derive(Debug, Subcommand)]
pub(crate) enum ObjectCommand {
    /// Publish an object of the tenant's own, or a newer version of it
    Publish {
        /// The descriptor, a JSON file
        file: PathBuf,
        #[command(flatten)]
        place: OfficePlace,
    },
    /// The objects of the tenant: those that come with this version, and its own
    List {
        #[command(flatten)]
        place: OfficePlace,
    },
    /// The descriptor of an object, as JSON
    Show {
        /// The object, such as `visit`
        object: String,
        #[command(flatten)]
        place: OfficePlace,
    },
    /// What an object has and who may do what with it, in words
    Explain {
        /// The object, such as `visit`
        object: String,
        #[command(flatten)]
        place: OfficePlace,
    },
}

/// Arguments of `put`.
#[derive(Debug, Args)]
pub(crate) struct PutArguments {
    /// The object, such as `account`
    pub(crate) object: String,
    /// The record to change; without it a new one is made
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// Values by field; `FIELD=` clears one
    #[arg(value_name = "FIELD=VALUE", required = true)]
    pub(crate) fields: Vec<String>,
    #[command(flatten)]
    pub(crate) place: OfficePlace,
}

/// What is imported.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Accounts, by their `code`
    Accounts(ImportFile),
    /// Products, by their `gtin`
    Products(ImportFile),
}

/// Arguments of an import.
#[derive(Debug, Args)]
pub(crate) struct ImportFile {
    /// The CSV file, in UTF-8, its first line naming the columns
    pub(crate) file: PathBuf,
    /// Which field a column holds, where its name does not say so; `COLUMN=` leaves a column out
    #[arg(long, value_name = "COLUMN=FIELD")]
    pub(crate) map: Vec<String>,
    /// The column that names each record's territory; missing territories are added
    #[arg(long, value_name = "COLUMN")]
    pub(crate) territory_column: Option<String>,
    /// Say what would be done, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) place: OfficePlace,
}
