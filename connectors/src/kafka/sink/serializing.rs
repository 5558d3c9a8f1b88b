//! Serializes the records of one subtask, once the serializer is ready to.

use std::mem;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use millstream_runtime::chain::TaskContext;
use millstream_runtime::clock::IoHandle;
use millstream_runtime::guard::guarded;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Timestamp;

use super::record::{ProducerRecord, RecordSerializer};
use crate::kafka::client::Outgoing;
use crate::lane::Work;

/// Serializes the records of one subtask.
pub(super) struct Serializing<S: RecordSerializer> {
    serializer: S,
    topic: Arc<str>,
    readiness: Readiness,
    /// Records that have come before the serializer was ready.
    early: Vec<(S::Record, Timestamp)>,
    /// What the last record of the job has become.
    serialized: Vec<ProducerRecord>,
}

/// Whether the serializer is ready.
enum Readiness {
    /// This makes it so.
    New(BoxFuture<'static, Result<()>>),
    /// It will be when this is done, which wakes the task.
    Preparing {
        work: Work<()>,
        _woken: IoHandle<()>,
    },
    Ready,
}

impl<S: RecordSerializer> Serializing<S> {
    pub(super) fn new(mut serializer: S, topic: Arc<str>) -> Self {
        let readiness = serializer.prepare().map_or(Readiness::Ready, Readiness::New);
        Self { serializer, topic, readiness, early: Vec::new(), serialized: Vec::new() }
    }

    /// Whether records can be serialized; if not, the task is woken when they can.
    pub(super) fn is_ready(&mut self, cx: &TaskContext) -> Result<bool> {
        if let Readiness::New(prepare) = &mut self.readiness {
            let prepare = mem::replace(prepare, futures::future::ready(Ok(())).boxed());
            // Guarded before it is shared: the panic is reported to all that wait for it.
            let work = guarded(prepare).boxed().shared();
            self.readiness = Readiness::Preparing { _woken: cx.spawn_io(work.clone()), work };
        }
        if let Readiness::Preparing { work, .. } = &self.readiness {
            match work.peek() {
                None => return Ok(false),
                Some(done) => done.clone()?,
            }
            self.readiness = Readiness::Ready;
        }
        Ok(true)
    }

    /// Keeps a record that has come before the serializer was ready.
    pub(super) fn keep(&mut self, record: S::Record, timestamp: Timestamp) {
        self.early.push((record, timestamp));
    }

    /// Serializes a record, and appends what it is in Kafka. Answers how many bytes that has.
    #[inline]
    pub(super) fn serialize(
        &mut self,
        record: S::Record,
        timestamp: Timestamp,
        out: &mut Vec<Outgoing>,
    ) -> Result<usize> {
        self.serializer.serialize(record, &mut self.serialized).map_err(|problem| {
            Error::new(ErrorKind::InvalidJob, format!("a record cannot be written to Kafka: {problem}"))
        })?;
        let mut bytes = 0;
        for record in self.serialized.drain(..) {
            let record = record.outgoing(&self.topic, timestamp);
            bytes += record.key.as_ref().map_or(0, |key| key.len())
                + record.value.as_ref().map_or(0, |it| it.len());
            out.push(record);
        }
        Ok(bytes)
    }

    /// The records that were kept, serialized when the serializer is ready; `None` if there are none.
    pub(super) fn take_early(&mut self) -> Option<BoxFuture<'static, Result<Vec<Outgoing>>>> {
        if self.early.is_empty() {
            return None;
        }
        let early = mem::take(&mut self.early);
        let ready = match &self.readiness {
            Readiness::Preparing { work, .. } => Some(work.clone()),
            // Records are kept only while it is being prepared.
            Readiness::New(_) | Readiness::Ready => None,
        };
        let (serializer, topic) = (self.serializer.clone(), self.topic.clone());
        let mut this = Self {
            serializer,
            topic,
            readiness: Readiness::Ready,
            early: Vec::new(),
            serialized: Vec::new(),
        };
        let serialized = async move {
            if let Some(ready) = ready {
                ready.await?;
            }
            let mut out = Vec::with_capacity(early.len());
            for (record, timestamp) in early {
                this.serialize(record, timestamp, &mut out)?;
            }
            Ok(out)
        };
        Some(serialized.boxed())
    }
}
