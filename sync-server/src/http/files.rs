//! Files over HTTP: one that is brought whole, and one that is given, whole or from an offset on.
//! It does not know who may have which.

use std::io::Read as _;
use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde_json::json;

use super::extract::{Caller, PathParams, SignedBody, SignedFile};
use super::respond::HttpResult;
use super::state::aside;
use crate::error::ServerError;
use crate::files::GivenBytes;
use crate::limits::CHUNK_BYTES;

/// Takes a file in and answers its name, for a record to say.
pub(super) async fn bring(SignedFile(SignedBody { caller, bytes }): SignedFile) -> HttpResult {
    let tenant = Arc::clone(&caller.tenant);
    let session = caller.session.clone();
    let brought = tenant.reading(Some(session.device), move |tenant| {
        tenant.bring_file(&session, &bytes)
    });
    let file = brought.await?;
    let name = file.name;
    let carried = Arc::clone(&caller.tenant).carrying(caller.session.device, move |files| {
        files.put_up(std::slice::from_ref(&file))?;
        Ok(file)
    });
    let file = carried.await?;
    let noted = caller.writing(move |tenant, session| tenant.note_file(session, file));
    let told = json!({ "ok": true, "id": name.hash.to_string(), "data": noted.await? });
    Ok((StatusCode::CREATED, axum::Json(told)).into_response())
}

/// Gives a file. Browsers take it for what it is said to be, and for nothing that runs.
pub(super) async fn give(
    headers: HeaderMap,
    caller: Caller,
    PathParams(hash): PathParams<String>,
) -> HttpResult {
    let (tenant, device) = (Arc::clone(&caller.tenant), caller.session.device);
    let named = caller.reading(move |tenant, session| tenant.give_file(session, &hash));
    let name = named.await?;
    let length = name.bytes;
    let asked = headers
        .get(header::RANGE)
        .and_then(|range| range.to_str().ok());
    let part = asked.and_then(|range| part_of(range, length));
    let is_part = part.is_some();
    let Range {
        start: from,
        end: to,
    } = part.unwrap_or(0..length);
    let given = tenant.carrying(device, move |files| {
        let missing = || ServerError::not_found(format!("the file {} is not here", name.hash));
        files.give(name, from..to)?.ok_or_else(missing)
    });
    let pieces = futures_util::stream::unfold(Some(given.await?), next_piece);
    let head = [
        (header::CONTENT_TYPE, name.media.name().to_owned()),
        (header::CONTENT_LENGTH, (to - from).to_string()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::ETAG, format!("\"{}\"", name.hash)),
        (header::CACHE_CONTROL, "private, immutable".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "sandbox".to_owned()),
        (header::CONTENT_DISPOSITION, "attachment".to_owned()),
    ];
    let body = Body::from_stream(pieces);
    if !is_part {
        return Ok((head, body).into_response());
    }
    let range = format!("bytes {from}-{}/{length}", to - 1);
    let head = (head, [(header::CONTENT_RANGE, range)]);
    Ok((StatusCode::PARTIAL_CONTENT, head, body).into_response())
}

/// The next piece of a file and what comes after it. Where one breaks off, whoever asked learns it
/// by an answer that ends early.
async fn next_piece(
    given: Option<GivenBytes>,
) -> Option<(std::io::Result<Vec<u8>>, Option<GivenBytes>)> {
    match given? {
        GivenBytes::File(mut file) => {
            let read = aside(move || {
                let mut piece = Vec::with_capacity(CHUNK_BYTES);
                let mut some = (&mut file).take(CHUNK_BYTES as u64);
                some.read_to_end(&mut piece).map_err(ServerError::broken)?;
                Ok((piece, file))
            });
            match read.await {
                Ok((piece, _)) if piece.is_empty() => None,
                Ok((piece, file)) => Some((Ok(piece), Some(GivenBytes::File(file)))),
                Err(error) => Some((Err(std::io::Error::other(error.message)), None)),
            }
        }
        GivenBytes::Pieces(mut pieces) => match pieces.recv().await? {
            Ok(piece) => Some((Ok(piece), Some(GivenBytes::Pieces(pieces)))),
            Err(error) => Some((Err(error), None)),
        },
    }
}

/// What one range asks of a file of this length, from the first byte to behind the last; none where
/// it asks nothing that is there, or of several parts: then all of the file is given.
fn part_of(range: &str, length: u64) -> Option<Range<u64>> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let from: u64 = from.parse().ok()?;
    let to = match to {
        "" => length,
        to => to.parse::<u64>().ok()?.checked_add(1)?.min(length),
    };
    (from < to).then_some(from..to)
}

#[cfg(test)]
mod tests {
    use super::part_of;

    #[test]
    fn a_range_is_what_is_there_or_nothing() {
        assert_eq!(part_of("bytes=0-", 10), Some(0..10));
        assert_eq!(part_of("bytes=4-6", 10), Some(4..7));
        assert_eq!(part_of("bytes=4-99", 10), Some(4..10));
        for none in [
            "bytes=10-",
            "bytes=-3",
            "bytes=7-3",
            "lines=1-",
            "bytes=0-1,3-4",
        ] {
            assert_eq!(part_of(none, 10), None, "{none}");
        }
        assert_eq!(part_of("bytes=0-18446744073709551615", 10), None);
    }
}
