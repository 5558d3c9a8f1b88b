//! Tables of text, as Flink's SQL client draws them.

use std::sync::Arc;

use millstream_sql::catalog::Session;
use millstream_sql::chunk::{Chunk, DisplayText};
use millstream_sql::types::{Schema, SqlType};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::output;

/// The width of a column at least: `<NULL>` must fit.
const MINIMUM_WIDTH: usize = 6;
const NULL: &str = "<NULL>";

/// How wide a column is at most whose type does not say how wide its values are.
fn maximum_width(session: &Session) -> usize {
    let keys = ["table.display.max-column-width", "sql-client.display.max-column-width"];
    let set = keys.iter().find_map(|key| session.integer(key).ok().flatten());
    set.and_then(|width| usize::try_from(width).ok()).unwrap_or(30).max(1)
}

/// The result of a query: a line a change, drawn as it comes, so that widths follow from types alone.
#[derive(Clone)]
pub struct Tableau {
    columns: Arc<[Column]>,
    texts: DisplayText,
    maximum_width: usize,
}

struct Column {
    name: String,
    width: usize,
}

impl Tableau {
    /// For rows of these columns, as a session wants them.
    pub fn new(schema: &Schema, session: &Session) -> Self {
        let maximum_width = maximum_width(session);
        let texts = DisplayText::new(schema, &session.build_context());
        let columns = schema.iter().map(|column| {
            let of_type = width_of_type(&column.field.data_type);
            let width = match of_type {
                0 => maximum_width,
                width => width.max(column.name.width()).max(MINIMUM_WIDTH).min(maximum_width.max(width)),
            };
            Column { name: column.name.to_string(), width }
        });
        Self { columns: columns.collect(), texts, maximum_width }
    }

    fn border(&self) -> String {
        let columns = self.columns.iter().map(|column| "-".repeat(column.width + 2));
        columns.collect::<Vec<_>>().join("+")
    }

    /// Writes what stands above the rows.
    pub fn print_header(&self) {
        let names = self.columns.iter().map(|column| padded(&column.name, column.width));
        let border = self.border();
        let names = names.collect::<Vec<_>>().join(" | ");
        output::line(&format!("+----+{border}+\n| op | {names} |\n+----+{border}+"));
    }

    /// Writes what stands below the rows.
    pub fn print_footer(&self, rows: u64) {
        if rows > 0 {
            output::line(&format!("+----+{}+", self.border()));
        }
        output::line(&format!("Received a total of {rows} row{}", if rows == 1 { "" } else { "s" }));
    }

    /// Appends the rows of a chunk, with line ends between them.
    pub fn write(&self, chunk: &Chunk, out: &mut String) {
        for (row, cells) in self.texts.rows(chunk).into_iter().enumerate() {
            out.push_str(if row == 0 { "| " } else { "\n| " });
            out.push_str(chunk.kinds().get(row).short());
            out.push_str(" |");
            for (text, column) in cells.iter().zip(self.columns.iter()) {
                out.push(' ');
                out.push_str(&padded(text.as_deref().unwrap_or(NULL), column.width));
                out.push_str(" |");
            }
        }
    }

    /// Writes rows that are all there, without what they do: columns as wide as what is in them.
    pub fn print_batch(&self, rows: &[(Chunk, usize)]) {
        let names: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
        let rows: Vec<_> =
            rows.iter().flat_map(|(chunk, row)| self.texts.rows(&chunk.slice(*row, 1))).collect();
        print_table(&names, &rows, Some(self.maximum_width));
    }
}

/// Text at the right of its column; what is too wide ends in dots. Wide signs of East Asian scripts count twice.
fn padded(text: &str, width: usize) -> String {
    let own = text.width();
    if own <= width {
        return format!("{}{text}", " ".repeat(width - own));
    }
    let (mut kept, mut taken) = (String::new(), 0);
    for character in text.chars() {
        let next = character.width().unwrap_or(0);
        if taken + next > width.saturating_sub(3) {
            break;
        }
        taken += next;
        kept.push(character);
    }
    format!("{}{kept}...", " ".repeat(width.saturating_sub(taken + 3)))
}

/// How wide the values of a type are; 0 if the type does not say.
fn width_of_type(data_type: &SqlType) -> usize {
    match data_type {
        SqlType::TinyInt => 4,
        SqlType::SmallInt => 6,
        SqlType::Int => 11,
        SqlType::BigInt => 20,
        SqlType::Decimal(precision, _) => usize::from(*precision) + 2,
        SqlType::Boolean => 5,
        SqlType::Date => 10,
        SqlType::Time(0) => 8,
        SqlType::Time(precision) => usize::from(*precision) + 9,
        SqlType::Timestamp(precision, _) | SqlType::TimestampLtz(precision, _) => match precision {
            0 => 19,
            1..=3 => 23,
            4..=6 => 26,
            _ => 29,
        },
        _ => 0,
    }
}

/// Writes rows that are known at once: columns as wide as what is in them.
pub fn print_rows(columns: &[String], rows: &[Vec<Option<String>>]) {
    print_table(columns, rows, None);
}

fn print_table(columns: &[String], rows: &[Vec<Option<String>>], maximum: Option<usize>) {
    if rows.is_empty() {
        return output::line("Empty set");
    }
    let cell = |row: &[Option<String>], index: usize| {
        row.get(index).cloned().flatten().unwrap_or_else(|| NULL.to_owned())
    };
    let widths = columns.iter().enumerate().map(|(index, name)| {
        // A text of several lines is drawn as it stands: its line ends count as signs.
        let widest = rows.iter().map(|row| width_of_cell(&cell(row, index))).max().unwrap_or(0);
        let width = widest.max(name.width());
        maximum.map_or(width, |maximum| width.min(maximum))
    });
    let widths: Vec<usize> = widths.collect();
    let border = widths.iter().map(|width| "-".repeat(width + 2)).collect::<Vec<_>>().join("+");
    let line = |cells: Vec<String>| {
        let cells = cells
            .iter()
            .zip(&widths)
            .map(|(text, width)| if text.contains('\n') { text.clone() } else { padded(text, *width) });
        format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
    };
    let mut lines = vec![format!("+{border}+"), line(columns.to_vec()), format!("+{border}+")];
    lines.extend(rows.iter().map(|row| line((0..columns.len()).map(|index| cell(row, index)).collect())));
    lines.push(format!("+{border}+"));
    lines.push(format!("{} row{} in set", rows.len(), if rows.len() == 1 { "" } else { "s" }));
    output::line(&lines.join("\n"));
}

fn width_of_cell(text: &str) -> usize {
    text.split('\n').map(UnicodeWidthStr::width).sum::<usize>() + text.matches('\n').count()
}

#[cfg(test)]
mod tests {
    use super::padded;

    #[test]
    fn texts_stand_right_and_are_cut() {
        let cases = [
            ("ab", 4, "  ab"),
            ("abcdef", 6, "abcdef"),
            ("abcdefg", 6, "abc..."),
            // Each of these signs is two columns wide.
            ("你好", 6, "  你好"),
            ("你好世界", 7, "你好..."),
            ("你好世界", 6, " 你..."),
        ];
        for (text, width, expected) in cases {
            assert_eq!(padded(text, width), expected, "{text}");
        }
    }
}
