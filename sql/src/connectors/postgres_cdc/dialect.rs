//! What Postgres does its own way: types, and how values are written, in the forms that the source sets: ISO dates, UTC, bytes in
//! hexadecimal.

use millstream_connectors::postgres_cdc::{Lsn, PostgresType};

use crate::chunk::{ColumnBuilder, Scalar, ValueError};
use crate::connectors::cdc::Dialect;
use crate::connectors::cdc::value::{ValueKind, append_value};
use crate::types::SqlType;
use crate::types::text::timestamp::parse_timestamp;

/// Postgres.
#[derive(Clone)]
pub(super) struct PostgresDialect;

impl Dialect for PostgresDialect {
    type ColumnType = PostgresType;
    type Position = Lsn;
    const NAME: &'static str = "Postgres";
    const HAS_SCHEMAS: bool = true;
    const LEAVES_OUT_GENERATED: bool = true;

    fn reads(data_type: &SqlType) -> bool {
        !matches!(data_type, SqlType::TinyInt)
    }

    fn takes(declared: &SqlType, column: &PostgresType) -> bool {
        takes(declared, *column)
    }

    fn described(column: &PostgresType) -> String {
        described(*column)
    }

    fn remedy(column: &PostgresType) -> String {
        remedy(*column)
    }

    /// What the type has no value for is a date of `infinity`, a `NaN` among decimals, too many digits.
    fn append(
        &self,
        kind: ValueKind,
        _: &PostgresType,
        value: &[u8],
        column: &mut ColumnBuilder,
        scratch: &mut Vec<u8>,
    ) -> Result<(), ValueError> {
        let Ok(text) = std::str::from_utf8(value) else {
            return column.append_result(Err("the value is not UTF-8".to_owned()));
        };
        let value = match kind {
            ValueKind::Bytes => decode_hexadecimal(text, scratch).map(|()| Scalar::Bytes(scratch)),
            ValueKind::Boolean => match text {
                "t" => Some(Scalar::Boolean(true)),
                "f" => Some(Scalar::Boolean(false)),
                _ => None,
            },
            // The session is on the clock of Greenwich.
            ValueKind::Instant(precision) => {
                let local = text.strip_suffix("+00").and_then(|local| parse_timestamp(local, precision));
                local.map(Scalar::Integer)
            }
            ValueKind::Date | ValueKind::Timestamp(_) => common_era(text).and_then(|text| kind.parse(text)),
            kind => kind.parse(text),
        };
        append_value(value, text, column)
    }
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
fn takes(declared: &SqlType, column: PostgresType) -> bool {
    match declared {
        SqlType::Boolean => column.oid == BOOL,
        SqlType::SmallInt => column.oid == INT2,
        SqlType::Int => matches!(column.oid, INT2 | INT4),
        SqlType::BigInt => matches!(column.oid, INT2 | INT4 | INT8 | OID),
        SqlType::Float => column.oid == FLOAT4,
        SqlType::Double => matches!(column.oid, FLOAT4 | FLOAT8),
        SqlType::Decimal(precision, scale) => {
            let whole = i32::from(*precision) - i32::from(*scale);
            match column.oid {
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
        SqlType::Binary(_) | SqlType::VarBinary(_) => column.oid == BYTEA,
        SqlType::Date => column.oid == DATE,
        SqlType::Time(_) => column.oid == TIME,
        SqlType::Timestamp(..) => column.oid == TIMESTAMP,
        SqlType::TimestampLtz(..) => column.oid == TIMESTAMPTZ,
        _ => false,
    }
}

/// The digits of a numeric, and how many of them are behind the point, which may be below zero; `None` if it is any number.
fn numeric(column: PostgresType) -> Option<(i32, i32)> {
    // As `make_numeric_typmod` packs them.
    let packed = column.modifier.checked_sub(4).filter(|packed| *packed >= 0)?;
    Some(((packed >> 16) & 0xffff, ((packed & 0x7ff) ^ 1024) - 1024))
}

/// A type as Postgres writes it.
fn described(column: PostgresType) -> String {
    match (column.oid, numeric(column)) {
        (NUMERIC, Some((digits, fraction))) => format!("numeric({digits},{fraction})"),
        (NUMERIC, None) => "numeric".to_owned(),
        (oid, _) => match TYPES.iter().find(|(known, ..)| *known == oid) {
            Some((_, name, _)) => (*name).to_owned(),
            None => format!("of the type with the oid {oid}"),
        },
    }
}

/// What to declare a column as.
fn remedy(column: PostgresType) -> String {
    let data_type = match (column.oid, numeric(column)) {
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

/// A date of the years that there are here.
fn common_era(text: &str) -> Option<&str> {
    (!text.ends_with(" BC")).then_some(text)
}

/// `\x` and two digits a byte.
fn decode_hexadecimal(text: &str, bytes: &mut Vec<u8>) -> Option<()> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    bytes.clear();
    let (pairs, rest) = text.strip_prefix("\\x")?.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    bytes.reserve(pairs.len());
    for [high, low] in pairs {
        bytes.push(digit(*high)? << 4 | digit(*low)?);
    }
    Some(())
}
