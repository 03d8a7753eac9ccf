//! Generates the bindings in all languages, and has `tests/python/door.py` drive a visit and a sync
//! through the Python ones against a real server. It does not know what the door does; the script
//! does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use outfield_tests::products;

/// What the door offers, as Rust spells it.
const METHODS: &[&str] = &[
    "rescue",
    "enrol",
    "enrol_by",
    "set_server",
    "execute",
    "get",
    "object",
    "objects",
    "ask",
    "list",
    "query",
    "search",
    "keep_file",
    "file",
    "file_bytes",
    "fetch_file",
    "sync_files",
    "set_files_over",
    "sync",
    "status",
    "today",
    "conflicts",
    "needs_attention",
    "again",
    "dismiss",
    "figures",
    "shelf",
    "order",
    "waiting",
    "price",
    "scan",
    "outbox",
    "export_unsent",
    "import_parcel",
    "sign_out",
    "digest",
    "rebuild",
    "observe",
    "observe_query",
    "stop_observing",
];

/// Two kiosks, eleven kilometres apart.
const ACCOUNTS: &str = "\
code,name,city,state,latitude,longitude
K1,Kiosk One,Springfield,Illinois,39.781700,-89.650100
K2,Kiosk Two,Springfield,Illinois,39.881700,-89.650100
";

fn generate(language: &str, out: &Path) {
    let generator = Command::new(env!("CARGO_BIN_EXE_generate-bindings"))
        .arg(language)
        .arg(out)
        .output()
        .unwrap();
    succeeded(&format!("generate-bindings {language}"), &generator);
}

fn succeeded(what: &str, output: &Output) {
    let (told, failed) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "{what}: {}\n{told}{failed}",
        output.status
    );
}

/// A method's name as Kotlin and Swift spell it.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        name + &word[..1].to_uppercase() + &word[1..]
    })
}

/// Every method as one language declares it, and all files of that language are there.
fn check(language: &str, files: &[&str], declared: impl Fn(&str) -> String) {
    let out = tempfile::tempdir().unwrap();
    generate(language, out.path());
    let texts: Vec<String> = files
        .iter()
        .map(|file| std::fs::read_to_string(out.path().join(file)).expect(file))
        .collect();
    for method in METHODS.iter().chain(&["open", "changed"]) {
        let declared = declared(method);
        assert!(
            texts[0].contains(&declared),
            "{} does not declare `{declared}`",
            files[0]
        );
    }
}

#[test]
fn kotlin_gets_every_method() {
    check("kotlin", &["dev/outfield/outfield.kt"], |method| {
        format!("fun `{}`(", camel(method))
    });
}

#[test]
fn swift_gets_every_method() {
    let files = [
        "OutfieldCore.swift",
        "OutfieldCoreFFI.h",
        "OutfieldCoreFFI.modulemap",
    ];
    let name = |method: &str| {
        if method == "open" {
            "`open`".to_owned()
        } else {
            camel(method)
        }
    };
    check("swift", &files, |method| format!("func {}(", name(method)));
}

#[test]
fn python_gets_every_method() {
    check("python", &["outfield.py"], |method| {
        format!("def {method}(")
    });
}

#[test]
fn a_method_that_is_added_is_added_here() {
    let door = std::fs::read_to_string(products::workspace().join("bindings/src/lib.rs")).unwrap();
    let exported = door
        .lines()
        .filter_map(|line| line.strip_prefix("    pub fn ")?.split('(').next());
    assert_eq!(exported.collect::<Vec<_>>(), [&["open"], METHODS].concat());
}

#[test]
fn an_unknown_language_is_refused_by_name() {
    let output = Command::new(env!("CARGO_BIN_EXE_generate-bindings"))
        .args(["cobol", "out"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        told,
        "error: there is no language `cobol`; there are: kotlin, swift, python\n"
    );
}

/// An office with accounts and a rep, below a folder that the test throws away.
struct Office {
    binary: PathBuf,
    home: PathBuf,
}

impl Office {
    fn run(&self, words: &[&str]) -> serde_json::Value {
        let data = self.home.join("office");
        let output = self
            .command()
            .args(words)
            .arg("--json")
            .arg("--data")
            .arg(data)
            .output()
            .unwrap();
        succeeded(&words.join(" "), &output);
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.env_remove("OUTFIELD_NOW").stdin(Stdio::null());
        command
    }

    /// Begins a tenant with accounts and a rep; answers the rep's enrolment code.
    fn furnish(&self) -> String {
        let sheet = self.home.join("accounts.csv");
        std::fs::write(&sheet, ACCOUNTS).unwrap();
        self.run(&["tenant", "add", "Acme"]);
        self.run(&[
            "import",
            "accounts",
            sheet.to_str().unwrap(),
            "--territory-column",
            "state",
        ]);
        let user = self.run(&[
            "user",
            "add",
            "Ana",
            "--role",
            "rep",
            "--territory",
            "Illinois",
        ]);
        user["data"]["enrolment_code"].as_str().unwrap().to_owned()
    }

    fn serve(&self) -> ScriptedServer {
        let mut command = self.command();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(self.home.join("office"));
        let mut server = ScriptedServer {
            process: command.stdout(Stdio::piped()).spawn().unwrap(),
            url: String::new(),
        };
        let mut line = String::new();
        BufReader::new(server.process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        server.url = line
            .trim()
            .strip_prefix("listening on ")
            .expect("serve says where it listens")
            .to_owned();
        server
    }
}

/// A running server; it does not outlive the test, however that ends.
struct ScriptedServer {
    process: Child,
    url: String,
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

#[test]
fn python_drives_a_visit_through_the_door() {
    let (folder, home) = (products::folder().unwrap(), tempfile::tempdir().unwrap());
    let modules = home.path().join("modules");
    generate("python", &modules);
    std::os::unix::fs::symlink(
        folder.join(products::library()),
        modules.join(products::library()),
    )
    .unwrap();
    let office = Office {
        binary: folder.join("outfield"),
        home: home.path().to_owned(),
    };
    let code = office.furnish();
    let server = office.serve();
    let url = server.url.clone();
    let tell = |class: &str| {
        let mut python = Command::new("python3");
        python
            .arg("-B")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("python/door.py"))
            .args(["-v", class]);
        python
            .env("PYTHONPATH", &modules)
            .env("OUTFIELD_URL", &url)
            .env("OUTFIELD_CODE", &code);
        python
            .env("OUTFIELD_DB", home.path().join("ana.db"))
            .stdin(Stdio::null());
        succeeded(class, &python.output().expect("this test needs `python3`"));
    };
    tell("WithServer");
    drop(server);
    tell("WithoutServer");
}
