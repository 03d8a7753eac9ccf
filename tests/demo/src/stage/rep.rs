//! A rep with a phone, and the hour that it is for the rep. It does not know what the rep does.

use std::cell::Cell;

use outfield_server::error::ServerError;

use super::breaking_line::BreakingLine;

/// A rep with a phone.
pub(crate) struct StoryRep {
    /// The name.
    pub(crate) who: &'static str,
    /// The phone's database.
    pub(crate) db: String,
    /// The way from the phone to the server.
    pub(crate) line: BreakingLine,
    /// The person's id.
    pub(crate) user: String,
    /// The id of the territory.
    pub(crate) territory: String,
    /// The second of the story's day.
    clock: Cell<u32>,
}

impl StoryRep {
    /// A rep whose phone is new.
    pub(crate) fn new(
        who: &'static str,
        user: String,
        territory: &str,
        db: String,
    ) -> Result<StoryRep, ServerError> {
        Ok(StoryRep {
            who,
            db,
            line: BreakingLine::lay()?,
            user,
            territory: territory.to_owned(),
            clock: Cell::new(0),
        })
    }

    /// What comes next happens at this minute of the day, or later if it is later already.
    pub(crate) fn at(&self, minute: u32) {
        self.clock.set(self.clock.get().max(minute * 60));
    }

    /// Goes on by so many seconds; answers the second of the day.
    pub(crate) fn goes_on(&self, seconds: u32) -> u32 {
        let second = self.clock.get() + seconds;
        self.clock.set(second);
        second
    }

    /// The minute of the day.
    pub(crate) fn minute(&self) -> u32 {
        self.clock.get() / 60
    }

    /// The arguments of one of the rep's commands.
    pub(crate) fn arguments<'a>(&'a self, command: &[&'a str]) -> Vec<&'a str> {
        [&["rep", "--db", self.db.as_str()], command].concat()
    }
}
