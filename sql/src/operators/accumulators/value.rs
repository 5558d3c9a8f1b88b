//! Aggregates that keep one value of any type: MIN and MAX of text and bytes, FIRST_VALUE and LAST_VALUE of what is no
//! number, the only value of a scalar subquery.

use arrow_array::ArrayRef;
use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::{RowRef, RowStore};

use super::encoded::{EncodedValues, Encoding};
use super::side::{HANDLE, SideValues, meta_of};
use super::{ADD, Accumulator, MakeMeta, Observe, Observed, RETRACT, SKIP, Update};
use crate::types::SqlType;

/// Which value is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    Minimum,
    Maximum,
    First,
    Last,
    /// The only one; a second fails the job.
    Single,
}

impl Keep {
    /// Whether a value takes the place of the one that is known.
    #[inline]
    pub(super) fn replaces<V: PartialOrd>(self, value: V, known: Option<V>) -> bool {
        match (self, known) {
            (_, None) | (Self::Last | Self::Single, _) => true,
            (Self::First, Some(_)) => false,
            (Self::Minimum, Some(known)) => value < known,
            (Self::Maximum, Some(known)) => value > known,
        }
    }
}

/// The accumulator for this argument; `None` if its type has no order and that is needed.
pub(super) fn value(argument: usize, data_type: &SqlType, keep: Keep) -> Option<Box<dyn Accumulator>> {
    let encoding = match keep {
        Keep::Minimum | Keep::Maximum => Encoding::sorted(data_type)?,
        Keep::First | Keep::Last | Keep::Single => Encoding::rows(data_type).ok()?,
    };
    let data_type = data_type.clone();
    Some(Box::new(OneValue { argument, data_type, keep, encoding, count: 0, values: SideValues::default() }))
}

/// A handle, and, where there must be one value only, how many there are.
struct OneValue {
    argument: usize,
    data_type: SqlType,
    keep: Keep,
    encoding: Encoding,
    /// Where the number of values is.
    count: usize,
    values: SideValues,
}

impl OneValue {
    fn add(&mut self, store: &mut RowStore, group: RowRef, value: Option<&[u8]>) -> Result<()> {
        if self.keep == Keep::Single {
            let count = self.change_count(store, group, 1);
            if count > 1 {
                return Err(more_than_one());
            }
            if value.is_none() {
                // As in Flink, NULL is a value here.
                return self.values.remove(self.values.handles.get(store, group));
            }
        }
        let Some(value) = value else { return Ok(()) };
        if self.keep.replaces(value, self.values.get(self.values.handles.get(store, group))?) {
            let side = self.values.handles.get_or_give(store, group);
            self.values.set(side, value)?;
        }
        Ok(())
    }

    /// Only for the single value: the others have accumulators of their own where rows are taken back.
    fn retract(&mut self, store: &mut RowStore, group: RowRef) -> Result<()> {
        if self.change_count(store, group, -1) > 0 {
            return Err(more_than_one());
        }
        self.values.remove(self.values.handles.get(store, group))
    }

    /// Adds to the number of values, and returns it.
    fn change_count(&self, store: &mut RowStore, group: RowRef, by: i64) -> i64 {
        let slot = store.fixed_mut(group).get_mut(self.count..).and_then(|bytes| bytes.first_chunk_mut());
        slot.map_or(0, |slot| {
            let count = i64::from_le_bytes(*slot) + by;
            *slot = count.to_le_bytes();
            count
        })
    }
}

fn more_than_one() -> Error {
    Error::new(ErrorKind::InvalidInput, "SingleValueAggFunction received more than one element.")
}

impl Accumulator for OneValue {
    fn initial(&self) -> Vec<u8> {
        vec![0; if self.keep == Keep::Single { 2 * HANDLE } else { HANDLE }]
    }

    fn place(&mut self, offset: usize) {
        self.values.handles.place(offset);
        self.count = offset + HANDLE;
    }

    fn open(&mut self, cx: &mut OpenContext<'_>, name: &str, meta: MakeMeta<'_>) -> Result<()> {
        self.values.open(cx, meta_of(name, self.data_type.to_string(), meta))
    }

    fn has_side(&self) -> bool {
        true
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) {
        self.values.snapshot(cx);
    }

    fn remove(&mut self, store: &mut RowStore, groups: &[RowRef]) -> Result<()> {
        groups.iter().try_for_each(|group| {
            let side = self.values.handles.take(store, *group);
            self.values.remove(side)
        })
    }

    fn update(&mut self, update: &mut Update<'_>, observe: Observe) -> Result<Observed> {
        let encoded = self.encoding.encode(update.chunk.column(self.argument)?)?;
        let (mut before, mut after) = (EncodedValues::default(), EncodedValues::default());
        for (row, (group, sign)) in update.groups.iter().zip(update.signs).enumerate() {
            if observe == Observe::BeforeAndAfter {
                before.push(self.values.get(self.values.handles.get(update.store, *group))?);
            }
            match *sign {
                ADD => self.add(update.store, *group, encoded.get(row))?,
                RETRACT if self.keep == Keep::Single => self.retract(update.store, *group)?,
                _ => debug_assert!(*sign == SKIP, "a value that is kept alone is not taken back"),
            }
            if observe != Observe::Nothing {
                after.push(self.values.get(self.values.handles.get(update.store, *group))?);
            }
        }
        let decode = |values: &EncodedValues| self.encoding.decode(&values.all());
        Ok(Observed {
            before: (observe == Observe::BeforeAndAfter).then(|| decode(&before)).transpose()?,
            after: (observe != Observe::Nothing).then(|| decode(&after)).transpose()?,
        })
    }

    fn results(&self, store: &RowStore, groups: &[RowRef]) -> Result<ArrayRef> {
        let values = groups.iter().map(|group| self.values.get(self.values.handles.get(store, *group)));
        self.encoding.decode(&values.collect::<Result<Vec<_>>>()?)
    }

    fn export(&self, store: &RowStore, group: RowRef, into: &mut Vec<u8>) -> Result<()> {
        if let Some(value) = self.values.get(self.values.handles.get(store, group))? {
            into.push(1);
            into.extend(value);
        }
        Ok(())
    }

    fn absorb(&mut self, store: &mut RowStore, group: RowRef, exported: &[u8]) -> Result<()> {
        let Some((_, value)) = exported.split_first() else { return Ok(()) };
        self.add(store, group, Some(value))
    }

    fn merge(
        &mut self,
        store: &mut RowStore,
        into: &[RowRef],
        from: &RowStore,
        from_groups: &[RowRef],
    ) -> Result<()> {
        for (into, group) in into.iter().zip(from_groups) {
            let value = self.values.get(self.values.handles.get(from, *group))?.map(<[u8]>::to_vec);
            if self.keep != Keep::Single || from.fixed(*group).get(self.count) != Some(&0) {
                self.add(store, *into, value.as_deref())?;
            }
        }
        Ok(())
    }
}
