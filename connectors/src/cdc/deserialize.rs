//! Makes of changes the records of a job.

use std::sync::Arc;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::Output;
use millstream_state::{Record, Timestamp};

use crate::Gathered;

/// Makes of changes the records of a job. As Flink CDC's `DebeziumDeserializationSchema`.
///
/// ```
/// use millstream::Error;
/// use millstream::connectors::postgres_cdc::{ChangeDeserializer, ChangeRecord, PostgresCdcSource};
///
/// /// Numbers changes, from the start of each attempt on.
/// struct Numbered(u64);
///
/// impl ChangeDeserializer<ChangeRecord, (u64, String)> for Numbered {
///     fn deserialize(&mut self, change: ChangeRecord) -> Result<Option<(u64, String)>, Error> {
///         self.0 += 1;
///         Ok(Some((self.0, change.kind.short_string().to_owned())))
///     }
/// }
///
/// let numbered = PostgresCdcSource::new("localhost", "shop").table_list(["orders"]).with_deserializer(|| Numbered(0));
/// ```
pub trait ChangeDeserializer<R, T>: Send + 'static {
    /// Takes a change; `None` leaves it out, or [gathers](Self::gathered) it.
    ///
    /// # Errors
    /// What fails the job.
    fn deserialize(&mut self, change: R) -> Result<Option<T>>;

    /// The record that was made of the changes for which [`deserialize`](Self::deserialize) has returned none, for deserializers
    /// that gather many into one, such as columns. Asked for after each run of changes, before anything else is done.
    ///
    /// # Errors
    /// What fails the job.
    fn gathered(&mut self) -> Result<Option<Gathered<T>>> {
        Ok(None)
    }
}

/// A function that needs no state.
pub(crate) struct Function<F>(pub(crate) Arc<F>);

impl<R, T, F> ChangeDeserializer<R, T> for Function<F>
where
    F: Fn(R) -> Result<Option<T>> + Send + Sync + 'static,
{
    #[inline]
    fn deserialize(&mut self, change: R) -> Result<Option<T>> {
        (self.0)(change)
    }
}

/// Makes a deserializer for each reader.
pub(crate) type MakeDeserializer<R, T> = Arc<dyn Fn() -> Box<dyn ChangeDeserializer<R, T>> + Send + Sync>;

/// Emits the record of a change, if it has one.
pub(super) fn emit<R: 'static, T: Record>(
    deserializer: &mut dyn ChangeDeserializer<R, T>,
    change: R,
    output: &mut Output<'_, T>,
) -> Result<()> {
    match deserializer.deserialize(change)? {
        Some(record) => output.emit(record, Timestamp::MIN),
        None => Ok(()),
    }
}

/// Emits what was gathered of a run of changes.
pub(super) fn emit_gathered<R: 'static, T: Record>(
    deserializer: &mut dyn ChangeDeserializer<R, T>,
    output: &mut Output<'_, T>,
) -> Result<()> {
    match deserializer.gathered()? {
        Some(Gathered { record, rows, bytes }) => {
            output.forward(&mut Batch::weighing(vec![record], rows, bytes))
        }
        None => Ok(()),
    }
}
