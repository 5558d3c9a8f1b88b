//! What happens to records that cannot be read.

use millstream_runtime::chain::Output;
use millstream_runtime::graph::OutputTag;
use millstream_runtime::{Error, Result};
use millstream_state::{Record, Timestamp};

/// How much of a record an error quotes, in characters.
const QUOTED: usize = 200;

/// What to do about a record that cannot be read; `I` says which record it is.
#[derive(Clone)]
pub enum BadRecord<I> {
    /// The job fails, naming the record's place and what is wrong.
    Fail,
    /// The record is passed over and counted as skipped.
    Skip,
    /// The record goes to a side output.
    SideOutput(OutputTag<I>),
}

impl<I: Record + Into<Error>> BadRecord<I> {
    /// Does with a record what is to be done.
    pub(crate) fn pass<T>(&self, record: I, timestamp: Timestamp, output: &mut Output<'_, T>) -> Result<()> {
        match self {
            Self::Fail => return Err(record.into()),
            Self::Skip => output.counters().skipped_records.add(1),
            Self::SideOutput(tag) => output.emit_side(tag, record, timestamp)?,
        }
        Ok(())
    }
}

/// A text for an error, cut off if it is long.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
