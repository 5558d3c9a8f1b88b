//! Windows that fire as a trigger says, lose what an evictor takes out, or go by the clock.

use std::collections::BTreeMap;

use millstream::prelude::*;
use millstream::window::{
    CountEvictor, CountTrigger, SlidingProcessingTimeWindows, StatefulWindowContext,
    StatefulWindowProcessFunction, WindowOpenContext,
};

use super::windows::{Marks, Reading, mark_of};
use crate::ledger::Ledger;
use crate::setting::{Setting, Verdict, compare};
use crate::trickle::Trickle;

/// A window that has fired: sensor, start, how often it has, and the numbers of the readings that were left in it.
type Fired = (u64, i64, u64, Vec<u64>);

/// Emits what is in each window, and how often that has fired.
#[derive(Clone)]
struct Numbers;

impl StatefulWindowProcessFunction<u64, Vec<Reading>, TimeWindow, Fired> for Numbers {
    type State = ValueState<u64>;

    fn open(&mut self, cx: &mut WindowOpenContext<'_, u64, TimeWindow>) -> FunctionResult<ValueState<u64>> {
        cx.window_state()?.value_state("firings")
    }

    fn process(
        &mut self,
        readings: Vec<Reading>,
        firings: &ValueState<u64>,
        cx: &mut StatefulWindowContext<'_, u64, TimeWindow>,
        out: &mut Emitter<'_, Fired>,
    ) -> FunctionResult {
        let firing = firings.update_or_default(&mut cx.window_state(), |firings| {
            *firings += 1;
            *firings
        });
        let numbers = readings.iter().map(|reading| reading.number).collect();
        out.emit((*cx.key(), cx.window().start.as_millis(), firing, numbers))
    }
}

/// A window of a sensor in the answer.
#[derive(Default)]
struct Pane {
    numbers: Vec<u64>,
    since: u64,
    firings: u64,
}

struct Numbered {
    size: i64,
    slide: i64,
    allowed: i64,
    /// How many readings let a window fire, and how many are left in it.
    every: u64,
    kept: usize,
}

impl Numbered {
    /// What comes of these readings, in this order, and which of them are too late.
    fn work_out(&self, readings: impl Iterator<Item = Reading>) -> (Vec<Fired>, Vec<Reading>) {
        let (mut emitted, mut too_late) = (Vec::new(), Vec::new());
        let (mut open, mut reached) = (BTreeMap::<(u64, i64), Pane>::new(), i64::MIN);
        for reading in readings {
            let time = reading.millis;
            let starts = (time - self.size + 1..=time).filter(|start| start.rem_euclid(self.slide) == 0);
            let mut is_late = true;
            for start in starts.filter(|start| start + self.size - 1 + self.allowed > reached) {
                is_late = false;
                let pane = open.entry((reading.sensor, start)).or_default();
                pane.numbers.push(reading.number);
                pane.since += 1;
                if pane.since == self.every {
                    (pane.since, pane.firings) = (0, pane.firings + 1);
                    let gone = pane.numbers.len().saturating_sub(self.kept);
                    pane.numbers.drain(..gone);
                    emitted.push((reading.sensor, start, pane.firings, pane.numbers.clone()));
                }
            }
            too_late.extend(is_late.then_some(reading));
            reached = reached.max(mark_of(&reading).map_or(reached, Timestamp::as_millis));
        }
        (emitted, too_late)
    }
}

/// One split, and watermarks that stand in the data: which records are too late is then not a matter of luck.
pub fn of_sliding_windows(setting: &Setting) -> Verdict {
    let records = setting.draw(100, 20..=300);
    let disorder = setting.draw(102, 0..=400).cast_signed();
    let slide = setting.draw(104, 20..=200).cast_signed();
    let answer = Numbered {
        size: slide * setting.draw(103, 1..=4).cast_signed(),
        slide,
        allowed: setting.draw(105, 0..=250).cast_signed(),
        every: setting.draw(106, 1..=4),
        kept: usize::try_from(setting.draw(107, 1..=6)).unwrap(),
    };
    let (fired, lost) = (Ledger::new(setting), Ledger::new(setting));
    let report = setting.simulate(|env, life| {
        let make = move |number| Reading::new(number, disorder);
        let readings = env.from_source(Trickle::new(setting, 101, records, make).one_split());
        let time = WatermarkStrategy::for_generator(|| Marks)
            .timestamp_assigner(|reading: &Reading| Timestamp::from_millis(reading.millis));
        let timed = readings.parallelism(1).assign_timestamps_and_watermarks(time).parallelism(1);
        let millis = |millis: i64| Duration::from_millis(millis.cast_unsigned());
        let late = OutputTag::new("late");
        let windows = timed
            .key_by(|reading| reading.sensor)
            .window(SlidingEventTimeWindows::of(millis(answer.size), millis(slide)))
            .allowed_lateness(millis(answer.allowed))
            .side_output_late_data(&late)
            .trigger(CountTrigger::of(answer.every))
            .evictor(CountEvictor::of(answer.kept))
            .process_with_state(Numbers)
            .parallelism(life.parallelism());
        let _sinks = (
            windows.clone().sink_to(fired.clone()).parallelism(life.parallelism()),
            windows.side_output(&late).sink_to(lost.clone()),
        );
    })?;
    let readings = (0..records).map(|number| Reading::new(number, disorder));
    let (expected, too_late) = answer.work_out(readings);
    compare(lost.records(), too_late).map_err(|error| format!("late: {error}"))?;
    compare(fired.records(), expected)?;
    Ok(report)
}

/// Which window a record belongs to is a matter of luck; that it is in so many of them is not.
pub fn of_processing_time(setting: &Setting) -> Verdict {
    let records = setting.draw(100, 20..=300);
    let slide = setting.draw(102, 1..=60);
    let overlap = setting.draw(103, 1..=3);
    let summed = Ledger::new(setting);
    let report = setting.simulate(|env, life| {
        let numbers = env.from_source(Trickle::new(setting, 101, records, |number| number).in_turn());
        let millis = Duration::from_millis;
        let sums = numbers
            .parallelism(life.parallelism())
            .key_by(|number| number % 11)
            .window(SlidingProcessingTimeWindows::of(millis(slide * overlap), millis(slide)))
            .sum(|number| *number)
            .parallelism(life.parallelism())
            .map(|result| (result.key, result.value));
        let _sink = sums.sink_to(summed.clone());
    })?;
    let (mut sums, mut expected) = (BTreeMap::<u64, u64>::new(), BTreeMap::<u64, u64>::new());
    summed.records().into_iter().for_each(|(key, sum)| *sums.entry(key).or_default() += sum);
    (0..records).for_each(|number| *expected.entry(number % 11).or_default() += number * overlap);
    compare(sums.into_iter().collect(), expected.into_iter().collect())?;
    Ok(report)
}
