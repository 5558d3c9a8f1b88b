//! A window that is over, and the pairs of its rows.

use std::collections::BTreeMap;
use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, BooleanArray, UInt32Array, new_null_array};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::{BytesColumn, KeyColumn, KeyKind, RowRef, RowStore};

use super::specification::{WindowJoinSpecification, WindowSide, parts};
use crate::chunk::{Chunk, RowCodec};
use crate::eval::EvalContext;
use crate::plan::JoinKind;

/// The rows of a window, and how far their pairs have been emitted.
pub(super) struct Firing {
    left: Chunk,
    right: Chunk,
    /// The rows of both sides that have a key in common.
    groups: Vec<(Range<usize>, Range<usize>)>,
    /// The group, and the row of each side in it, that comes next.
    at: (usize, usize, usize),
    left_matched: Vec<bool>,
    right_matched: Vec<bool>,
    /// What is emitted behind the pairs.
    rest: Option<Vec<Chunk>>,
}

/// The rows of a side, those of one key behind each other.
struct SideRows {
    chunk: Chunk,
    /// By the first row of a key: the rows that have it, if they may belong to others.
    keys: BTreeMap<RowRef, Range<usize>>,
}

fn side_rows(side: &WindowSide, codec: &RowCodec, store: Option<&RowStore>) -> Result<SideRows> {
    let Some(store) = store else {
        return Ok(SideRows { chunk: Chunk::empty(&side.schema), keys: BTreeMap::new() });
    };
    let (mut rows, mut keys): (Vec<&[u8]>, _) = (Vec::with_capacity(store.len()), BTreeMap::new());
    // Of rows with one key, the first knows how many there are.
    for first in store.rows().filter(|row| store.rows_with_key(*row) > 0) {
        let (begin, mut may_match) = (rows.len(), true);
        for row in store.with_key(first) {
            let (matches, bytes) = parts(store.variable(row));
            may_match &= matches;
            rows.push(bytes);
        }
        if may_match {
            keys.insert(first, begin..rows.len());
        }
    }
    Ok(SideRows { chunk: Chunk::new(codec.decode(&rows)?, rows.len()), keys })
}

/// The first row of another store that has the key of a row.
fn partner(
    store: &RowStore,
    row: RowRef,
    other: &RowStore,
    found: &mut Vec<Option<RowRef>>,
) -> Result<Option<RowRef>> {
    let (hash, key) = (store.hash(row), store.key(row));
    found.clear();
    let cut_off = || Error::new(ErrorKind::Internal, "a key that is cut off");
    match store.layout().key_kind() {
        KeyKind::U64 => {
            let key = u64::from_le_bytes(*key.first_chunk().ok_or_else(cut_off)?);
            other.find(&[hash], &KeyColumn::U64(&[key]), found)?;
        }
        KeyKind::U128 => {
            let key = u128::from_le_bytes(*key.first_chunk().ok_or_else(cut_off)?);
            other.find(&[hash], &KeyColumn::U128(&[key]), found)?;
        }
        KeyKind::Bytes => {
            let end = u32::try_from(key.len()).map_err(|_| cut_off())?;
            let column = BytesColumn { offsets: &[0, end], data: key };
            other.find(&[hash], &KeyColumn::Bytes(column), found)?;
        }
    }
    Ok(found.first().copied().flatten())
}

impl Firing {
    pub(super) fn new(
        specification: &WindowJoinSpecification,
        [left_codec, right_codec]: &[RowCodec; 2],
        left_store: Option<RowStore>,
        right_store: Option<RowStore>,
    ) -> Result<Self> {
        let left = side_rows(&specification.left, left_codec, left_store.as_ref())?;
        let right = side_rows(&specification.right, right_codec, right_store.as_ref())?;
        let mut groups = Vec::new();
        if let (Some(left_store), Some(right_store)) = (&left_store, &right_store) {
            let mut found = Vec::new();
            for (first, lefts) in &left.keys {
                let other = partner(left_store, *first, right_store, &mut found)?;
                if let Some(rights) = other.and_then(|other| right.keys.get(&other)) {
                    groups.push((lefts.clone(), rights.clone()));
                }
            }
        }
        Ok(Self {
            left_matched: vec![false; left.chunk.rows()],
            right_matched: vec![false; right.chunk.rows()],
            left: left.chunk,
            right: right.chunk,
            groups,
            at: (0, 0, 0),
            rest: None,
        })
    }

    /// The next rows, of which there may be none; `None` behind the last.
    pub(super) fn next(
        &mut self,
        specification: &WindowJoinSpecification,
        cx: &EvalContext,
    ) -> Result<Option<Chunk>> {
        if self.rest.is_none() {
            let (lefts, rights) = self.pairs();
            if !lefts.is_empty() {
                return self.joined(specification, cx, lefts, rights).map(Some);
            }
        }
        if self.rest.is_none() {
            self.rest = Some(self.behind(specification)?);
        }
        Ok(self.rest.as_mut().and_then(Vec::pop))
    }

    /// The positions of the next pairs.
    fn pairs(&mut self) -> (Vec<u32>, Vec<u32>) {
        let (mut lefts, mut rights) = (Vec::new(), Vec::new());
        let position = |row: usize| u32::try_from(row).unwrap_or(u32::MAX);
        let (mut group, mut left, mut right) = self.at;
        while lefts.len() < Chunk::ROWS
            && let Some((of_left, of_right)) = self.groups.get(group)
        {
            lefts.push(position(of_left.start + left));
            rights.push(position(of_right.start + right));
            right += 1;
            if right == of_right.len() {
                (left, right) = (left + 1, 0);
            }
            if left == of_left.len() {
                (group, left) = (group + 1, 0);
            }
        }
        self.at = (group, left, right);
        (lefts, rights)
    }

    /// Pairs for which the rest of the condition holds.
    fn joined(
        &mut self,
        specification: &WindowJoinSpecification,
        cx: &EvalContext,
        lefts: Vec<u32>,
        rights: Vec<u32>,
    ) -> Result<Chunk> {
        let (lefts, rights) = (UInt32Array::from(lefts), UInt32Array::from(rights));
        let (left, right) = (self.left.take(&lefts)?, self.right.take(&rights)?);
        let columns: Vec<ArrayRef> = left.columns().iter().chain(right.columns()).cloned().collect();
        let pairs = Chunk::new(columns, left.rows());
        let holds = match &specification.residual {
            None => None,
            Some(residual) => {
                let mask = residual.evaluate_columns(pairs.columns(), pairs.rows(), cx)?.pop();
                let mask = mask.and_then(|mask| mask.as_boolean_opt().cloned());
                Some(mask.ok_or_else(|| Error::new(ErrorKind::Internal, "a join without a condition"))?)
            }
        };
        let holds_for = |row: usize| {
            use arrow_array::Array;
            holds.as_ref().is_none_or(|holds: &BooleanArray| holds.is_valid(row) && holds.value(row))
        };
        for (row, (left, right)) in lefts.values().iter().zip(rights.values()).enumerate() {
            if holds_for(row) {
                for (matched, at) in [(&mut self.left_matched, left), (&mut self.right_matched, right)] {
                    if let Some(matched) = matched.get_mut(*at as usize) {
                        *matched = true;
                    }
                }
            }
        }
        if specification.kind.is_left_only() {
            return Ok(Chunk::empty(&specification.left.schema));
        }
        match &holds {
            Some(holds) => pairs.filter(holds),
            None => Ok(pairs),
        }
    }

    /// What comes behind the pairs, the last first.
    fn behind(&self, specification: &WindowJoinSpecification) -> Result<Vec<Chunk>> {
        let mut rest = Vec::new();
        let chosen = |chunk: &Chunk, matched: &[bool], wanted: bool| {
            chunk.filter(&matched.iter().map(|matched| Some(*matched == wanted)).collect())
        };
        let nulls = |side: &WindowSide, rows: usize| -> Vec<ArrayRef> {
            side.schema.fields().map(|field| new_null_array(&field.data_type.arrow(), rows)).collect()
        };
        let kind = specification.kind;
        if kind.is_left_only() {
            rest.push(chosen(&self.left, &self.left_matched, kind == JoinKind::Semi)?);
        }
        if kind.is_left_outer() {
            let alone = chosen(&self.left, &self.left_matched, false)?;
            let columns = alone.columns().iter().cloned().chain(nulls(&specification.right, alone.rows()));
            rest.push(Chunk::new(columns.collect::<Vec<_>>(), alone.rows()));
        }
        if kind.is_right_outer() {
            let alone = chosen(&self.right, &self.right_matched, false)?;
            let columns =
                nulls(&specification.left, alone.rows()).into_iter().chain(alone.columns().iter().cloned());
            rest.push(Chunk::new(columns.collect::<Vec<_>>(), alone.rows()));
        }
        let pieces = rest.iter().flat_map(|chunk| {
            (0..chunk.rows()).step_by(Chunk::ROWS).map(|start| chunk.slice(start, Chunk::ROWS))
        });
        let mut pieces: Vec<Chunk> = pieces.collect();
        pieces.reverse();
        Ok(pieces)
    }
}
