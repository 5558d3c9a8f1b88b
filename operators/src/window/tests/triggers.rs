//! When windows fire under each of the triggers.

use super::*;
use crate::testing::{FunctionHarness, KeyedInput, window_operator};

/// Letters in windows, which come out as a word each time that their window fires.
type Words = FunctionHarness<KeyedInput<(), char>, String>;

fn words<W, G>(windows: W, trigger: G, allowed: u64) -> Result<Words>
where
    W: WindowAssigner<char>,
    G: Trigger<char, W::Window>,
{
    let spell = |letters: Vec<char>,
                 _: &mut WindowContext<'_, (), W::Window>,
                 out: &mut Emitter<'_, String>| { out.emit(letters.into_iter().collect()) };
    window_operator(|_: &char| (), windows)
        .trigger(trigger)
        .allowed_lateness(millis(allowed))
        .process_fn(spell)
        .open()
}

fn push(harness: &mut Words, letters: &[(char, i64)]) -> Result<()> {
    letters.iter().try_for_each(|(letter, time)| harness.push_at(*letter, at(*time)))
}

#[test]
fn late_records_let_a_window_fire_again_as_without_a_trigger() -> Result<()> {
    let mut harness = words(tumbling(10), EventTimeTrigger, 5)?;
    push(&mut harness, &[('a', 1), ('b', 12)])?;
    harness.watermark(at(9))?;
    push(&mut harness, &[('c', 2)])?;
    assert_eq!(harness.take_records(), ["a", "ac"]);
    harness.watermark(at(14))?;
    push(&mut harness, &[('d', 3), ('e', 10)])?;
    harness.watermark(at(19))?;
    assert_eq!(harness.take_records(), ["be"]);
    assert_eq!((harness.event_time_timers()?, harness.state_entries("panes")?), (1, 1));
    harness.watermark(at(24))?;
    assert_eq!((harness.event_time_timers()?, harness.keyed_state_entries()?), (0, 0));
    Ok(())
}

#[test]
fn what_is_purged_does_not_come_again() -> Result<()> {
    let mut harness = words(tumbling(10), PurgingTrigger::of(EventTimeTrigger), 5)?;
    push(&mut harness, &[('a', 1), ('b', 2)])?;
    harness.watermark(at(9))?;
    assert_eq!(harness.keyed_state_entries()?, 0, "nothing is kept of a window that holds nothing");
    push(&mut harness, &[('c', 3)])?;
    assert_eq!(harness.take_records(), ["ab", "c"]);
    harness.watermark(at(14))?;
    assert_eq!(harness.event_time_timers()?, 0);
    Ok(())
}

#[test]
fn a_count_begins_anew_in_each_window() -> Result<()> {
    let mut harness = words(tumbling(10), CountTrigger::of(2), 0)?;
    push(&mut harness, &[('a', 1), ('b', 11), ('c', 2), ('d', 3), ('e', 12)])?;
    assert_eq!(harness.take_records(), ["ac", "be"]);
    push(&mut harness, &[('f', 4)])?;
    assert_eq!(harness.take_records(), ["acdf"]);
    // What is short of the number when the window is over is dropped.
    push(&mut harness, &[('g', 13)])?;
    harness.watermark(Timestamp::MAX)?;
    assert!(harness.take_records().is_empty());
    assert_eq!(harness.keyed_state_entries()?, 0);
    Ok(())
}

#[test]
fn counts_of_sessions_add_up_when_these_merge() -> Result<()> {
    let sessions = EventTimeSessionWindows::with_gap(millis(10));
    let mut harness = words(sessions, CountTrigger::of(4), 0)?;
    push(&mut harness, &[('a', 0), ('b', 15), ('c', 16)])?;
    assert!(harness.take_records().is_empty());
    push(&mut harness, &[('d', 8)])?;
    assert_eq!(harness.take_records(), ["abcd"]);
    assert_eq!(harness.event_time_timers()?, 1, "one window is left, with the timer of its end");
    Ok(())
}

#[test]
fn a_window_fires_at_intervals_of_event_time_and_at_its_end() -> Result<()> {
    let mut harness = words(tumbling(25), ContinuousEventTimeTrigger::of(millis(10)), 0)?;
    push(&mut harness, &[('a', 3)])?;
    harness.watermark(at(9))?;
    assert!(harness.take_records().is_empty());
    harness.watermark(at(10))?;
    push(&mut harness, &[('b', 11)])?;
    harness.watermark(at(23))?;
    push(&mut harness, &[('c', 24)])?;
    harness.watermark(at(24))?;
    assert_eq!(harness.take_records(), ["a", "ab", "abc"]);
    assert_eq!((harness.event_time_timers()?, harness.keyed_state_entries()?), (0, 0));
    Ok(())
}

#[test]
fn at_the_end_of_the_stream_a_window_fires_once_more() -> Result<()> {
    let trigger = || ContinuousEventTimeTrigger::of(millis(10));
    for mut harness in
        [words(tumbling(1 << 40), trigger(), 0)?, words(GlobalWindows::create(), trigger(), 0)?]
    {
        push(&mut harness, &[('a', 3)])?;
        harness.watermark(at(15))?;
        harness.end_of_data()?;
        assert_eq!(harness.take_records(), ["a", "a"]);
    }
    Ok(())
}

#[test]
fn what_waits_for_the_clock_comes_when_the_stream_ends() -> Result<()> {
    let mut harness = words(GlobalWindows::create(), ContinuousProcessingTimeTrigger::of(millis(10)), 0)?;
    harness.push('a')?;
    harness.end_of_data()?;
    assert_eq!(harness.take_records(), ["a"]);
    assert_eq!(harness.processing_time_timers()?, 0);

    let windows = SlidingProcessingTimeWindows::of(millis(20), millis(10));
    let mut harness = words(windows, ProcessingTimeTrigger, 0)?;
    harness.push('a')?;
    harness.advance(millis(12))?;
    harness.push('b')?;
    harness.end_of_data()?;
    assert_eq!(harness.take_records(), ["a", "ab", "b"]);
    assert_eq!((harness.processing_time_timers()?, harness.keyed_state_entries()?), (0, 0));
    Ok(())
}

#[test]
fn a_trigger_of_processing_time_works_on_windows_of_event_time() -> Result<()> {
    let mut harness = words(tumbling(1_000), ContinuousProcessingTimeTrigger::of(millis(10)), 0)?;
    // Event time may be far ahead of the clock, or far behind.
    push(&mut harness, &[('a', 5_000)])?;
    harness.advance(millis(10))?;
    push(&mut harness, &[('b', 5_001)])?;
    harness.advance(millis(10))?;
    assert_eq!(harness.take_records(), ["a", "ab"]);
    harness.advance(millis(50_000))?;
    assert_eq!(harness.take_records().len(), 5_000);
    push(&mut harness, &[('c', 5_002)])?;
    harness.advance(millis(10))?;
    assert_eq!(harness.take_records(), ["abc"]);
    harness.watermark(at(6_000))?;
    assert_eq!((harness.processing_time_timers()?, harness.keyed_state_entries()?), (0, 0));
    Ok(())
}

#[test]
fn a_window_of_processing_time_goes_on_after_a_restore() -> Result<()> {
    let mut harness = words(TumblingProcessingTimeWindows::of(millis(10)), ProcessingTimeTrigger, 0)?;
    harness.advance(millis(15))?;
    harness.push('a')?;
    let snapshot = harness.snapshot()?;
    let spell = |letters: Vec<char>, _: &mut WindowContext<'_, (), _>, out: &mut Emitter<'_, String>| {
        out.emit(letters.into_iter().collect())
    };
    let again = window_operator(|_: &char| (), TumblingProcessingTimeWindows::of(millis(10)));
    let mut harness = again.process_fn(spell).parallelism(2).restore(&snapshot)?;
    harness.push('b')?;
    harness.advance(millis(5))?;
    assert_eq!(harness.take_records(), ["ab"]);
    Ok(())
}

#[test]
fn a_timeout_begins_with_the_first_record_or_with_each() -> Result<()> {
    for (resets, expected) in [(false, vec!["ab", "c"]), (true, vec!["abc"])] {
        let trigger = ProcessingTimeoutTrigger::of(CountTrigger::of(10), millis(10)).reset_on_record(resets);
        let mut harness = words(GlobalWindows::create(), PurgingTrigger::of(trigger), 0)?;
        harness.push('a')?;
        harness.advance(millis(8))?;
        harness.push('b')?;
        harness.advance(millis(8))?;
        harness.push('c')?;
        harness.advance(millis(10))?;
        assert_eq!(harness.take_records(), expected);
        assert_eq!((harness.processing_time_timers()?, harness.keyed_state_entries()?), (0, 0));
    }
    Ok(())
}

#[test]
fn a_timeout_may_leave_what_the_other_trigger_knows() -> Result<()> {
    for (clears, expected) in [(true, vec!["ab", "abcde"]), (false, vec!["ab", "abc"])] {
        let trigger = ProcessingTimeoutTrigger::of(CountTrigger::of(3), millis(10)).clear_on_timeout(clears);
        let mut harness = words(GlobalWindows::create(), trigger, 0)?;
        harness.push_all(['a', 'b'])?;
        harness.advance(millis(10))?;
        harness.push_all(['c', 'd', 'e'])?;
        assert_eq!(harness.take_records(), expected);
    }
    Ok(())
}

#[test]
fn a_window_that_ends_while_a_timeout_is_waited_for_fires() -> Result<()> {
    let trigger = || ProcessingTimeoutTrigger::of(CountTrigger::of(3), millis(1_000));
    let mut harness = words(tumbling(10), trigger(), 0)?;
    push(&mut harness, &[('a', 1), ('b', 2), ('c', 3), ('d', 4)])?;
    harness.watermark(at(9))?;
    assert_eq!(harness.take_records(), ["abc", "abcd"]);
    let mut harness = words(TumblingProcessingTimeWindows::of(millis(10)), trigger(), 0)?;
    harness.push('a')?;
    harness.advance(millis(10))?;
    assert_eq!(harness.take_records(), ["a"]);
    assert_eq!((harness.processing_time_timers()?, harness.keyed_state_entries()?), (0, 0));
    Ok(())
}

#[test]
fn a_delta_is_measured_from_the_last_firing() -> Result<()> {
    let delta =
        DeltaTrigger::of(2.0, |last: &char, next| f64::from(u32::from(*next)) - f64::from(u32::from(*last)));
    let mut harness = words(GlobalWindows::create(), delta, 0)?;
    harness.push_all(['a', 'c', 'd', 'f', 'g'])?;
    assert_eq!(harness.take_records(), ["acd", "acdfg"]);
    Ok(())
}
