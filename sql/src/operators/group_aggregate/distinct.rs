//! DISTINCT in aggregates: arguments that have been seen, and how often.
//!
//! Calls with the same arguments share what is kept of them, as Flink's shared distinct views do: they are looked up once
//! for a chunk, whatever filters the calls have.

mod expiry;

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array};
use arrow_select::filter::FilterBuilder;
use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::KeyGroups;
use millstream_state::rows::{
    KeyDecoder, KeyKind, KeyOrder, RowLayout, RowRef, RowStore, RowsPerKey, Ttl, Upserted,
};
use millstream_state::snapshot::part::StateMeta;

use super::group_numbers::GroupNumbers;
use crate::chunk::{Chunk, KeyLayout, arrow_error};
use crate::operators::accumulators::{ADD, RETRACT, SKIP, Sign};
use crate::operators::time_to_live::seconds;
use crate::plan::AggregateCall;
use crate::types::{Field, Schema, SqlType};

/// The arguments of one or more calls, with the group that they were seen in.
pub(super) struct DistinctArguments {
    name: String,
    arguments: Vec<usize>,
    /// The number of the group, and the arguments, none of which is NULL.
    keys: KeyLayout,
    /// The filters of the calls, their variants.
    filters: Vec<Option<usize>>,
    kept: Kept,
    store: Option<RowStore>,
    upserted: Vec<Upserted>,
    /// Rows that may have no count any more.
    touched: Vec<RowRef>,
    /// For each variant, what each row of the chunk does.
    signs: Vec<Vec<Sign>>,
}

/// What is kept of arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    /// A bit for each variant: whether they have been seen. Enough where no row is taken back.
    Seen,
    /// A count for each variant.
    Counts,
}

/// The bytes of a count, and of all bits.
const WORD: usize = 8;

/// The groups of a chunk's rows.
#[derive(Clone, Copy)]
pub(super) struct Groups<'a> {
    /// Their numbers.
    pub(super) numbers: &'a [u64],
    /// The hashes of their keys.
    pub(super) hashes: &'a [u64],
    pub(super) key_groups: KeyGroups,
}

impl DistinctArguments {
    /// What the calls of an aggregate need, and for each call which of it and which of its variants.
    pub(super) fn of(
        calls: &[AggregateCall],
        input: &Schema,
        retracts: bool,
    ) -> (Vec<Self>, Vec<Option<(usize, usize)>>) {
        let mut all: Vec<Self> = Vec::new();
        let of_calls = calls.iter().map(|call| {
            if !call.distinct {
                return None;
            }
            let position =
                all.iter().position(|known| known.arguments == call.arguments).unwrap_or_else(|| {
                    all.push(Self::new(all.len(), &call.arguments, input));
                    all.len() - 1
                });
            let arguments = all.get_mut(position)?;
            let variant =
                arguments.filters.iter().position(|filter| *filter == call.filter).unwrap_or_else(|| {
                    arguments.filters.push(call.filter);
                    arguments.filters.len() - 1
                });
            Some((position, variant))
        });
        let of_calls = of_calls.collect();
        for arguments in &mut all {
            let fits = arguments.filters.len() <= u64::BITS as usize;
            arguments.kept = if retracts || !fits { Kept::Counts } else { Kept::Seen };
            arguments.signs.resize_with(arguments.filters.len(), Vec::new);
        }
        (all, of_calls)
    }

    fn new(number: usize, arguments: &[usize], input: &Schema) -> Self {
        let number_field = Field::required(SqlType::BigInt);
        let fields = arguments.iter().map(|argument| Field::required(input.field(*argument).data_type));
        let fields: Vec<Field> = std::iter::once(number_field).chain(fields).collect();
        Self {
            name: format!("distinct-{number}"),
            arguments: arguments.to_vec(),
            keys: KeyLayout::new((0..fields.len()).collect(), fields),
            filters: Vec::new(),
            kept: Kept::Counts,
            store: None,
            upserted: Vec::new(),
            touched: Vec::new(),
            signs: Vec::new(),
        }
    }

    /// The columns of the arguments.
    pub(super) fn arguments(&self) -> &[usize] {
        &self.arguments
    }

    /// The filter of each variant.
    pub(super) fn filters(&self) -> &[Option<usize>] {
        &self.filters
    }

    pub(super) fn open(
        &mut self,
        cx: &mut OpenContext<'_>,
        expires: bool,
        meta: impl Fn(&str, String) -> StateMeta,
        numbers: &mut GroupNumbers,
    ) -> Result<()> {
        let arguments = self.keys.fields().iter().skip(1);
        let arguments: Vec<_> = arguments.map(|field| field.data_type.to_string()).collect();
        let (kept, words) = match self.kept {
            Kept::Seen => ("seen", 1),
            Kept::Counts => ("counts", self.filters.len()),
        };
        let value =
            format!("{kept}[{}] of (number of the group, {})", self.filters.len(), arguments.join(", "));
        let layout = RowLayout::new(self.keys.kind(), &vec![0; WORD * words], RowsPerKey::One);
        let meta = meta(&self.name, value);
        let mut store = RowStore::new(meta, cx.info().groups, cx.info().range(), layout)
            .with_ttl(expires.then_some(Ttl::NEVER));
        store.set_now(seconds(cx.task().now()));
        if let Some(stored) = cx.take_keyed(&self.name) {
            store.restore_all(stored)?;
        }
        // Also numbers of groups that have ended.
        for row in store.rows() {
            numbers.seen(number_of(store.key(row), self.keys.kind())?);
        }
        self.store = Some(store);
        if expires { self.remove_abandoned(numbers) } else { Ok(()) }
    }

    pub(super) fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) {
        if let Some(store) = &mut self.store {
            let rows = store.snapshot(cx.checkpoint());
            cx.keyed(rows);
        }
    }

    /// Works out what each row of a chunk does where equal arguments count once: only the first that comes and the last
    /// that goes count. `filtered` says for each variant what rows do that its filter lets through.
    pub(super) fn update(&mut self, chunk: &Chunk, groups: Groups<'_>, filtered: &[&[Sign]]) -> Result<()> {
        let arguments = self
            .arguments
            .iter()
            .map(|argument| chunk.column(*argument).cloned())
            .collect::<Result<Vec<_>>>()?;
        let rows = rows_that_count(&arguments, filtered, chunk.rows());
        for (signs, filtered) in self.signs.iter_mut().zip(filtered) {
            signs.clear();
            signs.resize(filtered.len(), SKIP);
        }
        if rows.as_ref().is_some_and(Vec::is_empty) {
            return Ok(());
        }
        self.look_up(arguments, groups, rows.as_deref())?;
        let store = self.store.as_mut().ok_or_else(not_open)?;
        let found = self.upserted.iter().map(|upserted| upserted.row);
        match self.kept {
            Kept::Seen => {
                let rows = rows.as_deref();
                see(store, found.zip(positions(rows, chunk.rows())), filtered, &mut self.signs);
            }
            Kept::Counts => {
                let rows = positions(rows.as_deref(), chunk.rows());
                count(store, found.clone().zip(rows), filtered, &mut self.signs);
                self.touched.extend(found);
            }
        }
        Ok(())
    }

    /// What each row of the last chunk does for the calls with a filter.
    pub(super) fn signs(&self, variant: usize) -> &[Sign] {
        self.signs.get(variant).map(Vec::as_slice).unwrap_or_default()
    }

    /// Finds or makes what is kept of the arguments of these rows, or of all.
    fn look_up(&mut self, arguments: Vec<ArrayRef>, groups: Groups<'_>, rows: Option<&[u32]>) -> Result<()> {
        let numbers = groups.numbers.iter().map(|number| number.cast_signed());
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(numbers));
        let mut columns: Vec<ArrayRef> = std::iter::once(numbers).chain(arguments).collect();
        if let Some(rows) = rows {
            let mut mask = vec![false; groups.numbers.len()];
            for row in rows {
                if let Some(counts) = mask.get_mut(*row as usize) {
                    *counts = true;
                }
            }
            let filter = FilterBuilder::new(&BooleanArray::from(mask)).optimize().build();
            let filtered = columns.iter().map(|column| filter.filter(column).map_err(arrow_error));
            columns = filtered.collect::<Result<Vec<_>>>()?;
        }
        let count = columns.first().map_or(0, |numbers| numbers.len());
        let keys = self.keys.keys(&columns, count)?;
        // Rows come to the subtask by their group: their arguments must be kept in its key group.
        let of_groups = positions(rows, groups.hashes.len()).map(|row| groups.hashes.get(row).copied());
        let hashes = keys.hashes().iter().zip(of_groups);
        let hashes: Vec<u64> = hashes
            .map(|(own, group)| groups.key_groups.hash_in_group_of(group.unwrap_or_default(), *own))
            .collect();
        self.upserted.clear();
        let store = self.store.as_mut().ok_or_else(not_open)?;
        store.upsert(&hashes, &keys.column(), &mut self.upserted)?;
        Ok(())
    }

    /// Forgets arguments that have no count any more.
    pub(super) fn remove_unused(&mut self) -> Result<()> {
        let store = self.store.as_mut().ok_or_else(not_open)?;
        self.touched.sort_unstable();
        self.touched.dedup();
        for row in self.touched.drain(..) {
            if store.fixed(row).iter().all(|byte| *byte == 0) {
                store.remove(row);
            }
        }
        Ok(())
    }
}

fn not_open() -> Error {
    Error::new(ErrorKind::Internal, "a DISTINCT that is not open")
}

/// The number of the group that a key begins with.
fn number_of(key: &[u8], kind: KeyKind) -> Result<u64> {
    let number = match kind {
        // The number is little-endian, and that of the group is its upper half.
        KeyKind::U128 => key.last_chunk().map(|bytes| i64::from_le_bytes(*bytes)),
        KeyKind::U64 => None,
        KeyKind::Bytes => KeyDecoder::new(key).number::<i64>(KeyOrder::Ascending)?,
    };
    let number = number.map(i64::cast_unsigned);
    number.ok_or_else(|| Error::new(ErrorKind::Restore, "a key of a DISTINCT in the state is cut off"))
}

/// The rows without a NULL that a filter lets through; `None` for all.
fn rows_that_count(arguments: &[ArrayRef], filtered: &[&[Sign]], rows: usize) -> Option<Vec<u32>> {
    let all_valid = arguments.iter().all(|argument| argument.null_count() == 0);
    if all_valid && filtered.iter().any(|signs| signs.iter().all(|sign| *sign != SKIP)) {
        return None;
    }
    let counts = |row: &usize| {
        arguments.iter().all(|argument| argument.is_valid(*row))
            && filtered.iter().any(|signs| signs.get(*row).is_some_and(|sign| *sign != SKIP))
    };
    Some((0..rows).filter(counts).filter_map(|row| u32::try_from(row).ok()).collect())
}

/// These rows, or all of so many.
fn positions(rows: Option<&[u32]>, all: usize) -> impl Iterator<Item = usize> {
    let count = rows.map_or(all, <[u32]>::len);
    (0..count).map(move |at| rows.map_or(at, |rows| rows.get(at).map_or(usize::MAX, |row| *row as usize)))
}

/// Arguments are seen: what is kept of each row, and the row of the chunk.
fn see(
    store: &mut RowStore,
    rows: impl Iterator<Item = (RowRef, usize)>,
    filtered: &[&[Sign]],
    signs: &mut [Vec<Sign>],
) {
    for (kept, row) in rows {
        let seen = store.fixed(kept).first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let mut now = seen;
        for (variant, filtered) in filtered.iter().enumerate() {
            let counts = filtered.get(row).is_some_and(|sign| *sign == ADD);
            now |= u64::from(counts) << variant;
        }
        // Most have been seen, and then nothing is written: a page that a snapshot holds is not copied.
        if now == seen {
            continue;
        }
        if let Some(slot) = store.fixed_mut(kept).first_chunk_mut() {
            *slot = now.to_le_bytes();
        }
        let news = now & !seen;
        for (variant, signs) in signs.iter_mut().enumerate() {
            if news >> variant & 1 == 1
                && let Some(sign) = signs.get_mut(row)
            {
                *sign = ADD;
            }
        }
    }
}

/// Arguments are counted: what is kept of each row, and the row of the chunk.
fn count(
    store: &mut RowStore,
    rows: impl Iterator<Item = (RowRef, usize)>,
    filtered: &[&[Sign]],
    signs: &mut [Vec<Sign>],
) {
    for (kept, row) in rows {
        let (counts, _) = store.fixed_mut(kept).as_chunks_mut::<WORD>();
        for ((count, filtered), signs) in counts.iter_mut().zip(filtered).zip(signs.iter_mut()) {
            let (Some(sign), Some(result)) = (filtered.get(row), signs.get_mut(row)) else { continue };
            let before = i64::from_le_bytes(*count);
            let after = before + i64::from(*sign);
            *count = after.to_le_bytes();
            *result = match (before, after) {
                (0, 1) => ADD,
                (1, 0) => RETRACT,
                _ => SKIP,
            };
        }
    }
}
