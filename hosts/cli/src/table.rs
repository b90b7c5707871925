//! Tables of text: columns as wide as their widest cell, the last one as long as it is.

use std::fmt::Write;

use crate::output::BOLD;

/// How a column is set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// The table of `rows` under `head`, ready to print.
pub(crate) fn table<const N: usize>(head: [(&str, Align); N], rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([head[column].0.chars().count()]).max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    let titles: [String; N] = std::array::from_fn(|column| head[column].0.to_owned());
    let _ = write!(text, "{BOLD}");
    line(&mut text, &head.map(|(_, align)| align), &widths, &titles);
    let _ = write!(text, "{BOLD:#}");
    for row in rows {
        line(&mut text, &head.map(|(_, align)| align), &widths, row);
    }
    text
}

fn line(text: &mut String, aligns: &[Align], widths: &[usize], cells: &[String]) {
    let mut columns = aligns.iter().zip(widths).zip(cells).peekable();
    while let Some(((align, width), cell)) = columns.next() {
        let space = " ".repeat(width - cell.chars().count());
        match (align, columns.peek().is_some()) {
            (Align::Right, _) => *text += &(space + cell),
            (Align::Left, true) => *text += &(cell.clone() + &space),
            (Align::Left, false) => *text += cell,
        }
        if columns.peek().is_some() {
            *text += "  ";
        }
    }
    text.push('\n');
}

/// "1 line", "2 lines".
pub(crate) fn count(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// Widest line of running text.
const TEXT_COLUMNS: usize = 100;

/// `text` broken between words; lines after the first begin at column `indent`, where the first
/// one is put.
pub(crate) fn wrapped(text: &str, indent: usize) -> String {
    let mut lines = String::new();
    let mut column = indent;
    for word in text.split(' ') {
        let width = word.chars().count();
        if column > indent && column + 1 + width > TEXT_COLUMNS {
            lines.push('\n');
            lines += &" ".repeat(indent);
            column = indent;
        } else if column > indent {
            lines.push(' ');
            column += 1;
        }
        lines += word;
        column += width;
    }
    lines
}
