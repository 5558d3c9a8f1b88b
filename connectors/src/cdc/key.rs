//! Primary keys in the order in which a table is read.
//!
//! The server and this process must order alike: what has been read of a table is told by a key. So integers are ordered as
//! numbers, and everything else by the bytes of its text form, which no locale has a part in.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// How values of a column are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyOrder {
    /// As whole numbers.
    Integer,
    /// By the bytes of their text forms.
    Bytes,
    /// By their bytes, which are no text: a key has them in hexadecimal.
    Binary,
}

impl KeyOrder {
    /// A value as a key has it; `None` if it is no text and should be.
    pub(crate) fn text(self, value: &[u8]) -> Option<String> {
        match self {
            Self::Integer | Self::Bytes => std::str::from_utf8(value).ok().map(str::to_owned),
            Self::Binary => Some(value.iter().map(|byte| format!("{byte:02X}")).collect()),
        }
    }

    fn compare(self, left: &str, right: &str) -> Ordering {
        // Unsigned numbers of 64 bits are among them.
        match (self, left.parse::<i128>(), right.parse::<i128>()) {
            (Self::Integer, Ok(left), Ok(right)) => left.cmp(&right),
            _ => left.as_bytes().cmp(right.as_bytes()),
        }
    }
}

/// The values of the columns of a primary key, in their text forms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key(pub(crate) Vec<String>);

impl Key {
    /// Which of both comes first: by the first column, then by the second, and so on.
    pub(crate) fn compare(&self, other: &Self, orders: &[KeyOrder]) -> Ordering {
        let columns = self.0.iter().zip(&other.0).zip(orders);
        columns
            .map(|((left, right), order)| order.compare(left, right))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_ordered_column_by_column() {
        let key = |values: &[&str]| Key(values.iter().map(|&value| value.to_owned()).collect());
        let orders = [KeyOrder::Integer, KeyOrder::Bytes];
        let ordered = [
            key(&["-10", "z"]),
            key(&["-9", "a"]),
            key(&["2", "B"]),
            key(&["2", "a"]),
            key(&["10", ""]),
            key(&["18446744073709551615", ""]),
        ];
        for (index, left) in ordered.iter().enumerate() {
            for (other, right) in ordered.iter().enumerate() {
                assert_eq!(left.compare(right, &orders), index.cmp(&other), "{left:?} {right:?}");
            }
        }
    }

    #[test]
    fn bytes_are_written_in_the_order_that_they_have() {
        let texts =
            [&b""[..], b"\x00", b"\x0a\xff", b"\x7f", b"\xff"].map(|value| KeyOrder::Binary.text(value));
        assert!(texts.is_sorted(), "{texts:?}");
        assert_eq!(texts[2].as_deref(), Some("0AFF"));
        assert_eq!(KeyOrder::Bytes.text(b"\xff"), None);
    }
}
