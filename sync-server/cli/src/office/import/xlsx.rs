//! Reads one sheet of a workbook into rows that know their numbers, a cell as its text would stand
//! in a file of text. It holds one row at a time, beside the texts that the workbook shares. It
//! does not know what the columns mean.

use std::io::{Read, Seek};

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx};

use super::file_rows::{
    COLUMNS_MAX, FileRow, FoundForm, ROW_BYTES_MAX, ReadSeek, RowFeed, SaidForm, SourceFile,
};
use super::workbook_bounds;
use crate::answer::CliFailure;

/// Sheets that a workbook may have.
const SHEETS_MAX: usize = 256;
/// Cells that are read of a sheet.
const CELLS_MAX: u64 = 50_000_000;
/// Bytes of all cells of a sheet: one text may stand in many cells.
const SHEET_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// Which sheet is meant: the one that the caller names, else the first that shows.
pub(super) fn found(file: &SourceFile<'_>, said: &SaidForm) -> Result<FoundForm, CliFailure> {
    if said.encoding.is_some() || said.delimiter.is_some() {
        let why = "it is a workbook (XLSX), which has no encoding and no delimiter; \
                   leave --encoding and --delimiter out";
        return Err(file.wrong(why));
    }
    workbook_bounds::check(&mut *file.reader()?).map_err(|why| file.wrong(&why))?;
    let workbook = open(file)?;
    let sheets = workbook.sheets_metadata();
    if sheets.len() > SHEETS_MAX {
        return Err(file.wrong(&format!("it has more than {SHEETS_MAX} sheets")));
    }
    let tables = sheets
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let names: Vec<&str> = tables.clone().map(|sheet| sheet.name.as_str()).collect();
    let mut shown = tables.filter(|sheet| sheet.visible == SheetVisible::Visible);
    let name = match &said.sheet {
        Some(said) => names
            .iter()
            .find(|name| **name == said)
            .map(ToString::to_string),
        None => shown.next().map(|sheet| sheet.name.clone()),
    };
    let name = name.ok_or_else(|| {
        let said = said.sheet.as_deref().unwrap_or_default();
        file.wrong(&format!(
            "it has no sheet `{said}`; there are: {}",
            names.join(", ")
        ))
    })?;
    Ok(FoundForm::Sheet { name })
}

fn open<'a>(file: &'a SourceFile<'_>) -> Result<Xlsx<Box<dyn ReadSeek + 'a>>, CliFailure> {
    Xlsx::new(file.reader()?).map_err(|error| file.wrong(&damaged(&error)))
}

fn damaged(error: &dyn std::fmt::Display) -> String {
    format!("the workbook cannot be read: {error}")
}

/// Reads the rows of a sheet.
pub(super) fn read(
    file: &SourceFile<'_>,
    sheet: &str,
    feed: &mut RowFeed<'_>,
) -> Result<(), CliFailure> {
    let mut workbook = open(file)?;
    let mut row = SheetRow::default();
    let mut cells = 0;
    let mut bytes = 0;
    let mut reader = cells_of(&mut workbook, sheet).map_err(|why| file.wrong(&why))?;
    while let Some(cell) = reader
        .next_cell()
        .map_err(|error| file.wrong(&damaged(&error)))?
    {
        cells += 1;
        let (at_row, at_column) = cell.get_position();
        let line = u64::from(at_row) + 1;
        if line < row.line {
            return Err(file.wrong("the rows of the sheet are not in their order"));
        }
        if line > row.line {
            feed.take(row.taken(line, feed.columns()))?;
        }
        let text = text(cell.get_value());
        bytes += text.len();
        row.bytes += text.len();
        if cells > CELLS_MAX || bytes > SHEET_BYTES_MAX || row.bytes > ROW_BYTES_MAX {
            return Err(file.wrong(&format!(
                "row {line} of the sheet is too much; divide the file"
            )));
        }
        row.put(usize::try_from(at_column).unwrap_or(usize::MAX), text)
            .map_err(|why| file.wrong(&why))?;
    }
    feed.take(row.taken(0, feed.columns()))
}

fn cells_of<'a, B: Read + Seek>(
    workbook: &'a mut Xlsx<B>,
    sheet: &str,
) -> Result<calamine::XlsxCellReader<'a, B>, String> {
    workbook
        .worksheet_cells_reader(sheet)
        .map_err(|error| damaged(&error))
}

/// A row of a sheet, of which cells come one by one.
#[derive(Default)]
struct SheetRow {
    line: u64,
    cells: Vec<String>,
    bytes: usize,
}

impl SheetRow {
    fn put(&mut self, at: usize, text: String) -> Result<(), String> {
        if text.is_empty() {
            return Ok(());
        }
        if at >= COLUMNS_MAX {
            let line = self.line;
            return Err(format!(
                "row {line} has a cell beyond the {COLUMNS_MAX} columns"
            ));
        }
        if self.cells.len() <= at {
            self.cells.resize(at + 1, String::new());
        }
        self.cells[at] = text;
        Ok(())
    }

    /// The row that is over; what comes next is that of another line. Cells at its end that are
    /// empty are not written in a sheet.
    fn taken(&mut self, next: u64, columns: Option<usize>) -> FileRow {
        let mut cells = std::mem::take(&mut self.cells);
        if let Some(columns) = columns {
            cells.resize(columns.max(cells.len()), String::new());
        }
        self.bytes = 0;
        let line = std::mem::replace(&mut self.line, next);
        FileRow {
            line,
            cells,
            fault: None,
        }
    }
}

/// A cell as it would stand in a file of text.
fn text(cell: &DataRef<'_>) -> String {
    match cell {
        DataRef::Int(whole) => whole.to_string(),
        DataRef::Float(number) => plain(*number),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.clone()
        }
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(yes) => yes.to_string(),
        DataRef::DateTime(moment) => day_and_time(moment),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}

/// A number with the 15 digits that a spreadsheet knows of it, and without an exponent.
fn plain(number: f64) -> String {
    let known: Result<f64, _> = format!("{number:.14e}").parse();
    known.unwrap_or(number).to_string()
}

/// A day, and the time of it where that is not midnight. What a spreadsheet counts beside days,
/// such as hours, stays a number.
fn day_and_time(moment: &ExcelDateTime) -> String {
    if !moment.is_datetime() {
        return plain(moment.as_f64());
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let day = format!("{year:04}-{month:02}-{day:02}");
    if [hour, minute, second] == [0, 0, 0] {
        return day;
    }
    format!("{day} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::super::file_rows::HeardRows;
    use super::super::source;
    use super::*;

    /// A workbook of two sheets, the first of which does not show; these are the rows of the
    /// second.
    fn workbook(rows: &str) -> Vec<u8> {
        let relation = |id: &str, kind: &str, target: &str| {
            let kind = format!(
                "http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"
            );
            format!("<Relationship Id=\"{id}\" Type=\"{kind}\" Target=\"{target}\"/>")
        };
        let relations = |all: &[String]| {
            let of = "http://schemas.openxmlformats.org/package/2006/relationships";
            format!(
                "<Relationships xmlns=\"{of}\">{}</Relationships>",
                all.concat()
            )
        };
        let of = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
             xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"";
        let sheet =
            |rows: &str| format!("<worksheet {of}><sheetData>{rows}</sheetData></worksheet>");
        let parts = [
            (
                "_rels/.rels",
                relations(&[relation("r1", "officeDocument", "xl/workbook.xml")]),
            ),
            (
                "xl/workbook.xml",
                format!(
                    "<workbook {of}><sheets>\
                 <sheet name=\"Notes\" sheetId=\"1\" state=\"hidden\" r:id=\"r1\"/>\
                 <sheet name=\"Stores\" sheetId=\"2\" r:id=\"r2\"/></sheets></workbook>"
                ),
            ),
            (
                "xl/_rels/workbook.xml.rels",
                relations(&[
                    relation("r1", "worksheet", "worksheets/sheet1.xml"),
                    relation("r2", "worksheet", "worksheets/sheet2.xml"),
                    relation("r3", "styles", "styles.xml"),
                    relation("r4", "sharedStrings", "sharedStrings.xml"),
                ]),
            ),
            (
                "xl/styles.xml",
                format!(
                    "<styleSheet {of}><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs>\
                 </styleSheet>"
                ),
            ),
            (
                "xl/sharedStrings.xml",
                format!(
                    "<sst {of} uniqueCount=\"2\"><si><t>code</t></si>\
                 <si><r><t>Main St</t></r><r><t xml:space=\"preserve\"> 1</t></r></si></sst>"
                ),
            ),
            (
                "xl/worksheets/sheet1.xml",
                sheet("<row r=\"1\"><c r=\"A1\"><v>7</v></c></row>"),
            ),
            ("xl/worksheets/sheet2.xml", sheet(rows)),
        ];
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, part) in parts {
            archive
                .start_file(name, SimpleFileOptions::default())
                .unwrap();
            archive.write_all(part.as_bytes()).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    fn told(heard: HeardRows) -> Vec<String> {
        let mut told = vec![heard.columns.join("|")];
        for row in heard.rows {
            told.push(format!("{}: {}", row.line, row.cells.join("|")));
        }
        told
    }

    fn heard(rows: &str, said: &SaidForm) -> Result<Vec<String>, String> {
        let bytes = workbook(rows);
        let file = SourceFile::of("f.xlsx", &bytes);
        let mut heard = HeardRows::default();
        let form = source::form(&file, said, &|_| false);
        form.and_then(|form| source::read(&file, &form, &mut heard))
            .map(|()| told(heard))
            .map_err(|failure| failure.message)
    }

    const ROWS: &str = "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c>\
         <c r=\"B2\" t=\"inlineStr\"><is><t>opened</t></is></c></row>\
         <row r=\"3\"><c r=\"A3\"><v>4006381333931</v></c><c r=\"B3\" s=\"1\"><v>22828</v></c>\
         <c r=\"C3\" t=\"b\"><v>1</v></c><c r=\"D3\" t=\"s\"><v>1</v></c></row>\
         <row r=\"4\"/><row r=\"6\"><c r=\"A6\" t=\"e\"><v>#N/A</v></c></row>\
         <row r=\"7\"><c r=\"B7\"><v>0.30000000000000004</v></c></row>";

    #[test]
    fn a_sheet_is_read_as_its_text_would_be() {
        let rows = heard(ROWS, &SaidForm::default()).unwrap();
        let expected = [
            "code|opened",
            "3: 4006381333931|1962-07-01|true|Main St 1",
            "6: #N/A|",
            "7: |0.3",
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn another_sheet_is_read_where_it_is_named() {
        let named = |sheet: &str| SaidForm {
            sheet: Some(sheet.to_owned()),
            ..SaidForm::default()
        };
        assert_eq!(heard(ROWS, &named("Notes")), Ok(vec!["7".to_owned()]));
        let refused = heard(ROWS, &named("Shops")).unwrap_err();
        assert!(
            refused.contains("it has no sheet `Shops`; there are: Notes, Stores"),
            "{refused}"
        );
        let said = SaidForm {
            encoding: Some("utf-8".to_owned()),
            ..SaidForm::default()
        };
        assert!(heard(ROWS, &said).unwrap_err().contains("leave --encoding"));
    }

    #[test]
    fn a_sheet_that_would_fill_the_memory_is_refused() {
        let said = SaidForm::default();
        let wide = "<row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"XFD1\"><v>1</v></c></row>";
        assert!(
            heard(wide, &said)
                .unwrap_err()
                .contains("beyond the 1000 columns")
        );
        let far = "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>\
             <row r=\"1048576\"><c r=\"A1048576\"><v>2</v></c></row>";
        assert_eq!(heard(far, &said).unwrap(), ["1", "1048576: 2"]);
        let back = "<row r=\"2\"><c r=\"A2\"><v>1</v></c></row>\
             <row r=\"1\"><c r=\"A1\"><v>2</v></c></row>";
        assert!(
            heard(back, &said)
                .unwrap_err()
                .contains("not in their order")
        );
        assert!(heard("", &said).unwrap_err().contains("empty"));
        assert!(heard("<row r=\"1\"><c r=\"A1\"><v>1", &said).is_err());
    }
}
