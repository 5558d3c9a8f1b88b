//! Tables as the binary log describes them, and rows of those that are known.

use std::sync::Arc;

use millstream_runtime::{Error, ErrorKind, Result};
use mysql_async::binlog::row::BinlogRow;

use super::types::Kind;
use super::value::of_binlog;
use super::{BinlogPosition, CapturedColumn, CapturedTable};
use crate::cdc::record::ColumnValue;

/// A table as the log describes it.
#[derive(Debug)]
pub(super) struct MappedTable {
    pub(super) database: String,
    pub(super) name: String,
    /// The types of the columns as far as they tell kinds apart.
    pub(super) columns: Vec<WireType>,
    /// With `binlog_row_metadata` = FULL.
    pub(super) names: Option<Vec<String>>,
}

/// What the log says of a column's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WireType {
    Integer(u32),
    Float,
    Double,
    Decimal,
    /// Strings of characters or bytes.
    Text,
    Date,
    Time,
    DateTime,
    Timestamp,
    Year,
    Enum,
    Set,
    Bit,
    Json,
    Other,
}

/// A table of the log that is one of the source.
pub(super) struct Mapped {
    pub(super) index: usize,
    pub(super) table: Arc<CapturedTable>,
    kinds: Vec<Kind>,
}

impl Mapped {
    /// The table of the source with this number, if it may be the one of the log. Columns that were added at the end by a statement
    /// still to come are not in the rows yet.
    ///
    /// # Errors
    /// If it cannot be.
    pub(super) fn new(index: usize, known: &CapturedTable, mapped: &MappedTable) -> Result<Self> {
        let count = mapped.columns.len().min(known.columns.len());
        let columns: Vec<_> = known.columns.iter().take(count).cloned().collect();
        let kinds: Vec<_> = columns.iter().map(|column| column.data_type.kind()).collect();
        if !fits(&columns, &kinds, mapped) {
            return Err(unknown_definition(known, mapped));
        }
        Ok(Self { index, table: Arc::new(CapturedTable { columns, ..known.clone() }), kinds })
    }

    /// The values of a row of a transaction at this place.
    pub(super) fn values(&self, mut row: BinlogRow, at: &BinlogPosition) -> Result<Vec<ColumnValue>> {
        let (columns, values) = (self.table.columns.len(), row.len());
        if columns != values {
            let problem =
                format!("{values} of the {columns} columns of a row of table {}, at {}", self.table, at);
            let remedy = "a session has written it with `binlog_row_image` other than FULL: start the job without a snapshot";
            return Err(Error::new(
                ErrorKind::InvalidInput,
                format!("the binary log has {problem}: {remedy}"),
            ));
        }
        let columns = self.table.columns.iter().zip(&self.kinds).enumerate();
        let value = |(index, (column, kind)): (usize, (&CapturedColumn, &Kind))| {
            let missing = || "there is no value".to_owned();
            let value = row.take(index).ok_or_else(missing).and_then(|value| of_binlog(kind, value));
            value.map_err(|problem| {
                let CapturedColumn { name, data_type, .. } = column;
                let place = format!(
                    "table {}, column `{name}` ({data_type}), at {} of the binary log",
                    self.table, at
                );
                Error::new(ErrorKind::InvalidInput, format!("{place}: {problem}"))
            })
        };
        columns.map(value).collect()
    }
}

/// Whether columns may be those of the log.
fn fits(columns: &[CapturedColumn], kinds: &[Kind], mapped: &MappedTable) -> bool {
    let has_type = |(kind, wire): (&Kind, &WireType)| match (kind, wire) {
        (Kind::Unsupported, _) => true,
        (Kind::Integer { bits, .. }, WireType::Integer(wire)) => bits == wire,
        (kind, wire) => wire_type(kind) == Some(*wire),
    };
    let has_names =
        mapped.names.as_ref().is_none_or(|names| columns.iter().map(|column| &column.name).eq(names));
    columns.len() == mapped.columns.len() && kinds.iter().zip(&mapped.columns).all(has_type) && has_names
}

const fn wire_type(kind: &Kind) -> Option<WireType> {
    Some(match kind {
        Kind::Integer { bits, .. } => WireType::Integer(*bits),
        Kind::Float => WireType::Float,
        Kind::Double => WireType::Double,
        Kind::Decimal => WireType::Decimal,
        Kind::Text(_) | Kind::Binary { .. } => WireType::Text,
        Kind::Date => WireType::Date,
        Kind::Time { .. } => WireType::Time,
        Kind::DateTime { .. } => WireType::DateTime,
        Kind::Timestamp { .. } => WireType::Timestamp,
        Kind::Year => WireType::Year,
        Kind::Enum(_) => WireType::Enum,
        Kind::Set(_) => WireType::Set,
        Kind::Bit => WireType::Bit,
        Kind::Json => WireType::Json,
        Kind::Unsupported => return None,
    })
}

fn unknown_definition(known: &CapturedTable, mapped: &MappedTable) -> Error {
    let described = match &mapped.names {
        Some(names) => format!("({})", names.join(", ")),
        None => format!("of the types {:?}", mapped.columns),
    };
    let problem = format!(
        "the binary log has rows of table {known} with the columns {described}, and what is known of it is ({})",
        known.column_names()
    );
    let remedy = "the table was changed several times, or before the position that is read: start the job without a snapshot";
    Error::new(ErrorKind::InvalidInput, format!("{problem}: {remedy}"))
}
