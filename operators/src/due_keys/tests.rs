//! Operators that look ahead for their keys, with as many of these as it takes for that, against what follows from the
//! records all at once.

use std::collections::BTreeMap;
use std::time::Duration;

use millstream_runtime::Result;
use millstream_state::{Timestamp, stable_hash};

use crate::join::TimeOffset;
use crate::pattern::Pattern;
use crate::time::{WatermarkGenerator, WatermarkStrategy};
use crate::window::EventTimeSessionWindows;
use crate::{Environment, KeyedStream};

const RECORDS: u32 = 40_000;
const KEYS: u64 = 8_000;

/// A number, which is also its time in milliseconds. Its key and kind seem random.
type Number = u32;

fn key(number: Number) -> u32 {
    (stable_hash(&number) % KEYS) as u32
}

fn kind(number: Number) -> u64 {
    stable_hash(&(number, 1_u8)) % 3
}

fn at(number: Number) -> Timestamp {
    Timestamp::from_millis(i64::from(number))
}

/// A watermark behind every hundredth record, so that most timers are due in between.
struct EveryHundredth;

impl WatermarkGenerator<Number> for EveryHundredth {
    fn on_event(&mut self, number: &Number, timestamp: Timestamp) -> Option<Timestamp> {
        number.is_multiple_of(100).then_some(timestamp)
    }

    fn on_periodic(&mut self, _: Timestamp) -> Option<Timestamp> {
        None
    }
}

fn numbers(env: &Environment, of: impl Fn(Number) -> bool) -> KeyedStream<u32, Number> {
    let time = WatermarkStrategy::for_generator(|| EveryHundredth).timestamp_assigner(|number| at(*number));
    let numbers: Vec<Number> = (0..RECORDS).filter(|number| of(*number)).collect();
    env.from_collection(numbers)
        .parallelism(1)
        .assign_timestamps_and_watermarks(time)
        .key_by(|number| key(*number))
}

fn by_key() -> BTreeMap<u32, Vec<Number>> {
    let mut by_key = BTreeMap::<u32, Vec<Number>>::new();
    (0..RECORDS).for_each(|number| by_key.entry(key(number)).or_default().push(number));
    by_key
}

#[test]
fn sessions() -> Result<()> {
    const GAP: u32 = 5_000;
    let env = Environment::new().parallelism(1);
    let windows = EventTimeSessionWindows::with_gap(Duration::from_millis(GAP.into()));
    let sessions = numbers(&env, |_| true).window(windows).count().collect();
    env.execute("sessions")?;
    let found: Vec<_> = sessions.take().into_iter().map(|it| (it.key, it.window.start, it.value)).collect();
    let mut expected = Vec::new();
    for (key, numbers) in by_key() {
        let sessions = numbers.chunk_by(|number, next| next - number <= GAP);
        expected.extend(sessions.map(|session| (key, at(session[0]), session.len() as u64)));
    }
    same(found, expected);
    Ok(())
}

#[test]
fn interval_joins() -> Result<()> {
    let env = Environment::new().parallelism(1);
    let (lower, upper) = (Duration::from_millis(3_000), Duration::from_millis(6_000));
    let joined = numbers(&env, |number| kind(number) == 0)
        .interval_join(&numbers(&env, |number| kind(number) != 0))
        .between(TimeOffset::before(lower), TimeOffset::after(upper))
        .full_outer(|left, right| (left.copied(), right.copied()))
        .collect();
    env.execute("interval joins")?;
    let mut expected = Vec::new();
    for numbers in by_key().into_values() {
        let (lefts, rights): (Vec<_>, Vec<_>) = numbers.into_iter().partition(|number| kind(*number) == 0);
        let meet = |left: Number, right: Number| left <= right + 3_000 && right <= left + 6_000;
        for left in &lefts {
            let partners = rights.iter().filter(|right| meet(*left, **right));
            let before = expected.len();
            expected.extend(partners.map(|right| (Some(*left), Some(*right))));
            if expected.len() == before {
                expected.push((Some(*left), None));
            }
        }
        let is_alone = |right: &&Number| !lefts.iter().any(|left| meet(*left, **right));
        expected.extend(rights.iter().filter(is_alone).map(|right| (None, Some(*right))));
    }
    same(joined.take(), expected);
    Ok(())
}

#[test]
fn patterns() -> Result<()> {
    const WITHIN: u32 = 9_000;
    let env = Environment::new().parallelism(1);
    let pattern = Pattern::begin("first")
        .where_is(|number: &Number| kind(*number) == 0)
        .next("second")
        .where_is(|number| kind(*number) == 1)
        .within(Duration::from_millis(WITHIN.into()));
    let found = numbers(&env, |_| true)
        .pattern(&pattern)
        .select(|found| Some((*found.first("first")?, *found.first("second")?)))
        .collect();
    env.execute("patterns")?;
    let neighbours = |numbers: Vec<Number>| {
        let pairs: Vec<_> = numbers.windows(2).map(|pair| (pair[0], pair[1])).collect();
        pairs.into_iter().filter(|(one, next)| kind(*one) == 0 && kind(*next) == 1 && next - one < WITHIN)
    };
    same(found.take(), by_key().into_values().flat_map(neighbours).collect());
    Ok(())
}

#[track_caller]
fn same<T: Ord + std::fmt::Debug>(mut found: Vec<T>, mut expected: Vec<T>) {
    assert!(expected.len() > 1_000);
    found.sort_unstable();
    expected.sort_unstable();
    assert!(found == expected, "{} found, {} expected", found.len(), expected.len());
}
