//! What is left of a changelog in the end: batch mode shows that.

use std::collections::BTreeMap;

use millstream_sql::catalog::Session;
use millstream_sql::chunk::{Chunk, Kinds, RowText};
use millstream_sql::types::Schema;

use crate::json::RowJson;
use crate::output;
use crate::style::Style;
use crate::tableau::Tableau;

/// The rows that are there behind all changes, in the order in which they came.
pub struct Folded {
    /// The chunk and the row in it.
    rows: Vec<(Chunk, usize)>,
}

impl Folded {
    /// Takes back what changes take back, each row by all of its values.
    pub fn of(chunks: &[Chunk], schema: &Schema) -> Self {
        let text = RowText::new(schema);
        // Where rows of this text are among those that came.
        let mut places = BTreeMap::<String, Vec<usize>>::new();
        let mut rows: Vec<Option<(Chunk, usize)>> = Vec::new();
        for chunk in chunks {
            for row in 0..chunk.rows() {
                let mut line = String::new();
                text.write(chunk, row, &mut line);
                let values = line.get(2..).unwrap_or_default().to_owned();
                let places = places.entry(values).or_default();
                if chunk.kinds().get(row).is_accumulation() {
                    places.push(rows.len());
                    rows.push(Some((chunk.clone(), row)));
                } else if let Some(row) = places.pop().and_then(|place| rows.get_mut(place)) {
                    *row = None;
                }
            }
        }
        Self { rows: rows.into_iter().flatten().collect() }
    }

    /// Writes the rows.
    pub fn print(&self, schema: &Schema, style: Style, session: &Session) {
        let (text, json) = (RowText::new(schema), RowJson::new(schema));
        if style == Style::Flink {
            return Tableau::new(schema, session).print_batch(&self.rows);
        }
        for (chunk, row) in &self.rows {
            let inserted = chunk.slice(*row, 1).with_kinds(Kinds::Insert);
            let mut line = String::new();
            match style {
                Style::Json => json.write(&inserted, 0, &mut line),
                _ => text.write(&inserted, 0, &mut line),
            }
            output::line(&line);
        }
    }
}
