//! The type that values of two types have in common, and the types of decimal arithmetic.
//!
//! As Flink's `LogicalTypeMerging`.

use std::sync::Arc;

use super::{Field, NamedField, SqlType};

const MAXIMUM_PRECISION: u8 = 38;
/// How many digits of a scale survive where precision runs out.
const MINIMUM_SCALE: u8 = 6;

/// The type to which values of both types can be converted without a cast, as for the branches of a CASE or the
/// columns of a UNION; `None` if there is none.
pub fn common_type(left: &SqlType, right: &SqlType) -> Option<SqlType> {
    use SqlType::{
        Array, Binary, Char, Date, Decimal, Double, Map, Multiset, Null, Row, Time, Timestamp, TimestampLtz,
        VarBinary, VarChar,
    };
    if left == right {
        return Some(left.clone());
    }
    Some(match (left, right) {
        (Null, other) | (other, Null) => other.clone(),
        (Char(a) | VarChar(a), Char(b) | VarChar(b)) => VarChar(*a.max(b)),
        (Binary(a) | VarBinary(a), Binary(b) | VarBinary(b)) => VarBinary(*a.max(b)),
        (Decimal(..), other) | (other, Decimal(..)) if other.is_approximate() => Double,
        (a, b) if a.is_approximate() && b.is_numeric() => {
            if *b == Double {
                Double
            } else {
                a.clone()
            }
        }
        (a, b) if b.is_approximate() && a.is_numeric() => b.clone(),
        (a, b) if a.is_integer() && b.is_integer() => {
            if integer_digits(a) > integer_digits(b) {
                a.clone()
            } else {
                b.clone()
            }
        }
        (a, b) if a.is_numeric() && b.is_numeric() => {
            let ((p1, s1), (p2, s2)) = (as_decimal(a)?, as_decimal(b)?);
            let scale = s1.max(s2);
            adjusted(u32::from((p1 - s1).max(p2 - s2)) + u32::from(scale), u32::from(scale))
        }
        (Time(a), Time(b)) => Time(*a.max(b)),
        (Date, Timestamp(p, _)) | (Timestamp(p, _), Date) => Timestamp(*p, Default::default()),
        (Timestamp(a, _), Timestamp(b, _)) => Timestamp(*a.max(b), Default::default()),
        (TimestampLtz(a, _) | Timestamp(a, _), TimestampLtz(b, _) | Timestamp(b, _)) => {
            TimestampLtz(*a.max(b), Default::default())
        }
        (Array(a), Array(b)) => Array(Arc::new(common_field(a, b)?)),
        (Multiset(a), Multiset(b)) => Multiset(Arc::new(common_field(a, b)?)),
        (Map(k1, v1), Map(k2, v2)) => Map(Arc::new(common_field(k1, k2)?), Arc::new(common_field(v1, v2)?)),
        (Row(a), Row(b)) if a.len() == b.len() => {
            let fields = a
                .iter()
                .zip(b.iter())
                .map(|(a, b)| Some(NamedField::new(a.name.clone(), common_field(&a.field, &b.field)?)));
            Row(fields.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

fn common_field(left: &Field, right: &Field) -> Option<Field> {
    Some(Field::new(common_type(&left.data_type, &right.data_type)?, left.nullable || right.nullable))
}

/// How many decimal digits an integer type has.
const fn integer_digits(data_type: &SqlType) -> u8 {
    match data_type {
        SqlType::TinyInt => 3,
        SqlType::SmallInt => 5,
        SqlType::Int => 10,
        _ => 19,
    }
}

/// Precision and scale of the decimal that holds all values of an exact numeric type.
pub(crate) const fn as_decimal(data_type: &SqlType) -> Option<(u8, u8)> {
    match data_type {
        SqlType::Decimal(precision, scale) => Some((*precision, *scale)),
        other if other.is_integer() => Some((integer_digits(other), 0)),
        _ => None,
    }
}

/// The type of `left operator right` for two decimals, given as precision and scale; `operator` is one of `+ - * / %`.
pub fn decimal_result(operator: char, left: (u8, u8), right: (u8, u8)) -> SqlType {
    let widened = |(precision, scale)| (u32::from(precision), u32::from(scale));
    let (((p1, s1), (p2, s2)), at_most) = ((widened(left), widened(right)), u32::from(MAXIMUM_PRECISION));
    match operator {
        '*' => adjusted(p1 + p2, s1 + s2),
        '/' => {
            let scale = (s1 + p2 + 1).max(u32::from(MINIMUM_SCALE));
            adjusted(p1 - s1 + s2 + scale, scale)
        }
        '%' => {
            let scale = s1.max(s2);
            SqlType::Decimal(narrow((p1 - s1).min(p2 - s2) + scale, at_most), narrow(scale, at_most))
        }
        _ => {
            let scale = s1.max(s2);
            adjusted((p1 - s1).max(p2 - s2) + scale + 1, scale)
        }
    }
}

/// Where there are more digits than a decimal can have, those of the fraction go first, but not all of them.
fn adjusted(precision: u32, scale: u32) -> SqlType {
    let maximum = u32::from(MAXIMUM_PRECISION);
    if precision <= maximum {
        return SqlType::Decimal(narrow(precision, maximum), narrow(scale, maximum));
    }
    let integral = precision - scale;
    let scale = maximum.saturating_sub(integral).max(scale.min(u32::from(MINIMUM_SCALE)));
    SqlType::Decimal(MAXIMUM_PRECISION, narrow(scale, maximum))
}

fn narrow(value: u32, at_most: u32) -> u8 {
    u8::try_from(value.min(at_most)).unwrap_or(MAXIMUM_PRECISION)
}

#[cfg(test)]
mod tests;
