//! Whatever a user wrote may panic, wherever it runs: the attempt fails with the operator's name and
//! the panic's message, and nobody waits for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;

use millstream::engine::clock::IoHandle;
use millstream::job::{JobOutcome, JobReport};
use millstream::prelude::*;
use millstream::sink::{Batch, Committer, Sink, SinkOutput, SinkWriter};
use millstream::source::{Output, Source, SourceReader, SourceStatus, TaskContext};
use serde::{Deserialize, Serialize, Serializer};

/// Where something panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Discover,
    DiscoverFuture,
    Reader,
    Next,
    ReaderIo,
    Check,
    Writer,
    Write,
    PrepareCommit,
    PrepareCommitFuture,
    Committer,
}

use Place::*;

/// Panics a number of times when something comes by its place.
#[derive(Clone)]
struct Trap(Place, Arc<AtomicU32>);

impl Trap {
    fn once(place: Place) -> Self {
        Self(place, Arc::new(AtomicU32::new(1)))
    }

    fn pass(&self, place: Place) {
        let once = |left: u32| left.checked_sub(1);
        let hit = self.0 == place && self.1.fetch_update(Ordering::SeqCst, Ordering::SeqCst, once).is_ok();
        assert!(!hit, "the trap at {place:?}");
    }
}

/// Yields the numbers from 0 to 99, after some I/O.
struct Numbers(Trap);

struct NumbersReader {
    trap: Trap,
    next: Vec<u64>,
    io: Option<IoHandle<()>>,
}

impl Source for Numbers {
    type Record = u64;
    type Split = u64;
    type Reader = NumbersReader;

    fn kind(&self) -> &'static str {
        "numbers"
    }

    #[allow(clippy::manual_async_fn, reason = "it panics before and in its future")]
    fn discover(&self) -> impl Future<Output = Result<Vec<u64>>> + Send {
        self.0.pass(Discover);
        async {
            self.0.pass(DiscoverFuture);
            Ok(vec![0])
        }
    }

    fn reader(&self) -> NumbersReader {
        self.0.pass(Reader);
        NumbersReader { trap: self.0.clone(), next: Vec::new(), io: None }
    }
}

impl SourceReader for NumbersReader {
    type Record = u64;
    type Split = u64;

    fn add_splits(&mut self, splits: Vec<u64>) {
        self.next.extend(splits);
    }

    fn next(&mut self, output: &mut Output<'_, u64>) -> Result<SourceStatus> {
        self.trap.pass(Next);
        let Some(next) = self.next.first_mut().filter(|next| **next < 100) else {
            return Ok(SourceStatus::Ended);
        };
        let Some(io) = &self.io else {
            let trap = self.trap.clone();
            self.io = Some(output.context().spawn_io(async move {
                trap.pass(ReaderIo);
                Ok(())
            }));
            return Ok(SourceStatus::Waiting);
        };
        let Some(done) = io.take() else { return Ok(SourceStatus::Waiting) };
        done?;
        self.io = None;
        output.emit(*next, Timestamp::MIN)?;
        *next += 1;
        Ok(SourceStatus::More)
    }

    fn snapshot(&self) -> Vec<u64> {
        self.next.clone()
    }
}

/// Counts what is committed.
struct Counting {
    trap: Trap,
    committed: Arc<AtomicU32>,
}

struct CountingWriter {
    trap: Trap,
    committed: Arc<AtomicU32>,
    written: u32,
}

impl Sink for Counting {
    type Record = u64;
    type Writer = CountingWriter;

    fn kind(&self) -> &'static str {
        "counting"
    }

    async fn check(&self) -> Result<Vec<u8>> {
        self.trap.pass(Check);
        Ok(Vec::new())
    }

    fn writer(&self, _: u32) -> CountingWriter {
        self.trap.pass(Writer);
        CountingWriter { trap: self.trap.clone(), committed: self.committed.clone(), written: 0 }
    }
}

impl SinkWriter for CountingWriter {
    type Record = u64;
    type State = ();
    type Committable = u32;

    fn write(&mut self, batch: &mut Batch<u64>, _: &mut SinkOutput<'_>) -> Result<()> {
        self.trap.pass(Write);
        self.written += u32::try_from(batch.len()).unwrap();
        Ok(())
    }

    fn prepare_commit(
        &mut self,
        _: &mut TaskContext,
    ) -> impl Future<Output = Result<Vec<u32>>> + Send + 'static {
        self.trap.pass(PrepareCommit);
        let (trap, written) = (self.trap.clone(), std::mem::take(&mut self.written));
        async move {
            trap.pass(PrepareCommitFuture);
            Ok(vec![written])
        }
    }

    fn state(&self) {}

    fn committer(&self) -> impl Committer<u32> {
        let (trap, committed) = (self.trap.clone(), self.committed.clone());
        move |counts: Vec<u32>| {
            let (trap, committed) = (trap.clone(), committed.clone());
            async move {
                trap.pass(Place::Committer);
                committed.fetch_add(counts.into_iter().sum::<u32>(), Ordering::SeqCst);
                Ok(())
            }
        }
    }
}

/// Waits for a job's end, but not for ever.
fn end_of(job: &JobHandle) -> Result<JobReport> {
    let (sender, receiver) = mpsc::channel();
    let job = job.clone();
    std::thread::spawn(move || {
        // Nobody waits any more if the test has failed.
        let _ = sender.send(job.join_blocking());
    });
    receiver.recv_timeout(Duration::from_secs(60)).expect("the job hangs")
}

type JobHandle = millstream::job::JobHandle;

fn numbers_to_count(env: &Environment, trap: &Trap) -> Arc<AtomicU32> {
    let committed = Arc::new(AtomicU32::new(0));
    let numbers = env.from_source(Numbers(trap.clone())).name("the source");
    let sink = Counting { trap: trap.clone(), committed: committed.clone() };
    let _sink = numbers.sink_to(sink).name("the sink");
    committed
}

#[test]
fn a_panic_anywhere_fails_the_attempt_with_its_message() {
    let source = [Discover, DiscoverFuture, Reader, Next, ReaderIo];
    let sink = [Check, Writer, Write, PrepareCommit, PrepareCommitFuture, Place::Committer];
    let all = source.map(|place| (place, "the source")).into_iter();
    for (place, operator) in all.chain(sink.map(|place| (place, "the sink"))) {
        let env = Environment::new().restart_strategy(RestartStrategy::None);
        let env = env.checkpoint_every(Duration::from_secs(3_600));
        numbers_to_count(&env, &Trap::once(place));
        let error = end_of(&env.spawn("trapped").unwrap()).unwrap_err();
        assert!(error.to_string().contains(&format!("the trap at {place:?}")), "{place:?}: {error}");
        assert_eq!(error.operator(), Some(operator), "{place:?}: {error}");
    }
}

#[test]
fn a_restart_gets_past_a_panic_anywhere() {
    for place in [Discover, Reader, Next, ReaderIo, Check, Writer, Write, PrepareCommitFuture] {
        let restarts = RestartStrategy::fixed_delay(1, Duration::from_millis(1));
        let env = Environment::new().restart_strategy(restarts).checkpoint_every(Duration::from_secs(3_600));
        let committed = numbers_to_count(&env, &Trap::once(place));
        let job = env.spawn("trapped once").unwrap();
        assert_eq!(end_of(&job).unwrap().outcome, JobOutcome::Finished, "{place:?}");
        assert_eq!(job.metrics().restarts, 1, "{place:?}");
        assert_eq!(committed.load(Ordering::SeqCst), 100, "{place:?}");
    }
}

/// A number that cannot be written down once it is large.
#[derive(Clone, Copy, Default, Deserialize)]
struct Shy(u64);

impl Serialize for Shy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert!(self.0 < 1_000, "{} is not to be seen", self.0);
        serializer.serialize_newtype_struct("Shy", &self.0)
    }
}

#[test]
fn a_panic_while_state_is_encoded_names_the_operator() {
    let env = Environment::new().restart_strategy(RestartStrategy::None);
    let env = env.checkpoint_every(Duration::from_millis(5));
    let numbers = env.from_source(GeneratorSource::new(None, |n| n).rate(20_000.0));
    let latest =
        numbers.key_by(|n| n % 3).fold(Shy::default(), |latest: &mut Shy, n| latest.0 = latest.0.max(n));
    latest.name("the shy one").map(|(key, _)| key).discard();
    let error = end_of(&env.spawn("shy").unwrap()).unwrap_err();
    assert!(error.to_string().contains("is not to be seen"), "{error}");
    assert_eq!(error.operator(), Some("the shy one"), "{error}");
}

#[test]
fn a_panic_in_a_function_names_its_operator() {
    let env = Environment::new().restart_strategy(RestartStrategy::None).parallelism(2);
    let numbers = env.from_collection(0..100_u64).map(|n| n).name("before");
    let odd = numbers.map(|n| if n == 42 { panic!("not {n}") } else { n }).name("the culprit");
    odd.map(|n| n).name("after").discard();
    let error = end_of(&env.spawn("culprit").unwrap()).unwrap_err();
    assert_eq!((error.kind(), error.operator()), (ErrorKind::Panic, Some("the culprit")), "{error}");
}

#[test]
fn a_job_can_be_waited_for_inside_an_executor() {
    let env = Environment::new();
    let numbers = env.from_collection(0..3_u64).collect();
    futures::executor::block_on(async { env.execute("inside").unwrap() });
    assert_eq!(numbers.sorted(), [0, 1, 2]);
}

#[test]
fn what_emits_for_ever_can_be_cancelled() {
    let env = Environment::new();
    env.from_collection(0..1_u64).flat_map(std::iter::repeat).discard();
    let job = env.spawn("for ever").unwrap();
    while job.metrics().operators().values().all(|operator| operator.records_out < 10_000) {
        std::thread::sleep(Duration::from_millis(1));
    }
    job.cancel();
    assert_eq!(end_of(&job).unwrap().outcome, JobOutcome::Cancelled);
}
