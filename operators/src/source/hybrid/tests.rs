use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::executor::block_on;
use millstream_runtime::chain::{Output, SourceStatus};
use millstream_runtime::driver::actor::JobHandle;
use millstream_runtime::{ErrorKind, Result};
use millstream_state::Timestamp;
use parking_lot::Mutex;

use super::*;
use crate::source::{CollectionSource, GeneratorSource, Numbers, SourceReader, StridedSplit};
use crate::testing::{Script, ScriptedSource};
use crate::time::SplitWatermarks;
use crate::{Environment, WatermarkStrategy};

type Log = Arc<Mutex<Vec<u64>>>;

/// Which source a number is of: of 1,000 numbers each.
const fn source_of(number: u64) -> u64 {
    number / 1_000
}

/// Numbers of source `source`, so many a second.
fn numbers(source: u64, count: u64, rate: f64) -> impl Source<Record = u64> {
    GeneratorSource::new(Some(count), move |number| 1_000 * source + number).rate(rate)
}

fn run(env: &Environment, source: impl Source<Record = u64>, log: &Log) -> JobHandle {
    let log = log.clone();
    env.from_source(source).uid("numbers").for_each(move |number| log.lock().push(number));
    env.spawn("hybrid").unwrap()
}

#[test]
fn no_record_of_the_next_source_comes_before_the_last_of_the_one_before() {
    for parallelism in 1..=4 {
        let (env, log) = (Environment::new().parallelism(parallelism), Log::default());
        // The readers of one source are not done at the same time: some have nothing to read.
        let first = HybridSource::new(CollectionSource::new([0, 1]), numbers(1, 500, 1e9));
        let last = HybridSource::new(numbers(2, 700, 1e9), CollectionSource::new(3_000..3_009));
        run(&env, first.then(last), &log).join_blocking().unwrap();
        let log = log.lock();
        assert!(log.iter().map(|number| source_of(*number)).is_sorted(), "{parallelism}");
        let expected = (0..2).chain(1_000..1_500).chain(2_000..2_700).chain(3_000..3_009);
        assert_eq!(log.iter().copied().collect::<BTreeSet<_>>(), expected.collect());
        assert_eq!(log.len(), 2 + 500 + 700 + 9);
    }
}

#[test]
fn a_source_without_an_end_is_refused_before_another() {
    let endless = || GeneratorSource::new(None, |number| number);
    let some = || CollectionSource::new([1]);
    let problem = |build: &dyn Fn(&Environment)| {
        let env = Environment::new();
        build(&env);
        env.explain().err().map(|error| {
            assert_eq!(error.kind(), ErrorKind::InvalidJob);
            error.to_string()
        })
    };
    let refused: [&dyn Fn(&Environment); 3] = [
        &|env| drop(env.from_source(HybridSource::new(endless(), some())).discard()),
        &|env| drop(env.from_source(HybridSource::new(some(), endless()).then(some())).discard()),
        &|env| {
            let first = HybridSource::new(endless(), some());
            drop(env.from_source(HybridSource::new(first, some())).discard());
        },
    ];
    for build in refused {
        let problem = problem(build).unwrap();
        assert!(problem.contains("would never be read"), "{problem}");
    }
    let last = |env: &Environment| drop(env.from_source(HybridSource::new(some(), endless())).discard());
    assert_eq!(problem(&last), None);
    assert_eq!(HybridSource::new(some(), endless()).boundedness(), Boundedness::Unbounded);
    assert_eq!(HybridSource::new(some(), some()).boundedness(), Boundedness::Bounded);
}

#[test]
fn a_restored_job_goes_on_in_the_source_that_it_was_in_at_another_parallelism() {
    let folder = tempfile::tempdir().unwrap();
    let path = |step: usize| folder.path().join(step.to_string()).to_string_lossy().into_owned();
    let (log, source) =
        (Log::default(), || HybridSource::new(numbers(0, 600, 3_000.0), numbers(1, 600, 3_000.0)));
    #[allow(clippy::disallowed_methods, reason = "a job that runs in production")]
    let wait_for = |count: usize| {
        while log.lock().len() < count {
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    // In the first source, in the second, and to the end.
    for (step, (parallelism, count)) in [(3, 100), (2, 300), (4, 700), (1, 900)].into_iter().enumerate() {
        let mut env = Environment::new().parallelism(parallelism);
        if step > 0 {
            env = env.restore_from(path(step - 1));
        }
        let job = run(&env, source(), &log);
        wait_for(count);
        block_on(job.stop_with_savepoint(path(step))).unwrap();
    }
    run(&Environment::new().parallelism(3).restore_from(path(3)), source(), &log).join_blocking().unwrap();
    let log = log.lock();
    assert!(log.iter().map(|number| source_of(*number)).is_sorted());
    assert_eq!(log.iter().copied().collect::<BTreeSet<_>>(), (0..600).chain(1_000..1_600).collect());
    assert_eq!(log.len(), 1_200);
}

/// A collection whose reader makes watermarks of its own.
struct Timed(CollectionSource<i64>, Vec<i64>, WatermarkStrategy<i64>);

struct TimedReader {
    elements: Vec<i64>,
    numbers: Numbers,
    watermarks: SplitWatermarks<(), i64>,
}

fn monotonous() -> WatermarkStrategy<i64> {
    WatermarkStrategy::monotonous()
        .timestamp_assigner(|millis: &i64| Timestamp::from_millis(*millis))
        .interval(Duration::ZERO)
}

impl Timed {
    fn new(elements: Vec<i64>) -> Self {
        Self(CollectionSource::new(elements.clone()), elements, WatermarkStrategy::without_watermarks())
    }
}

impl Source for Timed {
    type Record = i64;
    type Split = StridedSplit;
    type Reader = TimedReader;

    fn kind(&self) -> &'static str {
        "Timed"
    }

    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    fn assign(&self, found: &[StridedSplit], subtask: u32, parallelism: u32) -> Vec<StridedSplit> {
        self.0.assign(found, subtask, parallelism)
    }

    fn reader(&self) -> TimedReader {
        let watermarks = SplitWatermarks::new(self.2.clone());
        TimedReader { elements: self.1.clone(), numbers: Numbers::default(), watermarks }
    }

    fn set_watermark_strategy(&mut self, strategy: &WatermarkStrategy<i64>) -> bool {
        self.2 = strategy.clone();
        true
    }

    fn has_timestamps(&self) -> bool {
        true
    }
}

impl SourceReader for TimedReader {
    type Record = i64;
    type Split = StridedSplit;

    fn add_splits(&mut self, splits: Vec<StridedSplit>) {
        self.numbers.add(splits);
        self.watermarks.add((), Timestamp::MIN);
    }

    fn next(&mut self, output: &mut Output<'_, i64>) -> Result<SourceStatus> {
        let (elements, mut read) = (&self.elements, Vec::new());
        let more = self.numbers.advance(elements.len() as u64, 1, |run| {
            read.extend(run.numbers().map(|number| elements[usize::try_from(number).unwrap()]));
        });
        self.watermarks.forward(&(), &mut read.into(), output)?;
        if more {
            return Ok(SourceStatus::More);
        }
        self.watermarks.end(&(), output)?;
        Ok(SourceStatus::Ended)
    }

    fn snapshot(&self) -> Vec<StridedSplit> {
        self.numbers.splits()
    }
}

/// Each record, with the watermark before it.
fn watermarks(env: &Environment, timed: &crate::Stream<i64>) -> Vec<(i64, Option<i64>)> {
    let seen = timed.process_fn(|millis, cx, out| {
        let before = Some(cx.watermark()).filter(|watermark| *watermark != Timestamp::MIN);
        out.emit((millis, before.map(Timestamp::as_millis)))
    });
    let seen = seen.collect();
    env.execute("watermarks").unwrap();
    seen.to_vec()
}

#[test]
fn watermarks_of_splits_do_not_go_back_at_the_switch() {
    let env = Environment::new().parallelism(1);
    let source = HybridSource::new(Timed::new(vec![10, 20]), Timed::new(vec![15, 30, 40]));
    let timed = env.from_source_with_watermarks(source, monotonous());
    let expected = [(10, None), (20, Some(9)), (15, Some(19)), (30, Some(19)), (40, Some(29))];
    assert_eq!(watermarks(&env, &timed), expected);
}

/// A source that knows its last record ends event time, but not for what comes after it.
#[test]
fn the_end_of_the_first_source_is_not_the_end_of_time() {
    let at = Timestamp::from_millis;
    let script = |millis: i64| {
        ScriptedSource::new([Script::new().record_at(millis, at(millis)).watermark(at(millis))])
    };
    let env = Environment::new().parallelism(1);
    let timed = env.from_source(HybridSource::new(script(10), script(20)));
    assert_eq!(watermarks(&env, &timed), [(10, None), (20, Some(10))]);
}
