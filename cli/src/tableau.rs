//! Tables of text, as Flink's SQL client draws them.

use std::sync::Arc;

use millstream_sql::chunk::Chunk;
use millstream_sql::functions::write_display_text;
use millstream_sql::types::zone::Zone;
use millstream_sql::types::{Field, Schema, SqlType};

/// How wide a column is at most whose type does not say how wide its values are.
const MAXIMUM_WIDTH: usize = 30;
/// The width of a column at least: `<NULL>` must fit.
const MINIMUM_WIDTH: usize = 6;

/// The result of a query: a line a change, drawn as it comes, so that widths follow from types alone.
#[derive(Clone, Debug)]
pub struct Tableau {
    columns: Arc<[Column]>,
    /// On whose clock instants are shown.
    zone: Zone,
}

#[derive(Debug)]
struct Column {
    name: String,
    field: Field,
    width: usize,
}

impl Tableau {
    /// For rows of these columns; instants are shown on the clock of the session's time zone.
    pub fn new(schema: &Schema, zone: Zone) -> Self {
        let columns = schema.iter().map(|column| {
            let width = width(&column.field.data_type).max(column.name.chars().count()).max(MINIMUM_WIDTH);
            Column {
                name: column.name.to_string(),
                field: column.field.clone(),
                width: width.min(MAXIMUM_WIDTH.max(width_of_type(&column.field.data_type))),
            }
        });
        Self { columns: columns.collect(), zone }
    }

    fn border(&self) -> String {
        let columns = self.columns.iter().map(|column| "-".repeat(column.width + 2));
        format!("+----+{}+", columns.collect::<Vec<_>>().join("+"))
    }

    /// Writes what stands above the rows.
    pub fn print_header(&self) {
        let names = self.columns.iter().map(|column| padded(&column.name, column.width));
        println!("{0}\n| op | {1} |\n{0}", self.border(), names.collect::<Vec<_>>().join(" | "));
    }

    /// Writes what stands below the rows.
    pub fn print_footer(&self, rows: u64) {
        if rows > 0 {
            println!("{}", self.border());
        }
        println!("Received a total of {rows} row{}", if rows == 1 { "" } else { "s" });
    }

    /// Appends a row.
    pub fn write(&self, chunk: &Chunk, row: usize, out: &mut String) {
        out.push_str("| ");
        out.push_str(chunk.kinds().get(row).short());
        out.push_str(" |");
        let mut text = String::new();
        for (values, column) in chunk.columns().iter().zip(self.columns.iter()) {
            text.clear();
            if values.is_null(row) {
                text.push_str("<NULL>");
            } else {
                write_display_text(values, row, &column.field.data_type, &self.zone, &mut text);
            }
            out.push(' ');
            out.push_str(&padded(&text, column.width));
            out.push_str(" |");
        }
    }
}

/// Text at the right of its column; what is too wide ends in dots.
fn padded(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return format!("{text:>width$}");
    }
    let kept: String = text.chars().take(width.saturating_sub(3)).collect();
    format!("{kept}...")
}

fn width(data_type: &SqlType) -> usize {
    match width_of_type(data_type) {
        0 => MAXIMUM_WIDTH,
        width => width,
    }
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
    if rows.is_empty() {
        println!("Empty set");
        return;
    }
    let cell = |row: &[Option<String>], index: usize| {
        row.get(index).cloned().flatten().unwrap_or_else(|| "<NULL>".to_owned())
    };
    let widths = columns.iter().enumerate().map(|(index, name)| {
        let widest = rows.iter().map(|row| cell(row, index).chars().count()).max().unwrap_or(0);
        widest.max(name.chars().count())
    });
    let widths: Vec<usize> = widths.collect();
    let border = widths.iter().map(|width| "-".repeat(width + 2)).collect::<Vec<_>>().join("+");
    let line = |cells: Vec<String>| {
        let cells = cells.iter().zip(&widths).map(|(text, width)| format!("{text:>width$}"));
        format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
    };
    println!("+{border}+\n{}\n+{border}+", line(columns.to_vec()));
    for row in rows {
        println!("{}", line((0..columns.len()).map(|index| cell(row, index)).collect()));
    }
    println!("+{border}+\n{} row{} in set", rows.len(), if rows.len() == 1 { "" } else { "s" });
}
