//! Windows, triggers and evictors that are chosen when the test runs.

use serde::{Deserialize, Serialize};

use super::model::{Keeping, Rule, Windows};
use super::*;
use crate::FunctionResult;
use crate::process::TimeDomain;

/// Windows of one time that merge or do not.
#[derive(Clone)]
pub(super) struct AnyWindows<const PROCESSING: bool, const MERGES: bool>(pub(super) Windows);

impl<const PROCESSING: bool, const MERGES: bool> WindowAssigner<Record> for AnyWindows<PROCESSING, MERGES> {
    type Window = TimeWindow;

    const TIME: Option<TimeDomain> =
        Some(if PROCESSING { TimeDomain::ProcessingTime } else { TimeDomain::EventTime });
    const MERGES: bool = MERGES;

    fn assign(&mut self, record: &Record, timestamp: Timestamp) -> impl Iterator<Item = TimeWindow> {
        let span = |span: i64| millis(span.cast_unsigned());
        let windows: Vec<_> = match self.0 {
            Windows::Tumbling { size, offset, .. } => {
                let mut windows = TumblingEventTimeWindows::of(span(size)).offset(span(offset));
                windows.assign(record, timestamp).collect()
            }
            Windows::Sliding { size, slide, .. } => {
                SlidingEventTimeWindows::of(span(size), span(slide)).assign(record, timestamp).collect()
            }
            Windows::Cumulating { max_size, step } => {
                CumulatingEventTimeWindows::of(span(max_size), span(step)).assign(record, timestamp).collect()
            }
            Windows::Session { gap, .. } => {
                EventTimeSessionWindows::with_gap(span(gap)).assign(record, timestamp).collect()
            }
            Windows::DynamicSession { .. } => {
                let gap = |(_, value): &Record| Duration::from_millis(1 + u64::from(value % 7));
                EventTimeSessionWindows::with_dynamic_gap(gap).assign(record, timestamp).collect()
            }
            Windows::Global => unreachable!(),
        };
        windows.into_iter()
    }

    fn merge(&self, one: &TimeWindow, other: &TimeWindow) -> Option<TimeWindow> {
        WindowAssigner::<Record>::merge(&EventTimeSessionWindows::with_gap(millis(1)), one, other)
    }
}

/// What each of the triggers keeps.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct AnyState {
    none: Option<()>,
    count: Option<u64>,
    next: Option<Timestamp>,
    last: Option<Record>,
    timeout: Option<TimeoutState<u64>>,
}

#[derive(Clone)]
pub(super) struct AnyTrigger {
    pub(super) rule: Rule,
    pub(super) default: DefaultTrigger,
}

/// Calls the trigger of the rule.
macro_rules! delegate {
    ($self:ident, $cx:ident, $call:ident($($argument:expr),*)) => {{
        let span = |span: i64| millis(span.cast_unsigned());
        let result = match $self.rule {
            Rule::Default => Trigger::<Record, W>::$call(&mut $self.default, $($argument,)* &mut $cx.part(|state| &mut state.none)),
            Rule::PurgingDefault => {
                let mut trigger = PurgingTrigger::of($self.default);
                Trigger::<Record, W>::$call(&mut trigger, $($argument,)* &mut $cx.part(|state| &mut state.none))
            }
            Rule::Count(count) => {
                let mut trigger = CountTrigger::of(count);
                Trigger::<Record, W>::$call(&mut trigger, $($argument,)* &mut $cx.part(|state| &mut state.count))
            }
            Rule::PurgingCount(count) => {
                let mut trigger = PurgingTrigger::of(CountTrigger::of(count));
                Trigger::<Record, W>::$call(&mut trigger, $($argument,)* &mut $cx.part(|state| &mut state.count))
            }
            Rule::ContinuousEventTime(interval) => {
                let mut trigger = ContinuousEventTimeTrigger::of(span(interval));
                Trigger::<Record, W>::$call(&mut trigger, $($argument,)* &mut $cx.part(|state| &mut state.next))
            }
            Rule::ContinuousProcessingTime(interval) => {
                let mut trigger = ContinuousProcessingTimeTrigger::of(span(interval));
                Trigger::<Record, W>::$call(&mut trigger, $($argument,)* &mut $cx.part(|state| &mut state.next))
            }
            Rule::Delta(threshold) => {
                let delta = |one: &Record, other: &Record| f64::from(one.1.abs_diff(other.1));
                let mut trigger = DeltaTrigger::of(f64::from(threshold), delta);
                Trigger::<Record, W>::$call(&mut trigger, $($argument,)* &mut $cx.part(|state| &mut state.last))
            }
            Rule::Timeout { count, timeout, resets, clears } => {
                let trigger = ProcessingTimeoutTrigger::of(CountTrigger::of(count), span(timeout));
                let mut trigger = trigger.reset_on_record(resets).clear_on_timeout(clears);
                Trigger::<Record, W>::$call(&mut trigger, $($argument,)* &mut $cx.part(|state| &mut state.timeout))
            }
        };
        if let Some(AnyState { none: None, count: None, next: None, last: None, timeout: None }) = $cx.state() {
            $cx.clear_state();
        }
        result
    }};
}

impl<W: Window> Trigger<Record, W> for AnyTrigger {
    type State = AnyState;

    fn on_element(
        &mut self,
        record: &Record,
        timestamp: Timestamp,
        window: &W,
        cx: &mut TriggerContext<'_, AnyState>,
    ) -> FunctionResult<TriggerResult> {
        delegate!(self, cx, on_element(record, timestamp, window))
    }

    fn on_event_time(
        &mut self,
        time: Timestamp,
        window: &W,
        cx: &mut TriggerContext<'_, AnyState>,
    ) -> FunctionResult<TriggerResult> {
        delegate!(self, cx, on_event_time(time, window))
    }

    fn on_processing_time(
        &mut self,
        time: Timestamp,
        window: &W,
        cx: &mut TriggerContext<'_, AnyState>,
    ) -> FunctionResult<TriggerResult> {
        delegate!(self, cx, on_processing_time(time, window))
    }

    fn can_merge(&self) -> bool {
        true
    }

    fn merge(&self, state: &mut AnyState, other: AnyState) {
        if let Some(count) = other.count {
            let into = state.count.get_or_insert_default();
            Trigger::<Record, W>::merge(&CountTrigger::of(1), into, count);
        }
        if let Some(next) = other.next {
            let into = state.next.get_or_insert(next);
            Trigger::<Record, W>::merge(&ContinuousEventTimeTrigger::of(millis(1)), into, next);
        }
    }

    fn on_merge(&mut self, window: &W, cx: &mut TriggerContext<'_, AnyState>) -> FunctionResult {
        delegate!(self, cx, on_merge(window))
    }

    fn clear(&mut self, window: &W, cx: &mut TriggerContext<'_, AnyState>) -> FunctionResult {
        delegate!(self, cx, clear(window))
    }
}

#[derive(Clone)]
pub(super) struct AnyEvictor {
    pub(super) keeping: Keeping,
    pub(super) after: bool,
}

impl AnyEvictor {
    fn evict<W: Window>(
        &self,
        elements: &mut Vec<TimestampedValue<Record>>,
        window: &W,
        cx: &EvictorContext<'_>,
        is_after: bool,
    ) -> FunctionResult {
        fn call<W: Window>(
            mut evictor: impl Evictor<Record, W>,
            elements: &mut Vec<TimestampedValue<Record>>,
            window: &W,
            cx: &EvictorContext<'_>,
            is_after: bool,
        ) -> FunctionResult {
            if is_after {
                evictor.evict_after(elements, window, cx)
            } else {
                evictor.evict_before(elements, window, cx)
            }
        }
        let after = self.after;
        match self.keeping {
            Keeping::Count(count) => {
                let evictor = CountEvictor::of(count);
                let evictor = if after { evictor.after_function() } else { evictor };
                call(evictor, elements, window, cx, is_after)
            }
            Keeping::Time(size) => {
                let evictor = TimeEvictor::of(millis(size.cast_unsigned()));
                let evictor = if after { evictor.after_function() } else { evictor };
                call(evictor, elements, window, cx, is_after)
            }
            Keeping::Delta(threshold) => {
                let delta = |one: &Record, last: &Record| f64::from(one.1.abs_diff(last.1));
                let evictor = DeltaEvictor::of(f64::from(threshold), delta);
                let evictor = if after { evictor.after_function() } else { evictor };
                call(evictor, elements, window, cx, is_after)
            }
        }
    }
}

impl<W: Window> Evictor<Record, W> for AnyEvictor {
    fn evict_before(
        &mut self,
        elements: &mut Vec<TimestampedValue<Record>>,
        window: &W,
        cx: &EvictorContext<'_>,
    ) -> FunctionResult {
        self.evict(elements, window, cx, false)
    }

    fn evict_after(
        &mut self,
        elements: &mut Vec<TimestampedValue<Record>>,
        window: &W,
        cx: &EvictorContext<'_>,
    ) -> FunctionResult {
        self.evict(elements, window, cx, true)
    }
}
