//! Pictures as cameras write them, each another one by its number, and such as nobody should read.
//! It does not know what becomes of them.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{ImageDecoder as _, ImageEncoder as _, ImageFormat, ImageReader, Rgb, RgbImage};

use crate::dice::Dice;

/// Words in the metadata of each photo, which tell where it was taken.
pub const PLACE: &[u8] = b"GPS-36.34-94.07";

/// A JPEG of this size with a place in its metadata; of each number another one.
#[must_use]
pub fn photo(number: u64, wide: u32, high: u32) -> Vec<u8> {
    let grain = Dice::new(number).bytes(4_099);
    let picture = RgbImage::from_fn(wide, high, |x, y| {
        let noise = grain[(y * wide + x) as usize % grain.len()] / 4;
        let shade = u8::try_from((x + y) % 190).unwrap_or_default();
        Rgb([noise + shade, shade, noise])
    });
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 90);
    encoder.set_exif_metadata(exif()).unwrap();
    encoder.encode_image(&picture).unwrap();
    bytes
}

/// A paper of this many bytes; of each number another one.
#[must_use]
pub fn paper(number: u64, bytes: usize) -> Vec<u8> {
    let grain = Dice::new(number).bytes(4_099);
    let mut paper = b"%PDF-1.7\n".to_vec();
    while paper.len() < bytes {
        paper.extend(&grain);
    }
    paper.truncate(bytes);
    paper
}

/// Metadata with one entry, a description.
fn exif() -> Vec<u8> {
    let mut exif = b"II*\0\x08\0\0\0\x01\0".to_vec();
    exif.extend(b"\x0e\x01\x02\0\x10\0\0\0\x1a\0\0\0\0\0\0\0");
    exif.extend(PLACE);
    exif.push(0);
    exif
}

/// A PNG of two kB whose head says that it has so many dots.
#[must_use]
pub fn bomb(wide: u32, high: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let dots = vec![7; 64 * 64];
    image::codecs::png::PngEncoder::new(&mut bytes)
        .write_image(&dots, 64, 64, image::ExtendedColorType::L8)
        .unwrap();
    bytes[16..20].copy_from_slice(&wide.to_be_bytes());
    bytes[20..24].copy_from_slice(&high.to_be_bytes());
    let mut sum = flate2::Crc::new();
    sum.update(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.sum().to_be_bytes());
    bytes.resize(2_048, 0);
    bytes
}

/// How wide and high a JPEG is, and whether it has metadata of a camera.
#[must_use]
pub fn seen(jpeg: &[u8]) -> SeenPicture {
    let reader = ImageReader::with_format(Cursor::new(jpeg), ImageFormat::Jpeg);
    let mut decoder = reader.into_decoder().unwrap();
    let (wide, high) = decoder.dimensions();
    SeenPicture {
        wide,
        high,
        has_metadata: decoder.exif_metadata().unwrap().is_some(),
    }
}

/// What a picture shows of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenPicture {
    /// Dots from left to right.
    pub wide: u32,
    /// Dots from top to bottom.
    pub high: u32,
    /// Whether it says more than a picture.
    pub has_metadata: bool,
}
