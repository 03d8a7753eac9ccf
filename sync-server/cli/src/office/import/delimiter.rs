//! What stands between the cells of a text: as the caller says, as its first line says (`sep=;`),
//! or what makes the most of its first rows. It does not know what the cells hold.

use csv::ReaderBuilder;

use crate::answer::CliFailure;

/// What may stand between cells, the likeliest first.
const CANDIDATES: [char; 4] = [',', ';', '\t', '|'];
/// Their names, as they may be said.
const NAMES: [(&str, char); 4] = [
    ("comma", ','),
    ("semicolon", ';'),
    ("tab", '\t'),
    ("pipe", '|'),
];
/// So many rows are looked at.
const ROWS_MAX: usize = 50;

/// What stands between cells by the caller's word.
pub(super) fn named(said: &str) -> Result<char, CliFailure> {
    let name = NAMES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(said));
    if let Some((_, delimiter)) = name {
        return Ok(*delimiter);
    }
    let said = if said == "\\t" { "\t" } else { said };
    let mut letters = said.chars();
    match (letters.next(), letters.next()) {
        (Some(one), None) if may_part(one) => Ok(one),
        (Some(_) | None, _) => {
            let message = format!(
                "`{said}` does not stand between cells; say comma, semicolon, tab, pipe, or \
                 another sign of ASCII"
            );
            Err(CliFailure::bad_input("bad_delimiter", message).about("delimiter"))
        }
    }
}

fn may_part(letter: char) -> bool {
    let is_sign = letter == '\t' || letter.is_ascii_punctuation();
    is_sign && letter != '"'
}

/// What the first line says, and how many bytes that line has.
pub(super) struct SeparatorLine {
    pub(super) delimiter: char,
    pub(super) bytes: usize,
}

/// Reads a first line `sep=;`, which spreadsheets write and read.
pub(super) fn separator_line(text: &str) -> Option<SeparatorLine> {
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    let (line, rest) = text.split_at(end);
    let line = line.strip_prefix('"').unwrap_or(line);
    let said = line
        .get(..4)
        .filter(|start| start.eq_ignore_ascii_case("sep="))
        .map(|start| &line[start.len()..])?;
    let mut letters = said.chars();
    let delimiter = letters.next().filter(|letter| may_part(*letter))?;
    // Some programs write further delimiters behind it, as if the line were a row.
    let is_bare = letters.all(|letter| letter == '"' || letter == delimiter);
    let broken = match rest.as_bytes() {
        [b'\r', b'\n', ..] => 2,
        [] => 0,
        [_, ..] => 1,
    };
    is_bare.then_some(SeparatorLine {
        delimiter,
        bytes: end + broken,
    })
}

/// How well a sign parts the first rows; the greater the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    /// Columns whose name means something.
    known: usize,
    /// Rows of a hundred that have as many cells as there are columns.
    even_percent: usize,
    columns: usize,
}

/// The sign that makes the most of the first rows of a text; the comma where none makes columns.
pub(super) fn likeliest(sample: &str, is_known: &dyn Fn(&str) -> bool) -> char {
    let mut best: Option<(Fit, char)> = None;
    for delimiter in CANDIDATES {
        let Some(fit) = fit(sample, delimiter, is_known) else {
            continue;
        };
        if best.is_none_or(|(other, _)| fit > other) {
            best = Some((fit, delimiter));
        }
    }
    best.map_or(',', |(_, delimiter)| delimiter)
}

fn fit(sample: &str, delimiter: char, is_known: &dyn Fn(&str) -> bool) -> Option<Fit> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(u8::try_from(delimiter).ok()?)
        .from_reader(sample.as_bytes());
    let rows = reader.records().map_while(Result::ok);
    let mut rows = rows.filter(|row| row.iter().any(|cell| !cell.trim().is_empty()));
    let first = rows.next()?;
    let columns = first.len();
    if columns < 2 {
        return None;
    }
    let known = first.iter().filter(|name| is_known(name.trim())).count();
    let (mut seen, mut even) = (0, 0);
    for row in rows.take(ROWS_MAX) {
        seen += 1;
        even += usize::from(row.len() == columns);
    }
    Some(Fit {
        known,
        even_percent: (even * 100).checked_div(seen).unwrap_or(100),
        columns,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sample: &str, expected: char) {
        let is_known = |name: &str| ["gtin", "name", "price"].contains(&name);
        assert_eq!(likeliest(sample, &is_known), expected, "{sample}");
    }

    #[test]
    fn what_parts_the_columns_is_found() {
        check("gtin,name\n1,A\n", ',');
        check(
            "gtin;name;price\n1;Käse, jung;1,25\n2;Brot, alt;2,50\n",
            ';',
        );
        check("gtin\tname\n1\tA, B; C | D\n", '\t');
        check("gtin|name\n1|A, B\n", '|');
        check("\"gtin\";\"name, long\"\n1;A\n", ';');
        check("gtin;price, net\n1;1,25\n2;2,50\n", ';');
        check("gtin\n1\n", ',');
        check("", ',');
        check(";;\n\ngtin;name;\n1;A;\n", ';');
    }

    #[test]
    fn a_first_line_may_say_it() {
        let said = |text| separator_line(text).map(|line| (line.delimiter, line.bytes));
        assert_eq!(said("sep=;\r\ngtin"), Some((';', 7)));
        assert_eq!(said("SEP=\t\ngtin"), Some(('\t', 6)));
        assert_eq!(said("\"sep=|\"\ngtin"), Some(('|', 8)));
        assert_eq!(said("sep=,,,\n"), Some((',', 8)));
        for none in [
            "separator;name\n",
            "sep=\n",
            "sep=a\n",
            "sep=;name\n",
            "se",
            "sép=;",
        ] {
            assert_eq!(said(none), None, "{none}");
        }
    }

    #[test]
    fn the_caller_may_say_it() {
        let said = |said| named(said).ok();
        assert_eq!(
            (said("semicolon"), said("|"), said("\\t")),
            (Some(';'), Some('|'), Some('\t'))
        );
        assert_eq!(
            (said("\""), said("a"), said(""), said(";;")),
            (None, None, None, None)
        );
    }
}
