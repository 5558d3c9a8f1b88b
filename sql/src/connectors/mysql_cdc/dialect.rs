//! What MySQL does its own way: types, and how values are written.

use millstream_connectors::mysql_cdc::{BinlogPosition, MysqlType};

use crate::chunk::{ColumnBuilder, Scalar, ValueError};
use crate::connectors::cdc::Dialect;
use crate::connectors::cdc::value::{ValueKind, append_value};
use crate::types::SqlType;
use crate::types::text::timestamp::parse_timestamp;
use crate::types::zone::Zone;

/// MySQL and MariaDB.
#[derive(Clone)]
pub(super) struct MysqlDialect {
    /// What the clock of the server's sessions shows: a column of the type TIMESTAMP is an instant, and may be declared as what the clock
    /// showed then.
    pub(super) zone: Zone,
}

/// The whole numbers of a column: how many digits they have, and the narrowest type for them.
fn integer(column: &MysqlType) -> Option<(u8, SqlType)> {
    Some(match (column.name(), column.is_unsigned()) {
        ("tinyint", false) => (3, SqlType::TinyInt),
        ("tinyint", true) => (3, SqlType::SmallInt),
        ("smallint", false) => (5, SqlType::SmallInt),
        ("smallint", true) => (5, SqlType::Int),
        ("year", _) => (4, SqlType::SmallInt),
        ("mediumint", _) => (8, SqlType::Int),
        ("int" | "integer", false) => (10, SqlType::Int),
        ("int" | "integer", true) => (10, SqlType::BigInt),
        ("bigint", false) => (19, SqlType::BigInt),
        ("bigint", true) => (20, SqlType::Decimal(20, 0)),
        _ => return None,
    })
}

/// How wide a type of whole numbers is.
const fn width(data_type: &SqlType) -> Option<u8> {
    Some(match data_type {
        SqlType::TinyInt => 1,
        SqlType::SmallInt => 2,
        SqlType::Int => 4,
        SqlType::BigInt => 8,
        _ => return None,
    })
}

/// The digits of a decimal, and how many of them are behind the point.
fn decimal(column: &MysqlType) -> Option<(u32, u32)> {
    if !matches!(column.name(), "decimal" | "numeric" | "fixed") {
        return None;
    }
    let arguments = column.arguments();
    Some((arguments.first().copied().unwrap_or(10), arguments.get(1).copied().unwrap_or(0)))
}

/// Whether the values of a column are bytes, and no text.
fn is_binary(column: &MysqlType) -> bool {
    matches!(
        column.name(),
        "binary"
            | "varbinary"
            | "tinyblob"
            | "blob"
            | "mediumblob"
            | "longblob"
            | "bit"
            | "geometry"
            | "point"
            | "linestring"
            | "polygon"
            | "multipoint"
            | "multilinestring"
            | "multipolygon"
            | "geometrycollection"
            | "geomcollection"
    )
}

/// A column that has true and false: a number with one digit to show, or one bit.
fn is_boolean(column: &MysqlType) -> bool {
    matches!(column.name(), "tinyint" | "bit") && column.arguments() == [1]
}

impl Dialect for MysqlDialect {
    type ColumnType = MysqlType;
    type Position = BinlogPosition;
    const NAME: &'static str = "MySQL";
    const HAS_SCHEMAS: bool = false;
    const LEAVES_OUT_GENERATED: bool = false;

    fn reads(_: &SqlType) -> bool {
        true
    }

    fn takes(declared: &SqlType, column: &MysqlType) -> bool {
        if !column.is_supported() {
            return false;
        }
        let name = column.name();
        match declared {
            SqlType::Boolean => is_boolean(column),
            SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt => integer(column)
                .is_some_and(|(_, narrowest)| {
                    width(&narrowest)
                        .is_some_and(|needed| width(declared).is_some_and(|width| width >= needed))
                }),
            SqlType::Float => name == "float",
            SqlType::Double => matches!(name, "float" | "double" | "real"),
            SqlType::Decimal(precision, scale) => {
                let whole = u32::from(precision - scale);
                match (integer(column), decimal(column)) {
                    (Some((digits, _)), _) => whole >= digits.into(),
                    (_, Some((digits, fraction))) => {
                        whole >= digits.saturating_sub(fraction) && u32::from(*scale) >= fraction
                    }
                    _ => false,
                }
            }
            SqlType::Char(_) | SqlType::VarChar(_) => !is_binary(column),
            SqlType::Binary(_) | SqlType::VarBinary(_) => is_binary(column),
            SqlType::Date => name == "date",
            SqlType::Time(_) => name == "time",
            SqlType::Timestamp(..) => matches!(name, "datetime" | "timestamp"),
            SqlType::TimestampLtz(..) => name == "timestamp",
            _ => false,
        }
    }

    fn described(column: &MysqlType) -> String {
        match &column.character_set {
            Some(character_set) if !column.is_supported() => {
                format!("{column} in the character set {character_set}, which is not read")
            }
            _ => column.to_string(),
        }
    }

    fn remedy(column: &MysqlType) -> String {
        if !column.is_supported() {
            return match &column.character_set {
                Some(_) => "leave the column out, or convert it to utf8mb4 in the database".to_owned(),
                None => "leave the column out: values of this type are not read".to_owned(),
            };
        }
        let data_type = match (integer(column), decimal(column)) {
            _ if is_boolean(column) => "BOOLEAN".to_owned(),
            (Some((_, narrowest)), _) => narrowest.to_string(),
            (_, Some((digits, fraction))) if digits <= 38 => format!("DECIMAL({digits}, {fraction})"),
            _ => {
                let fraction = column.arguments().first().copied().unwrap_or(0);
                match column.name() {
                    "float" => "FLOAT".to_owned(),
                    "double" | "real" => "DOUBLE".to_owned(),
                    "date" => "DATE".to_owned(),
                    "time" => format!("TIME({})", fraction.min(3)),
                    "datetime" => format!("TIMESTAMP({fraction})"),
                    "timestamp" => format!("TIMESTAMP_LTZ({fraction}) or TIMESTAMP({fraction})"),
                    _ if is_binary(column) => "BYTES".to_owned(),
                    _ => "STRING".to_owned(),
                }
            }
        };
        format!("declare it as {data_type}")
    }

    fn append(
        &self,
        kind: ValueKind,
        captured: &MysqlType,
        value: &[u8],
        column: &mut ColumnBuilder,
        _: &mut Vec<u8>,
    ) -> Result<(), ValueError> {
        match kind {
            ValueKind::Bytes => return column.append(Scalar::Bytes(value)),
            ValueKind::Boolean if captured.name() == "bit" => {
                return column.append(Scalar::Boolean(value.iter().any(|byte| *byte != 0)));
            }
            _ => {}
        }
        let Ok(text) = std::str::from_utf8(value) else {
            return column.append_result(Err("the value is not UTF-8".to_owned()));
        };
        let is_instant = captured.name() == "timestamp";
        let value = match kind {
            // Dates that are none, which a server has unless it is strict, are NULL, as in Flink CDC.
            ValueKind::Date | ValueKind::Timestamp(_) | ValueKind::Instant(_) if is_no_date(text) => {
                return column.append_null();
            }
            ValueKind::Boolean => text.parse::<i64>().ok().map(|number| Scalar::Boolean(number != 0)),
            ValueKind::Instant(precision) => parse_timestamp(text, precision).map(Scalar::Integer),
            ValueKind::Timestamp(precision) if is_instant => {
                let instant = parse_timestamp(text, precision);
                instant.and_then(|instant| self.zone.to_local(instant, precision)).map(Scalar::Integer)
            }
            kind => kind.parse(text),
        };
        append_value(value, text, column)
    }
}

/// Whether a date has a year, a month or a day 0.
fn is_no_date(text: &str) -> bool {
    let mut parts = text.split([' ', '-']);
    [parts.next(), parts.next(), parts.next()]
        .into_iter()
        .flatten()
        .any(|part| !part.is_empty() && part.bytes().all(|digit| digit == b'0'))
}
