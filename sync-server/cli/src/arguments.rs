//! The commands and their arguments, as `--help` and `docs/cli.md` show them; those of `rep` are in
//! the folder `rep`. It does not know what any of them does.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use outfield_server::files::BucketPlace;

use crate::demo::DemoArguments;
use crate::listing::{ColumnArguments, ListArguments};
pub(crate) use crate::office_place::OfficePlace;
use crate::office_place::folder;
use crate::rep::RepArguments;

/// Outfield: an offline-first field-sales system. `docs/cli.md` is the contract of these commands.
#[derive(Debug, Parser)]
#[command(
    name = "outfield",
    version,
    propagate_version = true,
    after_help = "Examples:\n  \
        outfield tenant add Acme --data office         a tenant, in a new data folder\n  \
        outfield import accounts stores.csv --data office\n  \
        outfield user add Ann --role rep --territory North --data office\n  \
        outfield serve --data office\n  \
        outfield rep --db ann.db enrol http://127.0.0.1:8480 CODE\n  \
        outfield rep --db ann.db today\n\n\
        OUTFIELD_DATA and OUTFIELD_DB stand for --data and --db."
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
        /// Forget what was refused of this device, by id or name, so that more of it is kept
        #[arg(long, value_name = "DEVICE")]
        clear: Option<String>,
        #[command(flatten)]
        place: OfficePlace,
    },
    /// Rows of the office that are not right, such as a promotion without its hurdle, and figures
    /// that are not what their movements come to
    Check {
        #[command(flatten)]
        place: OfficePlace,
    },
    /// What the office did: who, when, what, each entry bound to the one before it
    Audit(AuditArguments),
    /// Back up the data folder, while it is served or not: what changed since the last time is
    /// written
    Backup(BackupArguments),
    /// Put a backup back
    Restore(RestoreArguments),
    /// What the server wrote of a record, and what moved because of it
    Trail {
        /// The record's id
        record: String,
        #[command(flatten)]
        place: OfficePlace,
    },
    /// Unsent work of devices that comes to the office by hand
    #[command(subcommand)]
    Outbox(ParcelCommand),
    /// Devices that users have enrolled
    #[command(subcommand)]
    Device(DeviceCommand),
    /// The tenant's own objects
    #[command(subcommand)]
    Object(ObjectCommand),
    /// Write a record as the office
    Put(PutArguments),
    /// List records of any object as the office sees them: all
    List(OfficeListArguments),
    /// Show one record of any object
    Get {
        /// The object, such as `account`
        object: String,
        /// The record, by id or name
        id: String,
        #[command(flatten)]
        place: OfficePlace,
    },
    /// Hand records of one person to another: plans, accounts, whatever has an owner
    Reassign(ReassignArguments),
    /// Write all records of an object as CSV
    Export(ExportArguments),
    /// Import records from a file: CSV or XLSX
    #[command(subcommand)]
    Import(ImportCommand),
    /// Work as a rep on a device's own database, with or without a network
    Rep(RepArguments),
    /// Live a day of three reps, most of it without a network, and prove that nothing of it was
    /// lost
    Demo(DemoArguments),
    /// Write what a shell needs to complete these commands, such as `source <(outfield completions
    /// bash)`
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub(crate) struct OfficeListArguments {
    #[command(flatten)]
    pub(crate) list: ListArguments,
    #[command(flatten)]
    pub(crate) place: OfficePlace,
}

/// Arguments of `reassign`.
#[derive(Debug, Args)]
pub(crate) struct ReassignArguments {
    /// The object, such as `account`
    pub(crate) object: String,
    /// Who has them, by name or id
    #[arg(long, value_name = "NAME")]
    pub(crate) from: String,
    /// Who gets them, by name or id
    #[arg(long, value_name = "NAME")]
    pub(crate) to: String,
    /// Only records of which this condition holds, as JSON
    #[arg(long = "where", value_name = "JSON")]
    pub(crate) condition: Option<String>,
    /// The field that names the person
    #[arg(long, value_name = "FIELD", default_value = "owner")]
    pub(crate) field: String,
    /// Say how many there are, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) place: OfficePlace,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// The object, such as `account`
    pub(crate) object: String,
    /// The file that is written; it must not be there yet. Standard output if none is named
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) columns: ColumnArguments,
    #[command(flatten)]
    pub(crate) place: OfficePlace,
}

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// The data folder; made when it is not there
    #[arg(long, value_name = "DIR")]
    #[arg(env = "OUTFIELD_DATA", hide_env_values = true, value_parser = folder())]
    pub(crate) data: PathBuf,
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8480")]
    pub(crate) listen: String,
    /// The certificate to show, with those that it is signed by, in PEM; read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Believe the header `X-Forwarded-For`, for a proxy stands before the server
    #[arg(long)]
    pub(crate) behind_proxy: bool,
    /// Keep finished photos and papers in this bucket of any S3, from now on: where it is and who
    /// may use it is said by the variables AWS_…
    #[arg(long, value_name = "s3://BUCKET/PREFIX")]
    #[arg(env = "OUTFIELD_FILES", hide_env_values = true)]
    pub(crate) files: Option<BucketPlace>,
    /// Tell figures to Prometheus at this address and port, in clear text: for a network that
    /// strangers do not reach
    #[arg(long, value_name = "ADDR")]
    pub(crate) metrics_listen: Option<String>,
    /// How the log on standard error is written
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) log: ShownLogForm,
    /// The least weighty events that it tells
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub(crate) log_level: ShownLogLevel,
    /// Stop when standard input ends too: for a program that starts a server and may die before it
    #[arg(long)]
    pub(crate) until_eof: bool,
}

/// How a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShownLogForm {
    /// Words and `name=value`
    Text,
    /// One JSON object a line
    Json,
}

/// How weighty an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShownLogLevel {
    /// Faults of the server
    Error,
    /// And what somebody should look at
    Warn,
    /// And one line a request
    Info,
    /// And how often somebody looks whether it lives
    Debug,
}

/// Arguments of `backup`.
#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// The data folder of the server
    #[arg(long, value_name = "DIR")]
    #[arg(env = "OUTFIELD_DATA", hide_env_values = true, value_parser = folder())]
    pub(crate) data: PathBuf,
    /// The folder of backups, made when it is not there; a name that ends in `.tar` is one backup
    /// in one file
    #[arg(long, value_name = "DIR|FILE")]
    pub(crate) to: PathBuf,
    /// How many generations are kept
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub(crate) keep: usize,
    /// Leave out the photos and papers that lie in a bucket; else they are copied, each once
    #[arg(long)]
    pub(crate) without_bucket: bool,
}

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub(crate) struct AuditArguments {
    /// Find entries that were changed, dropped or moved
    #[arg(long)]
    pub(crate) verify: bool,
    /// The hash of an entry that was noted elsewhere: it must be there still
    #[arg(long, value_name = "HASH", requires = "verify")]
    pub(crate) known: Option<String>,
    #[command(flatten)]
    pub(crate) place: OfficePlace,
}

/// Arguments of `restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// The folder of backups, or one backup in a file
    #[arg(long, value_name = "DIR|FILE")]
    pub(crate) from: PathBuf,
    /// The generation, such as `2026-11-24T08-30-00Z`; the newest one if none is named
    #[arg(long, value_name = "GENERATION")]
    pub(crate) at: Option<String>,
    /// The data folder; made when it is not there
    #[arg(long, value_name = "DIR")]
    #[arg(env = "OUTFIELD_DATA", hide_env_values = true, value_parser = folder())]
    pub(crate) data: PathBuf,
    /// Put what is in the data folder aside, into a folder within it
    #[arg(long)]
    pub(crate) replace: bool,
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
        #[arg(env = "OUTFIELD_DATA", hide_env_values = true, value_parser = folder())]
        data: PathBuf,
    },
    /// Change what holds for all devices of a tenant
    Set {
        /// For how many days a device may be silent before it locks until it syncs; 0 for ever
        #[arg(long, value_name = "DAYS")]
        offline_days: u32,
        #[command(flatten)]
        place: OfficePlace,
    },
    /// List the tenants
    List {
        /// The data folder of the server
        #[arg(long, value_name = "DIR")]
        #[arg(env = "OUTFIELD_DATA", hide_env_values = true, value_parser = folder())]
        data: PathBuf,
    },
    /// Show how much room there is for photos and papers, or say how much there is from now on
    Files {
        /// MiB that each person may bring
        #[arg(long, value_name = "MIB")]
        person: Option<u64>,
        /// MiB that all of the tenant may have
        #[arg(long, value_name = "MIB")]
        all: Option<u64>,
        #[command(flatten)]
        place: OfficePlace,
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
        invitation: InvitationArguments,
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
    pub(crate) invitation: InvitationArguments,
    #[command(flatten)]
    pub(crate) place: OfficePlace,
}

/// How a new code is handed over.
#[derive(Debug, Args)]
pub(crate) struct InvitationArguments {
    /// The server's address as phones reach it: code and address become one invitation, shown as a
    /// QR code
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// Draw the invitation into this file, as SVG
    #[arg(long, value_name = "FILE", requires = "server")]
    pub(crate) svg: Option<PathBuf>,
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
    /// End a device's access and have it emptied at its next call; what it has not sent it keeps in
    /// a file for the office
    Wipe {
        /// The device's id
        device: String,
        #[command(flatten)]
        place: OfficePlace,
    },
}

/// What is done with unsent work that was packed into a file.
#[derive(Debug, Subcommand)]
pub(crate) enum ParcelCommand {
    /// Take in what `rep outbox export` packed; a file that comes again is taken in once
    Import {
        /// The file
        file: PathBuf,
        /// Show what is in it, and take in nothing
        #[arg(long)]
        show: bool,
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
    /// The file: CSV, its first row naming the columns, or a workbook (XLSX)
    pub(crate) file: PathBuf,
    /// Which field a column holds, where its name does not say so; `COLUMN=` leaves a column out
    #[arg(long, value_name = "COLUMN=FIELD")]
    pub(crate) map: Vec<String>,
    /// The column that names each record's territory; missing territories are added
    #[arg(long, value_name = "COLUMN")]
    pub(crate) territory_column: Option<String>,
    /// Write the rows that are rejected into this CSV file, each with its reason, to be mended and
    /// imported again
    #[arg(long, value_name = "FILE")]
    pub(crate) failed: Option<PathBuf>,
    /// How days are written, such as DD.MM.YYYY or M/D/YY; else only what can be one day alone is
    /// read
    #[arg(long, value_name = "FORM")]
    pub(crate) date_format: Option<String>,
    /// What stands before the digits of a fraction; else only what can be one number alone is read
    #[arg(long, value_name = "comma|point")]
    pub(crate) decimal: Option<ShownDecimal>,
    /// The encoding of a CSV file, such as windows-1252, where the file itself does not show it
    #[arg(long, value_name = "NAME")]
    pub(crate) encoding: Option<String>,
    /// What stands between the cells of a CSV file (comma, semicolon, tab, pipe), where that is not
    /// found
    #[arg(long, value_name = "SIGN")]
    pub(crate) delimiter: Option<String>,
    /// The sheet of a workbook; the first that shows if none is named
    #[arg(long, value_name = "NAME")]
    pub(crate) sheet: Option<String>,
    /// Say what would be done, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) place: OfficePlace,
}

impl ImportFile {
    /// A file of which nothing else is said.
    pub(crate) fn plain(file: PathBuf, dry_run: bool, place: OfficePlace) -> ImportFile {
        ImportFile {
            file,
            map: Vec::new(),
            territory_column: None,
            failed: None,
            date_format: None,
            decimal: None,
            encoding: None,
            delimiter: None,
            sheet: None,
            dry_run,
            place,
        }
    }
}

/// What stands before the digits of a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShownDecimal {
    /// `1,25`
    #[value(alias = ",")]
    Comma,
    /// `1.25`
    #[value(alias = ".")]
    Point,
}
