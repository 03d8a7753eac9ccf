//! Requests that lie about who asks, or ask for what cannot be: a clear error in JSON with the
//! right status. It does not know frames.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use outfield_tests::caller;
use outfield_tests::dice::Dice;
use serde_json::json;

use outfield_tests::attacked::AttackedServer;

const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn paths_of_nonsense_are_not_found() {
    let mut stage = AttackedServer::serving();
    let long = "x".repeat(10_000);
    let cases: Vec<String> = [
        "/api/v1/..%2f",
        "/api/v1/..%2f..%2fetc%2fpasswd",
        "/api/v1/../../etc/passwd",
        "/api/v1/%00",
        "/api/v1/contact%00",
        "/api/v1/contact'--",
        "/api/v1/contact%22%3B%20DROP%20TABLE%20contact%3B--",
        "/api/v1/sqlite_schema",
        "/api/v1/outbox",
        "/api/v1/credential",
        "/api/v1/log",
        "/api/v1/visit__actions",
        "/api/v1/Contact",
        "/api/v1/%F0%9F%92%A5",
        "/api/v1/%ff%fe",
        "/api/v1/contact/%ff",
        "/api/v1/contact/'%20OR%201=1",
        "/api/v1/contact/1",
        "/api/v1/contact/%F0%9F%92%A5",
        "/api/v1/contact/..",
        "/api/v1/contact/00000000-0000-0000-0000-000000000000",
        "/api/v1/contact/1/2/3",
        "/api/v1",
        "/api/v2/contact",
        "/",
        "//",
        "/%",
        "/sync/v1/../../health",
        "/api/v1/contact/",
        "/api/v1//contact",
        "/api/v1/contact;a=b",
        "/admin",
        "/api/v1/digest/x",
    ]
    .iter()
    .map(|path| (*path).to_owned())
    .chain([
        format!("/api/v1/{long}"),
        format!("/api/v1/contact/{long}"),
        format!("/{long}"),
    ])
    .collect();
    for path in cases {
        let heard = stage.get(&path);
        let said = String::from_utf8_lossy(&heard.body);
        assert_eq!(
            (heard.status, heard.code().as_str()),
            (404, "not_found"),
            "{path:.80}: {said:.200}"
        );
    }
    stage.unharmed();
}

#[test]
fn queries_of_nonsense_are_refused_or_harmless() {
    let mut stage = AttackedServer::serving();
    let long = "9".repeat(10_000);
    let cases = [
        ("/api/v1/contact?limit=x", 400, "bad_query"),
        ("/api/v1/contact?limit=-1", 400, "bad_query"),
        ("/api/v1/contact?limit=0", 400, "bad_limit"),
        ("/api/v1/contact?limit=1001", 400, "bad_limit"),
        (&format!("/api/v1/contact?limit={long}"), 400, "bad_query"),
        (
            "/api/v1/contact?limit=18446744073709551615",
            400,
            "bad_limit",
        ),
        ("/api/v1/contact?after=x", 400, "bad_cursor"),
        ("/api/v1/contact?after='%20OR%201=1;--", 400, "bad_cursor"),
        ("/api/v1/contact?after=%ff", 400, "bad_cursor"),
        ("/api/v1/contact?after=", 400, "bad_cursor"),
        ("/api/v1/contact?limit=1&limit=2", 200, ""),
        ("/api/v1/contact?&&&=&a&%00=%00", 400, "bad_query"),
        ("/api/v1/contact?where=1", 400, "bad_query"),
        ("/api/v1/contact?object=user", 200, ""),
        ("/api/v1/nothing?object=contact", 404, "not_found"),
        (
            "/api/v1/contact?after=ffffffff-ffff-ffff-ffff-ffffffffffff",
            400,
            "bad_cursor",
        ),
        ("/api/v1/digest?user=nobody", 403, "forbidden"),
        ("/api/v1/digest?user=Hanna", 403, "forbidden"),
        (
            "/api/v1/digest?user=';DROP%20TABLE%20user;--",
            403,
            "forbidden",
        ),
        ("/api/v1/digest?user=", 403, "forbidden"),
        ("/api/v1/digest?user=Ivan", 200, ""),
    ];
    for (path, status, code) in cases {
        let heard = stage.get(path);
        let said = String::from_utf8_lossy(&heard.body);
        assert_eq!(
            (heard.status, heard.code().as_str()),
            (status, code),
            "{path:.80}: {said:.200}"
        );
    }
    stage.unharmed();
}

#[test]
fn queries_as_one_value_of_nonsense_are_refused() {
    let mut stage = AttackedServer::serving();
    let nested = format!(
        r#"{{"object":"contact","where":{}1{}}}"#,
        r#"{"not":"#.repeat(1_000),
        "}".repeat(1_000)
    );
    let words = json!({"object": "contact", "where":
        {"field": "name", "one_of": vec!["a"; 1_000_000]}})
    .to_string();
    let cases = [
        ("", 400, "bad_query"),
        ("\u{0}", 400, "bad_query"),
        (nested.as_str(), 400, "bad_query"),
        (words.as_str(), 413, "query_too_large"),
        (r#"{"object":"credential"}"#, 404, "not_found"),
        (r#"{"object":"sales_order__srv"}"#, 404, "not_found"),
        (r#"{"object":"contact\" --"}"#, 404, "not_found"),
        (r#"{"object":"contact","limit":100000}"#, 400, "bad_limit"),
        (r#"{"object":"contact","after":"00"}"#, 400, "bad_cursor"),
        (
            r#"{"object":"contact","order":[{"by":"name\"; DROP TABLE contact; --"}]}"#,
            400,
            "unknown_field",
        ),
        (
            r#"{"object":"account","near":{"at":"1e999,0","within_m":9223372036854775807}}"#,
            400,
            "bad_position",
        ),
        (
            r#"{"object":"account","near":{"at":"0,0","within_m":9223372036854775807}}"#,
            200,
            "",
        ),
        (
            r#"{"object":"contact","where":{"field":"name","starts":"' OR 1=1 --"},"count":true}"#,
            200,
            "",
        ),
    ];
    for (query, status, code) in cases {
        let heard = stage.body("/api/v1/query", query.as_bytes());
        let said = String::from_utf8_lossy(&heard.body);
        assert_eq!(
            (heard.status, heard.code().as_str()),
            (status, code),
            "{query:.80}: {said:.200}"
        );
    }
    stage.unharmed();
}

#[test]
fn ways_of_asking_that_a_path_does_not_have_are_refused() {
    let mut stage = AttackedServer::serving();
    let token = stage.token().to_owned();
    let cases = [
        "DELETE /api/v1/contact",
        "PUT /api/v1/contact/x",
        "POST /api/v1/digest",
        "GET /sync/v1/push",
        "PATCH /health",
        "BREW /sync/v1/pull",
    ];
    for case in cases {
        let request = format!(
            "{case} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: \
                close\r\n\r\n"
        );
        let heard =
            caller::say(stage.served.address, request.as_bytes(), PATIENCE).expect("in time");
        assert_eq!(
            (heard.status, heard.code().as_str()),
            (405, "wrong_method"),
            "{case}"
        );
    }
    stage.unharmed();
}

#[test]
fn tokens_that_are_none_let_nobody_in() {
    let mut stage = AttackedServer::serving();
    stage.yard.office(&["tenant", "add", "Rival"]);
    let rival = stage.yard.office(&[
        "user", "add", "Rita", "--role", "admin", "--tenant", "Rival",
    ]);
    let rival = stage
        .served
        .enrol(rival["data"]["enrolment_code"].as_str().unwrap(), "rival");
    let (own, other) = (
        stage.token().to_owned(),
        rival["token"].as_str().unwrap().to_owned(),
    );
    let refresh = stage.intruder["refresh_token"].as_str().unwrap().to_owned();
    let ((tenant, secret), (rivals, rivals_secret)) =
        (own.split_once('-').unwrap(), other.split_once('-').unwrap());
    let forged = [
        String::new(),
        "x".to_owned(),
        "-".to_owned(),
        tenant.to_owned(),
        format!("{tenant}-"),
        format!("{tenant}-{}", "0".repeat(64)),
        format!("{tenant}-{rivals_secret}"),
        format!("{rivals}-{secret}"),
        format!("{own}0"),
        own[..own.len() - 1].to_owned(),
        own.to_uppercase(),
        refresh,
        format!("{tenant}-' OR 1=1 --"),
        format!("../{tenant}-{secret}"),
        "x".repeat(10_000),
        format!("00000000-{secret}"),
        format!("{{{tenant}}}-{secret}x"),
    ];
    for token in forged {
        for path in ["/api/v1/contact", "/api/v1/digest"] {
            let heard = caller::get(stage.served.address, path, &token, PATIENCE).expect("in time");
            assert_eq!(
                (heard.status, heard.code().as_str()),
                (401, "signed_out"),
                "{token:.80}"
            );
        }
        for path in ["/sync/v1/hello", "/sync/v1/push", "/sync/v1/pull"] {
            let heard =
                caller::post(stage.served.address, path, &token, b"", PATIENCE).expect("in time");
            assert_eq!(
                (heard.status, heard.code().as_str()),
                (401, "signed_out"),
                "{token:.80} {path}"
            );
        }
    }
    // The rival's administrator sees everything of her own tenant, and nothing of this one.
    let seen = caller::get(stage.served.address, "/api/v1/user", &other, PATIENCE)
        .expect("in time")
        .json();
    assert_eq!(seen["data"]["records"].as_array().unwrap().len(), 1);
    let hanna = stage.get("/api/v1/user").json()["data"]["records"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let heard = caller::get(
        stage.served.address,
        &format!("/api/v1/user/{hanna}"),
        &other,
        PATIENCE,
    )
    .expect("in time");
    assert_eq!((heard.status, heard.code().as_str()), (404, "not_found"));
    stage.unharmed();
}

#[test]
fn enrolling_with_nonsense_is_refused() {
    let mut stage = AttackedServer::serving();
    let used = stage.yard.user("Uwe", "rep");
    let _first = stage.served.enrol(&used, "first");
    let cases = [
        ("not JSON", "hello".to_owned(), 400, "bad_json"),
        ("nothing", String::new(), 400, "bad_json"),
        ("an array", "[]".to_owned(), 400, "missing_field"),
        ("nesting without end", "[".repeat(100_000), 413, "too_large"),
        ("much nesting", "[".repeat(4_000), 400, "bad_json"),
        (
            "members without end",
            format!("{{{}\"a\":1}}", "\"a\":1,".repeat(100_000)),
            413,
            "too_large",
        ),
        (
            "no code",
            json!({ "install": "i", "name": "n" }).to_string(),
            400,
            "missing_field",
        ),
        (
            "a code that is a number",
            json!({ "code": 1, "install": "i", "name": "n" }).to_string(),
            400,
            "missing_field",
        ),
        (
            "a code without end",
            json!({ "code": "c".repeat(3_000), "install": "i", "name": "n" }).to_string(),
            400,
            "missing_field",
        ),
        (
            "an unknown code",
            json!({ "code": "a-b", "install": "i", "name": "n" }).to_string(),
            401,
            "signed_out",
        ),
        (
            "a code of SQL",
            json!({ "code": "' OR 1=1 --", "install": "i", "name": "n" }).to_string(),
            401,
            "signed_out",
        ),
        (
            "a used code",
            json!({ "code": used, "install": "other", "name": "n" }).to_string(),
            403,
            "code_used",
        ),
    ];
    for (name, body, status, code) in cases {
        let heard = stage.body("/sync/v1/enrol", body.as_bytes());
        assert_eq!(
            (heard.status, heard.code().as_str()),
            (status, code),
            "{name}"
        );
    }
    stage.unharmed();
}

#[test]
fn refreshing_with_nonsense_is_refused() {
    let mut stage = AttackedServer::serving();
    for body in [
        "{}",
        "[[[",
        "{\"refresh_token\": \"' OR 1=1\"}",
        "{\"refresh_token\": null}",
    ] {
        let heard = stage.body("/sync/v1/refresh", body.as_bytes());
        assert!(
            [400, 401].contains(&heard.status) && !heard.code().is_empty(),
            "{body}"
        );
    }
    stage.unharmed();
}

#[test]
fn heads_of_nonsense_never_break_the_server() {
    let mut stage = AttackedServer::serving();
    let mut dice = Dice::new(47);
    let token = stage.token().to_owned();
    let good = format!(
        "GET /api/v1/contact HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: \
            close\r\n\r\n"
    );
    let mut cases: Vec<Vec<u8>> = [
        "\r\n\r\n".to_owned(),
        "GET\r\n\r\n".to_owned(),
        "GET /health HTTP/9.9\r\n\r\n".to_owned(),
        format!("GET /health HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(5_000)),
        format!(
            "GET /health HTTP/1.1\r\na: {}\r\n\r\n",
            "b".repeat(1_000_000)
        ),
        format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(200_000)),
        "GET /health HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n".to_owned(),
        "GET /health HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: \
            2\r\n\r\n"
            .to_owned(),
        "POST /sync/v1/push HTTP/1.1\r\nhost: x\r\ntransfer-encoding: \
            chunked\r\n\r\nffffffffffffffff\r\n"
            .to_owned(),
        "POST /sync/v1/push HTTP/1.1\r\nhost: x\r\ntransfer-encoding: \
            chunked\r\n\r\nhello\r\n"
            .to_owned(),
        format!(
            "GET /api/v1/contact HTTP/1.1\r\nauthorization: Bearer {token}\r\nauthorization: \
            Bearer x\r\nconnection: close\r\n\r\n"
        ),
        "GET /api/v1/contact HTTP/1.1\r\nauthorization: Basic x\r\nconnection: \
            close\r\n\r\n"
            .to_owned(),
        "GET /api/v1/contact HTTP/1.1\r\nauthorization: Bearer \u{fffd}\r\nconnection: \
            close\r\n\r\n"
            .to_owned(),
    ]
    .map(String::into_bytes)
    .into();
    cases.extend((0..300).map(|_| [dice.spoil(good.as_bytes()), b"\r\n\r\n".to_vec()].concat()));
    for case in cases {
        // Whoever speaks no HTTP at all may be hung up on; a patient server would only wait for the
        // rest.
        if let Ok(heard) = caller::say(stage.served.address, &case, Duration::from_millis(500)) {
            assert!(
                heard.status < 500,
                "{} {}",
                heard.status,
                String::from_utf8_lossy(&case)
            );
        }
    }
    stage.unharmed();
}

#[test]
fn nobody_who_dawdles_keeps_the_server_from_stopping() {
    let stage = AttackedServer::serving();
    let dawdle = |said: &str| {
        let mut stream = TcpStream::connect(stage.served.address).unwrap();
        stream.write_all(said.as_bytes()).unwrap();
        stream
    };
    let _dawdlers = [
        dawdle(""),
        dawdle("GET /heal"),
        dawdle("POST /sync/v1/push HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nhello"),
    ];
    assert!(stage.served.stops_within(Duration::from_secs(30)));
}
