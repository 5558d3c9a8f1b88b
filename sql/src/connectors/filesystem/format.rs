//! The format of a table's files: one of rows, or one of columns.

use crate::connectors::{ChangelogMode, ConnectorContext, Options};
use crate::error::{SqlError, SqlResult};
use crate::formats::Format;
#[cfg(feature = "parquet")]
use crate::formats::parquet::{self, ParquetOptions};
use crate::types::Schema;

/// The format of a table's files.
pub(super) enum TableFormat {
    /// Files are one row after another.
    Rows(Format),
    /// `parquet`.
    #[cfg(feature = "parquet")]
    Parquet(ParquetOptions),
}

impl TableFormat {
    /// The format of this name, for files with these columns; its options are taken.
    pub(super) fn new(
        cx: &ConnectorContext<'_>,
        name: &str,
        options: &mut Options,
        schema: &Schema,
    ) -> SqlResult<Self> {
        #[cfg(feature = "parquet")]
        if name == parquet::NAME {
            return ParquetOptions::new(options, schema, &cx.session.zone()?).map(Self::Parquet);
        }
        #[cfg(not(feature = "parquet"))]
        if name == "parquet" {
            let problem = "the format 'parquet' is not built in: the cargo feature 'parquet' is off";
            return Err(SqlError::unsupported(problem));
        }
        let _ = cx;
        let format = Format::new(name, options, schema)?;
        if format.has_files() {
            return Ok(Self::Rows(format));
        }
        Err(SqlError::validation(format!("format '{name}' is one of messages, and not of files"))
            .with_hint("'format' = 'avro' reads and writes container files of Avro"))
    }

    pub(super) fn changelog_mode(&self) -> ChangelogMode {
        match self {
            Self::Rows(format) => format.changelog_mode(),
            #[cfg(feature = "parquet")]
            Self::Parquet(_) => ChangelogMode::insert_only(),
        }
    }
}
