//! Random records, watermarks, clocks and crashes under random windows, triggers and evictors, against a model.

use proptest::prelude::*;

use self::any::{AnyEvictor, AnyTrigger, AnyWindows};
use self::model::{Keeping, Model, Row, Rule, Span, Windows};
use super::*;
use crate::testing::{FunctionHarness, HarnessBuilder, KeyedInput, WindowOperatorBuilder, window_operator};

mod any;
mod model;

#[derive(Clone, Debug)]
enum Step {
    Record {
        key: u8,
        value: u32,
        time: i64,
    },
    Watermark(i64),
    Advance(u64),
    /// A crash after a snapshot, and a restart with so many subtasks.
    Crash(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..3_u8, 0..12_u32, -20..60_i64).prop_map(|(key, value, time)| Step::Record { key, value, time }),
        3 => (-20..70_i64).prop_map(Step::Watermark),
        2 => (0..12_u64).prop_map(Step::Advance),
        1 => (1..4_u32).prop_map(Step::Crash),
    ];
    prop::collection::vec(step, 0..60)
}

fn windows() -> impl Strategy<Value = Windows> {
    prop_oneof![
        (1..20_i64, 0..5_i64, any::<bool>()).prop_map(|(size, offset, processing)| Windows::Tumbling {
            size,
            offset,
            processing
        }),
        (1..20_i64, 1..12_i64, any::<bool>()).prop_map(|(size, slide, processing)| Windows::Sliding {
            size,
            slide,
            processing
        }),
        (1..5_i64, 1..5_i64).prop_map(|(steps, step)| Windows::Cumulating { max_size: steps * step, step }),
        (1..15_i64, any::<bool>()).prop_map(|(gap, processing)| Windows::Session { gap, processing }),
        any::<bool>().prop_map(|processing| Windows::DynamicSession { processing }),
        Just(Windows::Global),
    ]
}

fn rules() -> impl Strategy<Value = Rule> {
    prop_oneof![
        Just(Rule::Default),
        Just(Rule::PurgingDefault),
        (1..5_u64).prop_map(Rule::Count),
        (1..5_u64).prop_map(Rule::PurgingCount),
        (1..15_i64).prop_map(Rule::ContinuousEventTime),
        (1..15_i64).prop_map(Rule::ContinuousProcessingTime),
        (0..8_u32).prop_map(Rule::Delta),
        (1..5_u64, 1..15_i64, any::<bool>(), any::<bool>())
            .prop_map(|(count, timeout, resets, clears)| Rule::Timeout { count, timeout, resets, clears }),
    ]
}

fn keeping() -> impl Strategy<Value = Option<(Keeping, bool)>> {
    let keeping = prop_oneof![
        (1..5_usize).prop_map(Keeping::Count),
        (1..20_i64).prop_map(Keeping::Time),
        (1..6_u32).prop_map(Keeping::Delta),
    ];
    prop::option::of((keeping, any::<bool>()))
}

/// A key and a value.
type Record = (u8, u32);
type Input = KeyedInput<u8, Record>;
type Harness = FunctionHarness<Input, Row>;

#[derive(Clone, Debug)]
struct Job {
    windows: Windows,
    rule: Rule,
    keeping: Option<(Keeping, bool)>,
    allowed: i64,
}

/// Jobs that are not refused.
fn jobs() -> impl Strategy<Value = Job> {
    let allowed = prop_oneof![Just(0), 0..20_i64];
    let job = (windows(), rules(), keeping(), allowed).prop_map(|(windows, rule, keeping, allowed)| {
        let allowed = if windows.of_processing_time() { 0 } else { allowed };
        Job { windows, rule, keeping, allowed }
    });
    job.prop_filter("refused", |job| {
        let cannot_merge = matches!(job.rule, Rule::Delta(_) | Rule::Timeout { .. });
        let needs_watermarks = matches!(job.rule, Rule::ContinuousEventTime(_));
        !(job.windows.merge() && cannot_merge || job.windows.of_processing_time() && needs_watermarks)
    })
}

/// The windows of a record are those of its value.
fn harness_of<W, R>(
    builder: WindowOperatorBuilder<u8, Record, W, R>,
    job: &Job,
    late: &OutputTag<Record>,
    span: fn(&W::Window) -> Span,
) -> HarnessBuilder<Input, Row>
where
    W: WindowAssigner<Record>,
    R: FiringRule<Record, W>,
{
    let emit =
        move |records: Vec<Record>, cx: &mut WindowContext<'_, u8, W::Window>, out: &mut Emitter<'_, Row>| {
            out.emit((*cx.key(), span(cx.window()), records.into_iter().map(|(_, value)| value).collect()))
        };
    let builder = builder.allowed_lateness(millis(job.allowed.cast_unsigned()));
    builder.side_output_late_data(late).process_fn(emit).max_parallelism(8)
}

impl Job {
    fn builder(&self, late: &OutputTag<Record>) -> HarnessBuilder<Input, Row> {
        let span = |window: &TimeWindow| (window.start.as_millis(), window.end.as_millis());
        let of = self.windows.clone();
        match (self.windows.of_processing_time(), self.windows.merge()) {
            _ if matches!(of, Windows::Global) => {
                self.with(late, GlobalWindows::create(), |_| (i64::MIN, i64::MAX))
            }
            (false, false) => self.with(late, AnyWindows::<false, false>(of), span),
            (false, true) => self.with(late, AnyWindows::<false, true>(of), span),
            (true, false) => self.with(late, AnyWindows::<true, false>(of), span),
            (true, true) => self.with(late, AnyWindows::<true, true>(of), span),
        }
    }

    fn with<W: WindowAssigner<Record>>(
        &self,
        late: &OutputTag<Record>,
        windows: W,
        span: fn(&W::Window) -> Span,
    ) -> HarnessBuilder<Input, Row> {
        let trigger = AnyTrigger { rule: self.rule.clone(), default: windows.default_trigger() };
        let windows = window_operator(|(key, _): &Record| *key, windows).trigger(trigger);
        match self.keeping.clone() {
            Some((keeping, after)) => {
                harness_of(windows.evictor(AnyEvictor { keeping, after }), self, late, span)
            }
            None => harness_of(windows, self, late, span),
        }
    }

    /// Runs the steps through the operator; after every crash the old subtasks do damage to what they share with the
    /// snapshot.
    fn run(&self, steps: &[Step]) -> Result<(Vec<Row>, u64)> {
        let late = OutputTag::new("late");
        let mut harness = self.builder(&late).parallelism(2).open()?;
        let (mut rows, mut too_late) = (Vec::new(), 0);
        let mut gather = |harness: &mut Harness| {
            rows.extend(harness.take_records());
            too_late += harness.take_side_output(&late).len() as u64;
        };
        for step in steps {
            match step {
                Step::Record { key, value, time } => harness.push_at((*key, *value), at(*time))?,
                Step::Watermark(time) => harness.watermark(at(*time))?,
                Step::Advance(span) => harness.advance(millis(*span))?,
                Step::Crash(parallelism) => {
                    let snapshot = harness.snapshot()?;
                    gather(&mut harness);
                    (0..3).try_for_each(|key| harness.push_at((key, 9_999), at(55)))?;
                    harness.end_of_data()?;
                    harness = self.builder(&late).parallelism(*parallelism).restore(&snapshot)?;
                }
            }
        }
        harness.end_of_data()?;
        gather(&mut harness);
        Ok((rows, too_late))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]
    #[test]
    fn triggers_and_evictors_do_what_the_model_says_whatever_fails(steps in steps(), job in jobs()) {
        let mut model = Model::new(job.windows.clone(), job.rule.clone(), job.keeping.clone(), job.allowed);
        for step in &steps {
            match step {
                Step::Record { key, value, time } => model.push(*key, *value, *time),
                Step::Watermark(time) => model.watermark(*time),
                // The harness lets timers fire one after the other.
                Step::Advance(span) => (0..*span).for_each(|_| model.advance(1)),
                Step::Crash(_) => model.crash(),
            }
        }
        model.end();
        let (mut rows, late) = job.run(&steps).unwrap();
        rows.sort();
        model.emitted.sort();
        prop_assert_eq!(rows, model.emitted);
        prop_assert_eq!(late, model.late);
    }
}
