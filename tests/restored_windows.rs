//! Savepoints of sliding windows that are kept beside this test: jobs go on from them with every later
//! version, and emit what was still to come, once.
//!
//! `per-window` was written when each sliding window of a key had an accumulator of its own, and `slices`
//! since windows share those of their slices. To keep one of a later layout, run
//! `MILLSTREAM_FIXTURE=<folder> cargo test --test engine restored_windows` and add the folder to `FIXTURES`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use futures::executor::block_on;
use millstream::prelude::*;
use millstream::source::GeneratorSource;
use serde::{Deserialize, Serialize};

const FIXTURES: &[&str] = &["per-window", "slices"];
const RECORDS: u64 = 1_500;

/// Size, slide, offset and allowed lateness, in milliseconds: `counts` drops late records, and `sums` has
/// windows that are no multiple of their slide, and fire again.
const COUNTS: [i64; 4] = [3_000, 500, 0, 0];
const SUMS: [i64; 4] = [700, 300, 10, 400];

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Reading {
    number: u64,
    millis: i64,
}

impl Reading {
    /// Number `number`: ten milliseconds after the one before, but for most of a second of disorder.
    fn new(number: u64) -> Self {
        let noise = i64::try_from(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40).unwrap();
        Self { number, millis: 10 * i64::try_from(number).unwrap() - noise % 900 - 5_000 }
    }

    const fn sensor(self) -> u64 {
        self.number % 5
    }

    /// The watermark that follows it, if one does.
    fn mark(self) -> Option<i64> {
        let mark = 10 * i64::try_from(self.number).unwrap() - 5_500;
        self.number.is_multiple_of(10).then_some(mark)
    }
}

/// Watermarks stand in the data: what fires when, and which records are late, is not a matter of luck.
struct Marks;

impl WatermarkGenerator<Reading> for Marks {
    fn on_event(&mut self, reading: &Reading, _: Timestamp) -> Option<Timestamp> {
        reading.mark().map(Timestamp::from_millis)
    }

    fn on_periodic(&mut self, _: Timestamp) -> Option<Timestamp> {
        None
    }
}

/// What a job has emitted. It is never restarted, so that nothing comes twice.
type Lines = Arc<Mutex<Vec<String>>>;

fn job(emitted: &Lines, rate: f64, restore: Option<&Path>) -> JobHandle {
    let mut env =
        Environment::new().parallelism(2).max_parallelism(4).restart_strategy(RestartStrategy::None);
    if let Some(path) = restore {
        env = env.restore_from(path.to_string_lossy()).parallelism(3);
    }
    let time = WatermarkStrategy::for_generator(|| Marks)
        .timestamp_assigner(|reading: &Reading| Timestamp::from_millis(reading.millis));
    let readings = env
        .from_source(GeneratorSource::new(Some(RECORDS), Reading::new).rate(rate))
        .parallelism(1)
        .uid("readings")
        .assign_timestamps_and_watermarks(time)
        .parallelism(1)
        .uid("time")
        .key_by(|reading| reading.sensor());
    let windows = |[size, slide, offset, allowed]: [i64; 4]| {
        let [size, slide, offset, allowed] =
            [size, slide, offset, allowed].map(|millis| Duration::from_millis(millis.cast_unsigned()));
        let windows = SlidingEventTimeWindows::of(size, slide).offset(offset);
        readings.clone().window(windows).allowed_lateness(allowed)
    };
    let counts = windows(COUNTS).count().uid("counts");
    let counts = counts.map(|fired| format!("count {} {} {}", fired.key, fired.window, fired.value));
    let sum = |sum: Reading, next: Reading| Reading { number: sum.number + next.number, ..next };
    let sums = windows(SUMS).reduce(sum).uid("sums");
    let sums = sums.map(|fired| format!("sum {} {} {}", fired.key, fired.window, fired.value.number));
    let emitted = emitted.clone();
    counts.union(&sums).map(move |line| emitted.lock().unwrap().push(line)).discard();
    env.spawn("windows").unwrap()
}

/// All that the windows of [`COUNTS`] or [`SUMS`] emit, as a person would work it out.
fn work_out(
    name: &str,
    [size, slide, offset, allowed]: [i64; 4],
    value: impl Fn(Reading) -> u64,
) -> Vec<String> {
    let (mut emitted, mut watermark) = (Vec::new(), i64::MIN);
    let mut windows: BTreeMap<(i64, u64), u64> = BTreeMap::new();
    let mut due: BTreeSet<(i64, u64)> = BTreeSet::new();
    let line = |(end, sensor): (i64, u64), value: u64| {
        let window = TimeWindow::new(Timestamp::from_millis(end - size), Timestamp::from_millis(end));
        format!("{name} {sensor} {window} {value}")
    };
    for reading in (0..RECORDS).map(Reading::new) {
        let starts = reading.millis - size + 1..=reading.millis;
        for start in starts.filter(|start| (start - offset).rem_euclid(slide) == 0) {
            let (last, window) = (start + size - 1, (start + size, reading.sensor()));
            if last.saturating_add(allowed) <= watermark {
                continue;
            }
            let sum = windows.entry(window).or_default();
            *sum += value(reading);
            if last <= watermark {
                emitted.push(line(window, *sum));
            } else {
                due.insert(window);
            }
        }
        watermark = watermark.max(reading.mark().unwrap_or(watermark));
        let later = due.split_off(&(watermark.saturating_add(2), 0));
        emitted.extend(
            std::mem::replace(&mut due, later).into_iter().map(|window| line(window, windows[&window])),
        );
    }
    emitted.extend(due.into_iter().map(|window| line(window, windows[&window])));
    emitted
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort_unstable();
    lines
}

/// Stops a job halfway; what it has emitted by then is kept beside its savepoint.
fn write_fixture(fixture: &Path) {
    let emitted = Lines::default();
    let job = job(&emitted, 2_000.0, None);
    while emitted.lock().unwrap().len() < 300 {
        assert!(!job.status().is_final());
        std::thread::sleep(Duration::from_millis(1));
    }
    std::fs::create_dir_all(fixture).unwrap();
    block_on(job.stop_with_savepoint(fixture.join("savepoint").to_string_lossy())).unwrap();
    job.join_blocking().unwrap();
    std::fs::write(fixture.join("emitted"), sorted(emitted.lock().unwrap().clone()).join("\n")).unwrap();
}

/// Before the savepoint and after it together, each result must come once.
fn assert_goes_on(fixture: &Path) {
    let emitted = Lines::default();
    job(&emitted, 1e9, Some(&fixture.join("savepoint"))).join_blocking().unwrap();
    let before = std::fs::read_to_string(fixture.join("emitted")).unwrap();
    let before: Vec<_> = before.lines().map(str::to_owned).collect();
    let after = emitted.lock().unwrap().clone();
    let expected = [work_out("count", COUNTS, |_| 1), work_out("sum", SUMS, |reading| reading.number)];
    assert!(before.len() >= 300 && after.len() >= 300, "{} and {}", before.len(), after.len());
    let (all, expected) = (sorted([before, after].concat()), sorted(expected.concat()));
    let differs = all.iter().zip(&expected).find(|(got, expected)| got != expected);
    assert_eq!((differs, all.len()), (None, expected.len()));
}

#[test]
fn jobs_go_on_from_the_savepoints_of_earlier_versions() {
    for name in FIXTURES {
        assert_goes_on(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sliding-windows").join(name),
        );
    }
}

#[test]
fn a_job_goes_on_from_a_savepoint_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("MILLSTREAM_FIXTURE").map(std::path::PathBuf::from);
    let fixture = kept.unwrap_or_else(|| home.path().join("fixture"));
    write_fixture(&fixture);
    assert_goes_on(&fixture);
}
