//! What a workbook may unpack to. A workbook is a packed archive that anybody can make, a few
//! kilobytes of which unpack to more than any machine has; so all of it is unpacked once, into
//! nothing, and counted, before anything reads it. It does not know sheets nor cells.

use std::io::{self, Read, Write};

use zip::ZipArchive;

use super::file_rows::ReadSeek;

/// Parts that a workbook may have.
const PARTS_MAX: usize = 4_096;
/// What a workbook may unpack to.
const BOUNDS: WorkbookBounds = WorkbookBounds {
    all_bytes: 512 * 1024 * 1024,
    texts_bytes: 64 * 1024 * 1024,
};
/// How many texts a workbook may say that it has: room is made for as many.
const TEXTS_MAX: u64 = 4_000_000;
/// What a workbook says of how many texts it has.
const TEXTS_SAID: &[u8] = b"uniqueCount";

struct WorkbookBounds {
    /// Bytes of all parts together.
    all_bytes: u64,
    /// Bytes of the part that holds texts, all of which are held at once.
    texts_bytes: u64,
}

/// Unpacks all of a workbook into nothing, or says why it is not to be read.
pub(super) fn check(bytes: &mut dyn ReadSeek) -> Result<(), String> {
    check_within(bytes, &BOUNDS)
}

fn check_within(bytes: &mut dyn ReadSeek, bounds: &WorkbookBounds) -> Result<(), String> {
    let mut archive = ZipArchive::new(bytes).map_err(|error| damaged(&error))?;
    if archive.len() > PARTS_MAX {
        return Err(format!("it has more than {PARTS_MAX} parts"));
    }
    let mut left = bounds.all_bytes;
    let mut has_workbook = false;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|error| damaged(&error))?;
        let name = part.name().map_err(|error| damaged(&error))?.to_lowercase();
        has_workbook |= name.ends_with(".xml") && name.contains("workbook");
        let holds_texts = name.ends_with("sharedstrings.xml");
        let most = if holds_texts {
            left.min(bounds.texts_bytes)
        } else {
            left
        };
        let is_xml = name.ends_with(".xml") || name.ends_with(".rels");
        let mut seen = SeenPart::of(is_xml);
        let unpacked = io::copy(&mut part.take(most + 1), &mut seen);
        let unpacked = unpacked.map_err(|error| damaged(&error))?;
        if unpacked > most {
            let mib = most / (1024 * 1024);
            return Err(format!(
                "it unpacks to more than there is room for ({mib} MiB)"
            ));
        }
        if let Some(fault) = seen.fault {
            return Err(fault.to_owned());
        }
        left -= unpacked;
    }
    if has_workbook {
        return Ok(());
    }
    Err("it is a packed archive and no XLSX; save it as XLSX or as CSV".to_owned())
}

fn damaged(error: &dyn std::fmt::Display) -> String {
    format!("the workbook is damaged: {error}")
}

/// What was seen of one part: nothing is kept of it but how far a number was read that makes room.
struct SeenPart {
    is_xml: bool,
    place: NumberPlace,
    fault: Option<&'static str>,
}

/// How far `uniqueCount = "123` was read.
enum NumberPlace {
    /// So many letters of the name.
    Name(usize),
    /// Before the sign between name and number.
    Sign,
    /// Before the quotation mark.
    Mark,
    /// What the digits say.
    Digits(u64),
}

impl SeenPart {
    fn of(is_xml: bool) -> SeenPart {
        SeenPart {
            is_xml,
            place: NumberPlace::Name(0),
            fault: None,
        }
    }

    fn see(&mut self, byte: u8) {
        // Other control characters have no place in XML; encodings that use them could hide a name.
        if self.is_xml && byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r') {
            self.fault = Some("the workbook is damaged: a part of it is no plain XML");
        }
        let is_blank = byte.is_ascii_whitespace();
        self.place = match self.place {
            NumberPlace::Name(letters) if TEXTS_SAID.get(letters) == Some(&byte) => {
                if letters + 1 == TEXTS_SAID.len() {
                    NumberPlace::Sign
                } else {
                    NumberPlace::Name(letters + 1)
                }
            }
            NumberPlace::Name(_) => NumberPlace::Name(usize::from(byte == TEXTS_SAID[0])),
            NumberPlace::Sign if is_blank => NumberPlace::Sign,
            NumberPlace::Sign if byte == b'=' => NumberPlace::Mark,
            NumberPlace::Mark if is_blank => NumberPlace::Mark,
            NumberPlace::Mark if matches!(byte, b'"' | b'\'') => NumberPlace::Digits(0),
            NumberPlace::Digits(number) if is_blank || byte == b'+' => NumberPlace::Digits(number),
            NumberPlace::Digits(number) if byte.is_ascii_digit() => {
                let number = number
                    .saturating_mul(10)
                    .saturating_add(u64::from(byte - b'0'));
                if number > TEXTS_MAX {
                    self.fault = Some("the workbook says that it has more texts than it can have");
                }
                NumberPlace::Digits(number)
            }
            NumberPlace::Sign | NumberPlace::Mark | NumberPlace::Digits(_) => {
                NumberPlace::Name(usize::from(byte == TEXTS_SAID[0]))
            }
        };
    }
}

impl Write for SeenPart {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            self.see(*byte);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn packed(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in parts {
            archive
                .start_file(*name, SimpleFileOptions::default())
                .unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    fn refused(parts: &[(&str, &[u8])]) -> String {
        let all = [&[("xl/workbook.xml", b"<workbook/>".as_slice())], parts].concat();
        let bounds = WorkbookBounds {
            all_bytes: 800_000,
            texts_bytes: 100_000,
        };
        check_within(&mut Cursor::new(packed(&all)), &bounds)
            .err()
            .unwrap_or_default()
    }

    #[test]
    fn what_unpacks_to_too_much_is_not_read() {
        let bomb = vec![b' '; 100_001];
        let texts = [("xl/sharedStrings.xml", bomb.as_slice())];
        assert!(refused(&texts).contains("unpacks to more than"));
        let many = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let many: Vec<(&str, &[u8])> = many.iter().map(|name| (*name, bomb.as_slice())).collect();
        assert!(refused(&many).contains("unpacks to more than"));
        assert_eq!(refused(&many[..7]), "");
    }

    #[test]
    fn a_number_that_makes_room_is_bounded_wherever_it_stands() {
        for said in [
            "<sst uniqueCount=\"99999999999\">",
            "<sst count='1' uniqueCount = '99999999999'>",
            "<sst uuniqueCount=\"1\" uniqueCount\n=\n\"99999999999\"/>",
        ] {
            assert!(
                refused(&[("other.xml", said.as_bytes())]).contains("texts"),
                "{said}"
            );
        }
        assert_eq!(refused(&[("other.xml", b"<sst uniqueCount=\"99\"/>")]), "");
        assert!(refused(&[("other.xml", b"<\0s\0s\0t\0")]).contains("no plain XML"));
    }

    #[test]
    fn other_archives_are_named_as_such() {
        let archive = packed(&[("letter.txt", b"Dear")]);
        assert!(
            check(&mut Cursor::new(archive))
                .unwrap_err()
                .contains("no XLSX")
        );
        assert!(
            check(&mut Cursor::new(b"PK\x03\x04"))
                .unwrap_err()
                .contains("damaged")
        );
    }
}
