//! Which types convert to which.
//!
//! As Flink's `LogicalTypeCasts`.

use super::SqlType;

/// Whether a value may be used where another type is wanted, without a CAST. It loses nothing but what a sink's
/// column has no room for.
pub fn can_cast_implicitly(from: &SqlType, to: &SqlType) -> bool {
    use SqlType::{Array, Date, Decimal, Map, Multiset, Null, Row, Time};
    match (from, to) {
        (Null, _) => true,
        (from, to) if from == to => true,
        (from, to) if from.is_text() && to.is_text() => true,
        (from, to) if from.is_binary() && to.is_binary() => true,
        (from, to) if from.is_integer() && to.is_integer() => rank(from) <= rank(to),
        (from, to) if from.is_numeric() && to.is_numeric() => {
            to.is_approximate() && (*from != SqlType::Double || *to == SqlType::Double)
                || matches!(to, Decimal(..)) && !from.is_approximate()
        }
        (Time(_), Time(_)) => true,
        (from, to) if from.is_timestamp() && to.is_timestamp() => true,
        (Date, to) => to.is_timestamp(),
        (Array(a), Array(b)) | (Multiset(a), Multiset(b)) => can_cast_implicitly(&a.data_type, &b.data_type),
        (Map(k1, v1), Map(k2, v2)) => {
            can_cast_implicitly(&k1.data_type, &k2.data_type)
                && can_cast_implicitly(&v1.data_type, &v2.data_type)
        }
        (Row(a), Row(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b.iter())
                    .all(|(a, b)| can_cast_implicitly(&a.field.data_type, &b.field.data_type))
        }
        _ => false,
    }
}

const fn rank(data_type: &SqlType) -> u8 {
    match data_type {
        SqlType::TinyInt => 1,
        SqlType::SmallInt => 2,
        SqlType::Int => 3,
        _ => 4,
    }
}

/// Whether CAST takes values from one type to the other.
pub fn can_cast(from: &SqlType, to: &SqlType) -> bool {
    use SqlType::{Array, Boolean, Date, Map, Multiset, Row, Time};
    match (from, to) {
        (from, to) if can_cast_implicitly(from, to) => true,
        (from, to) if to.is_text() => !matches!(from, SqlType::Null),
        (Array(a), Array(b)) | (Multiset(a), Multiset(b)) => can_cast(&a.data_type, &b.data_type),
        (Map(k1, v1), Map(k2, v2)) => {
            can_cast(&k1.data_type, &k2.data_type) && can_cast(&v1.data_type, &v2.data_type)
        }
        (Row(a), Row(b)) => {
            a.len() == b.len()
                && a.iter().zip(b.iter()).all(|(a, b)| can_cast(&a.field.data_type, &b.field.data_type))
        }
        (from, to) if from.is_text() => {
            to.is_numeric() || to.is_binary() || to.is_timestamp() || matches!(to, Boolean | Date | Time(_))
        }
        (from, to) if from.is_binary() => to.is_text(),
        (from, to) if from.is_numeric() => to.is_numeric() || matches!(to, Boolean),
        (Boolean, to) => to.is_numeric(),
        (from, Date | Time(_)) => from.is_timestamp(),
        (Time(_), to) => to.is_timestamp(),
        _ => false,
    }
}
