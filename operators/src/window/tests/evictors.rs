//! Which elements a window gives up.

use super::*;
use crate::FunctionResult;
use crate::testing::window_operator;

fn letters(contents: &[&str]) -> Vec<String> {
    contents.iter().map(|word| (*word).to_owned()).collect()
}

/// What comes of `abcdefg`, one a millisecond, with a window that fires with every second one.
fn evicted(evictor: impl Evictor<char, GlobalWindow>) -> Result<Vec<String>> {
    let mut harness = window_operator(|_: &char| (), GlobalWindows::create())
        .evictor(evictor)
        .trigger(CountTrigger::of(2))
        .process_fn(|letters, _, out| out.emit(letters.into_iter().collect::<String>()))
        .open()?;
    ('a'..='f').zip(1..).try_for_each(|(letter, time)| harness.push_at(letter, at(time)))?;
    Ok(harness.take_records())
}

#[test]
fn elements_go_before_or_after_the_function() -> Result<()> {
    assert_eq!(evicted(CountEvictor::of(3))?, letters(&["ab", "bcd", "def"]));
    assert_eq!(evicted(CountEvictor::of(3).after_function())?, letters(&["ab", "abcd", "bcdef"]));
    assert_eq!(evicted(TimeEvictor::of(millis(1)))?, letters(&["b", "d", "f"]));
    assert_eq!(evicted(TimeEvictor::of(millis(1)).after_function())?, letters(&["ab", "bcd", "def"]));
    let far = |one: &char, last: &char| f64::from(u32::from(*one).abs_diff(u32::from(*last)));
    assert_eq!(evicted(DeltaEvictor::of(2.0, far))?, letters(&["ab", "cd", "ef"]));
    assert_eq!(evicted(DeltaEvictor::of(2.0, far).after_function())?, letters(&["ab", "abcd", "cdef"]));
    Ok(())
}

/// Takes everything out.
#[derive(Clone)]
struct All;

impl<T, W> Evictor<T, W> for All {
    fn evict_before(
        &mut self,
        elements: &mut Vec<TimestampedValue<T>>,
        _: &W,
        _: &EvictorContext<'_>,
    ) -> FunctionResult {
        elements.clear();
        Ok(())
    }
}

#[test]
fn functions_of_no_element_give_what_they_begin_with() -> Result<()> {
    let windows = || window_operator(|_: &char| (), tumbling(10)).evictor(All);
    let mut counts = windows().count().open()?;
    counts.push_at('a', at(1))?;
    counts.watermark(at(9))?;
    assert_eq!(counts.take_records().into_iter().map(|result| result.value).collect::<Vec<_>>(), [0]);
    let mut reduced = windows().reduce(|one, _| one).open()?;
    reduced.push_at('a', at(1))?;
    reduced.watermark(at(9))?;
    assert!(reduced.take_records().is_empty());
    Ok(())
}

#[test]
fn aggregates_run_over_what_is_left_also_after_a_restore() -> Result<()> {
    let of = || {
        window_operator(|_: &u32| (), GlobalWindows::create())
            .trigger(CountTrigger::of(2))
            .evictor(CountEvictor::of(3))
            .reduce(|sum, next| sum + next)
    };
    let mut before = of().open()?;
    before.push_all([1, 2, 3])?;
    let snapshot = before.snapshot()?;
    assert_eq!(snapshot.state_entries("panes")?, 1);
    let mut after = of().parallelism(3).restore(&snapshot)?;
    for harness in [&mut before, &mut after] {
        harness.push_all([4, 5, 6])?;
    }
    let sums = |records: Vec<WindowResult<(), u32, GlobalWindow>>| -> Vec<u32> {
        records.into_iter().map(|result| result.value).collect()
    };
    assert_eq!(sums(before.take_records()), [3, 9, 15]);
    assert_eq!(sums(after.take_records()), [9, 15]);
    Ok(())
}

#[test]
fn an_evictor_of_time_refuses_records_without_one() -> Result<()> {
    let windows = window_operator(|_: &char| (), GlobalWindows::create());
    let mut harness =
        windows.trigger(CountTrigger::of(1)).evictor(TimeEvictor::of(millis(1))).count().open()?;
    let error = harness.push('a').unwrap_err();
    assert!(error.to_string().contains("without a timestamp"), "{error}");
    Ok(())
}
