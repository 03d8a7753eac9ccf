//! An invitation as a code that a camera reads: in a terminal, or as a picture for paper. It does
//! not know what an invitation says.

use qrcode::QrCode;
use qrcode::render::{svg, unicode};
use serde_json::Value as Json;

use super::record::record;

/// How wide the picture is at least, in its own units.
const SVG_SIDE: u32 = 240;

/// A user's new code, and below it the invitation as a code for a camera.
pub(crate) fn invited(data: &Json) -> Vec<String> {
    let mut lines = record(data);
    let Some(code) = drawn(data) else {
        return lines;
    };
    // Light on dark, as most terminals are: a camera needs the quiet zone light.
    let picture = code
        .render::<unicode::Dense1x2>()
        .dark_color(unicode::Dense1x2::Light)
        .light_color(unicode::Dense1x2::Dark)
        .build();
    lines.extend(picture.lines().map(str::to_owned));
    lines
}

/// The same as a picture in SVG; none if the data holds no invitation that fits one.
pub(crate) fn invitation_svg(data: &Json) -> Option<String> {
    let code = drawn(data)?;
    let mut picture = code.render::<svg::Color<'_>>();
    Some(picture.min_dimensions(SVG_SIDE, SVG_SIDE).build())
}

fn drawn(data: &Json) -> Option<QrCode> {
    QrCode::new(data["invitation"].as_str()?).ok()
}
