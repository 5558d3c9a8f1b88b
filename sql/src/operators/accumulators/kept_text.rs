//! Aggregates that keep one text, or one string of bytes, of rows that are never taken back: MIN and MAX; FIRST_VALUE and
//! LAST_VALUE, by arrival. NULLs do not count.
//!
//! A short value is in the row of the group, as it is in a column of arrow's views; a longer one is beside it.

use std::sync::Arc;

use arrow_array::builder::make_view;
use arrow_array::cast::AsArray;
use arrow_array::types::{BinaryViewType, ByteViewType, StringViewType};
use arrow_array::{Array, ArrayRef, GenericByteViewArray};
use arrow_buffer::{Buffer, NullBuffer};
use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::{RowRef, RowStore};

use super::side::{HANDLE, SideValues, meta_of};
use super::value::Keep;
use super::{Accumulator, MakeMeta, Observe, Observed, SKIP, Update};
use crate::types::SqlType;

/// The accumulator for this argument; `None` if it is neither text nor bytes.
pub(super) fn kept_text(argument: usize, data_type: &SqlType, keep: Keep) -> Option<Box<dyn Accumulator>> {
    if data_type.is_text() {
        Some(Box::new(KeptText::<StringViewType>::new(argument, data_type, keep)))
    } else if data_type.is_binary() {
        Some(Box::new(KeptText::<BinaryViewType>::new(argument, data_type, keep)))
    } else {
        None
    }
}

/// What a group's row has of the value.
const SLOT: usize = 16;
/// There is none.
const NOTHING: u128 = 0;
/// It is beside the row.
const BESIDE: u128 = u128::MAX;
/// So many bytes are kept in the row, and in a view of arrow's.
const SHORT: usize = 12;

/// The slot of a short value: its view, with a length that is one more, for that of no bytes is 0.
#[inline]
const fn slot_of(view: u128) -> u128 {
    view + 1
}

/// The length that a view begins with.
#[inline]
const fn length(view: u128) -> usize {
    view as u32 as usize
}

/// The bytes of a short value.
#[inline]
fn short(bytes: &[u8; SLOT], length: usize) -> &[u8] {
    bytes.get(4..4 + length.min(SHORT)).unwrap_or_default()
}

/// A slot, and a handle.
struct KeptText<T> {
    argument: usize,
    offset: usize,
    data_type: SqlType,
    keep: Keep,
    beside: SideValues,
    _kind: std::marker::PhantomData<fn() -> T>,
}

impl<T: ByteViewType> KeptText<T> {
    fn new(argument: usize, data_type: &SqlType, keep: Keep) -> Self {
        let (data_type, beside) = (data_type.clone(), SideValues::default());
        Self { argument, offset: 0, data_type, keep, beside, _kind: std::marker::PhantomData }
    }

    fn column<'a>(&self, column: &'a ArrayRef) -> Result<&'a GenericByteViewArray<T>> {
        let values = column.as_byte_view_opt::<T>();
        values.ok_or_else(|| Error::new(ErrorKind::Internal, "a text that is no text"))
    }

    #[inline]
    fn slot(&self, store: &RowStore, group: RowRef) -> u128 {
        let bytes = store.fixed(group).get(self.offset..).and_then(|bytes| bytes.first_chunk());
        bytes.map_or(NOTHING, |bytes| u128::from_le_bytes(*bytes))
    }

    fn set_slot(&self, store: &mut RowStore, group: RowRef, slot: u128) {
        let bytes = store.fixed_mut(group).get_mut(self.offset..).and_then(|bytes| bytes.first_chunk_mut());
        if let Some(bytes) = bytes {
            *bytes = slot.to_le_bytes();
        }
    }

    fn long(&self, store: &RowStore, group: RowRef) -> Result<&[u8]> {
        Ok(self.beside.get(self.beside.handles.get(store, group))?.unwrap_or_default())
    }

    /// Puts a value in the place of the one that is known, if that is what is kept. Returns the slot.
    #[inline]
    fn add(
        &mut self,
        store: &mut RowStore,
        group: RowRef,
        slot: u128,
        view: u128,
        value: &[u8],
    ) -> Result<u128> {
        // Most rows change nothing, and then nothing is written: a page that a snapshot holds is not copied.
        let is_short = length(view) <= SHORT;
        if slot != NOTHING && (self.keep == Keep::First || is_short && slot == slot_of(view)) {
            return Ok(slot);
        }
        self.replace(store, group, slot, view, value)
    }

    fn replace(
        &mut self,
        store: &mut RowStore,
        group: RowRef,
        slot: u128,
        view: u128,
        value: &[u8],
    ) -> Result<u128> {
        let bytes = slot.wrapping_sub(1).to_le_bytes();
        let known = match slot {
            NOTHING => None,
            BESIDE => Some(self.long(store, group)?),
            slot => Some(short(&bytes, length(slot - 1))),
        };
        if !self.keep.replaces(value, known) {
            return Ok(slot);
        }
        let now = if length(view) <= SHORT {
            if slot == BESIDE {
                self.beside.remove(self.beside.handles.get(store, group))?;
            }
            slot_of(view)
        } else {
            let side = self.beside.handles.get_or_give(store, group);
            self.beside.set(side, value)?;
            BESIDE
        };
        self.set_slot(store, group, now);
        Ok(now)
    }

    /// Appends the value of a group.
    #[inline]
    fn observe(&self, store: &RowStore, group: RowRef, slot: u128, into: &mut Views) -> Result<()> {
        match slot {
            NOTHING => into.push_null(),
            BESIDE => into.push_long(self.long(store, group)?)?,
            slot => into.views.push(slot - 1),
        }
        Ok(())
    }
}

/// A column of values that is being made.
struct Views {
    views: Vec<u128>,
    /// Which are NULL.
    nulls: Vec<usize>,
    long: Vec<u8>,
}

impl Views {
    fn with_capacity(rows: usize) -> Self {
        Self { views: Vec::with_capacity(rows), nulls: Vec::new(), long: Vec::new() }
    }

    fn push_null(&mut self) {
        self.nulls.push(self.views.len());
        self.views.push(0);
    }

    fn push_long(&mut self, value: &[u8]) -> Result<()> {
        let start = u32::try_from(self.long.len()).map_err(|_| {
            Error::new(ErrorKind::InvalidInput, "the texts of one chunk take more than 4 GiB")
        })?;
        self.long.extend_from_slice(value);
        self.views.push(make_view(value, 0, start));
        Ok(())
    }

    fn finish<T: ByteViewType>(self) -> Result<ArrayRef> {
        let mut valid = vec![true; if self.nulls.is_empty() { 0 } else { self.views.len() }];
        for null in &self.nulls {
            if let Some(valid) = valid.get_mut(*null) {
                *valid = false;
            }
        }
        let nulls = (!self.nulls.is_empty()).then(|| NullBuffer::from(valid));
        let buffers = (!self.long.is_empty()).then(|| Buffer::from(self.long));
        let column = GenericByteViewArray::<T>::try_new(
            self.views.into(),
            buffers.into_iter().collect::<Vec<_>>(),
            nulls,
        );
        let column = column.map_err(|error| {
            Error::new(ErrorKind::Restore, format!("a text in the state of an aggregate: {error}"))
        })?;
        Ok(Arc::new(column))
    }
}

impl<T: ByteViewType> Accumulator for KeptText<T> {
    fn initial(&self) -> Vec<u8> {
        vec![0; SLOT + HANDLE]
    }

    fn place(&mut self, offset: usize) {
        self.offset = offset;
        self.beside.handles.place(offset + SLOT);
    }

    fn open(&mut self, cx: &mut OpenContext<'_>, name: &str, meta: MakeMeta<'_>) -> Result<()> {
        self.beside.open(cx, meta_of(name, format!("long {}", self.data_type), meta))
    }

    fn has_side(&self) -> bool {
        true
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) {
        self.beside.snapshot(cx);
    }

    fn remove(&mut self, store: &mut RowStore, groups: &[RowRef]) -> Result<()> {
        groups.iter().try_for_each(|group| {
            let side = self.beside.handles.take(store, *group);
            self.beside.remove(side)
        })
    }

    fn update(&mut self, update: &mut Update<'_>, observe: Observe) -> Result<Observed> {
        let column = self.column(update.chunk.column(self.argument)?)?;
        let rows = if observe == Observe::Nothing { 0 } else { update.groups.len() };
        let (mut before, mut after) = (Views::with_capacity(rows), Views::with_capacity(rows));
        for (row, (group, sign)) in update.groups.iter().zip(update.signs).enumerate() {
            let slot = self.slot(update.store, *group);
            if observe == Observe::BeforeAndAfter {
                self.observe(update.store, *group, slot, &mut before)?;
            }
            let mut now = slot;
            if *sign != SKIP
                && column.is_valid(row)
                && let Some(view) = column.views().get(row)
            {
                let value: &[u8] = column.value(row).as_ref();
                now = self.add(update.store, *group, slot, *view, value)?;
            }
            if observe != Observe::Nothing {
                self.observe(update.store, *group, now, &mut after)?;
            }
        }
        Ok(Observed {
            before: (observe == Observe::BeforeAndAfter).then(|| before.finish::<T>()).transpose()?,
            after: (observe != Observe::Nothing).then(|| after.finish::<T>()).transpose()?,
        })
    }

    fn results(&self, store: &RowStore, groups: &[RowRef]) -> Result<ArrayRef> {
        let mut results = Views::with_capacity(groups.len());
        for group in groups {
            self.observe(store, *group, self.slot(store, *group), &mut results)?;
        }
        results.finish::<T>()
    }

    fn export(&self, store: &RowStore, group: RowRef, into: &mut Vec<u8>) -> Result<()> {
        match self.slot(store, group) {
            NOTHING => {}
            BESIDE => {
                into.push(1);
                into.extend(self.long(store, group)?);
            }
            slot => {
                into.push(1);
                into.extend(short(&(slot - 1).to_le_bytes(), length(slot - 1)));
            }
        }
        Ok(())
    }

    fn absorb(&mut self, store: &mut RowStore, group: RowRef, exported: &[u8]) -> Result<()> {
        let Some((_, value)) = exported.split_first() else { return Ok(()) };
        let known = self.slot(store, group);
        self.add(store, group, known, make_view(value, 0, 0), value).map(drop)
    }

    fn merge(
        &mut self,
        store: &mut RowStore,
        into: &[RowRef],
        from: &RowStore,
        from_groups: &[RowRef],
    ) -> Result<()> {
        for (into, group) in into.iter().zip(from_groups) {
            // What is merged came later.
            let known = self.slot(store, *into);
            match self.slot(from, *group) {
                NOTHING => {}
                BESIDE => {
                    let value = self.long(from, *group)?.to_vec();
                    self.add(store, *into, known, make_view(&value, 0, 0), &value)?;
                }
                slot => {
                    let view = slot - 1;
                    let bytes = view.to_le_bytes();
                    self.add(store, *into, known, view, short(&bytes, length(view)))?;
                }
            }
        }
        Ok(())
    }
}
