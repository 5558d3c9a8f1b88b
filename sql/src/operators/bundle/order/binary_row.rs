//! The bytes of a row as Flink's `BinaryRowData` lays them out, for their hash alone.
//!
//! A word for the kind of the row and its NULL bits, one word for each field, and behind them what does not fit into a
//! word. The hash is Murmur3 of 32 bits, seed 42.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef};
use millstream_runtime::{Error, ErrorKind, Result};

use crate::types::{Field, SqlType};

const WORD: usize = 8;
/// The bits of the first word that are for the kind of the row.
const KIND_BITS: usize = 8;
/// Text of so many bytes stands in the word of its field.
const INLINE: usize = 7;
/// A DECIMAL of so many digits is a `long`.
const LONG_DIGITS: u8 = 18;
/// What is reserved for a longer one.
const LONG_DECIMAL: usize = 16;

/// Rows of some columns.
pub(super) struct BinaryRow<'a> {
    columns: Vec<(Values<'a>, &'a ArrayRef)>,
    /// Before the words of fields.
    head: usize,
    pub(super) bytes: Vec<u8>,
}

/// The values of a column.
enum Values<'a> {
    /// Numbers of at most 8 bytes, in little-endian order.
    Word(Box<dyn Fn(usize) -> u64 + 'a>),
    /// Milliseconds, and nanoseconds within one.
    Time(Box<dyn Fn(usize) -> (i64, u32) + 'a>),
    Decimal(Box<dyn Fn(usize) -> i128 + 'a>),
    Bytes(Box<dyn Fn(usize) -> &'a [u8] + 'a>),
}

impl<'a> BinaryRow<'a> {
    /// Whether there is a layout for a type here.
    pub(super) const fn has(data_type: &SqlType) -> bool {
        !matches!(
            data_type,
            SqlType::Array(_) | SqlType::Map(..) | SqlType::Multiset(_) | SqlType::Row(_) | SqlType::Null
        )
    }

    pub(super) fn new(fields: &[Field], columns: &'a [ArrayRef]) -> Result<Self> {
        let columns = fields.iter().zip(columns).map(|(field, column)| {
            let values = values(&field.data_type, column);
            let values = values.ok_or_else(|| {
                Error::new(ErrorKind::Internal, format!("a key that is no {}", field.data_type))
            });
            Ok((values?, column))
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let head = (columns.len() + 63 + KIND_BITS) / 64 * WORD;
        Ok(Self { columns, head, bytes: Vec::new() })
    }

    /// The hash of the row with this number.
    pub(super) fn hash(&mut self, row: usize) -> u32 {
        self.bytes.clear();
        self.bytes.resize(self.head + self.columns.len() * WORD, 0);
        for (index, (values, column)) in self.columns.iter().enumerate() {
            let is_null = column.is_null(row);
            if is_null && let Some(byte) = self.bytes.get_mut((KIND_BITS + index) / 8) {
                *byte |= 1 << ((KIND_BITS + index) % 8);
            }
            let behind = self.bytes.len();
            let word = match values {
                Values::Word(word) if !is_null => word(row),
                Values::Time(time) => {
                    let (millis, nanos) = if is_null { (0, 0) } else { time(row) };
                    self.bytes.extend(millis.to_le_bytes());
                    place(behind, nanos as usize)
                }
                Values::Decimal(number) => {
                    let bytes = if is_null { Vec::new() } else { big_endian(number(row)) };
                    self.bytes.extend(&bytes);
                    self.bytes.resize(behind + LONG_DECIMAL, 0);
                    place(behind, bytes.len())
                }
                Values::Bytes(bytes) if !is_null => {
                    let bytes = bytes(row);
                    if bytes.len() <= INLINE {
                        let mut word = [0; WORD];
                        word.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
                        u64::from_le_bytes(word) | (0x80 | bytes.len() as u64) << 56
                    } else {
                        self.bytes.extend(bytes);
                        self.bytes.resize((behind + bytes.len()).next_multiple_of(WORD), 0);
                        place(behind, bytes.len())
                    }
                }
                Values::Word(_) | Values::Bytes(_) => 0,
            };
            let at = self.head + index * WORD;
            if let Some(slot) = self.bytes.get_mut(at..).and_then(|bytes| bytes.first_chunk_mut()) {
                *slot = word.to_le_bytes();
            }
        }
        murmur3(&self.bytes)
    }
}

/// The word of a field of which the value stands behind the words.
const fn place(offset: usize, length: usize) -> u64 {
    (offset as u64) << 32 | length as u64
}

/// The fewest bytes that have the number in two's complement, as Java's `BigInteger.toByteArray`.
fn big_endian(number: i128) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let sign = if number < 0 { 0xff } else { 0 };
    let is_spare = |pair: &[u8; 2]| pair[0] == sign && (pair[1] & 0x80) == (sign & 0x80);
    let spare = bytes.array_windows().take_while(|pair| is_spare(pair)).count();
    bytes.get(spare..).unwrap_or_default().to_vec()
}

fn values<'a>(data_type: &SqlType, column: &'a ArrayRef) -> Option<Values<'a>> {
    macro_rules! words {
        ($kind:ty, $word:expr) => {{
            let numbers = column.as_primitive_opt::<$kind>()?.values();
            let word: fn(_) -> u64 = $word;
            Some(Values::Word(Box::new(move |row| numbers.get(row).copied().map_or(0, word))))
        }};
    }
    match data_type {
        SqlType::Boolean => {
            let values = column.as_boolean_opt()?;
            Some(Values::Word(Box::new(move |row| u64::from(values.value(row)))))
        }
        SqlType::TinyInt => words!(Int8Type, |number: i8| u64::from(number.cast_unsigned())),
        SqlType::SmallInt => words!(Int16Type, |number: i16| u64::from(number.cast_unsigned())),
        SqlType::Int | SqlType::IntervalYearMonth => {
            words!(Int32Type, |number: i32| u64::from(number.cast_unsigned()))
        }
        SqlType::BigInt | SqlType::IntervalDayTime => words!(Int64Type, i64::cast_unsigned),
        SqlType::Float => words!(Float32Type, |number: f32| u64::from(number.to_bits())),
        SqlType::Double => words!(Float64Type, f64::to_bits),
        SqlType::Date => words!(Date32Type, |number: i32| u64::from(number.cast_unsigned())),
        SqlType::Time(_) => words!(Time32MillisecondType, |number: i32| u64::from(number.cast_unsigned())),
        SqlType::Timestamp(0..=3, _) | SqlType::TimestampLtz(0..=3, _) => {
            words!(TimestampMillisecondType, i64::cast_unsigned)
        }
        SqlType::Timestamp(4..=6, _) | SqlType::TimestampLtz(4..=6, _) => {
            let times = column.as_primitive_opt::<TimestampMicrosecondType>()?.values();
            Some(Values::Time(Box::new(move |row| divided(times.get(row).copied(), 1_000, 1_000))))
        }
        SqlType::Timestamp(..) | SqlType::TimestampLtz(..) => {
            let times = column.as_primitive_opt::<TimestampNanosecondType>()?.values();
            Some(Values::Time(Box::new(move |row| divided(times.get(row).copied(), 1_000_000, 1))))
        }
        SqlType::Decimal(digits, _) if *digits <= LONG_DIGITS => {
            words!(Decimal128Type, |number: i128| number.cast_unsigned() as u64)
        }
        SqlType::Decimal(..) => {
            let numbers = column.as_primitive_opt::<Decimal128Type>()?.values();
            Some(Values::Decimal(Box::new(move |row| numbers.get(row).copied().unwrap_or_default())))
        }
        other if other.is_text() => {
            let texts = column.as_string_view_opt()?;
            Some(Values::Bytes(Box::new(move |row| texts.value(row).as_bytes())))
        }
        other if other.is_binary() => {
            let values = column.as_binary_view_opt()?;
            Some(Values::Bytes(Box::new(move |row| values.value(row))))
        }
        _ => None,
    }
}

/// Milliseconds, and the nanoseconds of the rest of which each unit has so many.
fn divided(time: Option<i64>, units: i64, nanos: i64) -> (i64, u32) {
    let time = time.unwrap_or_default();
    let rest = u32::try_from(time.rem_euclid(units) * nanos).unwrap_or_default();
    (time.div_euclid(units), rest)
}

/// Murmur3 of 32 bits over whole words.
fn murmur3(bytes: &[u8]) -> u32 {
    const SEED: u32 = 42;
    let (words, _) = bytes.as_chunks::<4>();
    let mixed = words.iter().fold(SEED, |hash, word| {
        let word = u32::from_le_bytes(*word).wrapping_mul(0xcc9e_2d51).rotate_left(15);
        (hash ^ word.wrapping_mul(0x1b87_3593)).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
    });
    let mut hash = mixed ^ u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::{big_endian, murmur3};

    #[test]
    fn numbers_have_no_byte_too_many() {
        assert_eq!(big_endian(0), [0]);
        assert_eq!(big_endian(127), [127]);
        assert_eq!(big_endian(128), [0, 128]);
        assert_eq!(big_endian(-1), [255]);
        assert_eq!(big_endian(-128), [128]);
        assert_eq!(big_endian(-129), [255, 127]);
        assert_eq!(big_endian(i128::MAX).len(), 16);
    }

    #[test]
    fn hashes_are_those_of_murmur3() {
        // Of another implementation, which gives the published 0xba6bd213 for `test` with seed 0.
        assert_eq!(murmur3(b""), 0x087f_cd5c);
        assert_eq!(murmur3(b"test"), 0xec06_e15a);
    }
}
