//! LISTAGG: texts one behind the other, in the order in which they came; NULLs are left out.
//!
//! Of rows that are never taken back the text so far is kept, otherwise each value. The
//! separator before a value is that of its row.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StringViewArray};
use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::{RowRef, RowStore};

use super::arrivals::Arrivals;
use super::side::{HANDLE, SideValues, meta_of};
use super::{ADD, Accumulator, MakeMeta, Observe, Observed, SKIP, Update};
use crate::chunk::Chunk;

/// What stands between values if nothing else is said.
const SEPARATOR: &str = ",";

/// The accumulator for these arguments: the value, and perhaps the separator.
pub(super) fn list(arguments: &[usize], retracts: bool) -> Option<Box<dyn Accumulator>> {
    let (value, separator) = (*arguments.first()?, arguments.get(1).copied());
    Some(Box::new(ListAggregate {
        value,
        separator,
        retracts,
        text: SideValues::default(),
        values: Arrivals::default(),
    }))
}

/// A handle of the text, or of the values.
struct ListAggregate {
    value: usize,
    separator: Option<usize>,
    retracts: bool,
    text: SideValues,
    values: Arrivals,
}

fn texts(chunk: &Chunk, column: usize) -> Result<&StringViewArray> {
    let texts = chunk.column(column)?.as_string_view_opt();
    texts.ok_or_else(|| Error::new(ErrorKind::Internal, "LISTAGG of what is no text"))
}

/// The separator before a text, and the text, as they are kept.
fn join(separator: &[u8], text: &[u8]) -> Result<Vec<u8>> {
    let length = u32::try_from(separator.len());
    let length = length.map_err(|_| Error::new(ErrorKind::InvalidInput, "a separator of more than 4 GiB"))?;
    Ok([&length.to_le_bytes(), separator, text].concat())
}

/// The separator and the text of what [`join`] has made.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let length = bytes.split_first_chunk();
    let parts = length.and_then(|(length, rest)| rest.split_at_checked(u32::from_le_bytes(*length) as usize));
    parts.unwrap_or_default()
}

impl ListAggregate {
    fn add(&mut self, store: &mut RowStore, group: RowRef, value: &[u8], separator: &[u8]) -> Result<()> {
        if self.retracts {
            let side = self.values.rows.handles.get_or_give(store, group);
            return self.values.add(side, value, &join(separator, value)?);
        }
        let side = self.text.handles.get_or_give(store, group);
        let text = match self.text.get(Some(side))? {
            None => join(separator, value)?,
            Some(text) => [text, separator, value].concat(),
        };
        self.text.set(side, &text)
    }

    fn take(&mut self, store: &mut RowStore, group: RowRef, value: &[u8]) -> Result<()> {
        let side = self.values.rows.handles.get_or_give(store, group);
        self.values.take(side, value)
    }

    fn result(&self, store: &RowStore, group: RowRef) -> Result<Option<String>> {
        let bytes = if self.retracts {
            let mut all = self.values.all(self.values.rows.handles.get(store, group))?.map(split);
            all.next().map(|(_, first)| {
                all.fold(first.to_vec(), |mut text, (separator, value)| {
                    text.extend(separator);
                    text.extend(value);
                    text
                })
            })
        } else {
            self.text.get(self.text.handles.get(store, group))?.map(|text| split(text).1.to_vec())
        };
        let text = bytes.map(String::from_utf8).transpose();
        text.map_err(|_| Error::new(ErrorKind::Restore, "a text in the state is not UTF-8"))
    }
}

fn column(texts: Vec<Option<String>>) -> ArrayRef {
    Arc::new(StringViewArray::from_iter(texts))
}

impl Accumulator for ListAggregate {
    fn initial(&self) -> Vec<u8> {
        vec![0; HANDLE]
    }

    fn place(&mut self, offset: usize) {
        self.text.handles.place(offset);
        self.values.rows.handles.place(offset);
    }

    fn open(&mut self, cx: &mut OpenContext<'_>, name: &str, meta: MakeMeta<'_>) -> Result<()> {
        if self.retracts {
            return self.values.rows.open(cx, meta_of(name, "arrivals of STRING".to_owned(), meta));
        }
        self.text.open(cx, meta_of(name, "list".to_owned(), meta))
    }

    fn has_side(&self) -> bool {
        true
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) {
        self.text.snapshot(cx);
        self.values.rows.snapshot(cx);
    }

    fn remove(&mut self, store: &mut RowStore, groups: &[RowRef]) -> Result<()> {
        for group in groups {
            let side = self.text.handles.take(store, *group);
            if self.retracts { self.values.rows.clear(side)? } else { self.text.remove(side)? }
        }
        Ok(())
    }

    fn update(&mut self, update: &mut Update<'_>, observe: Observe) -> Result<Observed> {
        let values = texts(update.chunk, self.value)?;
        let separators = self.separator.map(|separator| texts(update.chunk, separator)).transpose()?;
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for (row, (group, sign)) in update.groups.iter().zip(update.signs).enumerate() {
            if observe == Observe::BeforeAndAfter {
                before.push(self.result(update.store, *group)?);
            }
            if *sign != SKIP && values.is_valid(row) {
                let value = values.value(row).as_bytes();
                let separator = separators.filter(|all| all.is_valid(row));
                let separator = separator.map_or(SEPARATOR, |all| all.value(row)).as_bytes();
                if *sign == ADD {
                    self.add(update.store, *group, value, separator)?;
                } else {
                    self.take(update.store, *group, value)?;
                }
            }
            if observe != Observe::Nothing {
                after.push(self.result(update.store, *group)?);
            }
        }
        Ok(Observed {
            before: (observe == Observe::BeforeAndAfter).then(|| column(before)),
            after: (observe != Observe::Nothing).then(|| column(after)),
        })
    }

    fn results(&self, store: &RowStore, groups: &[RowRef]) -> Result<ArrayRef> {
        groups.iter().map(|group| self.result(store, *group)).collect::<Result<Vec<_>>>().map(column)
    }

    /// Of rows that are never taken back only.
    fn export(&self, store: &RowStore, group: RowRef, into: &mut Vec<u8>) -> Result<()> {
        debug_assert!(!self.retracts, "which value is taken back is known where all are");
        into.extend(self.text.get(self.text.handles.get(store, group))?.unwrap_or_default());
        Ok(())
    }

    fn absorb(&mut self, store: &mut RowStore, group: RowRef, exported: &[u8]) -> Result<()> {
        if exported.is_empty() {
            return Ok(());
        }
        let (separator, text) = split(exported);
        self.add(store, group, text, separator)
    }

    fn merge(
        &mut self,
        store: &mut RowStore,
        into: &[RowRef],
        from: &RowStore,
        from_groups: &[RowRef],
    ) -> Result<()> {
        for (into, group) in into.iter().zip(from_groups) {
            let Some(other) = self.text.handles.get(from, *group) else { continue };
            if self.retracts {
                let side = self.values.rows.handles.get_or_give(store, *into);
                self.values.merge(side, other, |kept| split(kept).1)?;
            } else if let Some(text) = self.text.get(Some(other))?.map(<[u8]>::to_vec) {
                let (separator, text) = split(&text);
                self.add(store, *into, text, separator)?;
            }
        }
        Ok(())
    }
}
