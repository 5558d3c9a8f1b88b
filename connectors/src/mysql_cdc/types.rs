//! Types of columns, as the server describes them, and how their values are read.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::charset::Charset;
use crate::cdc::database::ColumnType;

/// The type of a column of MySQL or MariaDB.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MysqlType {
    /// The type as `information_schema.COLUMNS.COLUMN_TYPE` has it, such as `bigint(20) unsigned`.
    pub column_type: String,
    /// The character set of its strings.
    pub character_set: Option<String>,
}

impl MysqlType {
    /// The name of the type alone, such as `bigint`.
    pub fn name(&self) -> &str {
        let end =
            self.column_type.find(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        self.column_type.get(..end.unwrap_or(self.column_type.len())).unwrap_or_default()
    }

    /// Whether its numbers are never below zero.
    pub fn is_unsigned(&self) -> bool {
        self.after_arguments().split(' ').any(|word| word.eq_ignore_ascii_case("unsigned"))
    }

    /// The numbers in parentheses, such as the digits of a decimal and how many of them are behind the point.
    pub fn arguments(&self) -> Vec<u32> {
        let inside = self.column_type.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
        inside.map_or_else(Vec::new, |(inside, _)| {
            inside.split(',').filter_map(|text| text.trim().parse().ok()).collect()
        })
    }

    /// Whether its values are read.
    pub fn is_supported(&self) -> bool {
        self.kind() != Kind::Unsupported
    }

    fn after_arguments(&self) -> &str {
        self.column_type.rsplit_once(')').map_or(self.column_type.as_str(), |(_, rest)| rest)
    }

    /// How its values are read.
    pub(super) fn kind(&self) -> Kind {
        let is_unsigned = self.is_unsigned();
        let integer = |bits| Kind::Integer { bits, is_unsigned };
        let fraction = || self.arguments().first().copied().unwrap_or(0).min(6);
        let charset = self.character_set.as_deref().map(Charset::of);
        match (self.name().to_ascii_lowercase().as_str(), charset) {
            ("tinyint" | "bool" | "boolean", _) => integer(8),
            ("smallint", _) => integer(16),
            ("mediumint", _) => integer(24),
            ("int" | "integer", _) => integer(32),
            ("bigint", _) => integer(64),
            ("float", _) => Kind::Float,
            ("double" | "real", _) => Kind::Double,
            ("decimal" | "numeric" | "fixed", _) => Kind::Decimal,
            ("char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext", Some(Some(charset))) => {
                Kind::Text(charset)
            }
            ("binary", _) => {
                Kind::Binary { padded_to: self.arguments().first().map(|length| *length as usize) }
            }
            (
                "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" | "geometry" | "point"
                | "linestring" | "polygon" | "multipoint" | "multilinestring" | "multipolygon"
                | "geometrycollection" | "geomcollection",
                _,
            ) => Kind::Binary { padded_to: None },
            ("date", _) => Kind::Date,
            ("time", _) => Kind::Time { fraction: fraction() },
            ("datetime", _) => Kind::DateTime { fraction: fraction() },
            ("timestamp", _) => Kind::Timestamp { fraction: fraction() },
            ("year", _) => Kind::Year,
            ("enum", _) => Kind::Enum(labels(&self.column_type)),
            ("set", _) => Kind::Set(labels(&self.column_type)),
            ("bit", _) => Kind::Bit,
            ("json", _) => Kind::Json,
            _ => Kind::Unsupported,
        }
    }
}

impl ColumnType for MysqlType {
    fn is_same_type(&self, other: &Self) -> bool {
        // What widens a type, such as a longer string or another label at the end, leaves the values as they are.
        self.name() == other.name()
            && self.is_unsigned() == other.is_unsigned()
            && self.character_set == other.character_set
    }
}

impl fmt::Display for MysqlType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.column_type)
    }
}

/// How the values of a column are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Integer {
        bits: u32,
        is_unsigned: bool,
    },
    Float,
    Double,
    Decimal,
    Text(Charset),
    /// The log leaves out zeros at the end of those that have one length.
    Binary {
        padded_to: Option<usize>,
    },
    Date,
    /// With so many digits of a second's fraction.
    Time {
        fraction: u32,
    },
    DateTime {
        fraction: u32,
    },
    Timestamp {
        fraction: u32,
    },
    Year,
    Enum(Vec<String>),
    Set(Vec<String>),
    Bit,
    Json,
    /// Not read, or in a character set that is not.
    Unsupported,
}

/// The labels of an `enum(…)` or a `set(…)`.
fn labels(column_type: &str) -> Vec<String> {
    let (mut labels, mut label) = (Vec::new(), None::<String>);
    let mut characters = column_type.chars().peekable();
    while let Some(character) = characters.next() {
        label = match (label.take(), character) {
            (None, '\'') => Some(String::new()),
            (None, _) => None,
            // A quotation mark inside is written twice.
            (Some(mut inside), '\'') if characters.peek() == Some(&'\'') => {
                characters.next();
                inside.push('\'');
                Some(inside)
            }
            (Some(inside), '\'') => {
                labels.push(inside);
                None
            }
            // As the server escapes what would not be seen.
            (Some(mut inside), '\\') => {
                inside.extend(characters.next().map(|escaped| match escaped {
                    'n' => '\n',
                    'r' => '\r',
                    '0' => '\0',
                    other => other,
                }));
                Some(inside)
            }
            (Some(mut inside), other) => {
                inside.push(other);
                Some(inside)
            }
        };
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(column_type: &str, character_set: Option<&str>) -> MysqlType {
        MysqlType { column_type: column_type.into(), character_set: character_set.map(str::to_owned) }
    }

    #[test]
    fn descriptions_are_understood() {
        for (column_type, character_set, kind) in [
            ("tinyint(1)", None, Kind::Integer { bits: 8, is_unsigned: false }),
            ("bigint(20) unsigned zerofill", None, Kind::Integer { bits: 64, is_unsigned: true }),
            ("int", None, Kind::Integer { bits: 32, is_unsigned: false }),
            ("decimal(10,2) unsigned", None, Kind::Decimal),
            ("double unsigned", None, Kind::Double),
            ("varchar(20)", Some("utf8mb4"), Kind::Text(Charset::Utf8)),
            ("longtext", Some("koi8r"), Kind::Unsupported),
            ("binary(16)", None, Kind::Binary { padded_to: Some(16) }),
            ("datetime(6)", None, Kind::DateTime { fraction: 6 }),
            ("timestamp", None, Kind::Timestamp { fraction: 0 }),
            (
                "enum('a','it''s','x,y (unsigned)')",
                Some("utf8mb4"),
                Kind::Enum(vec!["a".into(), "it's".into(), "x,y (unsigned)".into()]),
            ),
            ("set('')", Some("latin1"), Kind::Set(vec![String::new()])),
            ("inet6", None, Kind::Unsupported),
        ] {
            assert_eq!(of(column_type, character_set).kind(), kind, "{column_type}");
        }
        assert_eq!(of("decimal(10,2)", None).arguments(), [10, 2]);
        assert!(!of("enum('unsigned')", None).is_unsigned());
    }

    #[test]
    fn wider_types_are_the_same_and_others_are_not() {
        let same = |left, right| of(left, None).is_same_type(&of(right, None));
        assert!(same("varchar(10)", "varchar(200)") && same("enum('a')", "enum('a','b')"));
        assert!(!same("int(11)", "int(10) unsigned") && !same("int", "bigint"));
        assert!(!of("text", Some("latin1")).is_same_type(&of("text", Some("utf8mb4"))));
    }
}
