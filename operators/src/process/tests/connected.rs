//! Functions on two inputs.

use millstream_runtime::testing::TwoInputHarness;
use millstream_state::{ListState, StateDescriptor};

use super::*;

/// Pairs numbers with the letters that came before.
#[derive(Clone)]
struct Pair;

impl KeyedTwoInputProcessFunction<u8, char, u32, (char, u32)> for Pair {
    type State = ListState<char>;

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, u8>) -> FunctionResult<ListState<char>> {
        cx.list_state(StateDescriptor::new("letters"))
    }

    fn process_first(
        &mut self,
        letter: char,
        letters: &ListState<char>,
        cx: &mut KeyedContext<'_, u8>,
        _: &mut Emitter<'_, (char, u32)>,
    ) -> FunctionResult {
        letters.add(cx, letter);
        cx.register_event_time_timer(at(10))
    }

    fn process_second(
        &mut self,
        number: u32,
        letters: &ListState<char>,
        cx: &mut KeyedContext<'_, u8>,
        out: &mut Emitter<'_, (char, u32)>,
    ) -> FunctionResult {
        for letter in letters.get(cx) {
            out.emit((*letter, number))?;
        }
        Ok(())
    }

    fn on_timer(
        &mut self,
        _: Timer,
        letters: &ListState<char>,
        cx: &mut KeyedContext<'_, u8>,
        _: &mut Emitter<'_, (char, u32)>,
    ) -> FunctionResult {
        letters.clear(cx);
        Ok(())
    }
}

#[test]
fn two_inputs_share_state_and_timers() -> Result<()> {
    let mut before = TwoInputHarness::new(keyed_process::two_inputs(Pair))?;
    before.push_first_timed([((1, 'a'), at(1)), ((1, 'b'), at(2)), ((2, 'c'), at(3))])?;
    before.push_second((1, 7), at(4))?;
    assert_eq!(before.take_timed(), [(('a', 7), at(4)), (('b', 7), at(4))]);

    let mut after = TwoInputHarness::restore(keyed_process::two_inputs(Pair), &before.snapshot(1)?)?;
    after.push_second((2, 8), at(5))?;
    assert_eq!(after.take_records(), [('c', 8)]);
    after.watermark(at(10))?;
    after.push_second((2, 9), at(11))?;
    assert!(after.take_records().is_empty());
    Ok(())
}
