//! The way out of a subtask: a partitioner, and the channels to the subtasks downstream.

use std::collections::VecDeque;
use std::time::Duration;

use crossbeam_utils::CachePadded;
use millstream_state::{Record, Timestamp};

use super::{Collector, Replay, Signal, Stage, TaskContext};
use crate::batch::Batch;
use crate::channel::ChannelSender;
use crate::error::Result;
use crate::event::Event;
use crate::partition::Partitioner;

/// The channels of one edge, seen from one upstream subtask.
pub struct Outlet<T> {
    /// For each channel the batch under construction. Its length changes with every record, so no
    /// other subtask's may lie in the same cache line: all are made in one place.
    builders: Vec<CachePadded<Batch<T>>>,
    channels: Vec<ChannelSender<T>>,
    /// What found no room, in order, whatever its channel: what is behind a barrier in one channel stays
    /// behind it in all. While it is not empty the task takes no input.
    overflow: VecDeque<(usize, Event<T>)>,
}

impl<T> Outlet<T> {
    /// An outlet into `channels`.
    pub fn new(channels: Vec<ChannelSender<T>>) -> Self {
        let builders = channels.iter().map(|_| Batch::default().into()).collect();
        Self { builders, channels, overflow: VecDeque::new() }
    }

    /// How many channels there are.
    #[inline]
    pub const fn channels(&self) -> usize {
        self.channels.len()
    }

    /// Moves every record of a batch to the channel that `choose` names for it.
    #[inline]
    pub fn distribute(&mut self, batch: &mut Batch<T>, mut choose: impl FnMut(&T) -> usize) {
        self.distribute_hashed(batch, |record| (choose(record), None));
    }

    /// The same; where `choose` says the hash of the record's key, it travels with the record. It says that of
    /// all records, or of none.
    #[inline]
    pub(crate) fn distribute_hashed(
        &mut self,
        batch: &mut Batch<T>,
        mut choose: impl FnMut(&T) -> (usize, Option<u64>),
    ) {
        if batch.has_timestamps() || self.builders.iter().any(|builder| builder.has_timestamps()) {
            for (record, timestamp) in batch.drain_timed() {
                let (channel, hash) = choose(&record);
                if let Some(builder) = self.builders.get_mut(channel)
                    && builder.push_hashed(record, timestamp, hash)
                {
                    self.ship(channel);
                }
            }
            return;
        }
        // Apart, so that the loop keeps the builders at hand while a full one is shipped.
        let Self { builders, channels, overflow } = self;
        let builders = builders.as_mut_slice();
        for record in batch.drain() {
            let (channel, hash) = choose(&record);
            if let Some(builder) = builders.get_mut(channel)
                && builder.push_untimed(record, hash)
            {
                ship(builder, channel, channels, overflow);
            }
        }
    }

    /// Puts a record into a builder, and ships that when it is full.
    #[inline]
    pub fn push(&mut self, channel: usize, record: T, timestamp: Timestamp) {
        if let Some(builder) = self.builders.get_mut(channel) {
            builder.push(record, timestamp);
            if builder.is_full() {
                self.ship(channel);
            }
        }
    }

    /// Sends a whole batch, after what is in the channel's builder.
    pub fn send_batch(&mut self, channel: usize, batch: Batch<T>) {
        self.send_behind_records(channel, Event::Batch(batch));
    }

    /// Sends what is in a builder on its way.
    fn ship(&mut self, channel: usize) {
        if let Some(builder) = self.builders.get_mut(channel) {
            ship(builder, channel, &self.channels, &mut self.overflow);
        }
    }

    fn send(&mut self, channel: usize, event: Event<T>) {
        send(event, channel, &self.channels, &mut self.overflow);
    }

    fn flush(&mut self) {
        (0..self.channels()).for_each(|channel| self.ship(channel));
    }

    /// Sends the same to every channel, after all records so far.
    fn send_all(&mut self, event: impl Fn() -> Event<T>) {
        self.flush();
        (0..self.channels()).for_each(|channel| self.send(channel, event()));
    }

    /// Sends an event to one channel, after all records so far.
    fn send_behind_records(&mut self, channel: usize, event: Event<T>) {
        self.ship(channel);
        self.send(channel, event);
    }

    /// Sends what waits; false if a channel still has no room.
    fn drain(&mut self) -> bool {
        while let Some((channel, event)) = self.overflow.pop_front() {
            let Some(sender) = self.channels.get(channel) else { continue };
            if let Err(event) = sender.try_send(event) {
                self.overflow.push_front((channel, event));
                return false;
            }
        }
        true
    }
}

/// Sends what is in a builder on its way.
#[cold]
#[inline(never)]
fn ship<T>(
    builder: &mut Batch<T>,
    channel: usize,
    channels: &[ChannelSender<T>],
    overflow: &mut VecDeque<(usize, Event<T>)>,
) {
    if !builder.is_empty() {
        let empty = channels.get(channel).map(ChannelSender::empty_batch).unwrap_or_default();
        send(Event::Batch(std::mem::replace(builder, empty)), channel, channels, overflow);
    }
}

fn send<T>(
    event: Event<T>,
    channel: usize,
    channels: &[ChannelSender<T>],
    overflow: &mut VecDeque<(usize, Event<T>)>,
) {
    // Behind anything that waits, even for another channel: barriers keep their place.
    if overflow.is_empty()
        && let Some(sender) = channels.get(channel)
    {
        if let Err(event) = sender.try_send(event) {
            overflow.push_back((channel, event));
        }
    } else {
        overflow.push_back((channel, event));
    }
}

/// The end of a chain that feeds other subtasks.
pub struct Router<T> {
    partitioner: Box<dyn Partitioner<T>>,
    outlet: Outlet<T>,
    /// How long a batch that is not full may wait in a task that has more to do; `None` for as long as it has.
    buffer_timeout: Option<Duration>,
    /// What was in flight when the snapshot was taken that the job is restored from.
    replay: Option<Replay<T>>,
}

impl<T> Router<T> {
    /// Routes records into `channels` as `partitioner` says; first of all those of `replay`.
    pub(crate) fn new(
        partitioner: Box<dyn Partitioner<T>>,
        channels: Vec<ChannelSender<T>>,
        replay: Option<Replay<T>>,
    ) -> Self {
        Self { partitioner, outlet: Outlet::new(channels), buffer_timeout: None, replay }
    }

    /// Lets a batch that is not full wait for so long, where the task's context knows that, too.
    pub(crate) fn with_buffer_timeout(self, buffer_timeout: Option<Duration>) -> Self {
        Self { buffer_timeout, ..self }
    }

    fn note_overflow(&self, cx: &mut TaskContext) {
        if !self.outlet.overflow.is_empty() {
            cx.set_blocked();
        }
    }

    /// Sends the same to every channel, after all records so far.
    fn send_all(&mut self, event: impl Fn() -> Event<T>) -> Result<()> {
        self.partitioner.flush(&mut self.outlet)?;
        self.outlet.send_all(event);
        Ok(())
    }
}

impl<T: Record> Router<T> {
    /// Sends again what was in flight.
    #[cold]
    fn send_again(&mut self, replay: Replay<T>) -> Result<()> {
        for mut round in replay.into_rounds() {
            if let Some(watermark) = round.watermark {
                self.send_all(|| Event::Watermark(watermark))?;
            }
            while !round.records.is_empty() {
                self.partitioner.route(&mut round.records.split_front(Batch::<T>::FULL), &mut self.outlet)?;
            }
            self.send_all(|| Event::Replayed { last: round.is_last })?;
        }
        Ok(())
    }
}

impl<T: Record> Stage for Router<T> {
    fn signal(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()> {
        match signal {
            Signal::Watermark(watermark) => {
                cx.metrics().set_output_watermark(*watermark);
                self.send_all(|| Event::Watermark(*watermark))?;
            }
            Signal::Status(status) => self.send_all(|| Event::Status(*status))?,
            Signal::LatencyMarker(marker) => {
                self.partitioner.flush(&mut self.outlet)?;
                // To one of them, as in Flink: a subtask downstream gets its share of the markers of all.
                let channel = cx.random().below(self.outlet.channels());
                self.outlet.send_behind_records(channel, Event::LatencyMarker(marker.clone()));
            }
            Signal::Barrier(barrier) => {
                self.outlet.channels.iter().for_each(|it| it.announce_barrier(barrier.checkpoint.number()));
                self.send_all(|| Event::Barrier(barrier.clone()))?;
            }
            Signal::EndOfData => self.send_all(|| Event::EndOfData)?,
            Signal::BufferTimeout if !cx.is_buffer_due(self.buffer_timeout) => {}
            Signal::Flush | Signal::BufferTimeout => {
                self.partitioner.flush(&mut self.outlet)?;
                self.outlet.flush();
            }
            Signal::Open => {
                if let Some(replay) = self.replay.take() {
                    self.send_again(replay)?;
                }
            }
            Signal::BeforeBarrier
            | Signal::Poll
            | Signal::Completed(_)
            | Signal::Aborted(_)
            | Signal::Finish => {}
        }
        self.note_overflow(cx);
        Ok(())
    }

    fn drain(&mut self, cx: &mut TaskContext) {
        if !self.outlet.drain() || self.outlet.channels.iter().any(ChannelSender::is_over_full) {
            cx.set_blocked();
        }
    }

    fn resume(&mut self, _: &mut TaskContext) -> Result<()> {
        Ok(())
    }
}

impl<T: Record> Collector<T> for Router<T> {
    fn batch(&mut self, batch: &mut Batch<T>, cx: &mut TaskContext) -> Result<()> {
        cx.metrics().records_out.add(batch.rows());
        cx.metrics().bytes_out.add(batch.bytes());
        self.partitioner.route(batch, &mut self.outlet)?;
        self.note_overflow(cx);
        Ok(())
    }
}
