//! Types and intervals.

use std::fmt::{self, Display, Formatter};

use crate::parser::ast::{
    DataType, DataTypeKind, IntervalQualifier, LengthType, RowField, TimeUnit, TimeZoneKind,
};

use super::{Listed, Prefixed, commas};

impl Display for DataType {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        f.write_str(match self.nullable {
            Some(true) => " NULL",
            Some(false) => " NOT NULL",
            None => "",
        })
    }
}

impl Display for DataTypeKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(keyword) = self.keyword() {
            return f.write_str(keyword);
        }
        match self {
            Self::Double => f.write_str("DOUBLE"),
            Self::Decimal(Some(precision), Some(scale)) => write!(f, "DECIMAL({precision}, {scale})"),
            Self::Decimal(precision, _) => write!(f, "DECIMAL{}", InParentheses(*precision)),
            Self::Length(kind, length) => write!(f, "{kind}{}", InParentheses(*length)),
            Self::Time(precision, zone) => write!(f, "TIME{}{zone}", InParentheses(*precision)),
            Self::Timestamp(precision, TimeZoneKind::Local) => {
                write!(f, "TIMESTAMP_LTZ{}", InParentheses(*precision))
            }
            Self::Timestamp(precision, zone) => write!(f, "TIMESTAMP{}{zone}", InParentheses(*precision)),
            Self::Interval(qualifier) => write!(f, "INTERVAL {qualifier}"),
            Self::Array(element) => write!(f, "ARRAY<{element}>"),
            Self::Multiset(element) => write!(f, "MULTISET<{element}>"),
            Self::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            Self::Row(fields) => write!(f, "ROW<{}>", commas(fields)),
            Self::Raw(class, serializer) => write!(f, "RAW({class}, {serializer})"),
            Self::Structured(class, fields) => write!(f, "STRUCTURED<{class}{}>", Listed(", ", fields)),
            Self::Named(name) => name.fmt(f),
            // All others are one word.
            _ => Ok(()),
        }
    }
}

/// `(n)`, and nothing if there is no number.
struct InParentheses(Option<u32>);

impl Display for InParentheses {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(number) => write!(f, "({number})"),
            None => Ok(()),
        }
    }
}

impl Display for LengthType {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Char => "CHAR",
            Self::VarChar => "VARCHAR",
            Self::Binary => "BINARY",
            Self::VarBinary => "VARBINARY",
        })
    }
}

impl Display for TimeZoneKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Without => "",
            Self::Local => " WITH LOCAL TIME ZONE",
            Self::With => " WITH TIME ZONE",
        })
    }
}

impl Display for RowField {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.name, self.data_type, Prefixed(" ", self.comment.as_ref()))
    }
}

impl Display for TimeUnit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.keyword())
    }
}

impl Display for IntervalQualifier {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.start.fmt(f)?;
        match (self.precision, self.end, self.fraction) {
            (Some(precision), None, Some(fraction)) => write!(f, "({precision}, {fraction})")?,
            (precision, ..) => InParentheses(precision).fmt(f)?,
        }
        match self.end {
            Some(end) => write!(f, " TO {end}{}", InParentheses(self.fraction)),
            None => Ok(()),
        }
    }
}
