//! All values of a group in the order in which they came: FIRST_VALUE and LAST_VALUE of rows that may be taken back.
//!
//! Of equal values the one that came first is taken back, as Flink's `FirstValueWithRetractAggFunction` and
//! `LastValueWithRetractAggFunction` do.

use arrow_array::ArrayRef;
use millstream_runtime::Result;
use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_state::rows::{KeyEncoder, KeyOrder, RowRef, RowStore};

use super::encoded::{EncodedValues, Encoding};
use super::side::{HANDLE, Side, SideRows, meta_of};
use super::{ADD, Accumulator, MakeMeta, Observe, Observed, SKIP, Update};
use crate::types::SqlType;

/// Before the numbers of arrivals, behind which the values are.
const BY_ARRIVAL: u8 = 0;
/// Before the values, behind which the numbers of their arrivals are.
const BY_VALUE: u8 = 1;

/// The values of groups: each found by when it came, and by what it is.
#[derive(Default)]
pub(super) struct Arrivals {
    pub(super) rows: SideRows,
    key: Vec<u8>,
}

impl Arrivals {
    /// Adds a value behind the others, and what is kept of it.
    pub(super) fn add(&mut self, side: Side, value: &[u8], kept: &[u8]) -> Result<()> {
        let last = self.rows.scan(Some(side), &[BY_ARRIVAL])?.next_back();
        let number = last.map_or(0, |(key, ..)| arrival(key) + 1).to_be_bytes();
        self.rows.add(side, &[&[BY_ARRIVAL][..], &number].concat(), 1, kept)?;
        self.key_of(value);
        self.key.extend(number);
        self.rows.add(side, &self.key, 1, &[])
    }

    /// Takes the first of the values that are equal to this one; nothing if there is none.
    pub(super) fn take(&mut self, side: Side, value: &[u8]) -> Result<()> {
        self.key_of(value);
        let first = self.rows.scan(Some(side), &self.key)?.next();
        let Some(number) = first.map(|(key, ..)| arrival(key).to_be_bytes()) else { return Ok(()) };
        self.key.extend(number);
        self.rows.remove(side, &self.key)?;
        self.rows.remove(side, &[&[BY_ARRIVAL][..], &number].concat())
    }

    fn key_of(&mut self, value: &[u8]) {
        self.key.clear();
        self.key.push(BY_VALUE);
        KeyEncoder::new(&mut self.key).bytes(Some(value), KeyOrder::Ascending);
    }

    /// What is kept of the values of a group.
    pub(super) fn all(&self, side: Option<Side>) -> Result<impl DoubleEndedIterator<Item = &[u8]>> {
        Ok(self.rows.scan(side, &[BY_ARRIVAL])?.map(|(_, _, value)| value))
    }

    /// Adds the values of one group behind those of another; `value` says what was kept of which.
    pub(super) fn merge(&mut self, into: Side, from: Side, value: impl Fn(&[u8]) -> &[u8]) -> Result<()> {
        let all: Vec<_> = self.all(Some(from))?.map(<[u8]>::to_vec).collect();
        all.iter().try_for_each(|kept| self.add(into, value(kept), kept))
    }
}

/// The number of an arrival, which a key ends with.
fn arrival(key: &[u8]) -> u64 {
    key.last_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// The accumulator for this argument.
pub(super) fn arrivals(argument: usize, data_type: &SqlType, first: bool) -> Option<Box<dyn Accumulator>> {
    let (encoding, data_type) = (Encoding::rows(data_type).ok()?, data_type.clone());
    Some(Box::new(FirstOrLast { argument, data_type, first, encoding, values: Arrivals::default() }))
}

/// A handle.
struct FirstOrLast {
    argument: usize,
    data_type: SqlType,
    first: bool,
    encoding: Encoding,
    values: Arrivals,
}

impl FirstOrLast {
    fn best(&self, store: &RowStore, group: RowRef) -> Result<Option<&[u8]>> {
        let mut all = self.values.all(self.values.rows.handles.get(store, group))?;
        Ok(if self.first { all.next() } else { all.next_back() })
    }
}

impl Accumulator for FirstOrLast {
    fn initial(&self) -> Vec<u8> {
        vec![0; HANDLE]
    }

    fn place(&mut self, offset: usize) {
        self.values.rows.handles.place(offset);
    }

    fn open(&mut self, cx: &mut OpenContext<'_>, name: &str, meta: MakeMeta<'_>) -> Result<()> {
        self.values.rows.open(cx, meta_of(name, format!("arrivals of {}", self.data_type), meta))
    }

    fn has_side(&self) -> bool {
        true
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) {
        self.values.rows.snapshot(cx);
    }

    fn remove(&mut self, store: &mut RowStore, groups: &[RowRef]) -> Result<()> {
        groups.iter().try_for_each(|group| {
            let side = self.values.rows.handles.take(store, *group);
            self.values.rows.clear(side)
        })
    }

    fn update(&mut self, update: &mut Update<'_>, observe: Observe) -> Result<Observed> {
        let encoded = self.encoding.encode(update.chunk.column(self.argument)?)?;
        let (mut before, mut after) = (EncodedValues::default(), EncodedValues::default());
        for (row, (group, sign)) in update.groups.iter().zip(update.signs).enumerate() {
            if observe == Observe::BeforeAndAfter {
                before.push(self.best(update.store, *group)?);
            }
            if let Some(value) = encoded.get(row).filter(|_| *sign != SKIP) {
                let side = self.values.rows.handles.get_or_give(update.store, *group);
                if *sign == ADD {
                    self.values.add(side, value, value)?
                } else {
                    self.values.take(side, value)?
                }
            }
            if observe != Observe::Nothing {
                after.push(self.best(update.store, *group)?);
            }
        }
        let decode = |values: &EncodedValues| self.encoding.decode(&values.all());
        Ok(Observed {
            before: (observe == Observe::BeforeAndAfter).then(|| decode(&before)).transpose()?,
            after: (observe != Observe::Nothing).then(|| decode(&after)).transpose()?,
        })
    }

    fn results(&self, store: &RowStore, groups: &[RowRef]) -> Result<ArrayRef> {
        let values = groups.iter().map(|group| self.best(store, *group));
        self.encoding.decode(&values.collect::<Result<Vec<_>>>()?)
    }

    fn merge(
        &mut self,
        store: &mut RowStore,
        into: &[RowRef],
        from: &RowStore,
        from_groups: &[RowRef],
    ) -> Result<()> {
        for (into, group) in into.iter().zip(from_groups) {
            if let Some(other) = self.values.rows.handles.get(from, *group) {
                let side = self.values.rows.handles.get_or_give(store, *into);
                self.values.merge(side, other, |value| value)?;
            }
        }
        Ok(())
    }
}
