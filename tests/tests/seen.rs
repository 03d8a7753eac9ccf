//! What those who run a server see of it: its log, whether it is ready, its figures, and that its
//! folder is its own. All of it with a real server, and nothing of it tells secrets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use outfield_tests::caller::{self, HttpAnswer, JsonCall};
use outfield_tests::products;
use outfield_tests::served::{Served, Yard, binary};
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value as Json, json};

/// How long something may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// Colours, moves, turns and ends what a terminal shows.
const STEERING: &str = "Ev\u{1b}[31mil\u{9b}2J\u{202e}pohs\u{2069}\u{7f}";

/// Asks until it is so.
#[track_caller]
fn until(mut is_so: impl FnMut() -> bool, what: &str) {
    let late = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < late, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn get(served: &Served, path: &str) -> HttpAnswer {
    caller::get(served.address, path, "", PATIENCE).unwrap()
}

fn text(answer: &HttpAnswer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

/// The lines of a log so far.
fn lines(yard: &Yard, log: &str) -> Vec<String> {
    let text = fs::read_to_string(yard.path(log)).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// Where figures are told, as the log says.
fn figures(yard: &Yard, log: &str) -> String {
    let mut address = None;
    until(
        || {
            let lines = lines(yard, log);
            let word = lines.iter().flat_map(|line| line.split(' '));
            let mut named = word.filter_map(|word| word.strip_prefix("metrics=http://"));
            address = named.next().map(str::to_owned);
            address.is_some()
        },
        "the log says where the figures are",
    );
    let address = address.unwrap();
    let address = address.strip_suffix("/metrics").unwrap();
    text(&caller::get(address.parse().unwrap(), "/metrics", "", PATIENCE).unwrap())
}

/// The file of the only tenant.
fn tenant_file(yard: &Yard) -> PathBuf {
    let found = fs::read_dir(yard.data().join("tenants")).unwrap();
    let mut files = found.map(|entry| entry.unwrap().path());
    files
        .find(|file| file.extension().is_some_and(|end| end == "db"))
        .unwrap()
}

fn rep(yard: &Yard, words: &[&str]) -> Output {
    let mut command = yard.keeper.command(binary());
    let command = command.args(["rep", "--db"]).arg(yard.path("Ann.db"));
    command.args(words).output().unwrap()
}

/// Requests that a server of one phone answered, as its log tells them, with what its phone holds.
struct LoggedDay {
    code: String,
    tokens: Json,
    /// The head of an answer.
    head: String,
    lines: Vec<String>,
}

/// Nobody has it.
const WRONG_CODE: &str = "0000-0000-0000";

fn logged_day(yard: &Yard) -> LoggedDay {
    let code = yard.user("Ann", "rep");
    let served = yard.serve_logged("127.0.0.1:0", &["--log", "json"], "log");
    let tokens = served.enrol(&code, "secret-install");
    let token = tokens["token"].as_str().unwrap();
    let made = JsonCall {
        method: "POST",
        path: "/api/v1/contact",
        token,
        headers: &[],
    };
    let body = json!({"name": "Secret Name", "note": "secret words"});
    made.say(served.address, &body, PATIENCE).unwrap();
    let call = JsonCall {
        path: "/sync/v1/enrol",
        token: "",
        ..made
    };
    let body = json!({"code": WRONG_CODE, "install": "x", "name": "Secret Name"});
    call.say(served.address, &body, PATIENCE).unwrap();
    let path = "/api/v1/digest?user=Secret";
    let known = caller::get(served.address, path, token, PATIENCE).unwrap();
    get(&served, "/secret/%1b%5b31m?token=secret");
    get(&served, "/health");
    assert!(served.stops_within(PATIENCE));
    LoggedDay {
        code,
        tokens,
        head: known.head,
        lines: lines(yard, "log"),
    }
}

#[test]
fn every_request_is_one_line_and_no_line_tells_a_secret() {
    let yard = Yard::new();
    let day = logged_day(&yard);
    let mut requests = Vec::new();
    for line in &day.lines {
        let line: Json = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        assert!(
            line["at"].is_string() && line["level"].is_string(),
            "{line}"
        );
        if line["event"] == "request" {
            let is_whole = ["id", "method", "ms", "bytes"].map(|name| !line[name].is_null());
            assert_eq!(is_whole, [true; 4], "{line}");
            requests.push(line);
        }
    }
    let paths: Vec<&str> = requests
        .iter()
        .map(|line| line["path"].as_str().unwrap())
        .collect();
    // How often somebody asks whether it lives is not told, and a path that leads nowhere neither.
    assert_eq!(
        paths,
        [
            "/sync/v1/enrol",
            "/api/v1/{object}",
            "/sync/v1/enrol",
            "/api/v1/digest",
            "none"
        ]
    );
    assert_eq!(
        (&requests[0]["status"], &requests[4]["status"]),
        (&json!(200), &json!(404))
    );
    assert_eq!(requests[1]["device"], day.tokens["device"]);
    assert_eq!(requests[1]["tenant"], day.tokens["tenant"]);
    // Who tries codes can be told apart by where it comes from; nobody else is.
    assert_eq!(requests[2]["from"], "127.0.0.1", "{}", requests[2]);
    assert_eq!(requests[0]["from"], Json::Null);
    let id = requests[3]["id"].as_str().unwrap();
    assert!(
        day.head.contains(&format!("outfield-request: {id}")),
        "{}",
        day.head
    );
    let all = day.lines.join("\n");
    let tokens = ["token", "refresh_token"].map(|name| day.tokens[name].as_str().unwrap());
    for secret in [
        &day.code, tokens[0], tokens[1], WRONG_CODE, "Secret", "secret", "\u{1b}",
    ] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
    let stopped = day.lines.iter().filter(|line| line.contains("\"stopped\""));
    assert_eq!(stopped.count(), 1);
}

#[test]
fn a_log_tells_as_much_as_it_is_asked_for() {
    let yard = Yard::new();
    for (level, tells_requests, tells_health) in [
        ("error", false, false),
        ("warn", false, false),
        ("info", true, false),
        ("debug", true, true),
    ] {
        let served = yard.serve_logged("127.0.0.1:0", &["--log-level", level], level);
        get(&served, "/health/live");
        get(&served, "/nothing");
        assert!(served.stops_within(PATIENCE));
        let all = lines(&yard, level).join("\n");
        assert_eq!(
            all.contains("path=none status=404"),
            tells_requests,
            "{level}: {all}"
        );
        assert_eq!(
            all.contains("path=/health/live"),
            tells_health,
            "{level}: {all}"
        );
    }
}

#[test]
fn a_server_that_lives_is_told_apart_from_one_that_can_work() {
    let yard = Yard::new();
    let served = yard.serve_logged("127.0.0.1:0", &[], "log");
    assert_eq!(text(&get(&served, "/health")), "ok");
    let ready = get(&served, "/health/ready");
    assert_eq!(ready.status, 200);
    assert_eq!(ready.json()["data"]["version"], env!("CARGO_PKG_VERSION"));
    let file = tenant_file(&yard);
    let aside = file.with_extension("aside");
    fs::rename(&file, &aside).unwrap();
    let asks = || get(&served, "/health/ready");
    until(
        || asks().status == 503,
        "a tenant's database does not answer",
    );
    let said = asks();
    assert_eq!((said.code().as_str(), said.status), ("not_ready", 503));
    assert!(said.head.contains("retry-after"), "{}", said.head);
    let said = text(&said);
    assert!(said.contains("a database does not answer"), "{said}");
    // Strangers may ask: no tenant and no path is named to them, and the log has both.
    let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
    assert!(!said.contains(&name) && !said.contains('/'), "{said}");
    let has_both = || {
        let told = lines(&yard, "log").join("\n");
        told.contains("not_ready") && told.contains(&name)
    };
    until(has_both, "the log says which database does not answer");
    assert!(!file.exists(), "a missing file is not made by looking");
    assert_eq!(get(&served, "/health/live").status, 200);
    fs::rename(&aside, &file).unwrap();
    until(|| asks().status == 200, "it is ready again");
}

/// The names of figures that the handbook has.
fn documented() -> BTreeSet<String> {
    let text = fs::read_to_string(products::workspace().join("docs/operating.md")).unwrap();
    let rows = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `outfield_"));
    let names = rows.map(|row| row.split(['`', '{']).next().unwrap());
    names.map(|name| format!("outfield_{name}")).collect()
}

/// The value of a figure, by all that stands before it.
fn figure(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name));
    value.map(|value| value.trim().parse().unwrap())
}

#[test]
fn figures_stand_on_a_listener_of_their_own_and_are_those_of_the_handbook() {
    let yard = Yard::new();
    let code = yard.user("Ann", "manager");
    let arguments = ["--metrics-listen", "127.0.0.1:0"];
    let served = yard.serve_logged("127.0.0.1:0", &arguments, "log");
    assert_eq!(get(&served, "/metrics").status, 404);
    assert!(rep(&yard, &["enrol", &served.url, &code]).status.success());
    assert!(rep(&yard, &["sync"]).status.success());
    let made = rep(
        &yard,
        &["create", "account", "name=Harp's", "territory=North"],
    );
    assert!(made.status.success(), "{made:?}");
    assert!(rep(&yard, &["sync"]).status.success());
    fs::write(yard.path("zeros"), [0; 113]).unwrap();
    let zeros = yard.path("zeros");
    rep(&yard, &["push-raw", zeros.to_str().unwrap()]);
    let device = yard.office(&["device", "list"])["data"][0]["id"].clone();
    yard.office(&["device", "revoke", device.as_str().unwrap()]);
    rep(&yard, &["sync"]);
    let mut told = String::new();
    until(
        || {
            told = figures(&yard, "log");
            told.contains("outfield_devices{tenant")
                && told.contains("} 0\n")
                && figure_of_tenant(&told, "outfield_devices") == Some(0)
        },
        "a device that was revoked counts no more",
    );
    let pushes = "outfield_requests_total{method=\"POST\",route=\"/sync/v1/push\",status=\"200\"}";
    assert_eq!(figure(&told, pushes), Some(2), "{told}");
    let accepted = figure(&told, "outfield_verdicts_total{ruling=\"accepted\"}");
    assert!(accepted.is_some_and(|accepted| accepted >= 1), "{told}");
    let malformed = figure(&told, "outfield_quarantine_total{code=\"malformed\"}");
    assert_eq!(malformed, Some(1), "{told}");
    assert_eq!(figure_of_tenant(&told, "outfield_quarantined"), Some(1));
    assert!(
        figure(&told, "outfield_refusals_total{code=\"signed_out\"}") >= Some(1),
        "{told}"
    );
    let bytes = fs::metadata(tenant_file(&yard)).unwrap().len();
    assert!(
        figure_of_tenant(&told, "outfield_database_bytes") >= Some(bytes),
        "{told}"
    );
    let types = told.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let families: BTreeSet<String> = types
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    // Here files lie in the folder.
    let mut expected = documented();
    assert!(expected.remove("outfield_bucket_ready"));
    assert_eq!(families, expected);
    assert!(!told.contains(served.url.trim_start_matches("http://")) && !told.contains(&code));
}

/// A figure of the only tenant.
fn figure_of_tenant(text: &str, name: &str) -> Option<u64> {
    let start = format!("{name}{{tenant=\"");
    let line = text.lines().find(|line| line.starts_with(&start))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[test]
fn devices_that_are_silent_or_hold_work_back_are_counted() {
    let yard = Yard::new();
    let arguments = ["--metrics-listen", "127.0.0.1:0"];
    let served = yard.serve_logged("127.0.0.1:0", &arguments, "log");
    let code = yard.user("Ann", "rep");
    assert!(rep(&yard, &["enrol", &served.url, &code]).status.success());
    assert!(rep(&yard, &["sync"]).status.success());
    let told = figures(&yard, "log");
    assert_eq!(figure_of_tenant(&told, "outfield_devices_unsent"), Some(0));
    let db = rusqlite::Connection::open(tenant_file(&yard)).unwrap();
    // As a phone leaves it that greets, says it wrote up to 7, and goes away; eight days ago.
    let left = "UPDATE installation SET issued = 7, unsent_since = 1000 * (unixepoch() - 691200),
                heard_at = 1000 * (unixepoch() - 691200)";
    db.execute(left, []).unwrap();
    let mut told = String::new();
    let silent = |told: &str, days: u32| {
        let line = told.lines().find(|line| {
            line.starts_with("outfield_devices_silent{") && line.contains(&format!("\"{days}\"}}"))
        });
        line.unwrap().rsplit(' ').next().unwrap().to_owned()
    };
    until(
        || {
            told = figures(&yard, "log");
            figure_of_tenant(&told, "outfield_devices_unsent") == Some(1)
        },
        "a device holds work back",
    );
    assert!(figure_of_tenant(&told, "outfield_oldest_unsent_seconds") >= Some(691_200));
    assert_eq!([1, 7, 30].map(|days| silent(&told, days)), ["1", "1", "0"]);
    // It comes again and sends: what it sent is no more than it said.
    assert!(rep(&yard, &["sync"]).status.success());
    until(
        || figure_of_tenant(&figures(&yard, "log"), "outfield_devices_unsent") == Some(0),
        "a device that was heard of holds nothing back",
    );
}

#[test]
fn a_folder_is_served_once() {
    let yard = Yard::new();
    let served = yard.serve("127.0.0.1:0");
    let mut second = yard.keeper.command(binary());
    second.args(["serve", "--listen", "127.0.0.1:0", "--json", "--data"]);
    let second = second
        .arg(yard.data())
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let said: Json = serde_json::from_slice(&second.stdout).unwrap();
    assert_eq!(second.status.code(), Some(3));
    assert_eq!(said["error"]["code"], "already_served");
    // The office works beside it all the same, and what is killed holds nothing.
    yard.office(&["territory", "add", "South"]);
    served.kill();
    let served = yard.serve("127.0.0.1:0");
    assert_eq!(get(&served, "/health").status, 200);
}

#[test]
fn a_hangup_reads_the_certificate_again_and_ends_nobody() {
    let yard = Yard::new();
    let plain = yard.serve_logged("127.0.0.1:0", &[], "plain");
    plain.signal("HUP");
    let reloaded = |log: &str, what: &str| lines(&yard, log).iter().any(|it| it.contains(what));
    until(
        || reloaded("plain", "reloaded certificate=none"),
        "it says so",
    );
    assert_eq!(get(&plain, "/health").status, 200);
    assert!(plain.stops_within(PATIENCE));
    let sign = || {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let signed = params.self_signed(&key).unwrap();
        fs::write(yard.path("key.pem"), key.serialize_pem()).unwrap();
        fs::write(yard.path("cert.pem"), signed.pem()).unwrap();
    };
    sign();
    let files = [yard.path("cert.pem"), yard.path("key.pem")].map(|it| it.display().to_string());
    let options = ["--tls-cert", &files[0], "--tls-key", &files[1]];
    let secured = yard.serve_logged("127.0.0.1:0", &options, "secured");
    sign();
    secured.signal("HUP");
    until(
        || reloaded("secured", "reloaded certificate=read"),
        "the new one is read",
    );
    fs::write(yard.path("cert.pem"), "half of it").unwrap();
    secured.signal("HUP");
    until(
        || reloaded("secured", "not_reloaded"),
        "what is none is told, and not shown",
    );
    assert!(secured.stops_within(PATIENCE));
}

/// All below a folder, with the rights that others than its owner have.
fn open_to_others(folder: &Path, open: &mut Vec<PathBuf>) {
    if fs::metadata(folder).unwrap().permissions().mode() & 0o077 != 0 {
        open.push(folder.to_owned());
    }
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            open_to_others(&path, open);
        } else if fs::metadata(&path).unwrap().permissions().mode() & 0o177 != 0 {
            open.push(path);
        }
    }
}

#[test]
fn what_lies_in_the_data_folder_is_its_owners_alone() {
    let yard = Yard::new();
    let mut open = Vec::new();
    open_to_others(&yard.data(), &mut open);
    assert_eq!(open, [] as [PathBuf; 0], "as it was made");
    let file = tenant_file(&yard);
    let witness = file.with_extension("witness");
    let lies_in = fs::read_dir(&witness)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    for (path, mode) in [
        (&yard.data(), 0o755),
        (&file, 0o644),
        (&witness, 0o755),
        (&lies_in, 0o644),
    ] {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
    let epoch = |yard: &Yard| yard.office(&["audit"])["data"].as_array().unwrap().len();
    let before = epoch(&yard);
    let served = yard.serve("127.0.0.1:0");
    let code = yard.user("Ann", "rep");
    assert!(rep(&yard, &["enrol", &served.url, &code]).status.success());
    open_to_others(&yard.data(), &mut open);
    assert_eq!(open, [] as [PathBuf; 0], "while it is served");
    // Putting them right makes no tenant take its file for one that was put back.
    assert_eq!(epoch(&yard), before + 3);
}

#[test]
fn a_fault_tells_its_cause_to_the_log_and_to_nobody_else() {
    let yard = Yard::new();
    let code = yard.user("Ann", "rep");
    let file = tenant_file(&yard);
    fs::write(&file, "this is no database, and somebody wrote over it").unwrap();
    let served = yard.serve_logged("127.0.0.1:0", &[], "log");
    let call = JsonCall {
        method: "POST",
        path: "/sync/v1/enrol",
        token: "",
        headers: &[],
    };
    let body = json!({"code": code, "install": "x", "name": "x"});
    let said = call.say(served.address, &body, PATIENCE).unwrap();
    assert_eq!((said.status, said.code().as_str()), (500, "broken"));
    let folder = yard.data().display().to_string();
    assert!(
        !text(&said).contains(&folder) && !text(&said).contains(".db"),
        "{}",
        text(&said)
    );
    let line = || {
        lines(&yard, "log")
            .into_iter()
            .find(|it| it.contains("code=broken"))
    };
    until(|| line().is_some(), "the log has it");
    let line = line().unwrap();
    assert!(
        line.contains(" error request ") && line.contains(&folder),
        "{line}"
    );
}

/// Whether nothing in it steers a terminal.
fn is_plain(text: &str) -> bool {
    !text.chars().any(|letter| {
        (letter.is_control() && letter != '\n')
            || ('\u{202a}'..='\u{202e}').contains(&letter)
            || ('\u{2066}'..='\u{2069}').contains(&letter)
    })
}

#[test]
fn nothing_of_a_record_steers_a_terminal_a_log_or_a_page() {
    let yard = Yard::new();
    let served = yard.serve_logged("127.0.0.1:0", &[], "log");
    let code = yard.user("Ann", "manager");
    assert!(rep(&yard, &["enrol", &served.url, &code]).status.success());
    assert!(rep(&yard, &["sync"]).status.success());
    let made = rep(
        &yard,
        &[
            "create",
            "account",
            &format!("name={STEERING}"),
            "territory=North",
            "-q",
        ],
    );
    let id = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    rep(&yard, &["sync"]);
    let said = |output: Output| {
        let both = [output.stdout, output.stderr].concat();
        String::from_utf8(both).unwrap()
    };
    let get = ["get", "account", &id];
    let wrong = ["get", "account", STEERING];
    let shown: [&[&str]; 5] = [
        &["list", "account"],
        &get,
        &["search", "Ev"],
        &wrong,
        &["outbox"],
    ];
    for words in shown {
        let (text, json) = (said(rep(&yard, words)), {
            let words = [words, &["--json"]].concat();
            said(rep(&yard, &words))
        });
        assert!(is_plain(&text), "{words:?}: {text:?}");
        assert!(is_plain(&json), "{words:?}: {json:?}");
        let _: Json = serde_json::from_str(&json).unwrap();
        // What steers is taken out where it came in; the rest of the name is kept.
        if words == get {
            let read: Json = serde_json::from_str(&json).unwrap();
            let name = read["data"]["name"].as_str().unwrap().to_owned();
            let kept: String = STEERING
                .chars()
                .filter(|letter| is_plain(&letter.to_string()))
                .collect();
            assert_eq!(name, kept);
        }
    }
    yard.office(&["put", "account", &format!("name={STEERING}")]);
    for words in [&["audit"][..], &["audit", "--json"], &["trail", &id]] {
        let mut command = yard.keeper.command(binary());
        let command = command.args(words).arg("--data").arg(yard.data());
        let told = said(command.output().unwrap());
        assert!(is_plain(&told) && told.len() > 20, "{words:?}: {told:?}");
    }
    let token = said(rep(&yard, &["token", "--json"]));
    let token: Json = serde_json::from_str(&token).unwrap();
    let token = token["data"]["token"].as_str().unwrap();
    for path in [
        "/api/v1/account".to_owned(),
        format!("/api/v1/account/{id}"),
        "/api/v1/%1b%5b31m%e2%80%ae".to_owned(),
    ] {
        let page = caller::get(served.address, &path, token, PATIENCE).unwrap();
        assert!(is_plain(&text(&page)), "{path}: {:?}", text(&page));
    }
    assert!(served.stops_within(PATIENCE));
    assert!(is_plain(&lines(&yard, "log").join("\n")));
}
