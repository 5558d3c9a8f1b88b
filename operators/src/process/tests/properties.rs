//! Random timers, watermarks, ticks of the clock and crashes, against sets of timers.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Ask(char, Ask),
    Watermark(i64),
    Advance(u64),
    /// A crash after a snapshot, and a restart with so many subtasks.
    Crash(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let time = || 1..40_i64;
    let ask = prop_oneof![
        3 => time().prop_map(Ask::EventTimer),
        3 => time().prop_map(Ask::ProcessingTimer),
        1 => time().prop_map(Ask::DeleteEventTimer),
        1 => time().prop_map(Ask::DeleteProcessingTimer),
        1 => Just(Ask::Count),
    ];
    let step = prop_oneof![
        8 => (prop::char::range('a', 'e'), ask).prop_map(|(key, ask)| Step::Ask(key, ask)),
        2 => (0..40_i64).prop_map(Step::Watermark),
        2 => (0..10_u64).prop_map(Step::Advance),
        1 => (1..4_u32).prop_map(Step::Crash),
    ];
    prop::collection::vec(step, 0..80)
}

/// What the function must say, key after key, and time by time for each.
#[derive(Default)]
struct Model {
    event: BTreeSet<(i64, char)>,
    processing: BTreeSet<(i64, char)>,
    counts: std::collections::BTreeMap<char, u64>,
    watermark: Option<i64>,
    clock: i64,
    said: Vec<Said>,
}

impl Model {
    fn step(&mut self, step: &Step) {
        match *step {
            Step::Ask(key, ask) => {
                let count = self.counts.entry(key).or_default();
                *count += 1;
                match ask {
                    Ask::EventTimer(time) => drop(self.event.insert((time, key))),
                    Ask::ProcessingTimer(time) => drop(self.processing.insert((time, key))),
                    Ask::DeleteEventTimer(time) => drop(self.event.remove(&(time, key))),
                    Ask::DeleteProcessingTimer(time) => drop(self.processing.remove(&(time, key))),
                    Ask::Count => {
                        self.said.push((key, format!("count {count}"), self.watermark.unwrap_or(i64::MIN)))
                    }
                }
            }
            Step::Watermark(time) => {
                self.watermark = self.watermark.max(Some(time));
                self.fire();
            }
            Step::Advance(millis) => {
                self.clock += millis.cast_signed();
                self.tick();
            }
            Step::Crash(_) => {}
        }
    }

    fn fire(&mut self) {
        let now = self.watermark.unwrap_or(i64::MIN);
        while let Some((time, key)) = self.event.pop_first_if(|(time, _)| *time <= now) {
            self.said.push((key, format!("event {time}"), now));
        }
    }

    fn tick(&mut self) {
        let (clock, now) = (self.clock, self.watermark.unwrap_or(i64::MIN));
        while let Some((time, key)) = self.processing.pop_first_if(|(time, _)| *time <= clock) {
            self.said.push((key, format!("processing {time}"), now));
        }
    }
}

trait PopFirstIf<T> {
    fn pop_first_if(&mut self, holds: impl Fn(&T) -> bool) -> Option<T>;
}

impl<T: Ord> PopFirstIf<T> for BTreeSet<T> {
    fn pop_first_if(&mut self, holds: impl Fn(&T) -> bool) -> Option<T> {
        self.first().is_some_and(holds).then(|| self.pop_first()).flatten()
    }
}

proptest! {
    #[test]
    fn timers_fire_as_the_model_says_whatever_fails(steps in steps()) {
        let mut model = Model::default();
        let mut fleet = KeyedFleet::new(2, 8, |_| puppet()).unwrap();
        for step in &steps {
            model.step(step);
            match *step {
                Step::Ask(key, ask) => fleet.push(key, ask, Timestamp::MIN).unwrap(),
                Step::Watermark(time) => fleet.watermark(at(time)).unwrap(),
                Step::Advance(millis) => fleet.advance(Duration::from_millis(millis)).unwrap(),
                Step::Crash(parallelism) => fleet.crash(parallelism, |old| {
                    ('a'..='e').try_for_each(|key| old.push(key, Ask::EventTimer(1), Timestamp::MIN))?;
                    old.advance(Duration::ZERO)?;
                    old.end_of_data()
                }).unwrap(),
            }
            // A timer that is set in the past is due at once; when it fires depends on wake-ups.
            fleet.advance(Duration::ZERO).unwrap();
            model.tick();
        }
        fleet.end_of_data().unwrap();
        model.watermark = Some(i64::MAX);
        model.fire();
        let said = fleet.take_records();
        for key in 'a'..='e' {
            let of_key = |said: &[Said]| -> Vec<Said> {
                said.iter().filter(|(other, ..)| *other == key).cloned().collect()
            };
            prop_assert_eq!(of_key(&said), of_key(&model.said));
        }
    }
}
