//! `print`: a line on standard output for each change.
//!
//! As Flink's [Print](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/print/): a line begins with
//! `print-identifier` and, where there are several subtasks, the number of the subtask from 1 on.

use millstream_operators::Stream;
use millstream_operators::sink::{PrintSink, StreamSink};

use super::{ChangelogMode, Connector, TableSink};
use crate::chunk::{Chunk, RowText};
use crate::error::{SqlError, SqlResult};
use crate::types::Schema;

pub(super) const CONNECTOR: Connector = Connector {
    name: "print",
    lookup: None,
    source: None,
    sink: Some(|_, options| {
        let identifier = options.take("print-identifier");
        let standard_error = options.boolean("standard-error")?.unwrap_or_default();
        let parallelism: Option<u32> = options.parse("sink.parallelism", "a number")?;
        if parallelism == Some(0) {
            return Err(SqlError::validation("Option 'sink.parallelism' must be above 0"));
        }
        Ok(Box::new(Print { identifier, standard_error, parallelism }))
    }),
};

struct Print {
    identifier: Option<String>,
    standard_error: bool,
    parallelism: Option<u32>,
}

impl TableSink for Print {
    fn changelog_mode(&self, requested: &ChangelogMode) -> ChangelogMode {
        requested.clone()
    }

    fn consume(&self, rows: &Stream<Chunk>, schema: &Schema) -> SqlResult<StreamSink> {
        let (identifier, text) = (self.identifier.clone(), RowText::new(schema));
        let sink = PrintSink::for_subtasks(move |subtask, parallelism| {
            let prefix = prefix(identifier.as_deref(), subtask, parallelism);
            let text = text.clone();
            move |chunk: &Chunk, out: &mut String| {
                for row in 0..chunk.rows() {
                    if row > 0 {
                        out.push('\n');
                    }
                    out.push_str(&prefix);
                    text.write(chunk, row, out);
                }
            }
        });
        let sink = rows.sink_to(if self.standard_error { sink.standard_error() } else { sink });
        Ok(match self.parallelism {
            Some(parallelism) => sink.parallelism(parallelism),
            None => sink,
        })
    }
}

/// What the lines of a subtask begin with.
fn prefix(identifier: Option<&str>, subtask: u32, parallelism: u32) -> String {
    let number = u64::from(subtask) + 1;
    match (identifier.filter(|identifier| !identifier.is_empty()), parallelism) {
        (None, 0..=1) => String::new(),
        (None, _) => format!("{number}> "),
        (Some(identifier), 0..=1) => format!("{identifier}> "),
        (Some(identifier), _) => format!("{identifier}:{number}> "),
    }
}

#[cfg(test)]
mod tests {
    use super::prefix;

    /// As the table in Flink's documentation of the connector.
    #[test]
    fn lines_say_which_sink_and_subtask_they_are_of() {
        assert_eq!(prefix(None, 0, 1), "");
        assert_eq!(prefix(None, 0, 2), "1> ");
        assert_eq!(prefix(Some("id"), 0, 1), "id> ");
        assert_eq!(prefix(Some("id"), 3, 4), "id:4> ");
        assert_eq!(prefix(Some(""), 3, 4), "4> ");
    }
}
