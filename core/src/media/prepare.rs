//! One file as it is to be kept: pictures are read within limits, turned as they were held, made
//! smaller and written anew, so that no metadata stays; papers stay as they are.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{
    DynamicImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits, Rgb, RgbImage,
};

use crate::base::blob::MediaType;
use crate::base::limits::{BLOB_BYTES_MAX, CAPTURE_BYTES_MAX, PICTURE_DOTS_MAX, PICTURE_EDGE_MAX};

/// The quality of pictures as they are kept, of a hundred.
const QUALITY: u8 = 82;
/// Bytes that reading a picture may take: four for each dot, and as much again to turn it.
const READING_BYTES_MAX: u64 = 8 * PICTURE_DOTS_MAX;

/// Why a file is not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MediaError {
    /// A stable name: `too_many_bytes`, `too_many_dots`, `unknown_media`, `broken_picture`.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

impl MediaError {
    fn new(code: &'static str, message: impl Into<String>) -> MediaError {
        MediaError {
            code,
            message: message.into(),
        }
    }
}

/// The bytes of a file as they are to be kept. Pictures come out as JPEG of at most
/// [`PICTURE_EDGE_MAX`] dots; nothing of a picture is read before its head says that it is small
/// enough.
pub fn prepare(bytes: Vec<u8>) -> Result<Vec<u8>, MediaError> {
    check_bytes(bytes.len() as u64, CAPTURE_BYTES_MAX)?;
    let kept = match MediaType::of(&bytes) {
        None => {
            let message = "this is no file that is kept here: JPEG, PNG, WebP and PDF are";
            return Err(MediaError::new("unknown_media", message));
        }
        Some(MediaType::Pdf) => bytes,
        Some(MediaType::Jpeg) => picture(&bytes, ImageFormat::Jpeg)?,
        Some(MediaType::Png) => picture(&bytes, ImageFormat::Png)?,
        Some(MediaType::Webp) => picture(&bytes, ImageFormat::WebP)?,
    };
    check_bytes(kept.len() as u64, BLOB_BYTES_MAX)?;
    Ok(kept)
}

fn check_bytes(bytes: u64, most: u64) -> Result<(), MediaError> {
    if bytes <= most {
        return Ok(());
    }
    let message = format!("the file has {bytes} bytes, at most {most} are kept; make it smaller");
    Err(MediaError::new("too_many_bytes", message))
}

fn picture(bytes: &[u8], format: ImageFormat) -> Result<Vec<u8>, MediaError> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(READING_BYTES_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| broken(&error))?;
    let (wide, high) = decoder.dimensions();
    let dots = u64::from(wide) * u64::from(high);
    if dots > PICTURE_DOTS_MAX {
        let message = format!(
            "the picture has {wide} by {high} dots, at most {PICTURE_DOTS_MAX} are read; make it \
             smaller"
        );
        return Err(MediaError::new("too_many_dots", message));
    }
    let held = decoder.orientation().map_err(|error| broken(&error))?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| broken(&error))?;
    if wide > PICTURE_EDGE_MAX || high > PICTURE_EDGE_MAX {
        picture = picture.resize(PICTURE_EDGE_MAX, PICTURE_EDGE_MAX, FilterType::Triangle);
    }
    picture.apply_orientation(held);
    let mut kept = Vec::new();
    JpegEncoder::new_with_quality(&mut kept, QUALITY)
        .encode_image(&on_white(picture))
        .map_err(|error| broken(&error))?;
    Ok(kept)
}

/// The picture without dots that one can see through: what is behind them is white.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let seen_through = picture.into_rgba8();
    RgbImage::from_fn(seen_through.width(), seen_through.height(), |x, y| {
        let [red, green, blue, cover] = seen_through.get_pixel(x, y).0;
        let mixed = |part: u8| {
            let (part, cover) = (u32::from(part), u32::from(cover));
            u8::try_from((part * cover + 255 * (255 - cover)) / 255).unwrap_or(u8::MAX)
        };
        Rgb([mixed(red), mixed(green), mixed(blue)])
    })
}

fn broken(error: &ImageError) -> MediaError {
    let message = format!("the picture cannot be read: {error}; take it anew");
    MediaError::new("broken_picture", message)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use image::{ImageEncoder as _, Luma};

    use super::*;

    /// A JPEG of this size whose upper left is dark, with a GPS position and words in its metadata
    /// and held upside down.
    fn photo(wide: u32, high: u32) -> Vec<u8> {
        let picture = RgbImage::from_fn(wide, high, |x, y| {
            let dark = x < wide / 2 && y < high / 2;
            Rgb(if dark { [0, 0, 0] } else { [250, 250, 250] })
        });
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
        encoder.set_exif_metadata(exif()).unwrap();
        encoder.encode_image(&picture).unwrap();
        bytes
    }

    /// Metadata that say: turned by half, and words that nobody else uses.
    fn exif() -> Vec<u8> {
        let mut exif = b"II*\0\x08\0\0\0\x02\0".to_vec();
        exif.extend(b"\x12\x01\x03\0\x01\0\0\0\x03\0\0\0");
        exif.extend(b"\x0e\x01\x02\0\x10\0\0\0\x26\0\0\0");
        exif.extend(b"\0\0\0\0GPS-36.34-94.07\0");
        exif
    }

    fn read(bytes: &[u8]) -> DynamicImage {
        image::load_from_memory_with_format(bytes, ImageFormat::Jpeg).unwrap()
    }

    #[test]
    fn a_photo_becomes_smaller_stands_upright_and_tells_no_place() {
        let taken = photo(3_000, 1_000);
        let tells = |bytes: &[u8]| bytes.windows(8).any(|part| part == b"GPS-36.3");
        assert!(tells(&taken), "the sample tells nothing");
        let kept = prepare(taken).unwrap();
        assert!(!tells(&kept) && !kept.windows(4).any(|part| part == b"Exif"));
        let seen = read(&kept).into_rgb8();
        assert_eq!(seen.dimensions(), (2_048, 683));
        let (upper, lower) = (seen.get_pixel(100, 50)[0], seen.get_pixel(1_900, 600)[0]);
        assert!(upper > 200 && lower < 50, "{upper} {lower}");
    }

    #[test]
    fn what_cannot_be_seen_through_is_white_behind_and_a_paper_stays_as_it_is() {
        let clear = image::RgbaImage::from_pixel(4, 4, image::Rgba([0, 0, 0, 0]));
        let mut png = Vec::new();
        clear
            .write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
            .unwrap();
        assert_eq!(
            read(&prepare(png).unwrap()).into_rgb8().get_pixel(1, 1)[0],
            255
        );
        let paper = b"%PDF-1.7 signed".to_vec();
        assert_eq!(prepare(paper.clone()).unwrap(), paper);
    }

    /// A PNG whose head says that it has so many dots, and little behind it.
    fn bomb(wide: u32, high: u32) -> Vec<u8> {
        let mut small = Vec::new();
        let dot = image::GrayImage::from_pixel(8, 8, Luma([7]));
        image::codecs::png::PngEncoder::new(&mut small)
            .write_image(&dot, 8, 8, image::ExtendedColorType::L8)
            .unwrap();
        small[16..20].copy_from_slice(&wide.to_be_bytes());
        small[20..24].copy_from_slice(&high.to_be_bytes());
        let mut check = flate2::Crc::new();
        check.update(&small[12..29]);
        small[29..33].copy_from_slice(&check.sum().to_be_bytes());
        small
    }

    #[test]
    fn a_bomb_is_refused_by_its_head() {
        let began = Instant::now();
        let code = |bytes: Vec<u8>| prepare(bytes).unwrap_err().code;
        assert_eq!(code(bomb(50_000, 50_000)), "too_many_dots");
        assert_eq!(code(bomb(60_000_000, 2)), "too_many_dots");
        assert_eq!(code(bomb(8_000, 8_000)), "broken_picture");
        assert_eq!(code(b"<svg onload=alert(1)>".to_vec()), "unknown_media");
        assert_eq!(code(photo(64, 64)[..300].to_vec()), "broken_picture");
        let long = [&b"%PDF-"[..], &vec![0; 17 * 1024 * 1024]].concat();
        assert_eq!(code(long), "too_many_bytes");
        assert!(began.elapsed().as_secs() < 60);
    }
}
