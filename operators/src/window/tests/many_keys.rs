//! State that is larger than the caches.

use super::*;

/// A state that outgrows the caches is looked into in another way; windows must not notice.
#[test]
fn windows_over_many_keys_count_as_those_over_few() -> Result<()> {
    const KEYS: i64 = 150_000;
    let windows = SlidingEventTimeWindows::of(millis(20), millis(10));
    let mut harness =
        OperatorHarness::<(i64, u32), WindowResult<i64, u64>>::make(HarnessSetup::new(), |info| {
            windows.window_operator(Results(Count), lateness(0), info)
        })?;
    // Each key at 5 and at 15, and the even ones at 25, the later ones first here and there.
    let times = |key: i64| if key % 2 == 0 { &[15, 5, 25][..] } else { &[5, 15] };
    for round in 0..3 {
        let keys: Vec<i64> = (0..KEYS).filter(|key| times(*key).len() > round).collect();
        for some in keys.chunks(1000) {
            harness.push_timed(some.iter().map(|key| ((*key, 0), at(times(*key)[round]))))?;
        }
    }
    harness.end_of_data()?;
    let mut counted = std::collections::BTreeMap::<(i64, u64), i64>::new();
    for (result, _) in harness.take_timed() {
        *counted.entry((result.window.start.as_millis(), result.value)).or_default() += 1;
    }
    let (all, half) = (KEYS, KEYS / 2);
    // -10..10 has those at 5; 0..20 both; 10..30 those at 15, and at 25 from the even ones.
    let expected = [((-10, 1), all), ((0, 2), all), ((10, 1), half), ((10, 2), half), ((20, 1), half)];
    assert_eq!(counted.into_iter().collect::<Vec<_>>(), expected);
    Ok(())
}
