//! Primary keys in the order in which a table is read.
//!
//! The server and this process must order alike: what has been read of a table is told by a key. So integers are ordered as
//! numbers, and everything else by the bytes of its text form, which no locale has a part in.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// How values of a column are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum KeyOrder {
    /// As whole numbers.
    Integer,
    /// By the bytes of their text forms.
    Bytes,
}

impl KeyOrder {
    fn compare(self, left: &str, right: &str) -> Ordering {
        match (self, left.parse::<i64>(), right.parse::<i64>()) {
            (Self::Integer, Ok(left), Ok(right)) => left.cmp(&right),
            _ => left.as_bytes().cmp(right.as_bytes()),
        }
    }
}

/// The values of the columns of a primary key, in their text forms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Key(pub(super) Vec<String>);

impl Key {
    /// Which of both comes first: by the first column, then by the second, and so on.
    pub(super) fn compare(&self, other: &Self, orders: &[KeyOrder]) -> Ordering {
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
        let ordered =
            [key(&["-10", "z"]), key(&["-9", "a"]), key(&["2", "B"]), key(&["2", "a"]), key(&["10", ""])];
        for (index, left) in ordered.iter().enumerate() {
            for (other, right) in ordered.iter().enumerate() {
                assert_eq!(left.compare(right, &orders), index.cmp(&other), "{left:?} {right:?}");
            }
        }
    }
}
