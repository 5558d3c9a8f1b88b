//! Publishes what checkpoints cover, any number of times with the same outcome.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use millstream_operators::sink::Committer;
use millstream_runtime::Result;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::publisher::Publisher;
use crate::commit_order::Turn;
use crate::nats::client::Outgoing;

/// The messages of a subtask between two checkpoints, which are published when the second is complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NatsCommittable {
    /// A name that no other writer has had.
    pub(super) writer: String,
    /// The number of this committable among those of its writer.
    pub(super) number: u64,
    pub(super) stream: Arc<str>,
    /// Where the stream was before any of these can have been published.
    pub(super) before: StreamMark,
    pub(super) messages: Vec<Outgoing>,
}

/// Where a stream was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StreamMark {
    /// When the stream was made, in nanoseconds since 1970.
    pub(super) created: i64,
    /// The sequence of its last message.
    pub(super) last: u64,
    /// For how long it knew messages again.
    pub(super) window: Duration,
}

impl NatsCommittable {
    /// What the ids of its messages begin with. Their places follow.
    pub(super) fn id_prefix(&self) -> String {
        format!("{}.{}.", self.writer, self.number)
    }
}

/// The numbers of committables of a living writer that nobody has begun to publish.
#[derive(Default)]
pub(super) struct Unpublished(Mutex<BTreeSet<(String, u64)>>);

impl Unpublished {
    pub(super) fn add(&self, writer: &str, number: u64) {
        self.0.lock().insert((writer.to_owned(), number));
    }

    /// Whether nobody has begun to publish this one; somebody has from now on.
    fn take(&self, committable: &NatsCommittable) -> bool {
        self.0.lock().remove(&(committable.writer.clone(), committable.number))
    }
}

/// Publishes messages whose checkpoint is complete.
pub(super) struct NatsCommitter {
    pub(super) publisher: Publisher,
    pub(super) unpublished: Arc<Unpublished>,
    pub(super) turn: Turn,
}

impl Committer<NatsCommittable> for NatsCommitter {
    async fn commit(&self, mut committables: Vec<NatsCommittable>) -> Result<()> {
        // Of several writers, after a restore; each in its order.
        committables.sort_by(|one, other| (&one.writer, one.number).cmp(&(&other.writer, other.number)));
        let publish = async {
            for committable in &committables {
                let is_unpublished = self.unpublished.take(committable);
                self.publisher.commit(committable, is_unpublished).await?;
            }
            Ok(())
        };
        self.turn.take(publish).await
    }
}
