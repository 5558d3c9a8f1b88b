//! What streams mean, through the actor driver and at several parallelisms: partitioners, unions, connected
//! streams, side outputs, broken chains, the plan, metrics, backpressure, latency.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use millstream::engine::chain::{OpenContext, SnapshotContext};
use millstream::job::JobStatus;
use millstream::prelude::*;

/// Emits which subtask each record comes to.
#[derive(Clone, Default)]
struct Where(u32);

impl ProcessFunction<u64, (u32, u64)> for Where {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> FunctionResult {
        self.0 = cx.info().subtask;
        Ok(())
    }

    fn process(
        &mut self,
        record: u64,
        _: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, (u32, u64)>,
    ) -> FunctionResult {
        out.emit((self.0, record))
    }

    fn snapshot(&mut self, _: &mut SnapshotContext<'_>) -> FunctionResult {
        Ok(())
    }
}

const RECORDS: u64 = 5_000;

#[test]
fn partitioners_lose_nothing_and_spread_as_they_promise() {
    type Spread = fn(&Stream<u64>) -> Stream<u64>;
    let spreads: [(&str, Spread); 6] = [
        ("rebalance", |stream| stream.rebalance()),
        ("rescale", |stream| stream.rescale()),
        ("shuffle", |stream| stream.shuffle()),
        ("broadcast", |stream| stream.broadcast()),
        ("global", |stream| stream.global()),
        ("custom", |stream| stream.partition_custom(|n, parallelism| *n as usize % parallelism)),
    ];
    for parallelism in 1..=4_u32 {
        for upstream in [1, 2, 3] {
            for (name, spread) in spreads {
                let env = Environment::new().parallelism(parallelism);
                let numbers = env.from_generator(Some(RECORDS), |n| n).parallelism(upstream);
                let arrived = spread(&numbers).process(Where::default()).collect();
                env.execute(name).unwrap();
                let case = format!("{name}, {upstream} to {parallelism}");

                let mut shares = BTreeMap::<u32, Vec<u64>>::new();
                arrived.sorted().into_iter().for_each(|(at, n)| shares.entry(at).or_default().push(n));
                let everything: Vec<_> = (0..RECORDS).collect();
                let mut all: Vec<_> = shares.values().flatten().copied().collect();
                all.sort_unstable();
                match name {
                    "broadcast" => {
                        assert_eq!(shares.len(), parallelism as usize, "{case}");
                        shares.values().for_each(|share| assert_eq!(*share, everything, "{case}"));
                        continue;
                    }
                    "global" => assert_eq!(shares.keys().copied().collect::<Vec<_>>(), [0], "{case}"),
                    "custom" => {
                        let right = |(at, share): (&u32, &Vec<u64>)| {
                            share.iter().all(|n| n % u64::from(parallelism) == u64::from(*at))
                        };
                        assert!(shares.iter().all(right), "{case}");
                    }
                    "rebalance" => {
                        let even = RECORDS / u64::from(parallelism);
                        let close = |share: &Vec<u64>| (share.len() as u64).abs_diff(even) <= 1_024 * 3;
                        assert!(shares.values().all(close), "{case}");
                        assert_eq!(shares.len(), parallelism as usize, "{case}");
                    }
                    _ => {}
                }
                assert_eq!(all, everything, "{case}");
            }
        }
    }
}

/// Records of a key keep their order on the way from one subtask to the key's, whatever the parallelism.
#[test]
fn records_of_a_key_keep_their_order() {
    for parallelism in 1..=4 {
        let env = Environment::new().parallelism(parallelism);
        let numbers = env.from_generator(Some(50_000), |n| n).parallelism(1);
        let disorder = numbers.key_by(|n| n % 100).reduce(|last, n| if n > last { n } else { u64::MAX });
        let disorder = disorder.filter(|n| *n == u64::MAX).collect();
        env.execute("order").unwrap();
        assert!(disorder.is_empty(), "parallelism {parallelism}: {} out of order", disorder.len());
    }
}

/// Sends odd numbers aside.
#[derive(Clone)]
struct OddAside(OutputTag<u64>);

impl ProcessFunction<u64, u64> for OddAside {
    fn process(
        &mut self,
        record: u64,
        _: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, u64>,
    ) -> FunctionResult {
        if record.is_multiple_of(2) {
            return out.emit(record);
        }
        out.emit_side(&self.0, record)?;
        Ok(())
    }
}

#[test]
fn streams_part_and_meet_again() {
    for parallelism in 1..=4 {
        for chained in [true, false] {
            let mut env = Environment::new().parallelism(parallelism);
            if !chained {
                env = env.disable_operator_chaining();
            }
            let odd = OutputTag::new("odd");
            let even = env.from_generator(Some(RECORDS), |n| n).process(OddAside(odd.clone()));
            let odd = even.side_output(&odd).map(|n| n + 1).start_new_chain();
            let other = env.from_collection(0..10_u64).parallelism(1).map(|n| n * 10).disable_chaining();
            let union = even.union_all([&odd, &other]).collect();
            let connected = even.connect(&odd).map(|n| (0, n), |n| (1, n)).collect();
            env.execute("part and meet").unwrap();

            let halves = (0..RECORDS).map(|n| n + n % 2);
            let mut expected: Vec<_> = halves.clone().chain((0..10).map(|n| n * 10)).collect();
            expected.sort_unstable();
            assert_eq!(union.sorted(), expected, "parallelism {parallelism}, chained {chained}");
            let mut expected: Vec<_> = (0..RECORDS).map(|n| (n % 2, n + n % 2)).collect();
            expected.sort_unstable();
            assert_eq!(connected.sorted(), expected, "parallelism {parallelism}, chained {chained}");
        }
    }
}

#[test]
fn the_plan_can_be_read() {
    let env = Environment::new().parallelism(2);
    let numbers = env.from_generator(Some(9), |n| n).name("numbers").parallelism(1);
    let counts = numbers.rebalance().map(|n| n).name("work").key_by(|n| n % 3).count().name("counts");
    counts.discard().name("nowhere");
    let plan = env.explain().unwrap();
    let expected = "\
[0] numbers (parallelism 1)
     └─ rebalance ─> [1]
[1] work -> Key by (parallelism 2)
     └─ key group ─> [2]
[2] counts -> nowhere (parallelism 2)
";
    assert_eq!(plan.to_string(), expected);
    let expected = "\
flowchart LR
    v0[\"numbers<br/>×1\"]
    v1[\"work<br/>Key by<br/>×2\"]
    v2[\"counts<br/>nowhere<br/>×2\"]
    v0 -->|rebalance| v1
    v1 -->|key group| v2
";
    assert_eq!(plan.to_mermaid(), expected);
    let json = plan.to_json();
    for part in ["\"partitioning\": \"key group\"", "\"name\": \"counts\"", "\"parallelism\": 1"] {
        assert!(json.contains(part), "`{part}` is missing in: {json}");
    }
    env.execute("explained, and still there").unwrap();
}

#[test]
fn metrics_count_records_time_and_checkpoints() {
    let env = Environment::new().parallelism(2).checkpoint_every(Duration::from_millis(20));
    let strategy = WatermarkStrategy::monotonous()
        .timestamp_assigner(|n: &u64| Timestamp::from_millis(i64::try_from(*n).unwrap()));
    let numbers = env.from_source(GeneratorSource::new(Some(2_000), |n| n).rate(10_000.0)).name("numbers");
    let numbers = numbers.assign_timestamps_and_watermarks(strategy);
    numbers.filter(|n| n % 4 == 0).name("quarter").rebalance().discard().name("nowhere");
    let job = env.spawn("metrics").unwrap();
    job.join_blocking().unwrap();
    let metrics = job.metrics();
    assert_eq!(metrics.status, JobStatus::Finished);
    assert_eq!(metrics.operator("numbers").records_out, 2_000);
    let quarter = metrics.operator("quarter");
    assert_eq!((quarter.records_in, quarter.records_out), (2_000, 500));
    assert_eq!(metrics.operator("nowhere").records_in, 500);
    assert!(metrics.checkpoints.completed() >= 2, "{:?}", metrics.checkpoints);
    assert_eq!((metrics.checkpoints.failed(), metrics.restarts), (0, 0));
    // The watermark of a subtask is that of its inputs: a source has none.
    let mut readers = metrics.subtasks.values().filter(|subtask| subtask.records_in > 0);
    assert!(readers.all(|subtask| subtask.watermark == Timestamp::MAX), "{metrics:?}");
}

/// A sink that stands still holds the source back: what is under way stays within the channels.
#[test]
fn a_slow_sink_holds_the_source_back() {
    const BATCH: u64 = 1_024;
    let (open, emitted, taken) =
        (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let env = Environment::new().parallelism(1).channel_batches(4);
    let (out, sink, door) = (emitted.clone(), taken.clone(), open.clone());
    env.from_generator(Some(BATCH * 1_000), move |n| {
        out.fetch_add(1, Ordering::SeqCst);
        n
    })
    .map(|n| n)
    .disable_chaining()
    .for_each(move |_| {
        while !door.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        sink.fetch_add(1, Ordering::SeqCst);
    });
    // With a worker of its own, the sink does not hold up the source's thread.
    let job = env.workers(2).spawn("slow").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let under_way = emitted.load(Ordering::SeqCst) - taken.load(Ordering::SeqCst);
    // Two channels, what waits in front of each, and what each task has in hand.
    assert!(under_way <= BATCH * (2 * (4 + 1) + 4), "{} batches are under way", under_way / BATCH);
    open.store(true, Ordering::SeqCst);
    job.join_blocking().unwrap();
    assert_eq!(taken.load(Ordering::SeqCst), BATCH * 1_000);
}

/// A wake-up that gets lost would let one of them stand still for ever.
#[test]
fn hundreds_of_tiny_jobs_all_end() {
    for round in 0..200_u64 {
        let env = Environment::new().parallelism(1 + (round % 3) as u32);
        let counts = env.from_collection(0..5_u64).rebalance().map(|n| n).key_by(|n| n % 2).count().collect();
        env.execute("tiny").unwrap();
        assert_eq!(counts.sorted().len(), 5, "round {round}");
    }
}

/// A batch is sent as soon as there is nothing to do: records do not wait for others.
#[test]
fn records_of_a_slow_source_do_not_wait_for_a_full_batch() {
    let env = Environment::new().parallelism(2);
    let begin = Instant::now();
    let latest = Arc::new(AtomicU64::new(0));
    let arrived = latest.clone();
    let micros = move || u64::try_from(begin.elapsed().as_micros()).unwrap();
    env.from_source(GeneratorSource::new(Some(50), move |_| micros()).rate(200.0))
        .parallelism(1)
        .rebalance()
        .map(|made| made)
        .key_by(|made| *made)
        .reduce(|_, made| made)
        .for_each(move |made| {
            arrived.fetch_max(micros() - made, Ordering::SeqCst);
        });
    env.execute("slow source").unwrap();
    let latest = Duration::from_micros(latest.load(Ordering::SeqCst));
    assert!(latest < Duration::from_millis(100), "a record took {latest:?}, a full batch would take 5 s");
}
