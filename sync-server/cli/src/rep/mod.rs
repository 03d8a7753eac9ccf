//! What a rep does on a device's own database: each command is handed to the core as it is, offline
//! but for three. It does not know rules, merge or sync.

mod order;
mod order_view;
pub(crate) mod work;

use std::path::Path;
use std::sync::Arc;

use outfield_core::app::Device;
use outfield_core::base::context::Surroundings;
use serde_json::{Value as Json, json};

use self::work::{Rep, Visit, Work};
use crate::answer::{Answer, Failure, Lines, REFUSED, SIGNED_OUT};
use crate::{fields, render};

/// The first bytes of every SQLite file.
const SQLITE: &[u8] = b"SQLite format 3\0";
/// Commands of the core that have commands of their own here.
const OWN: &[(&str, &str)] = &[
    ("add", "create"),
    ("edit", "edit"),
    ("resolve_conflict", "resolve"),
];

/// Carries out one command on the database that `--db` names.
pub(crate) fn rep(rep: Rep, world: Arc<dyn Surroundings>) -> Result<Answer, Failure> {
    let Some(db) = rep.db else {
        let message = "the database of the device is missing; give --db FILE, such as --db ana.db";
        return Err(Failure::bad_input("usage", message).about("db"));
    };
    let may_begin = matches!(rep.command, Work::Enrol { .. } | Work::Status);
    check_file(&db, may_begin)?;
    let mut house = Device::open(&db, world)?;
    if !may_begin && house.status()?.data["enrolled"].is_null() {
        return Err(not_enrolled(&db));
    }
    work(&mut house, rep.command)
}

/// Explains what the database would only fail at; a misspelt name makes no new one.
fn check_file(db: &Path, may_begin: bool) -> Result<(), Failure> {
    let (shown, wrong) = (db.display(), |message: String| {
        Err(Failure::bad_input("bad_database", message).about("db"))
    });
    let parent = db.parent().filter(|parent| !parent.as_os_str().is_empty());
    if db.as_os_str().is_empty() || db.is_dir() {
        return wrong(format!(
            "`{shown}` is not a file; give --db FILE, such as --db ana.db"
        ));
    }
    if let Some(parent) = parent.filter(|parent| !parent.is_dir()) {
        return wrong(format!(
            "there is no folder `{}`; make it, or name another file with --db",
            parent.display()
        ));
    }
    if is_of_office(db) {
        return wrong(format!(
            "`{shown}` belongs to the data folder of a server; name another file with --db"
        ));
    }
    match head(db) {
        Ok(head) if head.is_empty() || head == SQLITE => Ok(()),
        Ok(_) => wrong(format!(
            "`{shown}` is not a database of Outfield; name another file with --db"
        )),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => wrong(format!(
            "`{shown}` cannot be read: {error}; name another file with --db"
        )),
        Err(_) if may_begin => Ok(()),
        Err(_) => Err(not_enrolled(db)),
    }
}

/// The office's own files are SQLite too, but a device's tables have no place in them.
fn is_of_office(db: &Path) -> bool {
    let folder = db
        .canonicalize()
        .ok()
        .and_then(|path| path.parent().map(Path::to_owned));
    folder.is_some_and(|folder| {
        let is_tenants =
            folder.ends_with("tenants") && folder.with_file_name("outfield.db").is_file();
        is_tenants || (db.ends_with("outfield.db") && folder.join("tenants").is_dir())
    })
}

fn head(db: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    let mut head = Vec::new();
    std::fs::File::open(db)?
        .take(SQLITE.len() as u64)
        .read_to_end(&mut head)?;
    Ok(head)
}

fn not_enrolled(db: &Path) -> Failure {
    let shown = db.display();
    Failure::signed_out(format!(
        "nobody is enrolled on `{shown}`; run `outfield rep --db {shown} enrol URL CODE` first"
    ))
}

fn work(house: &mut Device, command: Work) -> Result<Answer, Failure> {
    match command {
        Work::Enrol { code, .. } if code.trim().is_empty() => {
            let message = "the code is empty; `outfield user code NAME` of the office makes one";
            Err(Failure::bad_input("bad_code", message).about("code"))
        }
        Work::Enrol { url, code } => answered(house.enrol(&url, &code), render::record),
        Work::Sync => answered(house.sync(), render::record),
        Work::Status => answered(house.status(), render::record),
        Work::Today => today(house),
        Work::List {
            object,
            near,
            within,
            limit,
        } => {
            let near = near.as_deref().zip(within);
            answered(house.list(&object, near, limit as usize), render::list)
        }
        Work::Get { object, id } => answered(house.get(&object, &id), render::record),
        Work::Search { text, .. } if !text.contains(char::is_alphanumeric) => Err(
            Failure::bad_input("required", "give at least one word to search for").about("text"),
        ),
        Work::Search { text, limit } => answered(house.search(&text, limit as usize), render::list),
        Work::Conflicts => answered(house.conflicts(), render::conflicts),
        Work::Resolve { conflict, choice } => resolve(house, &conflict, &choice),
        Work::NeedsAttention => answered(house.needs_attention(), render::refused),
        Work::Again { number } => answered(house.again(number), render::record),
        Work::Dismiss { number } => answered(house.dismiss(number), render::record),
        Work::Outbox => answered(house.outbox(), render::unsent),
        Work::PushRaw {
            file,
            object,
            record,
        } => push_raw(house, &file, &object, record.as_deref()),
        Work::Token => Ok(answered(house.token(), render::record)?.brief("token")),
        Work::Digest => answered(house.digest(), render::digests),
        Work::Rebuild => answered(house.rebuild(), render::record),
        Work::Create { object, fields } => {
            let read = fields::read(&fields, |path| fields::of(house.registry(), &object, path))?;
            execute(
                house,
                json!({ "do": "add", "object": object, "fields": read }),
            )
        }
        Work::Edit { object, id, fields } => {
            let read = fields::read(&fields, |path| fields::of(house.registry(), &object, path))?;
            execute(
                house,
                json!({ "do": "edit", "object": object, "id": id, "fields": read }),
            )
        }
        Work::Link {
            contact,
            account,
            role,
        } => execute(
            house,
            json!({ "do": "link_contact", "contact": contact, "account": account, "role": role }),
        ),
        Work::FollowUp {
            note,
            account,
            contact,
            visit,
            kind,
        } => execute(
            house,
            json!({
                "do": "log_follow_up", "note": note, "account": account, "contact": contact, "visit": visit,
                "kind": kind,
            }),
        ),
        Work::Figures {
            day,
            rep,
            territory,
        } => answered(
            house.figures(day.as_deref(), rep.as_deref(), territory.as_deref()),
            render::figures,
        ),
        Work::Order(order) => order::order(house, order),
        Work::Price { basket } => order::price(house, &basket),
        Work::Scan { text } => answered(house.scan(&text), render::record),
        Work::Visit(visit) => self::visit(house, visit),
        Work::Do { verb, fields } => verb_of(house, &verb, &fields),
    }
}

/// Today's visits, each with the name of its account.
fn today(house: &mut Device) -> Result<Answer, Failure> {
    let mut receipt = house.today()?;
    for visit in receipt.data.as_array_mut().into_iter().flatten() {
        let account = visit["account"]
            .as_str()
            .and_then(|id| house.get("account", id).ok());
        visit["account_name"] = account
            .map(|account| account.data["name"].clone())
            .unwrap_or_default();
    }
    Ok(Answer::receipt(receipt, render::list))
}

fn visit(house: &mut Device, visit: Visit) -> Result<Answer, Failure> {
    let command = match visit {
        Visit::Start {
            account,
            purpose,
            template,
        } => {
            json!({ "do": "start_visit", "account": account, "purpose": purpose, "template": template })
        }
        Visit::CheckIn {
            visit,
            at,
            accuracy,
            reason,
        } => {
            json!({ "do": "check_in", "visit": visit, "position": at, "accuracy_m": accuracy, "reason": reason })
        }
        Visit::Answer {
            visit,
            action,
            value,
            question: None,
        } => {
            json!({ "do": "answer_action", "visit": visit, "action": action, "value": value })
        }
        Visit::Answer {
            visit,
            action,
            value,
            question,
        } => json!({
            "do": "answer_question", "visit": visit, "action": action, "question": question, "value": value,
        }),
        Visit::Count {
            visit,
            product,
            fields,
            action,
        } => counted(house, visit, &product, (&fields, action))?,
        Visit::Shelf { visit } => return answered(house.shelf(&visit), render::shelf),
        Visit::Skip {
            visit,
            action,
            reason,
        } => {
            json!({ "do": "skip_action", "visit": visit, "action": action, "reason": reason })
        }
        Visit::CheckOut { visit } => json!({ "do": "check_out", "visit": visit }),
        Visit::Cancel { visit, reason } => {
            json!({ "do": "cancel_visit", "visit": visit, "reason": reason })
        }
    };
    execute(house, command)
}

/// The command that counts one product; the visit's only shelf count needs no name.
fn counted(
    house: &mut Device,
    visit: String,
    product: &str,
    (pairs, action): (&[String], Option<String>),
) -> Result<Json, Failure> {
    let at = |name: &str| format!("counts/{product}/{name}");
    let read = fields::read(pairs, |name| {
        let (descriptor, verb) = house.registry().verb("count")?;
        descriptor.input(verb, &at(name))
    })?;
    let held = house.get("visit", &visit)?.data;
    let actions = held["actions"].as_object().into_iter().flatten();
    let shelves: Vec<&String> = actions
        .filter(|(_, action)| action["kind"] == "shelf_count")
        .map(|(id, _)| id)
        .collect();
    let only = <[&String; 1]>::try_from(shelves)
        .ok()
        .map(|[only]| only.clone());
    let mut command = json!({ "do": "count", "visit": visit, "action": action.or(only) });
    for (name, value) in read {
        command[at(&name)] = value;
    }
    Ok(command)
}

fn verb_of(house: &mut Device, verb: &str, pairs: &[String]) -> Result<Answer, Failure> {
    if let Some((_, own)) = OWN.iter().find(|(name, _)| *name == verb) {
        let message =
            format!("`do` carries out verbs of objects; for `{verb}` use `outfield rep {own}`");
        return Err(Failure::bad_input("unknown_command", message).about("do"));
    }
    let input = {
        let known = house.registry().verb(verb);
        fields::read(pairs, |name| {
            known.and_then(|(descriptor, verb)| descriptor.input(verb, name))
        })?
    };
    let mut command = Json::Object(input);
    if !command["do"].is_null() {
        return Err(
            Failure::bad_input("unknown_input", format!("`{verb}` takes no `do`")).about("do"),
        );
    }
    command["do"] = verb.into();
    execute(house, command)
}

/// What was not given is not said at all, so that a verb's defaults apply; only a line's value is
/// cleared by its path.
fn execute(house: &mut Device, mut command: Json) -> Result<Answer, Failure> {
    if let Json::Object(members) = &mut command {
        members.retain(|name, member| !member.is_null() || name.contains('/'));
    }
    answered(house.execute(&command.to_string()), render::record)
}

/// Another value than `mine` or `theirs` is read by what the conflict's field holds.
fn resolve(house: &mut Device, conflict: &str, choice: &str) -> Result<Answer, Failure> {
    let choose = match choice {
        "mine" | "theirs" => Json::from(choice),
        _ => {
            let open = house.conflicts()?.data;
            let found = open
                .as_array()
                .into_iter()
                .flatten()
                .find(|open| open["id"] == conflict);
            let field = found.and_then(|found| {
                fields::of(
                    house.registry(),
                    found["object"].as_str()?,
                    found["path"].as_str()?,
                )
            });
            json!({ "value": fields::typed(field, choice.strip_prefix('=').unwrap_or(choice)) })
        }
    };
    execute(
        house,
        json!({ "do": "resolve_conflict", "conflict": conflict, "choose": choose }),
    )
}

fn push_raw(
    house: &mut Device,
    file: &Path,
    object: &str,
    record: Option<&str>,
) -> Result<Answer, Failure> {
    let bytes = std::fs::read(file).map_err(|error| Failure::unreadable(file, &error))?;
    house
        .push_raw(&bytes, object, record)
        .map(|receipt| Answer::receipt(receipt, render::record))
        .map_err(|error| {
            let failure = Failure::from(error);
            let is_verdict = failure.exit == REFUSED && failure.code != SIGNED_OUT;
            let message = if is_verdict {
                format!("the server refused it: {}", failure.message)
            } else {
                failure.message
            };
            Failure { message, ..failure }
        })
}

fn answered(
    receipt: Result<outfield_core::app::Receipt, outfield_core::app::FieldError>,
    lines: Lines,
) -> Result<Answer, Failure> {
    Ok(Answer::receipt(receipt?, lines))
}
