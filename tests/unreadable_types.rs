//! Types whose values do not come back from their encoding are refused when they are declared, and
//! what cannot be restored is not tried again.

use std::marker::PhantomData;

use futures::executor::block_on;
use millstream::prelude::*;
use serde::{Deserialize, Serialize};

/// Written without what is not there, and so not to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Gappy {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    maybe: Option<u64>,
    number: u64,
}

impl From<u64> for Gappy {
    fn from(number: u64) -> Self {
        Self { maybe: None, number }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u64),
    Text(String),
}

impl From<u64> for Untagged {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

/// Declares a state that holds an `S`; nothing else.
struct Declaring<S>(fn(&mut KeyedOpenContext<'_, u64>) -> FunctionResult, PhantomData<fn() -> S>);

impl<S> Clone for Declaring<S> {
    fn clone(&self) -> Self {
        Self(self.0, PhantomData)
    }
}

impl<S: Key> KeyedProcessFunction<u64, u64, u64> for Declaring<S> {
    type State = ();

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, u64>) -> FunctionResult {
        (self.0)(cx)
    }

    fn process(
        &mut self,
        number: u64,
        (): &(),
        _: &mut KeyedContext<'_, u64>,
        out: &mut Emitter<'_, u64>,
    ) -> FunctionResult {
        out.emit(number)
    }
}

const fn declaring<S>(declare: fn(&mut KeyedOpenContext<'_, u64>) -> FunctionResult) -> Declaring<S> {
    Declaring(declare, PhantomData)
}

#[derive(Clone)]
struct Rules<S>(PhantomData<fn() -> S>);

impl<S: Key> BroadcastProcessFunction<u64, u64, u64> for Rules<S> {
    type State = BroadcastState<u64, S>;

    fn open(&mut self, cx: &mut BroadcastOpenContext<'_>) -> FunctionResult<Self::State> {
        cx.broadcast_state("rules")
    }

    fn process(
        &mut self,
        record: u64,
        _: &Self::State,
        _: &BroadcastStates,
        _: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, u64>,
    ) -> FunctionResult {
        out.emit(record)
    }

    fn process_broadcast(
        &mut self,
        _: u64,
        _: &Self::State,
        _: &mut BroadcastStates,
        _: &mut ProcessContext<'_>,
        _: &mut Emitter<'_, u64>,
    ) -> FunctionResult {
        Ok(())
    }
}

/// A job that declares an `S`, and how the error names that place.
type Case = (fn(&Stream<u64>), &'static str);

fn keyed(numbers: &Stream<u64>) -> KeyedStream<u64, u64> {
    numbers.key_by(|number| number % 7)
}

fn in_windows<S: Key + From<u64>>(numbers: &Stream<u64>) {
    let time = WatermarkStrategy::monotonous()
        .timestamp_assigner(|number: &u64| Timestamp::from_millis(number.cast_signed()));
    let timed = numbers.assign_timestamps_and_watermarks(time);
    let windows = keyed(&timed).window(TumblingEventTimeWindows::of(Duration::from_secs(1)));
    windows.aggregate(Latest::<S>(PhantomData)).discard();
}

/// An `S` in every place that there is.
fn cases<S: Key + From<u64>>() -> [Case; 9] {
    fn process<S: Key>(numbers: &Stream<u64>, function: Declaring<S>) {
        keyed(numbers).process(function).discard();
    }
    [
        (
            |it| process::<S>(it, declaring(|cx| cx.value_state::<S>("kept").map(drop))),
            "value of state `kept`",
        ),
        (
            |it| process::<S>(it, declaring(|cx| cx.list_state::<S>("kept").map(drop))),
            "value of state `kept`",
        ),
        (
            |it| process::<S>(it, declaring(|cx| cx.map_state::<S, u64>("kept").map(drop))),
            "value of state `kept`",
        ),
        (
            |it| process::<S>(it, declaring(|cx| cx.map_state::<u64, S>("kept").map(drop))),
            "value of state `kept`",
        ),
        (
            |it| drop(keyed(it).fold(S::from(0), |kept: &mut S, _| *kept = S::from(1)).discard()),
            "value of state `",
        ),
        (in_windows::<S>, "value of state `"),
        (
            |it| drop(it.connect_broadcast(it).process(Rules::<S>(PhantomData)).discard()),
            "items of state `rules`",
        ),
        (
            |it| drop(it.map(S::from).name("made").rebalance().map(|_| 0).discard()),
            "records from `made` to `",
        ),
        (|it| drop(it.key_by(|number| S::from(*number)).count().name("made").discard()), "to `made`"),
    ]
}

/// Keeps the last record as an `S`.
#[derive(Clone)]
struct Latest<S>(PhantomData<fn() -> S>);

impl<S: Key + From<u64>> AggregateFunction for Latest<S> {
    type Input = u64;
    type Accumulator = S;
    type Output = u64;

    fn create_accumulator(&self) -> S {
        S::from(0)
    }

    fn add(&self, number: &u64, kept: &mut S) {
        *kept = S::from(*number);
    }

    fn merge(&self, _: &mut S, _: S) {}

    fn result(&self, _: &S) -> u64 {
        0
    }
}

fn assert_all_refused<S: Key + From<u64>>() {
    for (index, (build, place)) in cases::<S>().into_iter().enumerate() {
        // Were it retryable, the job would never end.
        let restarts = RestartStrategy::fixed_delay(u32::MAX, Duration::from_millis(1));
        let env = Environment::new().parallelism(2).restart_strategy(restarts);
        build(&env.from_source(GeneratorSource::new(Some(1_000_000), |n| n)));
        let error = env.execute("refused").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidJob, "case {index}: {error}");
        let text = error.to_string();
        assert!(text.contains(place) && text.contains(std::any::type_name::<S>()), "case {index}: {text}");
    }
}

#[test]
fn types_that_leave_fields_out_are_refused_wherever_they_are_declared() {
    assert_all_refused::<Gappy>();
}

#[test]
fn types_that_need_a_format_that_describes_itself_are_refused_wherever_they_are_declared() {
    assert_all_refused::<Untagged>();
}

/// A type that accepts less than it writes, which no made-up value shows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
struct Small(u64);

impl TryFrom<u64> for Small {
    type Error = &'static str;

    fn try_from(number: u64) -> Result<Self, Self::Error> {
        if number < 5 { Ok(Self(number)) } else { Err("too large") }
    }
}

impl From<Small> for u64 {
    fn from(small: Small) -> Self {
        small.0
    }
}

#[test]
fn a_value_that_cannot_be_read_ends_the_restore_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let build = |env: &Environment| {
        let numbers = env.from_source(GeneratorSource::new(None, |n| n).rate(1_000.0)).uid("numbers");
        let sums = numbers.key_by(|_| 0_u64).fold(Small(0), |sum: &mut Small, _| sum.0 += 1);
        sums.map(|(_, sum)| sum.0).name("sums").uid("sums").discard();
    };
    let savepoint = folder.path().join("savepoint").to_string_lossy().into_owned();
    let env = Environment::new().parallelism(1);
    build(&env);
    let job = env.spawn("sums").unwrap();
    while job.metrics().operator("sums").records_in < 50 {
        assert!(!job.status().is_final());
        std::thread::sleep(Duration::from_millis(5));
    }
    block_on(job.stop_with_savepoint(&savepoint)).unwrap();

    let restarts = RestartStrategy::fixed_delay(u32::MAX, Duration::from_millis(1));
    let env = Environment::new().parallelism(1).restart_strategy(restarts).restore_from(savepoint);
    build(&env);
    let error = env.execute("sums").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Restore, "{error}");
    assert!(error.to_string().contains("cannot decode"), "{error}");
}
