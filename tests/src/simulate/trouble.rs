//! What may come about, by name, and how often it did: what goes wrong, and that files arrive.
//! It does not know how.

use std::collections::BTreeMap;

use crate::Fault;

/// How often each trouble came about.
pub type Counts = BTreeMap<Trouble, u64>;

macro_rules! troubles {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal,)*) => {
        /// What may come about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Trouble {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Trouble {
            /// All of them.
            pub const ALL: &[Trouble] = &[$(Trouble::$variant,)*];

            /// Its name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Trouble::$variant => $name,)*
                }
            }
        }
    };
}

troubles! {
    /// A request never arrives.
    RequestLost = "request lost",
    /// The server does it, and the answer never arrives.
    AnswerLost = "answer lost after the commit",
    /// A request arrives twice.
    Doubled = "request doubled",
    /// A request arrives after the one that came behind it.
    Reordered = "request reordered",
    /// Hours pass while a request is under way.
    Delayed = "request delayed",
    /// An answer breaks off in the midst of a frame.
    Cut = "answer cut",
    /// An answer breaks off and looks as if it were whole.
    Short = "answer cut silently",
    /// The server has no time.
    Busy = "server busy",
    /// A guest network's page answers in the server's place.
    Portal = "portal in the way",
    /// The system kills an app between two steps of its transactions.
    PhoneKilled = "phone killed",
    /// The server is killed between two steps of its transactions.
    ServerKilled = "server killed",
    /// The server stops and starts.
    ServerRestarted = "server restarted",
    /// The disk of a phone is full.
    PhoneFull = "phone's disk full",
    /// The disk of the server is full.
    ServerFull = "server's disk full",
    /// Each transaction takes seconds.
    SlowDisk = "slow disk",
    /// A phone's clock is years ahead or behind.
    ClockOff = "clock off by ten years",
    /// A token expires in the midst of a sync.
    TokenExpired = "token expired in mid-sync",
    /// A device is shut out in the midst of a sync.
    Revoked = "device revoked in mid-sync",
    /// An account goes to another territory, in the midst of a sync or not.
    AccountMoved = "account moved",
    /// A person gets other territories.
    UserMoved = "user moved",
    /// A person gets another role.
    RoleChanged = "role changed",
    /// The database of a phone is copied to another one.
    DatabaseCopied = "database copied",
    /// An older database comes back.
    DatabaseRestored = "database restored",
    /// The folder of the server is put back to an older copy, or a tenant's file is.
    ServerPutBack = "server put back",
    /// The logs of the tenant are compacted, so that late devices are filled from bases.
    Compacted = "log compacted",
    /// The tenant publishes an object.
    ObjectPublished = "object published",
    /// The tenant's object gets more fields.
    ObjectGrown = "object grown",
    /// A phone runs an older version of the app, until it is updated.
    OldVersion = "old version of the app",
    /// A file that somebody took is on the server.
    FileArrived = "file sent",
    /// A file goes on from where a meeting broke off.
    FileResumed = "file sent on from where a line broke",
    /// A phone was not heard of for longer than its office allows.
    LeaseOver = "lease over",
    /// The disk of the server loses files, and the records that name them stay.
    FilesLost = "photos lost on the server's disk",
}

impl Trouble {
    /// The trouble that a fault of a line is.
    #[must_use]
    pub fn of(fault: Fault) -> Option<Trouble> {
        Some(match fault {
            Fault::None => return None,
            Fault::RequestLost => Trouble::RequestLost,
            Fault::AnswerLost => Trouble::AnswerLost,
            Fault::Twice => Trouble::Doubled,
            Fault::Late => Trouble::Reordered,
            Fault::Delayed(_) => Trouble::Delayed,
            Fault::Cut(_) => Trouble::Cut,
            Fault::Short(_) => Trouble::Short,
            Fault::Busy(_) => Trouble::Busy,
            Fault::Portal(_) => Trouble::Portal,
        })
    }
}
