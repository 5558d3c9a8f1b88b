//! Rows of a chunk that have equal keys.

use millstream_state::rows::KeyColumn;

use super::Keys;

/// The groups of a chunk's rows, numbered in the order of their first rows.
#[derive(Debug, Default)]
pub(crate) struct Grouping {
    groups: Vec<u32>,
    firsts: Vec<u32>,
    /// An open-addressing table: the upper half of a hash, and the number of the group after the one it names; 0 where
    /// there is none.
    slots: Vec<u64>,
}

/// How many slots the table begins with: few enough for the nearest cache.
const SLOTS: usize = 1024;

#[inline]
const fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

impl Grouping {
    /// Groups rows by their keys.
    pub(crate) fn group(&mut self, keys: &Keys) {
        let hashes = keys.hashes();
        match keys.column() {
            KeyColumn::U64(keys) => self.group_by(hashes, |row, first| keys.get(row) == keys.get(first)),
            KeyColumn::U128(keys) => self.group_by(hashes, |row, first| keys.get(row) == keys.get(first)),
            KeyColumn::Bytes(keys) => self.group_by(hashes, |row, first| keys.get(row) == keys.get(first)),
        }
    }

    /// The group of each row.
    pub(crate) fn groups(&self) -> &[u32] {
        &self.groups
    }

    /// The first row of each group.
    pub(crate) fn firsts(&self) -> &[u32] {
        &self.firsts
    }

    fn group_by(&mut self, hashes: &[u64], is_equal: impl Fn(usize, usize) -> bool) {
        self.groups.clear();
        self.groups.reserve(hashes.len());
        self.firsts.clear();
        self.slots.clear();
        self.slots.resize(SLOTS, 0);
        for (row, hash) in hashes.iter().enumerate() {
            let group = match self.find(*hash, |first| is_equal(row, first)) {
                Ok(group) => group,
                Err(position) => self.add(position, row, hashes),
            };
            self.groups.push(group);
        }
    }

    #[inline]
    fn home(&self, tag: u32) -> usize {
        (tag >> (u32::BITS - self.slots.len().trailing_zeros())) as usize
    }

    /// The group of a row, or the empty slot where it would be.
    #[inline]
    fn find(&self, hash: u64, is_row_of: impl Fn(usize) -> bool) -> Result<u32, usize> {
        let tag = tag(hash);
        let mut position = self.home(tag);
        loop {
            match self.slots.get(position).copied().unwrap_or_default() {
                0 => return Err(position),
                slot if (slot >> 32) as u32 == tag => {
                    let group = (slot as u32).wrapping_sub(1);
                    if self.firsts.get(group as usize).is_some_and(|first| is_row_of(*first as usize)) {
                        return Ok(group);
                    }
                }
                _ => {}
            }
            position = (position + 1) & (self.slots.len() - 1);
        }
    }

    fn add(&mut self, position: usize, row: usize, hashes: &[u64]) -> u32 {
        let group = self.firsts.len() as u32;
        self.firsts.push(row as u32);
        if self.firsts.len() * 2 > self.slots.len() {
            self.grow(hashes);
        } else if let (Some(slot), Some(hash)) = (self.slots.get_mut(position), hashes.get(row)) {
            *slot = u64::from(tag(*hash)) << 32 | u64::from(group + 1);
        }
        group
    }

    #[cold]
    fn grow(&mut self, hashes: &[u64]) {
        let slots = self.slots.len() * 2;
        self.slots.clear();
        self.slots.resize(slots, 0);
        for (group, first) in (1_u64..).zip(&self.firsts) {
            let Some(hash) = hashes.get(*first as usize) else { continue };
            let mut position = self.home(tag(*hash));
            while self.slots.get(position).is_some_and(|slot| *slot != 0) {
                position = (position + 1) & (self.slots.len() - 1);
            }
            if let Some(slot) = self.slots.get_mut(position) {
                *slot = u64::from(tag(*hash)) << 32 | group;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, StringViewArray};
    use proptest::prelude::*;

    use super::*;
    use crate::chunk::KeyLayout;
    use crate::types::{Field, SqlType};

    fn check(numbers: &[i64], nullable: bool) {
        let column: ArrayRef = match nullable {
            true => Arc::new(StringViewArray::from_iter_values(numbers.iter().map(ToString::to_string))),
            false => Arc::new(Int64Array::from(numbers.to_vec())),
        };
        let field =
            if nullable { Field::nullable(SqlType::STRING) } else { Field::required(SqlType::BigInt) };
        let keys = KeyLayout::new(vec![0], vec![field]).keys(&[column], numbers.len()).unwrap();
        let mut grouping = Grouping::default();
        for _ in 0..2 {
            grouping.group(&keys);
            let mut known = HashMap::new();
            let mut firsts = Vec::new();
            let expected = numbers.iter().zip(0_u32..).map(|(number, row)| {
                *known.entry(*number).or_insert_with(|| {
                    firsts.push(row);
                    firsts.len() as u32 - 1
                })
            });
            let expected: Vec<_> = expected.collect();
            assert_eq!((grouping.groups(), grouping.firsts()), (&expected[..], &firsts[..]));
        }
    }

    proptest! {
        #[test]
        fn equal_keys_are_one_group(numbers in prop::collection::vec(0..60_i64, 0..200), nullable: bool) {
            check(&numbers, nullable);
        }
    }

    #[test]
    fn more_groups_than_the_table_begins_with_are_told_apart() {
        let numbers: Vec<i64> = (0..9_000).map(|row| row * 7_919 % 5_000).collect();
        check(&numbers, false);
        check(&numbers, true);
    }
}
