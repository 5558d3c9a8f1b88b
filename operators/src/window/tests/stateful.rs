//! Functions with state of windows and of keys.

use millstream_state::{ListState, ValueState};

use super::*;
use crate::FunctionResult;
use crate::testing::window_operator;

/// Emits how often the window has fired, and which windows of the key have been over before.
#[derive(Clone)]
struct Witness;

struct States {
    firings: ValueState<u32>,
    over: ListState<i64>,
}

impl StatefulWindowProcessFunction<char, Vec<char>, TimeWindow, (char, i64, u32, Vec<i64>)> for Witness {
    type State = States;

    fn open(&mut self, cx: &mut WindowOpenContext<'_, char, TimeWindow>) -> FunctionResult<States> {
        let firings = cx.window_state()?.value_state("firings")?;
        Ok(States { firings, over: cx.global_state().list_state("over")? })
    }

    fn process(
        &mut self,
        _: Vec<char>,
        states: &States,
        cx: &mut StatefulWindowContext<'_, char, TimeWindow>,
        out: &mut Emitter<'_, (char, i64, u32, Vec<i64>)>,
    ) -> FunctionResult {
        let firings = states.firings.update_or_default(&mut cx.window_state(), |firings| {
            *firings += 1;
            *firings
        });
        let over = states.over.get(&cx.global_state()).to_vec();
        out.emit((*cx.key(), cx.window().start.as_millis(), firings, over))
    }

    fn clear(
        &mut self,
        states: &States,
        cx: &mut StatefulWindowContext<'_, char, TimeWindow>,
    ) -> FunctionResult {
        let start = cx.window().start.as_millis();
        states.over.add(&mut cx.global_state(), start);
        Ok(())
    }
}

#[test]
fn state_of_a_window_goes_with_it_and_that_of_the_key_stays() -> Result<()> {
    let of = || {
        window_operator(|letter: &char| *letter, tumbling(10))
            .allowed_lateness(millis(5))
            .process_with_state(Witness)
    };
    let mut harness = of().parallelism(2).open()?;
    [('a', 1), ('b', 2), ('a', 11)]
        .into_iter()
        .try_for_each(|(letter, time)| harness.push_at(letter, at(time)))?;
    harness.watermark(at(9))?;
    harness.push_at('a', at(3))?;
    let mut emitted = harness.take_records();
    emitted.sort();
    assert_eq!(emitted, [('a', 0, 1, vec![]), ('a', 0, 2, vec![]), ('b', 0, 1, vec![])]);
    assert_eq!((harness.state_entries("firings")?, harness.state_entries("over")?), (2, 0));

    let mut harness = of().parallelism(3).restore(&harness.snapshot()?)?;
    harness.push_at('a', at(4))?;
    assert_eq!(harness.take_records(), [('a', 0, 3, vec![])]);
    harness.watermark(at(14))?;
    assert_eq!((harness.state_entries("firings")?, harness.state_entries("over")?), (0, 2));
    harness.watermark(at(19))?;
    assert_eq!(harness.take_records(), [('a', 10, 1, vec![0])]);
    Ok(())
}

#[test]
fn state_goes_when_a_window_is_over_that_was_purged() -> Result<()> {
    let mut harness = window_operator(|letter: &char| *letter, tumbling(10))
        .trigger(PurgingTrigger::of(CountTrigger::of(1)))
        .process_with_state(Witness)
        .open()?;
    harness.push_at('a', at(1))?;
    harness.push_at('a', at(2))?;
    assert_eq!(harness.take_records(), [('a', 0, 1, vec![]), ('a', 0, 2, vec![])]);
    assert_eq!((harness.state_entries("panes")?, harness.state_entries("firings")?), (0, 1));
    harness.watermark(at(9))?;
    assert_eq!((harness.state_entries("firings")?, harness.state_entries("over")?), (0, 1));
    Ok(())
}

#[test]
fn windows_that_merge_have_no_state_of_their_own() {
    let sessions = EventTimeSessionWindows::with_gap(millis(1));
    let opened = window_operator(|letter: &char| *letter, sessions).process_with_state(Witness).open();
    let error = opened.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("windows that merge have no state of their own"), "{error}");
}

/// Declares states of these names.
#[derive(Clone)]
struct Named(&'static str, &'static str);

impl StatefulWindowProcessFunction<char, Vec<char>, TimeWindow, char> for Named {
    type State = (ValueState<u32>, ValueState<u32>);

    fn open(&mut self, cx: &mut WindowOpenContext<'_, char, TimeWindow>) -> FunctionResult<Self::State> {
        let of_window = cx.window_state()?.value_state(self.0)?;
        Ok((of_window, cx.global_state().value_state(self.1)?))
    }

    fn process(
        &mut self,
        _: Vec<char>,
        _: &Self::State,
        _: &mut StatefulWindowContext<'_, char, TimeWindow>,
        _: &mut Emitter<'_, char>,
    ) -> FunctionResult {
        Ok(())
    }
}

#[test]
fn each_state_has_a_name_of_its_own() {
    let said = |of_window, of_key| -> String {
        let of = window_operator(|letter: &char| *letter, tumbling(10));
        let opened = of.process_with_state(Named(of_window, of_key)).open();
        opened.err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(said("one", "other"), "");
    assert!(said("one", "one").contains("declared both for windows and for keys"), "{}", said("one", "one"));
    assert!(said("one", "panes").contains("choose another name"), "{}", said("one", "panes"));
}
