//! Side outputs in a chain: what collects the records that an operator emits besides its main stream.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use millstream_state::{Record, Timestamp};
use parking_lot::Mutex;

use super::collector::{Collector, Signal, Stage};
use super::context::TaskContext;
use super::output_tag::OutputTag;
use crate::batch::Batch;
use crate::error::{Error, ErrorKind, Result};

/// What stands behind a side output, whatever it carries.
pub(crate) trait SideCollector: Stage {
    fn send(&mut self, cx: &mut TaskContext) -> Result<()>;
    fn as_any(&mut self) -> &mut dyn Any;
    /// The name of the tag that it is for, if there is one.
    fn name(&self) -> Option<&str> {
        None
    }
    /// Where records of tags are kept that no side output is for.
    fn unread(&self) -> Option<&UnreadRecords> {
        None
    }
}

/// A record of any type, with its timestamp.
type AnyRecord = (Box<dyn Any + Send>, Timestamp);

/// Keeps the records of all tags that nobody reads: a test asks for a tag when it looks.
#[derive(Clone, Default)]
pub(crate) struct UnreadRecords(Arc<Mutex<BTreeMap<u64, Vec<AnyRecord>>>>);

impl UnreadRecords {
    /// Takes out the records of a tag.
    pub(crate) fn take<T: Record>(&self, tag: &OutputTag<T>) -> Vec<(T, Timestamp)> {
        let records = self.0.lock().remove(&tag.id()).unwrap_or_default();
        let typed = records.into_iter().map(|(record, timestamp)| (record.downcast::<T>(), timestamp));
        typed.filter_map(|(record, timestamp)| record.ok().map(|record| (*record, timestamp))).collect()
    }
}

impl Stage for UnreadRecords {
    fn signal(&mut self, _: &Signal, _: &mut TaskContext) -> Result<()> {
        Ok(())
    }

    fn drain(&mut self, _: &mut TaskContext) {}

    fn resume(&mut self, _: &mut TaskContext) -> Result<()> {
        Ok(())
    }
}

impl SideCollector for UnreadRecords {
    fn send(&mut self, _: &mut TaskContext) -> Result<()> {
        Ok(())
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }

    fn unread(&self) -> Option<&UnreadRecords> {
        Some(self)
    }
}

/// The side output of a tag, with what stands behind it.
pub(crate) fn side<T: Record>(tag: OutputTag<T>, next: Box<dyn Collector<T>>) -> Box<dyn SideCollector> {
    Box::new(Side { tag, buffer: Batch::default(), next })
}

struct Side<T> {
    tag: OutputTag<T>,
    buffer: Batch<T>,
    next: Box<dyn Collector<T>>,
}

impl<T: Record> Side<T> {
    fn push(&mut self, record: T, timestamp: Timestamp, cx: &mut TaskContext) -> Result<()> {
        self.buffer.push(record, timestamp);
        if self.buffer.is_full() { self.send(cx) } else { Ok(()) }
    }
}

impl<T: Record> Stage for Side<T> {
    fn signal(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()> {
        self.send(cx)?;
        self.next.signal(signal, cx)
    }

    fn drain(&mut self, cx: &mut TaskContext) {
        self.next.drain(cx);
    }

    fn resume(&mut self, cx: &mut TaskContext) -> Result<()> {
        self.next.resume(cx)
    }
}

impl<T: Record> SideCollector for Side<T> {
    fn send(&mut self, cx: &mut TaskContext) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let result = self.next.batch(&mut self.buffer, cx);
        self.buffer.clear();
        result
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }

    fn name(&self) -> Option<&str> {
        Some(self.tag.name())
    }
}

/// Puts a record into every side of this tag, and sends what is full. Several streams may have been
/// made of one tag.
pub(crate) fn emit<T: Record>(
    sides: &mut [Box<dyn SideCollector>],
    tag: &OutputTag<T>,
    record: T,
    timestamp: Timestamp,
    cx: &mut TaskContext,
) -> Result<()> {
    let mut readers = sides
        .iter_mut()
        .filter_map(|side| side.as_any().downcast_mut::<Side<T>>().filter(|side| side.tag.id() == tag.id()));
    let Some(mut side) = readers.next() else { return emit_unread(sides, tag, record, timestamp, cx) };
    for other in readers {
        side.push(record.clone(), timestamp, cx)?;
        side = other;
    }
    side.push(record, timestamp, cx)
}

/// Dropping is right where nobody reads a side output, and a loss where somebody waits for it elsewhere.
#[cold]
fn emit_unread<T: Record>(
    sides: &[Box<dyn SideCollector>],
    tag: &OutputTag<T>,
    record: T,
    timestamp: Timestamp,
    cx: &TaskContext,
) -> Result<()> {
    if let Some(unread) = sides.iter().find_map(|side| side.unread()) {
        unread.0.lock().entry(tag.id()).or_default().push((Box::new(record), timestamp));
        return Ok(());
    }
    // Where a tag is made twice, what is emitted to one of the two is not read from the other.
    if sides.iter().any(|side| side.name() == Some(tag.name())) {
        return Err(Error::new(
            ErrorKind::InvalidJob,
            format!(
                "it emits to a side output `{name}`, and another of this name is read from it: two tags are the same \
                 only if one is a clone of the other, so make one and clone it, or give them different names",
                name = tag.name()
            ),
        ));
    }
    let Some(readers) = cx.side_reads().get(&tag.id()) else { return Ok(()) };
    Err(Error::new(
        ErrorKind::InvalidJob,
        format!(
            "it emits to the side output `{}`, which is read from {readers} only: call `side_output` on the \
             stream that this operator makes, before anything else is done with it",
            tag.name()
        ),
    ))
}
