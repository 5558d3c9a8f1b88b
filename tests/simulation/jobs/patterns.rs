//! Patterns over records out of order, of which some come too late: what is found, what times out, and what is late.

use std::collections::BTreeMap;

use millstream::pattern::{AfterMatchSkip, Matched, Pattern};
use millstream::prelude::*;

use super::windows::{Marks, Reading, mark_of};
use crate::ledger::Ledger;
use crate::setting::{Setting, Verdict, compare};
use crate::trickle::Trickle;

/// The numbers of a match, or of what has timed out, and whether it has.
type Row = (Vec<u64>, bool);

/// What a reading is: one of three kinds, and a value.
const fn kind_of(reading: &Reading) -> u64 {
    reading.number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33 & 0xFF
}

fn is_begin(reading: &Reading) -> bool {
    kind_of(reading).is_multiple_of(3)
}

fn is_end(reading: &Reading) -> bool {
    kind_of(reading) % 3 == 1
}

/// Which pattern a seed looks for.
#[derive(Clone, Copy)]
enum Search {
    /// A beginning, and the next end in time.
    Pairs { within: i64 },
    /// The same, but a beginning before the end of another pair counts for nothing.
    Apart { within: i64 },
    /// Three readings directly after each other, each of a larger kind.
    Rising,
}

impl Search {
    fn pattern(self) -> Pattern<Reading> {
        let pair = || Pattern::begin("begin").where_is(is_begin);
        let millis = |millis: i64| Duration::from_millis(millis.cast_unsigned());
        match self {
            Self::Pairs { within } => pair().followed_by("end").where_is(is_end).within(millis(within)),
            Self::Apart { within } => {
                let apart = pair().followed_by_any("end").where_is(is_end).within(millis(within));
                apart.after_match(AfterMatchSkip::past_last_event())
            }
            Self::Rising => Pattern::begin("rising")
                .where_with(|reading: &Reading, found| {
                    found.last("rising").is_none_or(|last| kind_of(last) < kind_of(reading))
                })
                .times(3)
                .consecutive(),
        }
    }

    /// What there is to find in the readings of one sensor, in order of time.
    fn find(self, readings: &[Reading]) -> Vec<Row> {
        let mut rows = Vec::new();
        if let Self::Rising = self {
            let rises = |three: &&[Reading]| three.is_sorted_by(|one, next| kind_of(one) < kind_of(next));
            let threes = readings.windows(3).filter(rises);
            rows.extend(threes.map(|three| (three.iter().map(|reading| reading.number).collect(), false)));
            return rows;
        }
        let (Self::Pairs { within } | Self::Apart { within }) = self else { return rows };
        let mut first_kept = 0;
        for (index, begin) in readings.iter().enumerate().filter(|(_, reading)| is_begin(reading)) {
            let in_time = readings[index + 1..].iter().take_while(|next| next.millis - begin.millis < within);
            let end = in_time.enumerate().find(|(_, next)| is_end(next));
            match (self, end) {
                (Self::Pairs { .. }, Some((_, end))) => rows.push((vec![begin.number, end.number], false)),
                (Self::Pairs { .. }, None) => rows.push((vec![begin.number], true)),
                (_, Some((after, end))) if index >= first_kept => {
                    rows.push((vec![begin.number, end.number], false));
                    first_kept = index + after + 2;
                }
                _ => {}
            }
        }
        rows
    }
}

fn numbers(matched: &Matched<'_, Reading>) -> Vec<u64> {
    matched.iter().map(|(_, reading)| reading.number).collect()
}

/// One split, and watermarks that stand in the data, so that which records are late is not a matter of luck.
pub fn of_records_out_of_order(setting: &Setting) -> Verdict {
    let records = setting.draw(100, 20..=400);
    let disorder = setting.draw(102, 0..=300).cast_signed();
    let within = setting.draw(103, 10..=400).cast_signed();
    let search = match setting.draw(104, 0..=2) {
        0 => Search::Pairs { within },
        1 => Search::Apart { within },
        _ => Search::Rising,
    };
    let (found, lost) = (Ledger::new(setting), Ledger::new(setting));
    let report = setting.simulate(|env, life| {
        let make = move |number| Reading::new(number, disorder);
        let readings = env.from_source(Trickle::new(setting, 101, records, make).one_split());
        let time = WatermarkStrategy::for_generator(|| Marks)
            .timestamp_assigner(|reading: &Reading| Timestamp::from_millis(reading.millis));
        let timed = readings.parallelism(1).assign_timestamps_and_watermarks(time).parallelism(1);
        let (late, timed_out) = (OutputTag::new("late"), OutputTag::new("timed out"));
        // Of those that must not overlap, a partial match may time out or be left out before: by chance.
        let counts_timeouts = matches!(search, Search::Pairs { .. });
        let rows = timed
            .key_by(|reading| reading.sensor)
            .pattern(&search.pattern())
            .side_output_late_data(&late)
            .select_with_timeout(
                &timed_out,
                move |partial, _| counts_timeouts.then(|| (numbers(partial), true)),
                |matched| Some((numbers(matched), false)),
            )
            .parallelism(life.parallelism());
        let _sinks = (
            rows.union(&rows.side_output(&timed_out)).sink_to(found.clone()).parallelism(life.parallelism()),
            rows.side_output(&late).sink_to(lost.clone()),
        );
    })?;
    let (mut in_time, mut too_late) = (BTreeMap::<u64, Vec<Reading>>::new(), Vec::new());
    let mut reached = i64::MIN;
    for reading in (0..records).map(|number| Reading::new(number, disorder)) {
        if reading.millis <= reached {
            too_late.push(reading);
        } else {
            in_time.entry(reading.sensor).or_default().push(reading);
        }
        reached = reached.max(mark_of(&reading).map_or(reached, Timestamp::as_millis));
    }
    let expected = in_time.into_values().flat_map(|mut readings| {
        readings.sort_by_key(|reading| reading.millis);
        search.find(&readings)
    });
    compare(lost.records(), too_late).map_err(|error| format!("late: {error}"))?;
    compare(found.records(), expected.collect())?;
    Ok(report)
}
