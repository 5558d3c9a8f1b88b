//! Numbers in the fixed part of a row.

use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time32MillisecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType,
};

/// A number, date or time that can be kept in the bytes of a row.
pub(super) trait Stored: ArrowPrimitiveType + Send {
    /// How many bytes it takes.
    const BYTES: usize;
    /// Reads it; zero if the bytes end before.
    fn read(bytes: &[u8], at: usize) -> Self::Native;
    /// Writes it; nothing if the bytes end before.
    fn write(bytes: &mut [u8], at: usize, value: Self::Native);
}

macro_rules! stored {
    ($($kind:ty),+ $(,)?) => {
        $(impl Stored for $kind {
            const BYTES: usize = size_of::<<Self as ArrowPrimitiveType>::Native>();

            #[inline]
            fn read(bytes: &[u8], at: usize) -> Self::Native {
                let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
                bytes.map_or_else(Default::default, |bytes| Self::Native::from_le_bytes(*bytes))
            }

            #[inline]
            fn write(bytes: &mut [u8], at: usize, value: Self::Native) {
                if let Some(slot) = bytes.get_mut(at..).and_then(|bytes| bytes.first_chunk_mut()) {
                    *slot = value.to_le_bytes();
                }
            }
        })+
    };
}

stored!(
    Int8Type,
    Int16Type,
    Int32Type,
    Int64Type,
    Float32Type,
    Float64Type,
    Decimal128Type,
    Date32Type,
    Time32MillisecondType,
    TimestampMillisecondType,
    TimestampMicrosecondType,
    TimestampNanosecondType,
);

/// Calls with the arrow type that holds values of a type of numbers, dates or times.
macro_rules! with_stored {
    ($data_type:expr, $kind:ident => $made:expr) => {{
        use arrow_array::types::{
            Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
            Time32MillisecondType, TimestampMicrosecondType, TimestampMillisecondType,
            TimestampNanosecondType,
        };
        macro_rules! made {
            ($type:ty) => {{
                type $kind = $type;
                Some($made)
            }};
        }
        match $data_type {
            $crate::types::SqlType::TinyInt => made!(Int8Type),
            $crate::types::SqlType::SmallInt => made!(Int16Type),
            $crate::types::SqlType::Int | $crate::types::SqlType::IntervalYearMonth => made!(Int32Type),
            $crate::types::SqlType::BigInt | $crate::types::SqlType::IntervalDayTime => made!(Int64Type),
            $crate::types::SqlType::Float => made!(Float32Type),
            $crate::types::SqlType::Double => made!(Float64Type),
            $crate::types::SqlType::Decimal(..) => made!(Decimal128Type),
            $crate::types::SqlType::Date => made!(Date32Type),
            $crate::types::SqlType::Time(_) => made!(Time32MillisecondType),
            $crate::types::SqlType::Timestamp(0..=3, _) | $crate::types::SqlType::TimestampLtz(0..=3, _) => {
                made!(TimestampMillisecondType)
            }
            $crate::types::SqlType::Timestamp(4..=6, _) | $crate::types::SqlType::TimestampLtz(4..=6, _) => {
                made!(TimestampMicrosecondType)
            }
            $crate::types::SqlType::Timestamp(..) | $crate::types::SqlType::TimestampLtz(..) => {
                made!(TimestampNanosecondType)
            }
            _ => None,
        }
    }};
}
pub(super) use with_stored;
