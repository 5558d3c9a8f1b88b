//! Keys back to columns, for operators that emit a group when none of its rows is at hand.
//!
//! Zeros and NaNs come back as the one that keys have: see [`millstream_state::rows::keycode`].

use std::sync::Arc;

use arrow_array::builder::{BinaryViewBuilder, BooleanBuilder, PrimitiveBuilder, StringViewBuilder};
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time32MillisecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType,
};
use arrow_array::{ArrayRef, NullArray};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::{KeyDecoder, KeyKind, KeyNumber, KeyOrder};

use super::KeyLayout;
use crate::types::SqlType;

impl KeyLayout {
    /// The columns of keys, in the order of the layout.
    ///
    /// # Errors
    /// If the bytes are no keys of this layout.
    pub(crate) fn decode(&self, keys: &[&[u8]]) -> Result<Vec<ArrayRef>> {
        let columns = self.fields.iter().map(|field| column(&field.data_type, keys.len()));
        let mut columns = columns.collect::<Result<Vec<_>>>()?;
        match (self.kind, columns.as_mut_slice()) {
            (KeyKind::U64, [only]) => keys.iter().try_for_each(|key| only.word(word(key, 0)?))?,
            (KeyKind::U128, [first, second]) => {
                for key in keys {
                    // The number is little-endian, and the first value is its upper half.
                    first.word(word(key, 8)?)?;
                    second.word(word(key, 0)?)?;
                }
            }
            (_, columns) => {
                for key in keys {
                    let mut decoder = KeyDecoder::new(key);
                    columns.iter_mut().try_for_each(|column| column.value(&mut decoder))?;
                }
            }
        }
        Ok(columns.into_iter().map(|mut column| column.finish()).collect())
    }
}

fn word(key: &[u8], at: usize) -> Result<u64> {
    let bytes = key.get(at..).and_then(|bytes| bytes.first_chunk());
    bytes.map(|bytes| u64::from_le_bytes(*bytes)).ok_or_else(|| damaged("a number is cut off"))
}

#[cold]
fn damaged(what: &str) -> Error {
    Error::new(ErrorKind::Restore, format!("a key in the state is damaged: {what}"))
}

/// The values of one column of keys.
trait Values {
    /// Adds the value of a number's bits.
    fn word(&mut self, word: u64) -> Result<()>;
    /// Adds the next value of a key of bytes.
    fn value(&mut self, key: &mut KeyDecoder<'_>) -> Result<()>;
    /// The column.
    fn finish(&mut self) -> ArrayRef;
}

/// Numbers that are whole words, and what a word is for others.
struct Numbers<T: ArrowPrimitiveType> {
    values: PrimitiveBuilder<T>,
    of_word: fn(u64) -> Option<T::Native>,
}

impl<T: ArrowPrimitiveType<Native: KeyNumber>> Values for Numbers<T> {
    fn word(&mut self, word: u64) -> Result<()> {
        self.values.append_value((self.of_word)(word).ok_or_else(|| damaged("a number is too large"))?);
        Ok(())
    }

    fn value(&mut self, key: &mut KeyDecoder<'_>) -> Result<()> {
        self.values.append_option(key.number::<T::Native>(KeyOrder::Ascending)?);
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.values.finish())
    }
}

impl Values for BooleanBuilder {
    fn word(&mut self, word: u64) -> Result<()> {
        self.append_value(word != 0);
        Ok(())
    }

    fn value(&mut self, key: &mut KeyDecoder<'_>) -> Result<()> {
        self.append_option(key.boolean(KeyOrder::Ascending)?);
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(Self::finish(self))
    }
}

/// Texts or bytes, and a buffer for one of them.
struct Bytes<B> {
    values: B,
    one: Vec<u8>,
}

impl Values for Bytes<StringViewBuilder> {
    fn word(&mut self, _: u64) -> Result<()> {
        Err(damaged("a text is a number"))
    }

    fn value(&mut self, key: &mut KeyDecoder<'_>) -> Result<()> {
        self.one.clear();
        if key.bytes(KeyOrder::Ascending, &mut self.one)? {
            let text = std::str::from_utf8(&self.one).map_err(|_| damaged("a text is not UTF-8"))?;
            self.values.append_value(text);
        } else {
            self.values.append_null();
        }
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.values.finish())
    }
}

impl Values for Bytes<BinaryViewBuilder> {
    fn word(&mut self, _: u64) -> Result<()> {
        Err(damaged("bytes are a number"))
    }

    fn value(&mut self, key: &mut KeyDecoder<'_>) -> Result<()> {
        self.one.clear();
        if key.bytes(KeyOrder::Ascending, &mut self.one)? {
            self.values.append_value(&self.one);
        } else {
            self.values.append_null();
        }
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.values.finish())
    }
}

/// NULLs without a type: how many.
struct Nulls(usize);

impl Values for Nulls {
    fn word(&mut self, _: u64) -> Result<()> {
        Err(damaged("NULL is a number"))
    }

    fn value(&mut self, key: &mut KeyDecoder<'_>) -> Result<()> {
        key.boolean(KeyOrder::Ascending)?;
        self.0 += 1;
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(NullArray::new(std::mem::take(&mut self.0)))
    }
}

fn column(data_type: &SqlType, rows: usize) -> Result<Box<dyn Values>> {
    macro_rules! numbers {
        ($kind:ty, $of_word:expr) => {
            Box::new(Numbers::<$kind> {
                values: PrimitiveBuilder::with_capacity(rows).with_data_type(data_type.arrow()),
                of_word: $of_word,
            })
        };
    }
    Ok(match data_type {
        SqlType::Boolean => Box::new(BooleanBuilder::with_capacity(rows)),
        SqlType::TinyInt => numbers!(Int8Type, |word| word.cast_signed().try_into().ok()),
        SqlType::SmallInt => numbers!(Int16Type, |word| word.cast_signed().try_into().ok()),
        SqlType::Int | SqlType::IntervalYearMonth => {
            numbers!(Int32Type, |word| word.cast_signed().try_into().ok())
        }
        SqlType::BigInt | SqlType::IntervalDayTime => numbers!(Int64Type, |word| Some(word.cast_signed())),
        SqlType::Float => numbers!(Float32Type, |_| None),
        SqlType::Double => numbers!(Float64Type, |_| None),
        SqlType::Decimal(..) => numbers!(Decimal128Type, |_| None),
        SqlType::Date => numbers!(Date32Type, |word| word.cast_signed().try_into().ok()),
        SqlType::Time(_) => numbers!(Time32MillisecondType, |word| word.cast_signed().try_into().ok()),
        SqlType::Timestamp(precision, _) | SqlType::TimestampLtz(precision, _) => match precision {
            0..=3 => numbers!(TimestampMillisecondType, |word| Some(word.cast_signed())),
            4..=6 => numbers!(TimestampMicrosecondType, |word| Some(word.cast_signed())),
            _ => numbers!(TimestampNanosecondType, |word| Some(word.cast_signed())),
        },
        SqlType::Char(_) | SqlType::VarChar(_) => {
            Box::new(Bytes { values: StringViewBuilder::with_capacity(rows), one: Vec::new() })
        }
        SqlType::Binary(_) | SqlType::VarBinary(_) => {
            Box::new(Bytes { values: BinaryViewBuilder::with_capacity(rows), one: Vec::new() })
        }
        SqlType::Null => Box::new(Nulls(0)),
        other => return Err(Error::new(ErrorKind::Internal, format!("a key of type {other}"))),
    })
}

#[cfg(test)]
mod tests;
