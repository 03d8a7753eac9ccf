//! Turns `FIELD=VALUE` from a terminal into JSON by what the field holds. It does not judge values:
//! what does not fit is passed on as text, so that the rules say what would.

use outfield_core::objects::descriptor::Field;
use outfield_core::objects::{FieldKind, Path, Registry};
use serde_json::{Map, Value as Json};

use super::answer::CliFailure;

/// Reads pairs into an object of JSON scalars; `field` finds what a name means, where anything is
/// known of it.
pub(crate) fn read<'a>(
    pairs: &[String],
    field: impl Fn(&str) -> Option<&'a Field>,
) -> Result<Map<String, Json>, CliFailure> {
    let mut read = Map::new();
    for pair in pairs {
        let (name, text) = split(pair, "FIELD=VALUE, such as phone=+14795550001")?;
        if read
            .insert(name.to_owned(), typed(field(name), text))
            .is_some()
        {
            return Err(CliFailure::bad_input(
                "given_twice",
                format!("`{name}` is given twice; give it once"),
            )
            .about(name));
        }
    }
    Ok(read)
}

/// Splits at the first `=`; the name must not be empty.
pub(crate) fn split<'a>(pair: &'a str, form: &str) -> Result<(&'a str, &'a str), CliFailure> {
    pair.split_once('=')
        .filter(|(name, _)| !name.trim().is_empty())
        .ok_or_else(|| {
            CliFailure::bad_input("usage", format!("`{pair}` is not of the form {form}"))
        })
}

/// The field of an object at a path, if both are known.
pub(crate) fn of<'a>(registry: &'a Registry, object: &str, path: &str) -> Option<&'a Field> {
    registry.get(object)?.field(Path::parse(path)?)
}

/// One typed text as a JSON scalar. An empty text clears. A time may also be given as the fields
/// show it, in milliseconds since 1970.
pub(crate) fn typed(field: Option<&Field>, text: &str) -> Json {
    if text.is_empty() {
        return Json::Null;
    }
    let kind = field.map(|field| field.kind);
    if let (Some(FieldKind::Time), Ok(ms)) = (kind, text.parse::<i64>()) {
        return Json::from(ms);
    }
    let value = kind.and_then(|kind| kind.parse(text).ok());
    value.map_or_else(|| Json::from(text), |value| value.to_json())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, expected: &str) {
        let registry = outfield_core::domain::registry().unwrap();
        let field = of(&registry, "visit", path);
        assert_eq!(typed(field, text).to_string(), expected, "{path}={text}");
    }

    #[test]
    fn a_text_becomes_what_the_field_holds() {
        check("purpose", "7", "\"7\"");
        check("distance_m", "7", "7");
        check("check_in_mock", "true", "true");
        check("started_at", "2026-11-24T08:30:00Z", "1795509000000");
        check("started_at", "1795509000000", "1795509000000");
        check(
            "check_in_position",
            "-33.9,151.2",
            "\"-33.900000,151.200000\"",
        );
        check("actions/shelf/mandatory", "false", "false");
    }

    #[test]
    fn an_empty_text_clears() {
        check("purpose", "", "null");
        check("no_such_field", "", "null");
    }

    #[test]
    fn what_does_not_fit_is_left_to_the_rules() {
        check("distance_m", "far", "\"far\"");
        check("no_such_field", "7", "\"7\"");
    }

    #[test]
    fn pairs_are_named_once_and_split_at_the_first_sign() {
        let read = |pairs: &[&str]| {
            read(
                &pairs.iter().map(ToString::to_string).collect::<Vec<_>>(),
                |_| None,
            )
        };
        assert_eq!(
            Json::from(read(&["a=b=c"]).ok().unwrap()).to_string(),
            "{\"a\":\"b=c\"}"
        );
        assert_eq!(read(&["a=1", "a=2"]).err().unwrap().code, "given_twice");
        assert_eq!(read(&["a"]).err().unwrap().code, "usage");
        assert_eq!(read(&["=a"]).err().unwrap().code, "usage");
    }
}
