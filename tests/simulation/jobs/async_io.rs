//! Requests to a service that is slow and fails: each record is answered once, those of a key in order, and none too
//! late for its window.

use std::sync::Arc;

use millstream::async_io::{AsyncFunction, AsyncRetryStrategy};
use millstream::engine::chain::OpenContext;
use millstream::engine::clock::{Random, Sleeper};
use millstream::prelude::*;
use parking_lot::Mutex;

use crate::ledger::Ledger;
use crate::setting::{Setting, Verdict, compare};
use crate::trickle::Trickle;

const KEYS: u64 = 7;
const WINDOW: u64 = 10;

const fn answer(number: u64) -> u64 {
    number * 3 + 1
}

/// Answers after a while, and now and then with an error.
#[derive(Clone)]
struct Service {
    /// How long a request takes at most, in milliseconds.
    slowest: usize,
    random: Arc<Mutex<Random>>,
    sleeper: Option<Sleeper>,
}

impl Service {
    fn new(setting: &Setting) -> Self {
        let slowest = usize::try_from(setting.draw(110, 0..=30)).unwrap();
        let random = Random::new(setting.seed ^ 0x0A57_C10C);
        Self { slowest, random: Arc::new(Mutex::new(random)), sleeper: None }
    }

    async fn ask(&self, number: u64) -> FunctionResult<u64> {
        let (delay, fails) = {
            let mut random = self.random.lock();
            (random.below(self.slowest + 1) as u64, random.below(20) == 0)
        };
        if delay > 0 {
            self.sleeper.as_ref().ok_or("not open")?.sleep(Duration::from_millis(delay)).await;
        }
        if fails { Err("the service is busy")? } else { Ok(answer(number)) }
    }
}

impl AsyncFunction<u64, (u64, u64)> for Service {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> FunctionResult {
        self.sleeper = Some(cx.task().sleeper());
        Ok(())
    }

    async fn invoke(&self, number: u64) -> FunctionResult<Vec<(u64, u64)>> {
        Ok(vec![(number, self.ask(number).await?)])
    }
}

impl AsyncFunction<(u64, u64), (u64, u64)> for Service {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> FunctionResult {
        self.sleeper = Some(cx.task().sleeper());
        Ok(())
    }

    async fn invoke(&self, (_, number): (u64, u64)) -> FunctionResult<Vec<(u64, u64)>> {
        Ok(vec![(number, self.ask(number).await?)])
    }
}

fn capacity(setting: &Setting) -> usize {
    usize::try_from(setting.draw(111, 1..=12)).unwrap()
}

fn retry<O>(setting: &Setting) -> AsyncRetryStrategy<O> {
    AsyncRetryStrategy::fixed_delay(100, Duration::from_millis(setting.draw(112, 0..=5)))
}

pub fn unordered_before_windows(setting: &Setting) -> Verdict {
    let records = setting.draw(100, 50..=250);
    let service = Service::new(setting);
    let timeout = Duration::from_millis(setting.draw(113, 10..=60));
    let (answers, counts) = (Ledger::new(setting), Ledger::new(setting));
    let report = setting.simulate(|env, life| {
        let numbers = env.from_source(Trickle::new(setting, 101, records, |number| number).one_split());
        let time = WatermarkStrategy::monotonous()
            .timestamp_assigner(|number: &u64| Timestamp::from_millis(number.cast_signed()));
        let asked = numbers
            .assign_timestamps_and_watermarks(time)
            .rebalance()
            .async_io(service.clone())
            .capacity(capacity(setting))
            .timeout(timeout)
            // Too late to be told from the answer.
            .on_timeout(|number| [(number, answer(number))])
            .retry(retry(setting))
            .unordered()
            .parallelism(life.parallelism());
        let counted = asked
            .key_by(|(number, _)| number % KEYS)
            .window(TumblingEventTimeWindows::of(Duration::from_millis(WINDOW)))
            .count()
            .map(|counted| (counted.window.start.as_millis().cast_unsigned(), counted.key, counted.value));
        let _sinks = (asked.sink_to(answers.clone()), counted.sink_to(counts.clone()));
    })?;
    compare(answers.records(), (0..records).map(|number| (number, answer(number))).collect())?;
    let windows = (0..records.div_ceil(WINDOW)).flat_map(|window| {
        (0..KEYS).filter_map(move |key| {
            let numbers = window * WINDOW..records.min((window + 1) * WINDOW);
            let count = numbers.filter(|number| number % KEYS == key).count() as u64;
            (count > 0).then_some((window * WINDOW, key, count))
        })
    });
    compare(counts.records(), windows.collect())?;
    Ok(report)
}

/// Whether each number of a key comes behind the ones below it.
#[derive(Clone)]
struct InOrder;

impl KeyedProcessFunction<u64, (u64, u64), (u64, bool)> for InOrder {
    type State = ValueState<u64>;

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, u64>) -> FunctionResult<ValueState<u64>> {
        cx.value_state("last")
    }

    fn process(
        &mut self,
        (number, answered): (u64, u64),
        last: &ValueState<u64>,
        cx: &mut KeyedContext<'_, u64>,
        out: &mut Emitter<'_, (u64, bool)>,
    ) -> FunctionResult {
        let is_next = last.replace(cx, number).is_none_or(|last| last + KEYS == number);
        out.emit((number, is_next && answered == answer(number)))
    }
}

pub fn ordered_by_key(setting: &Setting) -> Verdict {
    let records = setting.draw(100, 50..=250);
    let service = Service::new(setting);
    let checked = Ledger::new(setting);
    let report = setting.simulate(|env, life| {
        let numbers = env.from_source(Trickle::new(setting, 101, records, |number| number).one_split());
        let asked = numbers
            .key_by(|number| number % KEYS)
            .async_io(service.clone())
            .capacity(capacity(setting))
            .retry(retry(setting))
            .ordered()
            .parallelism(life.parallelism());
        let in_order = asked.key_by(|(number, _)| number % KEYS).process(InOrder);
        let _sink = in_order.parallelism(life.parallelism()).sink_to(checked.clone());
    })?;
    compare(checked.records(), (0..records).map(|number| (number, true)).collect())?;
    Ok(report)
}
