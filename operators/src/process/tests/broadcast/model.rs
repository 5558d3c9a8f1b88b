//! Random records, rules, watermarks, ticks of the clock and crashes, against plain maps and sets.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const KEYS: u8 = 7;

#[derive(Clone, Debug)]
enum Step {
    Record(u8, i64),
    Rule(Rule),
    Watermark(i64),
    Advance(u64),
    /// A crash after a snapshot, and a restart with so many subtasks.
    Crash(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let class = || 0..CLASSES;
    let rule = prop_oneof![
        3 => (class(), 0..20_i64).prop_map(|(class, delay)| Rule::Delay(class, delay)),
        1 => class().prop_map(Rule::Forget),
        1 => class().prop_map(Rule::Reset),
    ];
    let step = prop_oneof![
        8 => (0..KEYS, 1..40_i64).prop_map(|(key, time)| Step::Record(key, time)),
        3 => rule.prop_map(Step::Rule),
        2 => (0..60_i64).prop_map(Step::Watermark),
        2 => (0..10_u64).prop_map(Step::Advance),
        1 => (1..4_u32).prop_map(Step::Crash),
    ];
    prop::collection::vec(step, 0..80)
}

/// What the function must say of each key.
#[derive(Default)]
struct Model {
    counts: BTreeMap<u8, u64>,
    delays: BTreeMap<u8, i64>,
    rules: u64,
    event: BTreeSet<(i64, u8)>,
    processing: BTreeSet<(i64, u8)>,
    /// How far the inputs have come since the last crash, and how far event time has come ever.
    input: Option<i64>,
    watermark: Option<i64>,
    clock: i64,
    said: Vec<Said>,
}

impl Model {
    fn step(&mut self, step: &Step) {
        match *step {
            Step::Record(key, time) => {
                let count = self.counts.entry(key).or_default();
                *count += 1;
                self.said.push((key, format!("count {count} after {} rules", self.rules)));
                if let Some(delay) = self.delays.get(&(key % CLASSES)) {
                    self.event.insert((time + delay, key));
                    self.processing.insert((time + delay, key));
                }
            }
            Step::Rule(rule) => {
                self.rules += 1;
                match rule {
                    Rule::Delay(class, delay) => drop(self.delays.insert(class, delay)),
                    Rule::Forget(class) => drop(self.delays.remove(&class)),
                    Rule::Reset(class) => {
                        let reset = self.counts.extract_if(.., |key, _| key % CLASSES == class);
                        self.said.extend(reset.map(|(key, count)| (key, format!("reset {count}"))));
                    }
                }
            }
            Step::Watermark(time) => {
                // One that does not rise does nothing.
                if self.input < Some(time) {
                    self.input = Some(time);
                    self.watermark = self.watermark.max(self.input);
                    self.fire(TimeDomain::EventTime, self.watermark.unwrap_or(i64::MIN));
                }
            }
            Step::Advance(millis) => {
                self.clock += millis.cast_signed();
            }
            Step::Crash(_) => self.input = None,
        }
        // A timer that is set in the past of the clock is due at once.
        self.fire(TimeDomain::ProcessingTime, self.clock);
    }

    fn fire(&mut self, domain: TimeDomain, now: i64) {
        let timers = match domain {
            TimeDomain::EventTime => &mut self.event,
            TimeDomain::ProcessingTime => &mut self.processing,
        };
        let later = timers.split_off(&(now.saturating_add(1), 0));
        for (time, key) in std::mem::replace(timers, later) {
            let count = self.counts.get(&key).copied().unwrap_or_default();
            let delay = self.delays.get(&(key % CLASSES));
            self.said.push((key, format!("{domain:?} {time}: count {count}, delay {delay:?}")));
        }
    }
}

/// Every subtask holds what the model does.
fn check_broadcast_states(harness: &mut RuledHarness, model: &Model, parallelism: usize) {
    let mut held: Vec<(u8, i64)> = harness.snapshot().unwrap().list("delays").unwrap();
    held.sort_unstable();
    let expected = model.delays.iter().flat_map(|(class, delay)| vec![(*class, *delay); parallelism]);
    assert_eq!(held, expected.collect::<Vec<_>>());
}

proptest! {
    #[test]
    fn rules_records_and_timers_meet_as_the_model_says_whatever_fails(steps in steps()) {
        let seen = OutputTag::new("seen");
        let mut model = Model::default();
        let mut parallelism = 2;
        let mut harness = ruled(&seen).max_parallelism(8).parallelism(parallelism).open().unwrap();
        let mut records = Vec::new();
        for step in &steps {
            model.step(step);
            match *step {
                Step::Record(key, time) => harness.push_first((key, time)).unwrap(),
                Step::Rule(rule) => {
                    harness.push_second(rule).unwrap();
                    let rules = harness.take_side_output(&seen);
                    prop_assert_eq!(rules, vec![model.rules; parallelism as usize]);
                }
                Step::Watermark(time) => harness.watermark(at(time)).unwrap(),
                Step::Advance(millis) => harness.advance(Duration::from_millis(millis)).unwrap(),
                Step::Crash(after) => {
                    records.extend(texts(&mut harness));
                    check_broadcast_states(&mut harness, &model, parallelism as usize);
                    let snapshot = harness.snapshot().unwrap();
                    // None of this belongs to it.
                    (0..KEYS).for_each(|key| harness.push_first((key, 1)).unwrap());
                    (0..CLASSES).for_each(|class| harness.push_second(Rule::Reset(class)).unwrap());
                    harness.push_second(Rule::Delay(0, 1)).unwrap();
                    harness.end_of_data().unwrap();
                    parallelism = after;
                    harness = ruled(&seen).parallelism(parallelism).restore(&snapshot).unwrap();
                }
            }
        }
        harness.end_of_data().unwrap();
        model.fire(TimeDomain::EventTime, i64::MAX);
        records.extend(texts(&mut harness));
        for key in 0..KEYS {
            let of_key = |said: &[Said]| -> Vec<Said> {
                said.iter().filter(|(other, _)| *other == key).cloned().collect()
            };
            prop_assert_eq!(of_key(&records), of_key(&model.said));
        }
    }
}
