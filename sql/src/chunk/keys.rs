//! The keys of a chunk's rows: their hashes, and the bytes or numbers by which state finds them.

mod decode;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, ByteViewType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, Time32MillisecondType, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef, GenericByteViewArray};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::{BytesColumn, KeyColumn, KeyEncoder, KeyKind, KeyOrder};
use millstream_state::{STABLE_HASH_START, fold_word};

use crate::types::{Field, SqlType};

/// The word that stands for NULL in a hash. That a number has the same one matters little: keys are compared, too.
///
/// Nothing stands before values, so that hashes are the same for columns that take NULL and for those that do not: the
/// sides of a join may differ in that.
const NULL_WORD: u64 = 0x9e37_79b9_7f4a_7c15;

/// How keys of some columns are made. All chunks of one edge have the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyLayout {
    columns: Vec<usize>,
    fields: Vec<Field>,
    kind: KeyKind,
}

/// The keys of a chunk's rows.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    hashes: Vec<u64>,
    data: KeyData,
}

#[derive(Clone, Debug)]
enum KeyData {
    U64(Vec<u64>),
    U128(Vec<u128>),
    Bytes { offsets: Vec<u32>, data: Vec<u8> },
}

impl Default for KeyData {
    fn default() -> Self {
        Self::U64(Vec::new())
    }
}

impl KeyLayout {
    /// Keys of these columns, by position, of these types.
    ///
    /// One column of at most 8 bytes that is never NULL is a number, two are a larger one; all other keys are bytes
    /// that sort as their values do.
    pub fn new(columns: Vec<usize>, fields: Vec<Field>) -> Self {
        let fixed = fields.iter().all(|field| !field.nullable && is_fixed(&field.data_type));
        let kind = match (fields.len(), fixed) {
            (1, true) => KeyKind::U64,
            (2, true) => KeyKind::U128,
            _ => KeyKind::Bytes,
        };
        Self { columns, fields, kind }
    }

    /// Keys of these columns that are bytes, whatever the types.
    pub fn of_bytes(columns: Vec<usize>, fields: Vec<Field>) -> Self {
        Self { columns, fields, kind: KeyKind::Bytes }
    }

    /// The columns that make the key, by position.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// The types of the columns.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// What the keys are for state.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The hash of each row's key: the same for equal keys, whatever chunk they are in. Snapshots depend on it.
    ///
    /// # Errors
    /// If a column is not there or cannot be a key.
    pub fn hash(&self, columns: &[ArrayRef], rows: usize, hashes: &mut Vec<u64>) -> Result<()> {
        hashes.clear();
        hashes.resize(rows, STABLE_HASH_START);
        for column in &self.columns {
            hash_column(column_at(columns, *column)?, hashes)?;
        }
        Ok(())
    }

    /// The hashes and keys of all rows.
    ///
    /// # Errors
    /// If a column is not there or cannot be a key.
    pub fn keys(&self, columns: &[ArrayRef], rows: usize) -> Result<Keys> {
        let mut keys = Keys::default();
        self.hash(columns, rows, &mut keys.hashes)?;
        keys.data = self.encode(columns, rows)?;
        Ok(keys)
    }

    /// The keys of all rows, with other hashes than [theirs](Self::hash).
    ///
    /// # Errors
    /// If a column is not there or cannot be a key.
    pub(crate) fn keys_with(&self, columns: &[ArrayRef], hashes: Vec<u64>) -> Result<Keys> {
        let data = self.encode(columns, hashes.len())?;
        Ok(Keys { hashes, data })
    }

    fn encode(&self, columns: &[ArrayRef], rows: usize) -> Result<KeyData> {
        match (self.kind, self.columns.as_slice()) {
            (KeyKind::U64, [only]) => {
                let mut words = Vec::with_capacity(rows);
                each_word(column_at(columns, *only)?, |word| words.push(word.unwrap_or_default()))?;
                Ok(KeyData::U64(words))
            }
            (KeyKind::U128, [first, second]) => {
                let mut words: Vec<u128> = Vec::with_capacity(rows);
                each_word(column_at(columns, *first)?, |word| {
                    words.push(u128::from(word.unwrap_or_default()) << 64)
                })?;
                let mut slots = words.iter_mut();
                each_word(column_at(columns, *second)?, |word| {
                    if let Some(slot) = slots.next() {
                        *slot |= u128::from(word.unwrap_or_default());
                    }
                })?;
                Ok(KeyData::U128(words))
            }
            _ => {
                let columns = self
                    .columns
                    .iter()
                    .map(|column| column_at(columns, *column))
                    .collect::<Result<Vec<_>>>()?;
                let (mut offsets, mut data) = (Vec::with_capacity(rows + 1), Vec::with_capacity(rows * 16));
                offsets.push(0);
                for row in 0..rows {
                    let mut encoder = KeyEncoder::new(&mut data);
                    for (column, field) in columns.iter().zip(&self.fields) {
                        encode_value(&mut encoder, column, row, &field.data_type, KeyOrder::Ascending)?;
                    }
                    let end = u32::try_from(data.len()).map_err(|_| {
                        Error::new(ErrorKind::InvalidInput, "the keys of one chunk take more than 4 GiB")
                    })?;
                    offsets.push(end);
                }
                Ok(KeyData::Bytes { offsets, data })
            }
        }
    }
}

impl Keys {
    /// The hash of each row's key.
    pub fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// The hashes alone.
    pub(crate) fn into_hashes(self) -> Vec<u64> {
        self.hashes
    }

    /// The keys, for state.
    pub fn column(&self) -> KeyColumn<'_> {
        match &self.data {
            KeyData::U64(keys) => KeyColumn::U64(keys),
            KeyData::U128(keys) => KeyColumn::U128(keys),
            KeyData::Bytes { offsets, data } => KeyColumn::Bytes(BytesColumn { offsets, data }),
        }
    }

    /// The bytes of one row's key, if the layout is [of bytes](KeyLayout::of_bytes).
    pub fn bytes(&self, row: usize) -> &[u8] {
        match &self.data {
            KeyData::Bytes { offsets, data } => BytesColumn { offsets, data }.get(row).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The hash and the key of one row, for state; nothing if there is no such row.
    pub fn at(&self, row: usize) -> (&[u64], KeyColumn<'_>) {
        let hash = self.hashes.get(row..=row).unwrap_or_default();
        let key = match &self.data {
            KeyData::U64(keys) => KeyColumn::U64(keys.get(row..=row).unwrap_or_default()),
            KeyData::U128(keys) => KeyColumn::U128(keys.get(row..=row).unwrap_or_default()),
            KeyData::Bytes { offsets, data } => {
                let offsets = offsets.get(row..row + 2).unwrap_or_default();
                KeyColumn::Bytes(BytesColumn { offsets, data })
            }
        };
        (hash, key)
    }
}

fn column_at(columns: &[ArrayRef], index: usize) -> Result<&ArrayRef> {
    columns.get(index).ok_or_else(|| Error::new(ErrorKind::Internal, "a key of a column that is not there"))
}

/// Whether values are at most 8 bytes, and equal if their bytes are.
const fn is_fixed(data_type: &SqlType) -> bool {
    use SqlType::{
        BigInt, Boolean, Date, Int, IntervalDayTime, IntervalYearMonth, SmallInt, Time, Timestamp,
        TimestampLtz, TinyInt,
    };
    matches!(
        data_type,
        Boolean
            | TinyInt
            | SmallInt
            | Int
            | BigInt
            | Date
            | Time(_)
            | Timestamp(..)
            | TimestampLtz(..)
            | IntervalDayTime
            | IntervalYearMonth
    )
}

/// One 64-bit word for each value of a column of numbers, dates or times; `None` for NULL.
///
/// Once for each caller: a call for each value would take longer than the rest.
fn each_word(column: &ArrayRef, mut take: impl FnMut(Option<u64>)) -> Result<()> {
    macro_rules! words {
        ($($kind:ty => $word:expr),+ $(,)?) => {
            $(if let Some(values) = column.as_primitive_opt::<$kind>() {
                let word: fn(<$kind as ArrowPrimitiveType>::Native) -> u64 = $word;
                if values.null_count() == 0 {
                    values.values().iter().for_each(|value| take(Some(word(*value))));
                } else {
                    values.iter().for_each(|value| take(value.map(word)));
                }
                return Ok(());
            })+
        };
    }
    words! {
        Int64Type => |value| value.cast_unsigned(),
        TimestampMillisecondType => |value| value.cast_unsigned(),
        Int32Type => |value| i64::from(value).cast_unsigned(),
        Int16Type => |value| i64::from(value).cast_unsigned(),
        Int8Type => |value| i64::from(value).cast_unsigned(),
        Date32Type => |value| i64::from(value).cast_unsigned(),
        Time32MillisecondType => |value| i64::from(value).cast_unsigned(),
        TimestampMicrosecondType => |value| value.cast_unsigned(),
        TimestampNanosecondType => |value| value.cast_unsigned(),
        Float64Type => |value| canonical(value).to_bits(),
        Float32Type => |value| canonical(f64::from(value)).to_bits(),
    }
    if let Some(values) = column.as_boolean_opt() {
        values.iter().for_each(|value| take(value.map(u64::from)));
        return Ok(());
    }
    Err(no_key(column))
}

/// All zeros are one, and all NaNs.
fn canonical(value: f64) -> f64 {
    if value == 0.0 {
        0.0
    } else if value.is_nan() {
        f64::NAN
    } else {
        value
    }
}

fn no_key(column: &ArrayRef) -> Error {
    Error::new(ErrorKind::InvalidJob, format!("a column of {} cannot be a key", column.data_type()))
}

fn hash_column(column: &ArrayRef, hashes: &mut [u64]) -> Result<()> {
    let tag = |hash: u64, is_null: bool| if is_null { fold_word(hash, NULL_WORD) } else { hash };
    if let Some(texts) = column.as_string_view_opt() {
        hash_texts(texts, hashes);
        return Ok(());
    }
    if let Some(binaries) = column.as_binary_view_opt() {
        hash_texts(binaries, hashes);
        return Ok(());
    }
    if let Some(decimals) = column.as_primitive_opt::<Decimal128Type>() {
        for (value, hash) in decimals.iter().zip(hashes.iter_mut()) {
            *hash = tag(*hash, value.is_none());
            if let Some(value) = value {
                let bytes = value.to_le_bytes();
                *hash = hash_bytes(*hash, &bytes);
            }
        }
        return Ok(());
    }
    let mut slots = hashes.iter_mut();
    each_word(column, |word| {
        if let Some(hash) = slots.next() {
            *hash = tag(*hash, word.is_none());
            if let Some(word) = word {
                *hash = fold_word(*hash, word);
            }
        }
    })
}

fn hash_texts<T: ByteViewType>(values: &GenericByteViewArray<T>, hashes: &mut [u64]) {
    for (row, (hash, view)) in hashes.iter_mut().zip(values.views()).enumerate() {
        *hash = if values.is_null(row) {
            fold_word(*hash, NULL_WORD)
        } else {
            short_hash(*hash, *view).unwrap_or_else(|| hash_bytes(*hash, values.value(row).as_ref()))
        };
    }
}

/// As [`hash_bytes`], of a value that is in its view, where zeros fill up what is behind it; `None` for a longer one.
#[inline]
fn short_hash(hash: u64, view: u128) -> Option<u64> {
    let (length, first, last) = (view as u32, (view >> 32) as u64, (view >> 96) as u64);
    let hash = match length {
        0..=7 => fold_word(hash, first),
        8..=12 => fold_word(fold_word(hash, first), last),
        _ => return None,
    };
    Some(fold_word(hash, u64::from(length)))
}

fn hash_bytes(mut hash: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        hash = fold_word(hash, u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    fold_word(fold_word(hash, u64::from_le_bytes(last)), bytes.len() as u64)
}

/// Appends a value to a key of bytes, which sorts as the value does.
pub(crate) fn encode_value(
    encoder: &mut KeyEncoder<'_>,
    column: &ArrayRef,
    row: usize,
    data_type: &SqlType,
    order: KeyOrder,
) -> Result<()> {
    macro_rules! number {
        ($kind:ty) => {{
            let values = column.as_primitive_opt::<$kind>().ok_or_else(|| no_key(column))?;
            encoder.number(values.is_valid(row).then(|| values.value(row)), order);
        }};
    }
    match data_type {
        SqlType::Boolean => {
            let values = column.as_boolean_opt().ok_or_else(|| no_key(column))?;
            encoder.boolean(values.is_valid(row).then(|| values.value(row)), order);
        }
        SqlType::TinyInt => number!(Int8Type),
        SqlType::SmallInt => number!(Int16Type),
        SqlType::Int | SqlType::IntervalYearMonth => number!(Int32Type),
        SqlType::BigInt | SqlType::IntervalDayTime => number!(Int64Type),
        SqlType::Float => number!(Float32Type),
        SqlType::Double => number!(Float64Type),
        SqlType::Decimal(..) => number!(Decimal128Type),
        SqlType::Date => number!(Date32Type),
        SqlType::Time(_) => number!(Time32MillisecondType),
        SqlType::Timestamp(precision, _) | SqlType::TimestampLtz(precision, _) => match precision {
            0..=3 => number!(TimestampMillisecondType),
            4..=6 => number!(TimestampMicrosecondType),
            _ => number!(TimestampNanosecondType),
        },
        SqlType::Char(_) | SqlType::VarChar(_) => {
            let values = column.as_string_view_opt().ok_or_else(|| no_key(column))?;
            encoder.bytes(values.is_valid(row).then(|| values.value(row).as_bytes()), order);
        }
        SqlType::Binary(_) | SqlType::VarBinary(_) => {
            let values = column.as_binary_view_opt().ok_or_else(|| no_key(column))?;
            encoder.bytes(values.is_valid(row).then(|| values.value(row)), order);
        }
        SqlType::Null => encoder.boolean(None, order),
        SqlType::Array(_) | SqlType::Map(..) | SqlType::Multiset(_) | SqlType::Row(_) => {
            return Err(no_key(column));
        }
    }
    Ok(())
}

/// Whether values of a type can be keys.
pub(crate) const fn can_be_key(data_type: &SqlType) -> bool {
    !matches!(data_type, SqlType::Array(_) | SqlType::Map(..) | SqlType::Multiset(_) | SqlType::Row(_))
}

#[cfg(test)]
mod tests {
    use arrow_array::builder::make_view;

    use super::*;

    #[test]
    fn a_value_has_one_hash_whether_it_is_short_or_not() {
        let text = b"a text\0of some length";
        for length in 0..text.len() {
            let short = short_hash(7, make_view(&text[..length], 0, 0));
            let hash = hash_bytes(7, &text[..length]);
            assert_eq!(short, (length <= 12).then_some(hash), "{length}");
        }
    }
}
