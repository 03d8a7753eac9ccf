//! Roles that a tenant made: each is like one that comes with this version.
//! It does not know what a role may do: descriptors say.

use crate::base::context::Role;
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::USER_ROLE;
use crate::domain::situation::Situation;
use crate::objects::path::is_name;
use crate::objects::{ReadError, Reader};

/// The built-in role that a role is, or is like; itself where nobody says.
pub fn rank(reader: &dyn Reader, role: &Role) -> Result<Role, ReadError> {
    if role.is_built_in() {
        return Ok(role.clone());
    }
    Ok(like(reader, role)?.unwrap_or_else(|| role.clone()))
}

/// The built-in role that a tenant's own role is like, if there is such a role.
fn like(reader: &dyn Reader, role: &Role) -> Result<Option<Role>, ReadError> {
    let made = reader.find(USER_ROLE, &[("name", role.name().into())])?;
    let like = made.first().and_then(|made| made.text("like"));
    Ok(like.map(Role::named).filter(Role::is_built_in))
}

/// A user's role is one that there is.
pub fn role_is_known(situation: &Situation<'_>) -> Result<(), Refusal> {
    let Some(name) = situation.words("role") else {
        return Ok(());
    };
    let role = Role::named(name);
    if role.is_built_in() || like(situation.reader, &role)?.is_some() {
        return Ok(());
    }
    let known: Vec<String> = Role::BUILT_IN
        .iter()
        .map(|role| role.name().to_owned())
        .collect();
    let message = format!(
        "there is no role `{name}`; there are {}, and those that were put as a `user_role`",
        known.join(", ")
    );
    Err(Refusal::bad_input("unknown_role", message).about("role"))
}

/// A role has a name of its own, which rights can spell.
pub fn role_is_new(situation: &Situation<'_>) -> Result<(), Refusal> {
    let Some(name) = situation.input("name").text() else {
        return Ok(());
    };
    if !is_name(name) {
        let message = format!("`{name}` is no name of a role: a lower-case letter, then a-z 0-9 _");
        return Err(Refusal::bad_input("bad_name", message).about("name"));
    }
    let mut made = situation.reader.find(USER_ROLE, &[("name", name.into())])?;
    made.retain(|other| other.id != situation.id);
    if made.is_empty() && !Role::named(name).is_built_in() {
        return Ok(());
    }
    let message = format!("there is a role `{name}` already; choose another name");
    Err(Refusal::rule("exists", message).about("name"))
}
