//! What is declared of a table, compared with what it is in the database.

use std::sync::Arc;

use millstream_connectors::postgres_cdc::{CapturedColumn, CapturedTable};
use millstream_runtime::{Error, ErrorKind, Result};

use super::value::ValueKind;
use crate::catalog::{ColumnSource, Table};
use crate::error::{SqlError, SqlResult};
use crate::suggestion::nearest;
use crate::types::SqlType;

/// What is declared of a table.
pub(super) struct Declared {
    columns: Vec<(Arc<str>, SqlType)>,
    /// The primary key, where rows replace each other by it.
    key: Option<Vec<Arc<str>>>,
}

impl Declared {
    /// What a table says; `needs_key` if rows replace each other by its primary key.
    ///
    /// # Errors
    /// If a column has a type that no column of Postgres is read as.
    pub(super) fn new(table: &Table, needs_key: bool) -> SqlResult<Self> {
        let physical = table.columns.iter().filter(|column| matches!(column.source, ColumnSource::Physical));
        let columns = physical.map(|column| {
            let data_type = &column.field.data_type;
            if ValueKind::of(data_type).is_none() {
                return Err(SqlError::unsupported(format!(
                    "column '{}' is {data_type}, and no column of Postgres is read as one",
                    column.name
                ))
                .with_hint("a STRING has the text of any type"));
            }
            Ok((column.name.clone(), data_type.clone()))
        });
        let columns = columns.collect::<SqlResult<Vec<_>>>()?;
        let name = |position: &usize| table.columns.get(*position).map(|column| column.name.clone());
        let key = needs_key.then(|| table.primary_key.iter().filter_map(name).collect());
        Ok(Self { columns, key })
    }

    /// Compares it with the table as the database has it.
    ///
    /// # Errors
    /// If a column is missing, its values do not all fit, or the primary key is another where it counts.
    pub(super) fn check(&self, table: &CapturedTable) -> Result<()> {
        for (name, data_type) in &self.columns {
            let found = table.columns.iter().find(|column| column.name == **name);
            let found = found.ok_or_else(|| missing(table, name))?;
            if !takes(data_type, found) {
                return Err(invalid(format!(
                    "column `{name}` of table {table} is {}, which does not fit into the {data_type} that is declared: {}",
                    described(found),
                    remedy(found)
                )));
            }
        }
        let Some(declared) = &self.key else { return Ok(()) };
        let is_key = |column: &&CapturedColumn| column.is_primary_key;
        let key: Vec<&str> = table.columns.iter().filter(is_key).map(|column| column.name.as_str()).collect();
        if key.len() == declared.len() && declared.iter().all(|name| key.contains(&&**name)) {
            return Ok(());
        }
        let has = if key.is_empty() { "none".to_owned() } else { format!("({})", key.join(", ")) };
        Err(invalid(format!(
            "table {table} is declared with the primary key ({}), and the one in the database is {has}: with \
             'changelog-mode' = 'upsert' both must be the same",
            declared.join(", ")
        )))
    }
}

fn invalid(problem: String) -> Error {
    Error::new(ErrorKind::InvalidJob, problem)
}

fn missing(table: &CapturedTable, name: &str) -> Error {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let remedy = match nearest(name, &names) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("its columns are {}", names.join(", ")),
    };
    invalid(format!(
        "table {table} has no column `{name}`: {remedy} (generated columns are not in the stream of changes)"
    ))
}

/// Types by their numbers in `pg_type`, and what they are declared as.
const TYPES: &[(u32, &str, &str)] = &[
    (BOOL, "boolean", "BOOLEAN"),
    (BYTEA, "bytea", "BYTES"),
    (INT8, "bigint", "BIGINT"),
    (INT2, "smallint", "SMALLINT"),
    (INT4, "integer", "INT"),
    (25, "text", "STRING"),
    (OID, "oid", "BIGINT"),
    (114, "json", "STRING"),
    (FLOAT4, "real", "FLOAT"),
    (FLOAT8, "double precision", "DOUBLE"),
    (1042, "character", "STRING"),
    (1043, "character varying", "STRING"),
    (DATE, "date", "DATE"),
    (TIME, "time", "TIME(3)"),
    (TIMESTAMP, "timestamp", "TIMESTAMP(6)"),
    (TIMESTAMPTZ, "timestamp with time zone", "TIMESTAMP_LTZ(6)"),
    (1186, "interval", "STRING"),
    (1266, "time with time zone", "STRING"),
    (2950, "uuid", "STRING"),
    (3802, "jsonb", "STRING"),
];

const BOOL: u32 = 16;
const BYTEA: u32 = 17;
const INT8: u32 = 20;
const INT2: u32 = 21;
const INT4: u32 = 23;
const OID: u32 = 26;
const FLOAT4: u32 = 700;
const FLOAT8: u32 = 701;
const DATE: u32 = 1082;
const TIME: u32 = 1083;
const TIMESTAMP: u32 = 1114;
const TIMESTAMPTZ: u32 = 1184;
const NUMERIC: u32 = 1700;

/// Whether all values of a column fit into a type, as far as the column says what they may be.
fn takes(declared: &SqlType, column: &CapturedColumn) -> bool {
    match declared {
        SqlType::Boolean => column.type_oid == BOOL,
        SqlType::SmallInt => column.type_oid == INT2,
        SqlType::Int => matches!(column.type_oid, INT2 | INT4),
        SqlType::BigInt => matches!(column.type_oid, INT2 | INT4 | INT8 | OID),
        SqlType::Float => column.type_oid == FLOAT4,
        SqlType::Double => matches!(column.type_oid, FLOAT4 | FLOAT8),
        SqlType::Decimal(precision, scale) => {
            let whole = i32::from(*precision) - i32::from(*scale);
            match column.type_oid {
                INT2 => whole >= 5,
                INT4 => whole >= 10,
                INT8 => whole >= 19,
                NUMERIC => numeric(column).is_none_or(|(digits, fraction)| {
                    whole >= digits - fraction && i32::from(*scale) >= fraction
                }),
                _ => false,
            }
        }
        // All of them are text.
        SqlType::Char(_) | SqlType::VarChar(_) => true,
        SqlType::Binary(_) | SqlType::VarBinary(_) => column.type_oid == BYTEA,
        SqlType::Date => column.type_oid == DATE,
        SqlType::Time(_) => column.type_oid == TIME,
        SqlType::Timestamp(..) => column.type_oid == TIMESTAMP,
        SqlType::TimestampLtz(..) => column.type_oid == TIMESTAMPTZ,
        _ => false,
    }
}

/// The digits of a numeric, and how many of them are behind the point, which may be below zero; `None` if it is any number.
fn numeric(column: &CapturedColumn) -> Option<(i32, i32)> {
    // As `make_numeric_typmod` packs them.
    let packed = column.type_modifier.checked_sub(4).filter(|packed| *packed >= 0)?;
    Some(((packed >> 16) & 0xffff, ((packed & 0x7ff) ^ 1024) - 1024))
}

/// A type as Postgres writes it.
fn described(column: &CapturedColumn) -> String {
    match (column.type_oid, numeric(column)) {
        (NUMERIC, Some((digits, fraction))) => format!("numeric({digits},{fraction})"),
        (NUMERIC, None) => "numeric".to_owned(),
        (oid, _) => match TYPES.iter().find(|(known, ..)| *known == oid) {
            Some((_, name, _)) => (*name).to_owned(),
            None => format!("of the type with the oid {oid}"),
        },
    }
}

/// What to declare a column as.
fn remedy(column: &CapturedColumn) -> String {
    let data_type = match (column.type_oid, numeric(column)) {
        (NUMERIC, Some((digits, fraction))) => {
            let scale = fraction.max(0);
            let precision = digits.max(fraction) + (scale - fraction);
            if precision > 38 { "STRING".to_owned() } else { format!("DECIMAL({precision}, {scale})") }
        }
        (NUMERIC, None) => "DECIMAL, or as STRING if it has more than 38 digits".to_owned(),
        (oid, _) => {
            let found = TYPES.iter().find(|(known, ..)| *known == oid);
            found.map_or("STRING", |(.., declared)| *declared).to_owned()
        }
    };
    format!("declare it as {data_type}")
}
