//! What runs beside the work: flags. They do not know what they are about.

use serde_json::Value as Json;

use crate::base::context::Context;
use crate::base::id::{RecordId, UserId};
use crate::domain::refusal::Refusal;
use crate::domain::rules::names::FLAG;
use crate::objects::{Record, Value, Values, Write};

/// Something the office is to look at: it happened, and a bound is broken.
pub(in crate::domain) fn flag(about: &Record, broken: &Refusal, context: &Context) -> Write {
    let numbers = Json::Object(broken.numbers.clone()).to_string();
    let at = context.now.0;
    let mut values = Values::from([
        ("code".to_owned(), broken.code.as_str().into()),
        ("message".to_owned(), broken.message.as_str().into()),
        ("numbers_json".to_owned(), numbers.into()),
        ("of_object".to_owned(), about.object.as_str().into()),
        ("of_record".to_owned(), about.id.to_string().into()),
        ("flagged_at".to_owned(), Value::Int(at)),
        ("state".to_owned(), "open".into()),
    ]);
    if context.user != UserId::NOBODY {
        values.insert("person".to_owned(), context.user.to_string().into());
    }
    let parts: [&[u8]; 4] = [
        FLAG.as_bytes(),
        about.id.as_bytes(),
        broken.code.as_bytes(),
        &at.to_be_bytes(),
    ];
    Write {
        object: FLAG.to_owned(),
        id: RecordId::derived(&parts),
        new: true,
        values,
        verb: None,
    }
}
