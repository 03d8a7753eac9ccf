//! E-mail addresses as people have them: one mailbox, written plainly. It does not know whether
//! anybody reads it. Source: RFC 5321 and 5322 without quoted names, comments and literals, which
//! nobody's address has; RFC 6531 for letters beyond ASCII.

/// The longest address, in bytes.
const ADDRESS_BYTES_MAX: usize = 254;
/// The longest name before the `@`, in bytes.
const NAME_BYTES_MAX: usize = 64;
/// The longest part of a host between points, in bytes.
const LABEL_BYTES_MAX: usize = 63;
/// The marks that a name may have beside letters and digits.
const NAME_MARKS: &str = "!#$%&'*+-/=?^_`{|}~";

/// Checks that a text is one address; else says what is wrong with it.
pub fn check(text: &str) -> Result<(), &'static str> {
    if text.contains([';', ',']) || text.matches('@').count() > 1 && text.contains(' ') {
        return Err("give one address");
    }
    if text.to_ascii_lowercase().starts_with("mailto:") {
        return Err("leave `mailto:` out");
    }
    let Some((name, host)) = text.split_once('@') else {
        return Err("it has no @");
    };
    if host.contains('@') {
        return Err("it has more than one @");
    }
    if text.len() > ADDRESS_BYTES_MAX || name.len() > NAME_BYTES_MAX {
        return Err("it is too long");
    }
    check_name(name)?;
    check_host(host)
}

/// The address as it is kept: its host, of which capitals are no matter, in small letters.
#[must_use]
pub fn kept(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((name, host)) => format!("{name}@{}", host.to_lowercase()),
        None => text.to_owned(),
    }
}

fn check_name(name: &str) -> Result<(), &'static str> {
    for part in name.split('.') {
        if part.is_empty() {
            return Err("points stand between letters, one at a time");
        }
        if !part
            .chars()
            .all(|letter| is_letter(letter) || NAME_MARKS.contains(letter))
        {
            return Err("a character in it has no place there");
        }
    }
    Ok(())
}

fn check_host(host: &str) -> Result<(), &'static str> {
    let labels: Vec<&str> = host.split('.').collect();
    for label in &labels {
        if label.is_empty() {
            return Err("points stand between letters, one at a time");
        }
        let is_plain = label
            .chars()
            .all(|letter| is_letter(letter) || letter == '-');
        let is_edged = label.starts_with('-') || label.ends_with('-');
        if !is_plain || is_edged || label.len() > LABEL_BYTES_MAX {
            return Err("what follows the @ is no host");
        }
    }
    let ends_in_number = labels
        .last()
        .is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    if labels.len() < 2 || ends_in_number {
        return Err("what follows the @ is no host");
    }
    Ok(())
}

/// Letters and digits of any script; of those beyond ASCII nothing but what can be seen.
fn is_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || (!letter.is_ascii() && letter.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_passes() {
        for text in [
            "joe@example.com",
            "Joe.O'Neil+orders@sub.example.co.uk",
            "joe_b-1@xn--bcher-kva.example",
            "müller@bücher.example",
            "1@2.example",
            "{x}/y=z@example.com",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        assert_eq!(kept("Joe@Example.COM"), "Joe@example.com");
    }

    #[test]
    fn what_is_no_address_or_several_is_refused() {
        for text in [
            "a@example.com;b@example.com",
            "a@example.com,b@example.com",
            "a@example.com b@example.com",
            "a@example.com/b@example.com",
            "mailto:joe@example.com",
            "MAILTO:joe@example.com",
            "Joe <joe@example.com>",
            "<joe@example.com>",
            "joe@@example.com",
            "joe@example..com",
            "joe..b@example.com",
            ".joe@example.com",
            "joe.@example.com",
            "joe@.example.com",
            "joe@example.com.",
            "joe@example.com\u{200b}",
            "joe\u{ad}@example.com",
            "joe@exam ple.com",
            "joe@example",
            "joe@-example.com",
            "joe@10.0.0.1",
            "joe@[10.0.0.1]",
            "\"joe b\"@example.com",
            "joe@example.com?subject=x",
            "joe@exam_ple.com",
            "@example.com",
            "joe@",
            "joe",
            "",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
        assert!(check(&format!("{}@example.com", "a".repeat(65))).is_err());
        assert!(check(&format!("a@{}.com", "b".repeat(64))).is_err());
    }
}
