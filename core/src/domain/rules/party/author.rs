//! Who stands behind an actor: the person whose device wrote, or the office.
//! It does not know how actors are handed out.

use crate::base::id::{ActorId, RecordId, UserId};
use crate::objects::{ReadError, Reader};

const ACTOR: &str = "actor";
const USER: &str = "user";

/// Someone who writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The person; none where the office itself wrote.
    pub user: Option<UserId>,
    /// The name for a screen.
    pub name: String,
}

/// Who writes under this actor, as far as is known here.
pub fn author(reader: &dyn Reader, actor: ActorId) -> Result<Option<Author>, ReadError> {
    let Some(row) = reader.record(ACTOR, RecordId::from(actor))? else {
        return Ok(None);
    };
    let Some(user) = row.reference("user") else {
        return Ok(row.text("name").map(|name| Author {
            user: None,
            name: name.to_owned(),
        }));
    };
    let person = reader.record(USER, user)?;
    let name = person
        .as_ref()
        .and_then(|person| person.text("name"))
        .unwrap_or_default()
        .to_owned();
    Ok(Some(Author {
        user: Some(UserId(user.0)),
        name,
    }))
}
