//! Values that are made of no others: how they look in bytes, and what they are in a column.

use std::collections::HashMap;
use std::sync::Arc;

use prost_reflect::{EnumDescriptor, Kind, Syntax, Value};

use super::wire::{WireType, from_zigzag, to_zigzag};
use crate::chunk::Scalar;
use crate::types::SqlType;

/// What Java calls a value of an enum that its schema does not have.
const UNRECOGNIZED: &str = "UNRECOGNIZED";

/// How a number looks in bytes, and what it is in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) wire: WireType,
    zigzag: bool,
    meaning: Meaning,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Boolean,
    Int,
    /// The same in a column that has room for more.
    IntAsBigInt,
    /// 32 bits without a sign; above 2^31 an INT is negative, as in Java.
    UnsignedInt,
    /// The same as a BIGINT, which has room for all of them.
    UnsignedIntAsBigInt,
    /// 64 bits; without a sign, a BIGINT is negative above 2^63, as in Java.
    BigInt,
    /// 64 bits without a sign as a DECIMAL, which has room for all of them.
    UnsignedBigIntAsDecimal,
    Float,
    Double,
}

impl Number {
    /// A number of Protobuf in a column of this type; `None` if it is none.
    pub(super) fn of(kind: &Kind, column: &SqlType) -> Option<Self> {
        use Meaning as To;
        let meaning = match (kind, column) {
            (Kind::Bool, SqlType::Boolean) => To::Boolean,
            (Kind::Int32 | Kind::Sint32 | Kind::Sfixed32, SqlType::Int) => To::Int,
            (Kind::Int32 | Kind::Sint32 | Kind::Sfixed32, SqlType::BigInt) => To::IntAsBigInt,
            (Kind::Uint32 | Kind::Fixed32, SqlType::Int) => To::UnsignedInt,
            (Kind::Uint32 | Kind::Fixed32, SqlType::BigInt) => To::UnsignedIntAsBigInt,
            (Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 | Kind::Uint64 | Kind::Fixed64, SqlType::BigInt) => {
                To::BigInt
            }
            (Kind::Uint64 | Kind::Fixed64, SqlType::Decimal(20.., 0)) => To::UnsignedBigIntAsDecimal,
            (Kind::Float, SqlType::Float) => To::Float,
            (Kind::Double, SqlType::Double) => To::Double,
            _ => return None,
        };
        let wire = match kind {
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => WireType::Fixed32,
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => WireType::Fixed64,
            _ => WireType::Varint,
        };
        Some(Self { wire, zigzag: matches!(kind, Kind::Sint32 | Kind::Sint64), meaning })
    }

    /// The value of some bits. Of a varint, those count that the type has room for.
    #[inline]
    pub(super) fn read(self, bits: u64) -> Scalar<'static> {
        if !self.zigzag {
            return self.plain(bits);
        }
        let is_short = matches!(self.meaning, Meaning::Int | Meaning::IntAsBigInt);
        let bits = if is_short { bits & u64::from(u32::MAX) } else { bits };
        self.plain(from_zigzag(bits).cast_unsigned())
    }

    /// The value of some bits, whose sign is that of the number.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "as all parsers do")]
    pub(super) fn plain(self, bits: u64) -> Scalar<'static> {
        match self.meaning {
            Meaning::Boolean => Scalar::Boolean(bits != 0),
            Meaning::Int | Meaning::IntAsBigInt | Meaning::UnsignedInt => {
                Scalar::Integer((bits as i32).into())
            }
            Meaning::UnsignedIntAsBigInt => Scalar::Integer((bits as u32).into()),
            Meaning::BigInt => Scalar::Integer(bits.cast_signed()),
            Meaning::UnsignedBigIntAsDecimal => Scalar::Decimal(bits.into()),
            Meaning::Float => Scalar::Float(f32::from_bits(bits as u32).into()),
            Meaning::Double => Scalar::Float(f64::from_bits(bits)),
        }
    }

    /// The bits of a value of the column.
    ///
    /// # Errors
    /// If it is out of range, or none of the column's type.
    #[allow(clippy::cast_possible_truncation, reason = "a FLOAT comes as the DOUBLE that it is")]
    pub(super) fn bits(self, value: Scalar<'_>) -> Result<u64, String> {
        let signed = |value: i64| if self.zigzag { to_zigzag(value) } else { value.cast_unsigned() };
        let bits = match (self.meaning, value) {
            (Meaning::Boolean, Scalar::Boolean(value)) => value.into(),
            (Meaning::Int | Meaning::BigInt, Scalar::Integer(value)) => signed(value),
            (Meaning::IntAsBigInt, Scalar::Integer(value)) => {
                signed(i32::try_from(value).map_err(|_| format!("{value} has more than 32 bits"))?.into())
            }
            #[allow(clippy::cast_sign_loss, reason = "the bits stay as they are")]
            (Meaning::UnsignedInt, Scalar::Integer(value)) => u64::from(value as u32),
            (Meaning::UnsignedIntAsBigInt, Scalar::Integer(value)) => u32::try_from(value)
                .map_err(|_| format!("{value} is no number of 32 bits without a sign"))?
                .into(),
            (Meaning::UnsignedBigIntAsDecimal, Scalar::Decimal(value)) => {
                u64::try_from(value).map_err(|_| format!("{value} is no number of 64 bits without a sign"))?
            }
            (Meaning::Float, Scalar::Float(value)) => (value as f32).to_bits().into(),
            (Meaning::Double, Scalar::Float(value)) => value.to_bits(),
            _ => return Err("a column of another type than the table's".to_owned()),
        };
        Ok(bits)
    }
}

/// An enum, in a column of texts or numbers.
#[derive(Debug)]
pub(super) struct Symbols {
    names: HashMap<i32, Arc<str>>,
    numbers: HashMap<Arc<str>, i32>,
    first: i32,
    /// Whether a number without a name is no value, as in proto2.
    pub(super) is_closed: bool,
    pub(super) is_text: bool,
}

impl Symbols {
    /// An enum in a column of this type; `None` if it is none.
    pub(super) fn of(descriptor: &EnumDescriptor, column: &SqlType) -> Option<Self> {
        if !column.is_text() && !column.is_integer() {
            return None;
        }
        let (mut names, mut numbers) = (HashMap::new(), HashMap::new());
        for value in descriptor.values() {
            let name: Arc<str> = value.name().into();
            // Of several names of a number the first counts.
            names.entry(value.number()).or_insert_with(|| name.clone());
            numbers.insert(name, value.number());
        }
        Some(Self {
            names,
            numbers,
            first: descriptor.default_value().number(),
            is_closed: descriptor.parent_file().syntax() == Syntax::Proto2,
            is_text: column.is_text(),
        })
    }

    /// The number of some bits.
    #[allow(clippy::cast_possible_truncation, reason = "an enum has 32 bits")]
    const fn number(bits: u64) -> i32 {
        bits as i32
    }

    /// Whether the bits are those of a value.
    pub(super) fn has(&self, bits: u64) -> bool {
        !self.is_closed || self.names.contains_key(&Self::number(bits))
    }

    /// The value of some bits.
    pub(super) fn read(&self, bits: u64) -> Scalar<'_> {
        let number = Self::number(bits);
        if self.is_text {
            Scalar::Text(self.names.get(&number).map_or(UNRECOGNIZED, |name| name))
        } else {
            Scalar::Integer(number.into())
        }
    }

    /// The bits of a value of the column: those of the first value, if there is none of that name or number, as in Flink.
    ///
    /// # Errors
    /// If it is none of the column's type.
    pub(super) fn bits(&self, value: Scalar<'_>) -> Result<u64, String> {
        let found = match value {
            Scalar::Text(name) => self.numbers.get(name).copied(),
            Scalar::Integer(number) => {
                i32::try_from(number).ok().filter(|number| self.names.contains_key(number))
            }
            _ => return Err("a column of another type than the table's".to_owned()),
        };
        Ok(found.map_or_else(|| self.first_bits(), |number| i64::from(number).cast_unsigned()))
    }

    /// The bits of the first value.
    pub(super) fn first_bits(&self) -> u64 {
        i64::from(self.first).cast_unsigned()
    }
}

/// A value that is read where a message has none.
#[derive(Clone, Debug)]
pub(super) enum DefaultValue {
    /// The bits of a number, whose sign is extended.
    Number(u64),
    Bytes(Arc<[u8]>),
}

impl DefaultValue {
    /// That of a field; `None` if it is a message.
    pub(super) fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Bool(value) => Self::Number((*value).into()),
            Value::I32(value) | Value::EnumNumber(value) => Self::Number(i64::from(*value).cast_unsigned()),
            Value::I64(value) => Self::Number(value.cast_unsigned()),
            Value::U32(value) => Self::Number((*value).into()),
            Value::U64(value) => Self::Number(*value),
            Value::F32(value) => Self::Number(value.to_bits().into()),
            Value::F64(value) => Self::Number(value.to_bits()),
            Value::String(text) => Self::Bytes(text.as_bytes().into()),
            Value::Bytes(bytes) => Self::Bytes(bytes.as_ref().into()),
            Value::Message(_) | Value::List(_) | Value::Map(_) => return None,
        })
    }
}
