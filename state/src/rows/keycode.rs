//! Keys as bytes whose order is the order of the values: what ordered stores sort by.
//!
//! Each value is a tag (0 for NULL, 1 otherwise) and then, unless it is NULL:
//!
//! | kind | bytes |
//! | --- | --- |
//! | integer of 8 to 128 bits | big-endian, sign bit flipped |
//! | float | big-endian; all bits flipped if negative, else the sign bit; one NaN, above all; one zero |
//! | boolean | 0 or 1 |
//! | bytes, text | each 0x00 as 0x00 0xFF, then 0x00 0x00 |
//!
//! In descending order every byte is inverted. NULL is the smallest value, as in Flink SQL: first in
//! ascending order, last in descending order. A key of several values is their bytes one behind the
//! other. Snapshots depend on these bytes: a test pins them.

use crate::{Result, StateError};

const NULL: u8 = 0;
const PRESENT: u8 = 1;
/// Stands behind a zero byte that is part of the value.
const ESCAPED: u8 = 0xFF;
/// Stands behind the zero byte that ends a value.
const END: u8 = 0;

/// Which way a value is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOrder {
    /// The smallest first.
    Ascending,
    /// The largest first.
    Descending,
}

impl KeyOrder {
    /// What each byte is combined with by exclusive or.
    const fn mask(self) -> u8 {
        match self {
            Self::Ascending => 0,
            Self::Descending => 0xFF,
        }
    }
}

mod sealed {
    pub trait Sealed: Copy {
        type Bytes: AsRef<[u8]> + AsMut<[u8]> + Default;
        /// Bytes that sort as the value does.
        fn to_sortable(self) -> Self::Bytes;
        /// The value of such bytes.
        fn from_sortable(bytes: Self::Bytes) -> Self;
    }
}

/// A number of a fixed width that can be part of a key: `i8` to `i128`, `f32` and `f64`.
///
/// Floats are in the order of Java's `Double.compare`, except that there is one zero and one NaN:
/// -0.0 comes back as 0.0.
pub trait KeyNumber: sealed::Sealed {}

macro_rules! integers {
    ($($integer:ident)*) => {
        $(impl sealed::Sealed for $integer {
            type Bytes = [u8; size_of::<$integer>()];

            #[inline]
            fn to_sortable(self) -> Self::Bytes {
                (self ^ Self::MIN).to_be_bytes()
            }

            #[inline]
            fn from_sortable(bytes: Self::Bytes) -> Self {
                Self::from_be_bytes(bytes) ^ Self::MIN
            }
        }
        impl KeyNumber for $integer {})*
    };
}

macro_rules! floats {
    ($($float:ident, $bits:ident, $sign:expr;)*) => {
        $(impl sealed::Sealed for $float {
            type Bytes = [u8; size_of::<$float>()];

            #[inline]
            fn to_sortable(self) -> Self::Bytes {
                let one = if self.is_nan() { $float::NAN.abs() } else if self == 0.0 { 0.0 } else { self };
                let bits = one.to_bits();
                let sortable = if bits & $sign == 0 { bits ^ $sign } else { !bits };
                sortable.to_be_bytes()
            }

            #[inline]
            fn from_sortable(bytes: Self::Bytes) -> Self {
                let sortable = $bits::from_be_bytes(bytes);
                $float::from_bits(if sortable & $sign == 0 { !sortable } else { sortable ^ $sign })
            }
        }
        impl KeyNumber for $float {})*
    };
}

integers! { i8 i16 i32 i64 i128 }
floats! {
    f32, u32, 1 << 31;
    f64, u64, 1 << 63;
}

/// Appends the values of a key to a buffer, in order.
///
/// ```
/// use millstream_state::rows::{KeyEncoder, KeyOrder};
/// let key = |price: i64, name: &str| {
///     let mut bytes = Vec::new();
///     let mut key = KeyEncoder::new(&mut bytes);
///     key.number(Some(price), KeyOrder::Descending);
///     key.bytes(Some(name.as_bytes()), KeyOrder::Ascending);
///     bytes
/// };
/// // ORDER BY price DESC, name
/// assert!(key(20, "b") < key(20, "ba"));
/// assert!(key(20, "b") < key(-3, "a"));
/// ```
#[derive(Debug)]
pub struct KeyEncoder<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> KeyEncoder<'a> {
    /// Appends to `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    /// Appends a number, or NULL.
    #[inline]
    pub fn number<N: KeyNumber>(&mut self, value: Option<N>, order: KeyOrder) {
        self.fixed(value.map(N::to_sortable), order);
    }

    /// Appends a boolean, or NULL: false is less than true.
    #[inline]
    pub fn boolean(&mut self, value: Option<bool>, order: KeyOrder) {
        self.fixed(value.map(|value| [u8::from(value)]), order);
    }

    /// Appends bytes or a text, or NULL. They are sorted by their bytes, the shorter first where one
    /// begins with the other.
    pub fn bytes(&mut self, value: Option<&[u8]>, order: KeyOrder) {
        let mask = order.mask();
        let Some(value) = value else {
            self.out.push(NULL ^ mask);
            return;
        };
        self.out.reserve(value.len() + 3);
        self.out.push(PRESENT ^ mask);
        let start = self.out.len();
        // Hardly any text has a zero byte, and copying one byte after the other takes several times as long.
        if value.contains(&0) {
            value.iter().for_each(|byte| match byte {
                0 => self.out.extend_from_slice(&[0, ESCAPED]),
                byte => self.out.push(*byte),
            });
        } else {
            self.out.extend_from_slice(value);
        }
        self.out.extend_from_slice(&[0, END]);
        if mask != 0 {
            self.out.iter_mut().skip(start).for_each(|byte| *byte ^= mask);
        }
    }

    #[inline]
    fn fixed(&mut self, value: Option<impl AsRef<[u8]> + AsMut<[u8]>>, order: KeyOrder) {
        let mask = order.mask();
        let Some(mut value) = value else {
            self.out.push(NULL ^ mask);
            return;
        };
        value.as_mut().iter_mut().for_each(|byte| *byte ^= mask);
        self.out.push(PRESENT ^ mask);
        self.out.extend_from_slice(value.as_ref());
    }
}

/// Reads the values of a key back, in the order and with the types that they were written with.
#[derive(Clone, Debug)]
pub struct KeyDecoder<'a> {
    rest: &'a [u8],
}

impl<'a> KeyDecoder<'a> {
    /// Reads from the front of `key`.
    pub const fn new(key: &'a [u8]) -> Self {
        Self { rest: key }
    }

    /// What has not been read yet.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next value, a number; `None` for NULL.
    ///
    /// # Errors
    /// [`StateError::Usage`] if no number of this type stands there.
    #[inline]
    pub fn number<N: KeyNumber>(&mut self, order: KeyOrder) -> Result<Option<N>> {
        Ok(self.fixed::<N::Bytes>(order)?.map(N::from_sortable))
    }

    /// The next value, a boolean; `None` for NULL.
    ///
    /// # Errors
    /// [`StateError::Usage`] if no boolean stands there.
    pub fn boolean(&mut self, order: KeyOrder) -> Result<Option<bool>> {
        match self.fixed::<[u8; 1]>(order)? {
            None => Ok(None),
            Some([0]) => Ok(Some(false)),
            Some([1]) => Ok(Some(true)),
            Some(_) => Err(damaged("a boolean is neither 0 nor 1")),
        }
    }

    /// Appends the next value, bytes or a text, to `out`; false, and nothing appended, for NULL.
    ///
    /// # Errors
    /// [`StateError::Usage`] if no bytes stand there; what came before the damage may have been appended.
    pub fn bytes(&mut self, order: KeyOrder, out: &mut Vec<u8>) -> Result<bool> {
        if !self.is_present(order)? {
            return Ok(false);
        }
        let mask = order.mask();
        loop {
            let zero = self.rest.iter().position(|byte| byte ^ mask == 0);
            let Some((before, [_, kind, rest @ ..])) = zero.and_then(|at| self.rest.split_at_checked(at))
            else {
                return Err(damaged("bytes are cut off"));
            };
            out.extend(before.iter().map(|byte| byte ^ mask));
            self.rest = rest;
            match kind ^ mask {
                ESCAPED => out.push(0),
                END => return Ok(true),
                _ => return Err(damaged("a zero byte is neither escaped nor the end")),
            }
        }
    }

    #[inline]
    fn fixed<B: AsMut<[u8]> + Default>(&mut self, order: KeyOrder) -> Result<Option<B>> {
        if !self.is_present(order)? {
            return Ok(None);
        }
        let (mut value, mask) = (B::default(), order.mask());
        let length = value.as_mut().len();
        let (taken, rest) =
            self.rest.split_at_checked(length).ok_or_else(|| damaged("a value is cut off"))?;
        value.as_mut().iter_mut().zip(taken).for_each(|(to, from)| *to = from ^ mask);
        self.rest = rest;
        Ok(Some(value))
    }

    #[inline]
    fn is_present(&mut self, order: KeyOrder) -> Result<bool> {
        let (tag, rest) = self.rest.split_first().ok_or_else(|| damaged("a value is missing"))?;
        self.rest = rest;
        match tag ^ order.mask() {
            NULL => Ok(false),
            PRESENT => Ok(true),
            _ => Err(damaged("a value begins with neither tag")),
        }
    }
}

#[cold]
fn damaged(problem: &str) -> StateError {
    StateError::Usage(format!(
        "an encoded key cannot be read: {problem}; it was written with other types or orders"
    ))
}

#[cfg(test)]
mod tests;
