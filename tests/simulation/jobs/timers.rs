//! A keyed process function with timers in both domains of time.

use std::collections::BTreeMap;

use millstream::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ledger::Ledger;
use crate::setting::{Setting, Verdict, compare};
use crate::trickle::Trickle;

const BUCKET_MILLIS: i64 = 70;

/// After all data: only the end of the stream gets there.
const THE_END: Timestamp = Timestamp::from_millis(1_000_000_000_000);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Fired {
    /// An event-time timer: how many records of a key were in a stretch of time.
    Bucket(u64, i64, u64),
    /// A processing-time timer, or the end: how many records of a key came since the last time.
    Since(u64, u64),
    /// A processing-time timer that was set has not fired.
    Lost(u64),
}

#[derive(Clone)]
struct Count {
    patience: Duration,
}

struct State {
    buckets: MapState<i64, u64>,
    since: ValueState<u64>,
    armed: ValueState<Timestamp>,
}

type Context<'a> = KeyedContext<'a, u64>;

impl KeyedProcessFunction<u64, i64, Fired> for Count {
    type State = State;

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, u64>) -> FunctionResult<State> {
        let (buckets, since) = (cx.map_state("buckets")?, cx.value_state("since")?);
        Ok(State { buckets, since, armed: cx.value_state("armed")? })
    }

    fn process(
        &mut self,
        millis: i64,
        state: &State,
        cx: &mut Context<'_>,
        out: &mut Emitter<'_, Fired>,
    ) -> FunctionResult {
        let (now, armed) = (cx.now(), state.armed.cloned(cx));
        // The task sees to due timers before it takes records.
        if armed.is_some_and(|armed| armed <= now) {
            out.emit(Fired::Lost(*cx.key()))?;
        }
        if armed.is_none() {
            let due = now.saturating_add(self.patience);
            state.armed.set(cx, due);
            cx.register_processing_time_timer(due)?;
        }
        state.since.update_or_default(cx, |count| *count += 1);
        let bucket = millis.div_euclid(BUCKET_MILLIS);
        state.buckets.update_or_default(cx, bucket, |count| *count += 1);
        cx.register_event_time_timer(Timestamp::from_millis((bucket + 1) * BUCKET_MILLIS - 1))?;
        cx.register_event_time_timer(THE_END)
    }

    fn on_timer(
        &mut self,
        timer: Timer,
        state: &State,
        cx: &mut Context<'_>,
        out: &mut Emitter<'_, Fired>,
    ) -> FunctionResult {
        let key = *cx.key();
        if timer.domain == TimeDomain::EventTime && timer.time != THE_END {
            let bucket = timer.time.as_millis().div_euclid(BUCKET_MILLIS);
            let count = state.buckets.remove(cx, &bucket).unwrap_or(0);
            return out.emit(Fired::Bucket(key, bucket, count));
        }
        if timer.domain == TimeDomain::ProcessingTime {
            state.armed.clear(cx);
        }
        state.since.take(cx).map_or(Ok(()), |count| out.emit(Fired::Since(key, count)))
    }
}

fn record(number: u64) -> (u64, i64) {
    (number % 11, 10 * i64::try_from(number).unwrap())
}

pub fn both_domains(setting: &Setting) -> Verdict {
    let records = setting.draw(100, 20..=300);
    let patience = Duration::from_millis(setting.draw(102, 1..=40));
    let fired = Ledger::new(setting);
    let report = setting.simulate(|env, life| {
        let records = env.from_source(Trickle::new(setting, 101, records, record).in_turn());
        let time = WatermarkStrategy::monotonous()
            .timestamp_assigner(|(_, millis): &(u64, i64)| Timestamp::from_millis(*millis));
        let counted = records
            .assign_timestamps_and_watermarks(time)
            .parallelism(life.parallelism())
            .keyed()
            .process(Count { patience });
        let _sink = counted.parallelism(life.parallelism()).sink_to(fired.clone());
    })?;
    let (mut buckets, mut since) = (Vec::new(), BTreeMap::<u64, u64>::new());
    for fired in fired.records() {
        match fired {
            Fired::Bucket(key, bucket, count) => buckets.push((key, bucket, count)),
            Fired::Since(key, count) => *since.entry(key).or_default() += count,
            Fired::Lost(key) => return Err(format!("a timer of key {key} was lost")),
        }
    }
    let (mut expected, mut totals) = (BTreeMap::<(u64, i64), u64>::new(), BTreeMap::<u64, u64>::new());
    for (key, millis) in (0..records).map(record) {
        *expected.entry((key, millis.div_euclid(BUCKET_MILLIS))).or_default() += 1;
        *totals.entry(key).or_default() += 1;
    }
    let expected = expected.into_iter().map(|((key, bucket), count)| (key, bucket, count)).collect();
    compare(buckets, expected).map_err(|error| format!("event time: {error}"))?;
    compare(since.into_iter().collect(), totals.into_iter().collect())?;
    Ok(report)
}
