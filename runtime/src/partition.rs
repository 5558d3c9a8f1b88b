//! Partitioners: which subtask downstream a record goes to. They move records; only broadcast clones.

use std::fmt;

use millstream_state::{Key, KeyGroups, stable_hash};

use crate::batch::Batch;
use crate::chain::Outlet;
use crate::clock::Random;
use crate::error::{Error, ErrorKind, Result};

/// Which kind of partitioner an edge has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Partitioning {
    /// Subtask i to subtask i: no record leaves its core.
    Forward,
    /// By the key group of the record's key.
    KeyGroup,
    /// To all subtasks in turn.
    Rebalance,
    /// To a few nearby subtasks in turn.
    Rescale,
    /// To subtasks at random.
    Shuffle,
    /// To every subtask.
    Broadcast,
    /// To the first subtask.
    Global,
    /// As a function says.
    Custom,
}

impl fmt::Display for Partitioning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Forward => "forward",
            Self::KeyGroup => "key group",
            Self::Rebalance => "rebalance",
            Self::Rescale => "rescale",
            Self::Shuffle => "shuffle",
            Self::Broadcast => "broadcast",
            Self::Global => "global",
            Self::Custom => "custom",
        })
    }
}

impl Partitioning {
    /// Whether records on their way may be part of an unaligned checkpoint. After a restore they are partitioned
    /// anew, which is possible where any subtask upstream may send any record; and no subtask may see a broadcast
    /// record before the barrier that another sees behind it. As in Flink.
    pub const fn can_unalign(self) -> bool {
        !matches!(self, Self::Forward | Self::Rescale | Self::Broadcast)
    }

    /// Whether subtask `from` of `upstream` has a channel to subtask `to` of `downstream`.
    pub const fn connects(self, from: u32, upstream: u32, to: u32, downstream: u32) -> bool {
        match self {
            Self::Forward => from == to,
            // Each side's subtasks are laid over the other's as evenly as the numbers allow.
            Self::Rescale if upstream <= downstream => to * upstream / downstream == from,
            Self::Rescale => from * downstream / upstream == to,
            _ => true,
        }
    }
}

/// Distributes batches over the channels of an outlet.
pub trait Partitioner<T>: Send {
    /// Moves every record of the batch into the outlet.
    ///
    /// # Errors
    /// If a custom function names a subtask that does not exist.
    fn route(&mut self, batch: &mut Batch<T>, outlet: &mut Outlet<T>) -> Result<()>;

    /// Moves into the outlet what the partitioner has kept back to make larger pieces of it. Called
    /// before anything but records goes out, and when there is no input for now.
    ///
    /// # Errors
    /// Whatever fails the attempt.
    fn flush(&mut self, outlet: &mut Outlet<T>) -> Result<()> {
        let _ = outlet;
        Ok(())
    }
}

/// To the first (and with forward the only) channel.
pub struct ToFirst;

impl<T> Partitioner<T> for ToFirst {
    fn route(&mut self, batch: &mut Batch<T>, outlet: &mut Outlet<T>) -> Result<()> {
        outlet.send_batch(0, std::mem::take(batch));
        Ok(())
    }
}

/// To all channels in turn, a record each.
pub struct RoundRobin {
    next: usize,
}

impl RoundRobin {
    /// Begins with a channel that depends on the subtask, so that not all begin with the same.
    pub const fn starting_at(subtask: u32) -> Self {
        Self { next: subtask as usize }
    }
}

impl<T> Partitioner<T> for RoundRobin {
    fn route(&mut self, batch: &mut Batch<T>, outlet: &mut Outlet<T>) -> Result<()> {
        let channels = outlet.channels();
        outlet.distribute(batch, |_| {
            self.next = if self.next + 1 >= channels { 0 } else { self.next + 1 };
            self.next
        });
        Ok(())
    }
}

/// To a random channel.
pub struct Shuffle(pub Random);

impl<T> Partitioner<T> for Shuffle {
    fn route(&mut self, batch: &mut Batch<T>, outlet: &mut Outlet<T>) -> Result<()> {
        let channels = outlet.channels();
        outlet.distribute(batch, |_| self.0.below(channels));
        Ok(())
    }
}

/// To every channel; all but the last get clones.
pub struct Broadcast;

impl<T: Clone> Partitioner<T> for Broadcast {
    fn route(&mut self, batch: &mut Batch<T>, outlet: &mut Outlet<T>) -> Result<()> {
        let last = outlet.channels().saturating_sub(1);
        for channel in 0..last {
            outlet.send_batch(channel, batch.clone());
        }
        outlet.send_batch(last, std::mem::take(batch));
        Ok(())
    }
}

/// To the channel of the subtask that owns the key group of the first half of a pair.
pub struct ByKeyGroup {
    groups: KeyGroups,
    /// For each key group the subtask that owns it.
    owners: Vec<u16>,
}

impl ByKeyGroup {
    /// For a downstream operator with `groups` key groups and `parallelism` subtasks.
    #[allow(clippy::cast_possible_truncation, reason = "a parallelism is at most 2^15")]
    pub fn new(groups: KeyGroups, parallelism: u32) -> Self {
        let all = groups.range_of(0, 1);
        Self { groups, owners: all.iter().map(|group| groups.owner(group, parallelism) as u16).collect() }
    }
}

impl<K: Key, T> Partitioner<(K, T)> for ByKeyGroup {
    fn route(&mut self, batch: &mut Batch<(K, T)>, outlet: &mut Outlet<(K, T)>) -> Result<()> {
        let (groups, owners) = (self.groups, self.owners.as_slice());
        outlet.distribute_hashed(batch, |(key, _)| {
            let hash = stable_hash(key);
            let channel = owners.get(groups.of_hash(hash).index()).copied().unwrap_or_default();
            // Keys that own memory, texts above all, take longer to hash than their hash to be carried.
            (usize::from(channel), std::mem::needs_drop::<K>().then_some(hash))
        });
        Ok(())
    }
}

/// To the channel that a function names, of as many as it is given.
pub struct ByFunction<F>(pub F);

impl<T, F: FnMut(&T, usize) -> usize + Send> Partitioner<T> for ByFunction<F> {
    fn route(&mut self, batch: &mut Batch<T>, outlet: &mut Outlet<T>) -> Result<()> {
        let channels = outlet.channels();
        for (record, timestamp) in batch.drain_timed() {
            let channel = (self.0)(&record, channels);
            if channel >= channels {
                return Err(Error::new(
                    ErrorKind::Function,
                    format!("the custom partitioner chose subtask {channel}, but there are only {channels}"),
                ));
            }
            outlet.push(channel, record, timestamp);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
