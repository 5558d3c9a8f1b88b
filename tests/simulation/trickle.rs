//! A source that reads its splits a few records at a time, and now and then has nothing.

use std::sync::Arc;
use std::time::Duration;

use millstream::source::{
    Boundedness, Enumerator, Output, Source, SourceReader, SourceStatus, SplitEnumerator, SplitOutput,
    TaskContext,
};
use millstream::{Record, Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::setting::Setting;

/// The longest batch, in records.
const BATCH: usize = 8;

type Make<T> = Arc<dyn Fn(u64) -> T + Send + Sync>;

/// Yields `make(0)` to `make(records - 1)`, number `n` in split `n % splits`.
pub struct Trickle<T> {
    splits: u64,
    records: u64,
    in_turn: bool,
    /// Whether splits come up one by one while the job runs.
    gradual: bool,
    make: Make<T>,
    /// Is called when a reader starts.
    when_started: Arc<dyn Fn() + Send + Sync>,
}

impl<T: Record> Trickle<T> {
    /// A few splits, as the seed says, read in any order.
    pub fn new(
        setting: &Setting,
        purpose: u64,
        records: u64,
        make: impl Fn(u64) -> T + Send + Sync + 'static,
    ) -> Self {
        Self {
            splits: setting.draw(purpose, 1..=5),
            records,
            in_turn: false,
            gradual: false,
            make: Arc::new(make),
            when_started: Arc::new(|| {}),
        }
    }

    /// Each reader always goes on with the split that is furthest behind, so that what it reads is
    /// in the order of the numbers.
    pub fn in_turn(self) -> Self {
        Self { in_turn: true, ..self }
    }

    /// Splits come up one by one while the job runs.
    pub fn gradual(self) -> Self {
        Self { gradual: true, ..self }
    }

    pub fn when_started(self, call: impl Fn() + Send + Sync + 'static) -> Self {
        Self { when_started: Arc::new(call), ..self }
    }

    pub fn one_split(self) -> Self {
        Self { splits: 1, ..self }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Share {
    next: u64,
    stride: u64,
}

impl<T: Record> Source for Trickle<T> {
    type Record = T;
    type Split = Share;
    type Reader = TrickleReader<T>;

    fn kind(&self) -> &'static str {
        "Trickle"
    }

    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    async fn discover(&self) -> Result<Vec<Share>> {
        Ok((0..self.splits).map(|next| Share { next, stride: self.splits }).collect())
    }

    fn enumerator(&self) -> Option<Enumerator<Share>> {
        self.gradual.then(|| Enumerator::new(Gradual { next: 0, splits: self.splits, due: Duration::ZERO }))
    }

    fn reader(&self) -> TrickleReader<T> {
        TrickleReader {
            splits: Vec::new(),
            records: self.records,
            in_turn: self.in_turn,
            paused_until: Duration::ZERO,
            make: self.make.clone(),
            when_started: self.when_started.clone(),
        }
    }
}

pub struct TrickleReader<T> {
    splits: Vec<Share>,
    records: u64,
    in_turn: bool,
    paused_until: Duration,
    make: Make<T>,
    when_started: Arc<dyn Fn() + Send + Sync>,
}

impl<T: Record> SourceReader for TrickleReader<T> {
    type Record = T;
    type Split = Share;

    fn start(&mut self, _: &TaskContext) {
        (self.when_started)();
    }

    fn add_splits(&mut self, splits: Vec<Share>) {
        self.splits.extend(splits);
    }

    fn next(&mut self, output: &mut Output<'_, T>) -> Result<SourceStatus> {
        let now = output.context().monotonic();
        if now < self.paused_until {
            output.context().wake_after(self.paused_until - now);
            return Ok(SourceStatus::Waiting);
        }
        let random = output.context().random();
        let (batch, pause) = (1 + random.below(BATCH), random.below(24));
        for _ in 0..batch {
            let records = self.records;
            let mut left: Vec<_> = self.splits.iter_mut().filter(|split| split.next < records).collect();
            if left.is_empty() {
                return Ok(SourceStatus::Ended);
            }
            let chosen = if self.in_turn {
                left.into_iter().min_by_key(|split| split.next).unwrap()
            } else {
                let index = output.context().random().below(left.len());
                left.swap_remove(index)
            };
            let record = (self.make)(chosen.next);
            chosen.next += chosen.stride;
            output.emit(record, Timestamp::MIN)?;
        }
        if (1..8).contains(&pause) {
            self.paused_until = now + Duration::from_millis(pause as u64);
        }
        Ok(SourceStatus::More)
    }

    fn snapshot(&self) -> Vec<Share> {
        self.splits.clone()
    }
}

/// Hands out splits one by one, and now and then none for a while.
struct Gradual {
    next: u64,
    splits: u64,
    due: Duration,
}

impl SplitEnumerator for Gradual {
    type Split = Share;
    type State = u64;

    fn restore(&mut self, next: u64) -> Result<()> {
        self.next = next;
        Ok(())
    }

    fn next(&mut self, output: &mut SplitOutput<'_, '_, Share>) -> Result<SourceStatus> {
        if self.next == self.splits {
            return Ok(SourceStatus::Ended);
        }
        let now = output.context().monotonic();
        if now < self.due {
            output.context().wake_after(self.due - now);
            return Ok(SourceStatus::Waiting);
        }
        output.hand_out(Share { next: self.next, stride: self.splits })?;
        self.next += 1;
        self.due = now + Duration::from_millis(output.context().random().below(40) as u64);
        Ok(SourceStatus::More)
    }

    fn snapshot(&self) -> u64 {
        self.next
    }
}
