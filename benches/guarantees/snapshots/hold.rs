//! A job that fills its state and then holds it.

use std::marker::PhantomData;

use millstream::prelude::*;
use millstream::source::{Output, Source, SourceReader, SourceStatus};
use serde::{Deserialize, Serialize};

use crate::SUBTASKS;
use crate::measure::scramble;

/// What is held for each key.
pub trait Value: Record + PartialEq + Sync {
    const NAME: &'static str;
    /// How many it has, in a snapshot, about.
    const BYTES: u64;
    /// The value of a key.
    fn of(key: u64) -> Self;
}

/// Text of `N` bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Text<const N: usize>(String);

impl<const N: usize> Value for Text<N> {
    const NAME: &'static str = match N {
        30 => "text of 30 B",
        100 => "text of 100 B",
        _ => "text of 1000 B",
    };
    const BYTES: u64 = N as u64;

    fn of(key: u64) -> Self {
        Self(format!("{:0N$}", scramble(key)))
    }
}

/// What an aggregate may keep: some numbers, small and large, 30 bytes as they are encoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Numbers30 {
    count: u64,
    sum: f64,
    lowest: f64,
    highest: u64,
    last: Timestamp,
}

impl Value for Numbers30 {
    const NAME: &'static str = "numbers, 30 B";
    const BYTES: u64 = 30;

    fn of(key: u64) -> Self {
        let mixed = scramble(key);
        Self {
            count: mixed % 100,
            sum: mixed as f64,
            lowest: (mixed >> 20) as f64,
            highest: mixed >> 20,
            last: Timestamp::from_millis(1_704_067_200_000 + (mixed % 1_000_000) as i64),
        }
    }
}

/// Sets the value of the key of every record whose number is below `keys`; for the others, checks
/// that the key has its value.
#[derive(Clone)]
pub struct Hold<V> {
    keys: u64,
    _value: PhantomData<fn() -> V>,
}

impl<V> Hold<V> {
    pub fn new(keys: u64) -> Self {
        Self { keys, _value: PhantomData }
    }
}

impl<V: Value> KeyedProcessFunction<u64, u64, u64> for Hold<V> {
    type State = ValueState<V>;

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, u64>) -> FunctionResult<Self::State> {
        cx.value_state("value")
    }

    fn process(
        &mut self,
        number: u64,
        value: &Self::State,
        cx: &mut KeyedContext<'_, u64>,
        _: &mut Emitter<'_, u64>,
    ) -> FunctionResult {
        let key = *cx.key();
        if number < self.keys {
            value.set(cx, V::of(key));
        } else {
            assert!(value.get(cx).is_some_and(|value| value == V::of(key)), "the value of {key} is back");
        }
        Ok(())
    }
}

/// The numbers below `end`; then it waits, so that the job stays.
pub struct Numbers {
    pub end: u64,
}

/// The next number of a subtask, of every `SUBTASKS`-th.
type Position = u64;

impl Source for Numbers {
    type Record = u64;
    type Split = Position;
    type Reader = NumbersReader;

    fn kind(&self) -> &'static str {
        "Numbers"
    }

    async fn discover(&self) -> Result<Vec<Position>> {
        Ok((0..u64::from(SUBTASKS)).collect())
    }

    fn reader(&self) -> NumbersReader {
        NumbersReader { end: self.end, positions: Vec::new() }
    }
}

pub struct NumbersReader {
    end: u64,
    positions: Vec<Position>,
}

impl SourceReader for NumbersReader {
    type Record = u64;
    type Split = Position;

    fn add_splits(&mut self, positions: Vec<Position>) {
        self.positions = positions;
    }

    fn next(&mut self, output: &mut Output<'_, u64>) -> Result<SourceStatus> {
        let batch = output.batch_records() as u64 * u64::from(SUBTASKS);
        let Some(position) = self.positions.iter_mut().find(|position| **position < self.end) else {
            return Ok(SourceStatus::Waiting);
        };
        let stop = self.end.min(*position + batch);
        while *position < stop {
            output.emit(*position, Timestamp::MIN)?;
            *position += u64::from(SUBTASKS);
        }
        Ok(SourceStatus::More)
    }

    fn snapshot(&self) -> Vec<Position> {
        self.positions.clone()
    }
}
