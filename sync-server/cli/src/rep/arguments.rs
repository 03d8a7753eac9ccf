//! What a rep can do on a device, with the arguments, as `--help` and `docs/cli.md` show them.
//! It does not know what any of it does.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::listing::{ColumnArguments, ListArguments, PageArguments};

/// Arguments of `rep`.
#[derive(Debug, Args)]
pub(crate) struct RepArguments {
    /// The database of this device; `enrol` makes it when it is not there
    #[arg(long, value_name = "FILE", global = true)]
    #[arg(env = "OUTFIELD_DB", hide_env_values = true)]
    pub(crate) db: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: RepCommand,
}

/// What a rep does.
#[derive(Debug, Subcommand)]
pub(crate) enum RepCommand {
    /// Sign this device in with a one-time code (needs a network)
    Enrol {
        /// The server's address, such as https://sync.example.com, or an invitation of the office,
        /// which holds address and code
        url: String,
        /// The code from the office
        code: Option<String>,
    },
    /// Say that the server is at another address now; nothing else changes
    Server {
        /// The server's new address, such as https://sync.example.com
        url: String,
    },
    /// Send what is unsent and fetch what is new, then send photos (needs a network)
    Sync {
        /// Go on until Ctrl-C: sync whenever something moved on the server or was written here
        #[arg(long)]
        follow: bool,
        /// The line costs by the byte: photos that are for Wi-Fi alone wait
        #[arg(long)]
        metered: bool,
    },
    /// Show who is signed in, what is unsent, and when all was last verified
    Status,
    /// Show today's visits: open, planned for today, or missed
    Today {
        #[command(flatten)]
        columns: ColumnArguments,
    },
    /// List records of an object
    List(ListArguments),
    /// Show one record
    Get {
        /// The object, such as `account`
        object: String,
        /// The record, by id or name
        id: String,
    },
    /// Answer a query: which records, in what order, page by page
    Query {
        /// The query, as JSON; docs/rest.md says what stands in it
        #[arg(value_name = "JSON")]
        query: String,
    },
    /// Find records by the beginnings of words
    Search(SearchArguments),
    /// Make a record
    Create {
        /// The object, such as `contact`
        object: String,
        /// Values by field
        #[arg(value_name = "FIELD=VALUE", required = true)]
        fields: Vec<String>,
    },
    /// Change fields of a record
    Edit {
        /// The object, such as `contact`
        object: String,
        /// The record, by id or name
        id: String,
        /// Values by field; `FIELD=` clears one
        #[arg(value_name = "FIELD=VALUE", required = true)]
        fields: Vec<String>,
    },
    /// Give a contact a role at an account
    Link(LinkArguments),
    /// Visits: start, check in, answer, count shelves, skip, check out, cancel
    #[command(subcommand)]
    Visit(VisitCommand),
    /// The day of each person of the team: what was planned and made, and where they are
    Team {
        /// The day; today if not given
        #[arg(long, value_name = "YYYY-MM-DD")]
        day: Option<String>,
    },
    /// Photos and papers: list them, fetch one, say over which lines they travel
    #[command(subcommand)]
    Photo(PhotoCommand),
    /// Orders: begin, add lines, submit, see what they cost and why
    #[command(subcommand)]
    Order(OrderCommand),
    /// Price a basket as the server would, byte for byte
    Price {
        /// The basket, a JSON file
        #[arg(long, value_name = "FILE")]
        basket: PathBuf,
    },
    /// Read what a scanner read: GTIN, batch, expiry, and the product and unit that carry the GTIN
    Scan {
        /// The scanner's text
        #[arg(allow_hyphen_values = true)]
        text: String,
    },
    /// Show a day's figures: strike rate, coverage, plan and route, shelves
    Figures(FiguresArguments),
    /// Log what was said or done about an account, a contact or a visit
    FollowUp(FollowUpArguments),
    /// Do what an object's descriptor names, custom objects' verbs included
    Do {
        /// The verb, such as `start_visit`
        verb: String,
        /// Inputs of the verb; a verb that changes a record takes its id or name as `OBJECT=ID`
        #[arg(value_name = "FIELD=VALUE")]
        fields: Vec<String>,
    },
    /// Ask a question by its name, such as `today`, `figures`, `shelf`, `order`, `scan`, `waiting`
    Ask {
        /// The question
        question: String,
        /// What is said with it
        #[arg(value_name = "NAME=TEXT")]
        said: Vec<String>,
    },
    /// List what was asked of the server and has no answer yet
    Waiting,
    /// List fields that two people changed, until someone decides
    Conflicts,
    /// Decide a conflict
    Resolve {
        /// The conflict's id
        conflict: String,
        /// `mine`, `theirs`, or another value; `=TEXT` stands for any text, `=mine` too
        #[arg(value_name = "mine|theirs|VALUE", allow_hyphen_values = true)]
        choice: String,
    },
    /// List what the server refused, with the reasons and the values
    NeedsAttention,
    /// Do again what the server refused, by its number in that list
    Again {
        /// The number
        #[arg(allow_negative_numbers = true)]
        number: i64,
    },
    /// Take what the server refused off that list
    Dismiss {
        /// The number
        #[arg(allow_negative_numbers = true)]
        number: i64,
    },
    /// List what the server has not judged yet
    Outbox {
        /// What to do with it; without it, it is shown
        #[command(subcommand)]
        command: Option<OutboxCommand>,
    },
    /// Send the bytes of a file as one change, as they are (needs a network)
    PushRaw(PushRawArguments),
    /// Print the access token of this device, for the REST API
    Token,
    /// Print count and SHA-256 of all records here, object by object
    Digest,
    /// Make the rows of all documents anew from their histories
    Rebuild,
    /// Sign this device out: everything on it goes; unsent work is sent or exported first
    SignOut {
        /// Let go of what is neither sent nor exported
        #[arg(long)]
        discard: bool,
    },
    /// Put what can be read of a damaged database into a new one in its place: unsent work, and who
    /// is signed in; a sync fetches the rest
    Rescue,
    /// Copy the database in plain, for tools that know no key; nothing protects the copy
    CopyPlain {
        /// The new file
        file: PathBuf,
    },
}

/// Arguments of `search`.
#[derive(Debug, Args)]
pub(crate) struct SearchArguments {
    /// One or more words, or beginnings of words
    #[arg(allow_hyphen_values = true)]
    pub(crate) text: String,
    #[command(flatten)]
    pub(crate) page: PageArguments,
}

/// Arguments of `link`.
#[derive(Debug, Args)]
pub(crate) struct LinkArguments {
    /// The contact, by id or name
    pub(crate) contact: String,
    /// The account, by id or name
    pub(crate) account: String,
    /// The role, such as `Buyer`
    #[arg(long)]
    pub(crate) role: Option<String>,
}

/// Arguments of `figures`.
#[derive(Debug, Args, serde::Serialize)]
pub(crate) struct FiguresArguments {
    /// The day; today if not given
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) day: Option<String>,
    /// The first of several days, in place of one
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "day")]
    pub(crate) from: Option<String>,
    /// The last of them; today if not given
    #[arg(long, value_name = "YYYY-MM-DD", requires = "from")]
    pub(crate) to: Option<String>,
    /// Whose visits count, by name or id; a rep's own if neither this nor a territory is given
    #[arg(long, value_name = "NAME")]
    pub(crate) rep: Option<String>,
    /// The territory whose accounts count, by name or id, with those below it
    #[arg(long, value_name = "NAME")]
    pub(crate) territory: Option<String>,
}

/// Arguments of `follow-up`.
#[derive(Debug, Args)]
pub(crate) struct FollowUpArguments {
    /// What was said or done
    #[arg(allow_hyphen_values = true)]
    pub(crate) note: String,
    /// The account that it is about, by id or name
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// The contact that it is about, by id or name
    #[arg(long)]
    pub(crate) contact: Option<String>,
    /// The visit that it is about
    #[arg(long)]
    pub(crate) visit: Option<String>,
    /// Its kind, such as `call` or `meeting`
    #[arg(long)]
    pub(crate) kind: Option<String>,
}

/// What is done with unsent work.
#[derive(Debug, Subcommand)]
pub(crate) enum OutboxCommand {
    /// Pack all unsent work into a file that the office alone can open
    Export {
        /// The new file
        file: PathBuf,
    },
    /// Hand such a file to the server, whoever's work it is (needs a network)
    Import {
        /// The file
        file: PathBuf,
    },
}

/// Arguments of `push-raw`.
#[derive(Debug, Args)]
pub(crate) struct PushRawArguments {
    /// The file
    pub(crate) file: PathBuf,
    /// The object that the change claims to be of
    #[arg(long, default_value = "contact")]
    pub(crate) object: String,
    /// The record that the change claims to be of
    #[arg(long, value_name = "ID")]
    pub(crate) record: Option<String>,
}

/// What is done to a visit.
#[derive(Debug, Subcommand)]
pub(crate) enum VisitCommand {
    /// Start a visit that was not planned
    Start {
        /// The account, by id or name
        account: String,
        /// What for
        #[arg(long)]
        purpose: Option<String>,
        /// The template of the actions, by id or name; the tenant's default one if not given
        #[arg(long, value_name = "ID")]
        template: Option<String>,
    },
    /// Check in at the account
    CheckIn {
        /// The visit's id
        visit: String,
        /// Where you are, in degrees (may be negative)
        #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true)]
        at: String,
        /// How far off that may be, in metres
        #[arg(long, value_name = "METRES", allow_negative_numbers = true)]
        accuracy: Option<String>,
        /// Why you check in elsewhere than at the account
        #[arg(long)]
        reason: Option<String>,
    },
    /// Take a photo or a paper into the visit
    Photo(VisitPhotoArguments),
    /// Answer an action and mark it done, or with --question one question of a survey
    Answer(AnswerArguments),
    /// Count a product on the shelf
    Count(CountArguments),
    /// Show what the shelves counted in a visit come to, and the order to propose
    Shelf {
        /// The id of the visit, or of an inventory check
        visit: String,
    },
    /// Leave out an action that is not mandatory
    Skip {
        /// The visit's id
        visit: String,
        /// The action's line id, such as `storefront`
        action: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Take over what the visit's template has become; what was answered stays
    Renew {
        /// The visit's id
        visit: String,
    },
    /// Check out
    CheckOut {
        /// The visit's id
        visit: String,
    },
    /// Call the visit off
    Cancel {
        /// The visit's id
        visit: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

/// Arguments of `visit photo`.
#[derive(Debug, Args)]
pub(crate) struct VisitPhotoArguments {
    /// The visit's id
    pub(crate) visit: String,
    /// The file: a JPEG, PNG or WebP, or a PDF
    pub(crate) file: PathBuf,
    /// What is on it
    #[arg(long)]
    pub(crate) caption: Option<String>,
    /// The action that it shows done, by its line id, such as `storefront`
    #[arg(long)]
    pub(crate) action: Option<String>,
    /// Where it was taken, in degrees (may be negative)
    #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true)]
    pub(crate) at: Option<String>,
}

/// What is done with photos.
#[derive(Debug, Subcommand)]
pub(crate) enum PhotoCommand {
    /// List photos, each with where its file stands
    List {
        /// Only those of this visit
        #[arg(long, value_name = "ID")]
        visit: Option<String>,
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
    },
    /// Show where a photo's file lies; one that another took is fetched (needs a network)
    Get {
        /// The photo, by id
        id: String,
        /// Copy it into this file
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Say over which lines photos travel: `any`, or `wifi_only`
    Over {
        /// The lines
        #[arg(value_name = "any|wifi_only")]
        lines: String,
    },
}

/// Arguments of `visit answer`.
#[derive(Debug, Args)]
pub(crate) struct AnswerArguments {
    /// The visit's id
    pub(crate) visit: String,
    /// The action's line id, such as `shelf`
    pub(crate) action: String,
    /// The answer; none where questions, counts or an order say it
    #[arg(allow_hyphen_values = true)]
    pub(crate) value: Option<String>,
    /// The question's line id; without a value its answer is taken back
    #[arg(long, value_name = "QUESTION")]
    pub(crate) question: Option<String>,
}

/// Arguments of `visit count`.
#[derive(Debug, Args)]
pub(crate) struct CountArguments {
    /// The visit's id
    pub(crate) visit: String,
    /// The product, by id, GTIN or name
    pub(crate) product: String,
    /// What was found: status, facings, on_shelf_units, back_stock_units, price, expiry,
    /// par_units, category, own, sum
    #[arg(value_name = "FIELD=VALUE", required = true)]
    pub(crate) fields: Vec<String>,
    /// The line id of the shelf count, where the visit has several
    #[arg(long)]
    pub(crate) action: Option<String>,
}

/// What is done to an order.
#[derive(Debug, Subcommand)]
pub(crate) enum OrderCommand {
    /// Begin an order
    New {
        /// The account, by id or name
        account: String,
        /// The visit that it is made in
        #[arg(long, value_name = "ID")]
        visit: Option<String>,
        /// A note
        #[arg(long)]
        note: Option<String>,
    },
    /// Order so much more of a product
    Add(OrderLineArguments),
    /// Order a quantity of a product, in place of what was ordered
    Set(OrderLineArguments),
    /// Take a product out
    Remove {
        /// The order, by id or number
        order: String,
        /// The product, by id, GTIN or name; a package's GTIN names the unit too
        product: String,
        /// The unit (UN/ECE Rec 20)
        #[arg(long)]
        unit: Option<String>,
    },
    /// Submit the order; the server judges it with the next sync
    Submit {
        /// The order, by id or number
        order: String,
    },
    /// Begin the next revision of a confirmed order; the one before stands until it is confirmed
    Amend {
        /// The order, by id or number
        order: String,
    },
    /// Hold a confirmed order back; nothing of it is given back
    Hold {
        /// The order, by id or number
        order: String,
        /// Why
        #[arg(long)]
        reason: String,
        /// Until which day
        #[arg(long, value_name = "YYYY-MM-DD")]
        until: Option<String>,
    },
    /// Go on with an order that is on hold
    Resume {
        /// The order, by id or number
        order: String,
    },
    /// Close a confirmed order: what is not delivered is given back
    Close {
        /// The order, by id or number
        order: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Open a closed order again, if there is room for what it takes
    Reopen {
        /// The order, by id or number
        order: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Call the order off; of a confirmed one the server is asked
    Cancel {
        /// The order, by id or number
        order: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Say yes to an order that waits for a manager
    Approve {
        /// The order, by id or number
        order: String,
        /// A note
        #[arg(long)]
        note: Option<String>,
    },
    /// Say no to an order that waits for a manager
    Disapprove {
        /// The order, by id or number
        order: String,
        /// Why not
        #[arg(long)]
        reason: String,
    },
    /// List the orders that wait for a manager's yes, the longest first
    Approvals,
    /// Show the order: what each line costs and why, what is nearly reached, what the server said
    Show {
        /// The order, by id or number
        order: String,
    },
}

/// A line of an order.
#[derive(Debug, Args)]
pub(crate) struct OrderLineArguments {
    /// The order, by id or number
    pub(crate) order: String,
    /// The product, by id, GTIN or name; a package's GTIN names the unit too
    pub(crate) product: String,
    /// How many
    #[arg(allow_negative_numbers = true)]
    pub(crate) quantity: String,
    /// The unit (UN/ECE Rec 20), such as `EA` or `XCS`; the base unit if not given
    #[arg(long)]
    pub(crate) unit: Option<String>,
    /// What is taken off this line, in per cent
    #[arg(long, value_name = "PERCENT", allow_negative_numbers = true)]
    pub(crate) discount: Option<String>,
}
