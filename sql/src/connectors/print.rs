//! `print`: a line on standard output for each change.

use millstream_operators::Stream;
use millstream_operators::sink::{PrintSink, StreamSink};

use super::{ChangelogMode, Connector, TableSink};
use crate::chunk::{Chunk, RowText};
use crate::error::SqlResult;
use crate::types::Schema;

pub(super) const CONNECTOR: Connector = Connector {
    name: "print",
    source: None,
    sink: Some(|_, options| {
        let identifier = options.take("print-identifier");
        options.boolean("standard-error")?;
        Ok(Box::new(Print { identifier }))
    }),
};

struct Print {
    identifier: Option<String>,
}

impl TableSink for Print {
    fn changelog_mode(&self, requested: &ChangelogMode) -> ChangelogMode {
        requested.clone()
    }

    fn consume(&self, rows: &Stream<Chunk>, schema: &Schema) -> SqlResult<StreamSink> {
        let prefix =
            self.identifier.as_ref().map_or_else(String::new, |identifier| format!("{identifier}> "));
        let text = RowText::new(schema);
        Ok(rows.sink_to(PrintSink::new(move |chunk: &Chunk, out: &mut String| {
            for row in 0..chunk.rows() {
                if row > 0 {
                    out.push('\n');
                }
                out.push_str(&prefix);
                text.write(chunk, row, out);
            }
        })))
    }
}
