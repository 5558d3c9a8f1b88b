use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Feeds failures at these seconds, without jitter, and lists the delays in milliseconds until the
/// strategy gives up.
fn delays(strategy: RestartStrategy, failures: impl IntoIterator<Item = u64>) -> Vec<u128> {
    let mut state = RestartState::new(strategy);
    let decisions = failures.into_iter().map(|second| state.on_failure(Duration::from_secs(second), 0.5));
    decisions
        .map_while(|decision| match decision {
            RestartDecision::After(delay) => Some(delay.as_millis()),
            RestartDecision::GiveUp => None,
        })
        .collect()
}

#[test]
fn none_gives_up_at_once() {
    assert!(delays(RestartStrategy::None, [0]).is_empty());
}

#[test]
fn fixed_delay_counts_all_failures() {
    let strategy = RestartStrategy::fixed_delay(2, SECOND);
    assert_eq!(delays(strategy, [0, 100_000, 200_000, 300_000]), [1_000, 1_000]);
}

#[test]
fn failure_rate_counts_failures_within_its_span() {
    let strategy = RestartStrategy::failure_rate(2, 60 * SECOND, SECOND);
    for (failures, granted) in [
        (vec![0, 1, 2], 2),            // three within a minute
        (vec![0, 30, 61, 92, 123], 5), // never more than two
        (vec![0, 30, 60], 2),          // the span's end belongs to it
    ] {
        assert_eq!(delays(strategy.clone(), failures.clone()).len(), granted, "{failures:?}");
    }
}

#[test]
fn exponential_delay_grows_to_its_maximum_and_starts_over() {
    let failing = (0..12).map(|failure| failure * 61);
    let grown = delays(RestartStrategy::exponential_delay(), failing);
    assert_eq!(grown[..4], [1_000, 1_500, 2_250, 3_375]);
    assert_eq!(grown[10..], [57_665, 60_000]);
    assert_eq!(
        delays(RestartStrategy::exponential_delay(), [0, 3, 3_604, 7_300]),
        [1_000, 1_500, 2_250, 1_000]
    );
}

#[test]
fn exponential_delay_can_be_limited() {
    let limited = ExponentialDelay::new().max(SECOND).jitter(0.0).reset_after(10 * SECOND).max_attempts(2);
    let limited = RestartStrategy::from(limited);
    assert_eq!(delays(limited.clone(), [0, 2, 4]), [1_000, 1_000]);
    assert_eq!(delays(limited, [0, 2, 100, 102, 104]).len(), 4, "the limit starts over as well");
}

#[test]
fn jitter_moves_the_delay_both_ways_but_not_above_the_maximum() {
    let delay = |random: f64, restarts: u32| {
        let mut state = RestartState::new(RestartStrategy::exponential_delay());
        state.restarts = restarts;
        state.on_failure(Duration::ZERO, random)
    };
    assert_eq!(delay(0.0, 0), RestartDecision::After(Duration::from_millis(900)));
    assert_eq!(delay(1.0, 0), RestartDecision::After(Duration::from_millis(1_100)));
    assert_eq!(delay(1.0, u32::MAX), RestartDecision::After(Duration::from_secs(60)));
    assert_eq!(delay(f64::NAN, 3), RestartDecision::After(Duration::ZERO));
}

#[test]
fn the_default_depends_on_checkpoints() {
    assert_eq!(RestartStrategy::default_for(false), RestartStrategy::None);
    assert_eq!(RestartStrategy::default_for(true), RestartStrategy::exponential_delay());
}
