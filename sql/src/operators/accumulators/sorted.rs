//! MIN and MAX of rows that may be taken back: all values in order, and how often each is there.

use std::marker::PhantomData;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::PrimitiveBuilder;
use millstream_runtime::Result;
use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_state::rows::{KeyDecoder, KeyEncoder, KeyNumber, KeyOrder, RowRef, RowStore};

use super::counted::{read_counted, write_counted};
use super::encoded::{EncodedValues, Encoding};
use super::number::{Stored, with_stored};
use super::side::{HANDLE, Side, SideRows, meta_of};
use super::{Accumulator, MakeMeta, Observe, Observed, SKIP, Sign, Update};
use crate::eval::{Arguments, Value};
use crate::types::SqlType;

/// The accumulator for this argument; `None` if its values have no order.
pub(super) fn sorted(argument: usize, data_type: &SqlType, minimum: bool) -> Option<Box<dyn Accumulator>> {
    let number = with_stored!(data_type, Kind => Box::new(SortedNumbers::<Kind> {
        argument,
        cache: 0,
        data_type: data_type.clone(),
        minimum,
        rows: SideRows::default(),
        key: Vec::new(),
        _kind: PhantomData,
    }) as Box<dyn Accumulator>);
    number.or_else(|| {
        let (encoding, data_type) = (Encoding::sorted(data_type)?, data_type.clone());
        let rows = SideRows::default();
        Some(Box::new(SortedBytes { argument, data_type, minimum, encoding, rows }))
    })
}

/// The first or last key that is there more often than it was taken back.
fn best(rows: &SideRows, side: Option<Side>, minimum: bool) -> Result<Option<&[u8]>> {
    let mut all = rows.scan(side, &[])?.filter(|(_, count, _)| *count > 0);
    let found = if minimum { all.next() } else { all.next_back() };
    Ok(found.map(|(key, ..)| key))
}

/// Adds what one group has to another.
fn merge_rows(rows: &mut SideRows, into: Side, from: Option<Side>) -> Result<()> {
    let all: Vec<_> = rows.scan(from, &[])?.map(|(key, count, _)| (key.to_vec(), count)).collect();
    all.into_iter().try_for_each(|(key, count)| rows.add(into, &key, count, &[]))
}

/// All values of a group, each with its number, as bytes.
fn export_rows(rows: &SideRows, side: Option<Side>, into: &mut Vec<u8>) -> Result<()> {
    for (key, count, _) in rows.scan(side, &[])? {
        write_counted(key, &[count], into)?;
    }
    Ok(())
}

/// Adds what [`export_rows`] has made to a group.
fn absorb_rows(rows: &mut SideRows, into: Side, exported: &[u8]) -> Result<()> {
    read_counted::<1>(exported).try_for_each(|entry| {
        let (key, [count]) = entry?;
        rows.add(into, key, count, &[])
    })
}

/// A handle; whether there is a value, and the best one.
struct SortedNumbers<T> {
    argument: usize,
    /// Where the best value is.
    cache: usize,
    data_type: SqlType,
    minimum: bool,
    rows: SideRows,
    key: Vec<u8>,
    _kind: PhantomData<fn() -> T>,
}

impl<T: Stored<Native: PartialOrd + KeyNumber>> SortedNumbers<T> {
    #[inline]
    fn read(&self, fixed: &[u8]) -> Option<T::Native> {
        (fixed.get(self.cache) == Some(&1)).then(|| T::read(fixed, self.cache + 8))
    }

    fn write(&self, fixed: &mut [u8], value: Option<T::Native>) {
        if let Some(is_there) = fixed.get_mut(self.cache) {
            *is_there = u8::from(value.is_some());
        }
        T::write(fixed, self.cache + 8, value.unwrap_or_default());
    }

    fn is_better(&self, value: T::Native, than: Option<T::Native>) -> bool {
        than.is_none_or(|than| if self.minimum { value < than } else { value > than })
    }

    fn change(
        &mut self,
        store: &mut RowStore,
        group: RowRef,
        value: T::Native,
        sign: Sign,
        known: Option<T::Native>,
    ) -> Result<Option<T::Native>> {
        let side = self.rows.handles.get_or_give(store, group);
        self.key.clear();
        KeyEncoder::new(&mut self.key).number(Some(value), KeyOrder::Ascending);
        self.rows.add(side, &self.key, i64::from(sign), &[])?;
        let best = if sign > 0 {
            if self.is_better(value, known) { Some(value) } else { known }
        } else if known.is_some_and(|known| known != value) {
            known
        } else {
            self.look_up(side)?
        };
        if best != known {
            self.write(store.fixed_mut(group), best);
        }
        Ok(best)
    }

    fn look_up(&self, side: Side) -> Result<Option<T::Native>> {
        let best = best(&self.rows, Some(side), self.minimum)?;
        let best = best.map(|key| KeyDecoder::new(key).number(KeyOrder::Ascending)).transpose()?;
        Ok(best.flatten())
    }

    fn builder(&self, rows: usize) -> PrimitiveBuilder<T> {
        PrimitiveBuilder::with_capacity(rows).with_data_type(self.data_type.arrow())
    }
}

impl<T: Stored<Native: PartialOrd + KeyNumber>> Accumulator for SortedNumbers<T> {
    fn initial(&self) -> Vec<u8> {
        vec![0; (HANDLE + 8 + T::BYTES).next_multiple_of(8)]
    }

    fn place(&mut self, offset: usize) {
        self.rows.handles.place(offset);
        self.cache = offset + HANDLE;
    }

    fn open(&mut self, cx: &mut OpenContext<'_>, name: &str, meta: MakeMeta<'_>) -> Result<()> {
        self.rows.open(cx, meta_of(name, format!("sorted {}", self.data_type), meta))
    }

    fn has_side(&self) -> bool {
        true
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) {
        self.rows.snapshot(cx);
    }

    fn remove(&mut self, store: &mut RowStore, groups: &[RowRef]) -> Result<()> {
        groups.iter().try_for_each(|group| {
            let side = self.rows.handles.take(store, *group);
            self.rows.clear(side)
        })
    }

    fn update(&mut self, update: &mut Update<'_>, observe: Observe) -> Result<Observed> {
        let column = [Value::Array(update.chunk.column(self.argument)?.clone())];
        let values = Arguments::new(&column, update.chunk.rows());
        let values = values.numbers::<T>(0)?;
        let rows = if observe == Observe::Nothing { 0 } else { update.groups.len() };
        let (mut before, mut after) = (self.builder(rows), self.builder(rows));
        for (row, (group, sign)) in update.groups.iter().zip(update.signs).enumerate() {
            let known = self.read(update.store.fixed(*group));
            let best = match values.get(row).filter(|_| *sign != SKIP) {
                Some(value) => self.change(update.store, *group, value, *sign, known)?,
                None => known,
            };
            if observe == Observe::BeforeAndAfter {
                before.append_option(known);
            }
            if observe != Observe::Nothing {
                after.append_option(best);
            }
        }
        Ok(Observed {
            before: (observe == Observe::BeforeAndAfter).then(|| Arc::new(before.finish()) as ArrayRef),
            after: (observe != Observe::Nothing).then(|| Arc::new(after.finish()) as ArrayRef),
        })
    }

    fn results(&self, store: &RowStore, groups: &[RowRef]) -> Result<ArrayRef> {
        let mut results = self.builder(groups.len());
        groups.iter().for_each(|group| results.append_option(self.read(store.fixed(*group))));
        Ok(Arc::new(results.finish()))
    }

    fn export(&self, store: &RowStore, group: RowRef, into: &mut Vec<u8>) -> Result<()> {
        export_rows(&self.rows, self.rows.handles.get(store, group), into)
    }

    fn absorb(&mut self, store: &mut RowStore, group: RowRef, exported: &[u8]) -> Result<()> {
        let side = self.rows.handles.get_or_give(store, group);
        absorb_rows(&mut self.rows, side, exported)?;
        let best = self.look_up(side)?;
        self.write(store.fixed_mut(group), best);
        Ok(())
    }

    fn merge(
        &mut self,
        store: &mut RowStore,
        into: &[RowRef],
        from: &RowStore,
        from_groups: &[RowRef],
    ) -> Result<()> {
        for (into, group) in into.iter().zip(from_groups) {
            if let Some(other) = self.rows.handles.get(from, *group) {
                let side = self.rows.handles.get_or_give(store, *into);
                merge_rows(&mut self.rows, side, Some(other))?;
                let best = self.look_up(side)?;
                self.write(store.fixed_mut(*into), best);
            }
        }
        Ok(())
    }
}

/// A handle.
struct SortedBytes {
    argument: usize,
    data_type: SqlType,
    minimum: bool,
    encoding: Encoding,
    rows: SideRows,
}

impl SortedBytes {
    fn best(&self, store: &RowStore, group: RowRef) -> Result<Option<&[u8]>> {
        best(&self.rows, self.rows.handles.get(store, group), self.minimum)
    }
}

impl Accumulator for SortedBytes {
    fn initial(&self) -> Vec<u8> {
        vec![0; HANDLE]
    }

    fn place(&mut self, offset: usize) {
        self.rows.handles.place(offset);
    }

    fn open(&mut self, cx: &mut OpenContext<'_>, name: &str, meta: MakeMeta<'_>) -> Result<()> {
        self.rows.open(cx, meta_of(name, format!("sorted {}", self.data_type), meta))
    }

    fn has_side(&self) -> bool {
        true
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) {
        self.rows.snapshot(cx);
    }

    fn remove(&mut self, store: &mut RowStore, groups: &[RowRef]) -> Result<()> {
        groups.iter().try_for_each(|group| {
            let side = self.rows.handles.take(store, *group);
            self.rows.clear(side)
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
                let side = self.rows.handles.get_or_give(update.store, *group);
                self.rows.add(side, value, i64::from(*sign), &[])?;
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

    fn export(&self, store: &RowStore, group: RowRef, into: &mut Vec<u8>) -> Result<()> {
        export_rows(&self.rows, self.rows.handles.get(store, group), into)
    }

    fn absorb(&mut self, store: &mut RowStore, group: RowRef, exported: &[u8]) -> Result<()> {
        let side = self.rows.handles.get_or_give(store, group);
        absorb_rows(&mut self.rows, side, exported)
    }

    fn merge(
        &mut self,
        store: &mut RowStore,
        into: &[RowRef],
        from: &RowStore,
        from_groups: &[RowRef],
    ) -> Result<()> {
        for (into, group) in into.iter().zip(from_groups) {
            if let Some(other) = self.rows.handles.get(from, *group) {
                let side = self.rows.handles.get_or_give(store, *into);
                merge_rows(&mut self.rows, side, Some(other))?;
            }
        }
        Ok(())
    }
}
