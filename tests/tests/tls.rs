//! Secured connections: a server with a certificate of its own, which is read again when its files
//! change, and what a phone says of one that it does not trust.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use outfield_tests::served::{Yard, binary};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use serde_json::Value as Json;

/// Somebody who signs certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Authority {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Authority(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// Writes a certificate for this name, and its key.
    fn signs(&self, place: &Path, name: &str, from: i32, to: i32) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
        let signed = params.signed_by(&key, &self.0).unwrap();
        fs::write(place.join("key.pem"), key.serialize_pem()).unwrap();
        fs::write(place.join("cert.pem"), signed.pem()).unwrap();
    }
}

/// A phone that trusts one authority.
struct TrustingPhone<'a> {
    yard: &'a Yard,
    trusts: &'a str,
}

impl TrustingPhone<'_> {
    /// Exit code and answer of a command.
    fn does(&self, words: &[&str]) -> (i32, Json) {
        let mut command = self.yard.keeper.command(binary());
        let command = command
            .args(["--json", "rep", "--db"])
            .arg(self.yard.path("ann.db"))
            .args(words)
            .env("SSL_CERT_FILE", self.yard.path(self.trusts))
            .env_remove("SSL_CERT_DIR");
        let output = command.output().unwrap();
        let answer = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code().unwrap(), answer)
    }

    #[track_caller]
    fn is_told(&self, words: &[&str], said: &str) {
        let (code, answer) = self.does(words);
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(
            code == 4 && message.contains(said),
            "{said}: {code}, {answer}"
        );
    }
}

#[test]
fn a_server_speaks_tls_and_a_phone_says_in_words_what_is_wrong_with_a_certificate() {
    let yard = Yard::new();
    let (good, other) = (Authority::new("good"), Authority::new("other"));
    fs::write(yard.path("good.pem"), good.0.pem()).unwrap();
    fs::write(yard.path("other.pem"), other.0.pem()).unwrap();
    let place = yard.path("");
    good.signs(&place, "127.0.0.1", 2020, 2090);
    let (cert, key) = (yard.path("cert.pem"), yard.path("key.pem"));
    let files = [
        "--tls-cert",
        cert.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
    ];
    let served = yard.serve_with("127.0.0.1:0", &files);
    assert!(served.url.starts_with("https://"), "{}", served.url);
    let code = yard.user("Ann", "rep");
    let ann = TrustingPhone {
        yard: &yard,
        trusts: "good.pem",
    };
    let stranger = TrustingPhone {
        yard: &yard,
        trusts: "other.pem",
    };
    stranger.is_told(
        &["enrol", &served.url, &code],
        "signed by nobody whom this device trusts",
    );
    let (exit, answer) = ann.does(&["enrol", &served.url, &code]);
    assert_eq!(exit, 0, "{answer}");
    assert_eq!(ann.does(&["sync"]).0, 0);

    // The files change under the server, which shows the new ones before long.
    for (name, from, to, said) in [
        ("127.0.0.1", 2020, 2021, "its certificate has run out"),
        ("127.0.0.1", 2080, 2090, "its certificate is not valid yet"),
        (
            "outfield.example",
            2020,
            2090,
            "its certificate is for another name",
        ),
    ] {
        good.signs(&place, name, from, to);
        let until = Instant::now() + Duration::from_secs(60);
        while ann.does(&["sync"]).0 == 0 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(200));
        }
        ann.is_told(&["sync"], said);
        good.signs(&place, "127.0.0.1", 2020, 2090);
        while ann.does(&["sync"]).0 != 0 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(200));
        }
        assert_eq!(ann.does(&["sync"]).0, 0, "after: {said}");
    }

    // What is no certificate changes nothing; nor does a phone that speaks plain text harm.
    fs::write(&cert, "half of a cert").unwrap();
    std::thread::sleep(Duration::from_secs(6));
    assert_eq!(ann.does(&["sync"]).0, 0);
    let plain = served.url.replace("https://", "http://");
    ann.does(&["server", &plain]);
    assert_eq!(ann.does(&["sync"]).0, 4);
}

#[test]
fn a_phone_that_expects_tls_of_a_plain_server_says_so() {
    let yard = Yard::new();
    let served = yard.serve("127.0.0.1:0");
    let code = yard.user("Ann", "rep");
    fs::write(yard.path("good.pem"), Authority::new("good").0.pem()).unwrap();
    let ann = TrustingPhone {
        yard: &yard,
        trusts: "good.pem",
    };
    let secured = served.url.replace("http://", "https://");
    ann.is_told(&["enrol", &secured, &code], "it does not speak TLS there");
}

#[test]
fn a_server_whose_certificate_is_none_says_so_and_does_not_start() {
    let yard = Yard::new();
    let key = yard.path("key.pem");
    Authority::new("good").signs(&yard.path(""), "127.0.0.1", 2020, 2090);
    fs::write(yard.path("cert.pem"), "no certificate").unwrap();
    let cert = yard.path("cert.pem");
    let cases = [
        (vec!["--tls-cert", cert.to_str().unwrap()], "usage"),
        (
            vec![
                "--tls-cert",
                cert.to_str().unwrap(),
                "--tls-key",
                key.to_str().unwrap(),
            ],
            "bad_certificate",
        ),
        (
            vec!["--tls-cert", "/nowhere", "--tls-key", key.to_str().unwrap()],
            "bad_certificate",
        ),
    ];
    for (arguments, code) in cases {
        let words = [vec!["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        assert_eq!(yard.refused(&words)["error"]["code"], code, "{words:?}");
    }
}
