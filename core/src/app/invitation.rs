//! An invitation: what a phone needs to sign in, as one text that a camera reads. It does not know
//! who made the code.

use std::fmt;

use super::FieldError;

/// How an invitation begins; the code follows.
const SCHEME: &str = "outfield://enrol?code=";
/// What stands before the address, which is the rest, as it is.
const SERVER: &str = "&server=";

/// Where to sign in, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The server's address, such as `https://sync.example.com`.
    pub server: String,
    /// The code from the office.
    pub code: String,
}

impl Invitation {
    /// Reads an invitation.
    pub fn read(text: &str) -> Result<Invitation, FieldError> {
        let said = text.trim().strip_prefix(SCHEME);
        let parts = said.and_then(|said| said.split_once(SERVER));
        match parts {
            Some((code, server)) if !code.is_empty() && !server.is_empty() => Ok(Invitation {
                server: server.to_owned(),
                code: code.to_owned(),
            }),
            Some(_) | None => {
                let message = "this is no invitation of an office, such as \
                               outfield://enrol?code=7KM4-XQ9T-2HBN&server=https://a.example";
                Err(FieldError::bad_input(
                    "bad_invitation",
                    message,
                    &["invitation"],
                ))
            }
        }
    }

    /// Whether a text means to be one.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.trim().starts_with("outfield:")
    }
}

impl fmt::Display for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}{SERVER}{}", self.code, self.server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_says_where_and_with_what() {
        let (server, code) = ("https://a.example/x?y=1&z", "7KM4-XQ9T-2HBN");
        let invitation = Invitation {
            server: server.to_owned(),
            code: code.to_owned(),
        };
        assert_eq!(Invitation::read(&invitation.to_string()), Ok(invitation));
        for none in ["", "https://a.example", "outfield://enrol?code=&server=x"] {
            assert!(Invitation::read(none).is_err(), "{none}");
        }
    }
}
