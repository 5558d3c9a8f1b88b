//! Requests that are made again.

use millstream_runtime::metrics::MetricValue;

use super::*;

/// Fails for as many attempts as the record says, then answers with how many there were.
#[derive(Clone, Default)]
struct Flaky(Arc<AtomicUsize>);

impl AsyncFunction<usize, usize> for Flaky {
    async fn invoke(&self, failures: usize) -> FunctionResult<Vec<usize>> {
        let attempt = self.0.fetch_add(1, Ordering::Relaxed);
        if attempt < failures {
            return Err(format!("attempt {attempt} has failed"))?;
        }
        Ok(vec![attempt])
    }
}

/// Answers with as many records as there were attempts before.
#[derive(Clone, Default)]
struct Growing(Arc<AtomicUsize>);

impl AsyncFunction<(), usize> for Growing {
    async fn invoke(&self, (): ()) -> FunctionResult<Vec<usize>> {
        Ok((0..self.0.fetch_add(1, Ordering::Relaxed)).collect())
    }
}

fn flaky(retry: AsyncRetryStrategy<usize>) -> OperatorHarness<usize, usize> {
    let settings = AsyncSettings { retry: Some(retry), ..AsyncSettings::default() };
    OperatorHarness::new(AsyncWait::new(Flaky::default(), settings, None)).unwrap()
}

/// At which milliseconds attempts are made, until the record is answered.
fn attempts(retry: AsyncRetryStrategy<usize>, failures: usize) -> Vec<i64> {
    let (mut harness, mut times) = (flaky(retry), vec![0]);
    harness.push_all([failures]).unwrap();
    while harness.take_records().is_empty() {
        // The time of the request does not come first.
        let due = harness.wake_at().unwrap();
        harness.advance(due.since(harness.now())).unwrap();
        times.push(harness.now().as_millis());
    }
    let retries = u64::try_from(times.len() - 1).unwrap();
    assert_eq!(harness.counters().metric("numRequestRetries"), Some(&MetricValue::Counter(retries)));
    times
}

#[test]
fn the_delays_are_those_of_the_strategy() {
    assert_eq!(attempts(AsyncRetryStrategy::fixed_delay(3, millis(7)), 3), [0, 7, 14, 21]);
    let backoff = AsyncRetryStrategy::exponential_backoff(9, millis(10), millis(60), 2.0);
    assert_eq!(attempts(backoff, 5), [0, 10, 30, 70, 130, 190]);
    // Even where the delay grows beyond all bounds.
    let huge = AsyncRetryStrategy::exponential_backoff(u32::MAX, millis(10), millis(60), f64::MAX);
    assert_eq!(attempts(huge, 3), [0, 10, 70, 130]);
}

#[test]
fn the_last_error_fails_the_job_and_says_how_often_it_was_tried() {
    let mut harness = flaky(AsyncRetryStrategy::fixed_delay(2, millis(1)));
    harness.push_all([3]).unwrap();
    harness.advance(millis(1)).unwrap();
    let error = harness.advance(millis(1)).unwrap_err();
    assert!(error.to_string().contains("a request has failed in 3 attempts"), "{error}");
    assert!(error.to_string().contains("attempt 2 has failed"), "{error}");
}

#[test]
fn only_errors_that_satisfy_the_predicate_are_retried() {
    let strategy = |word: &'static str| {
        AsyncRetryStrategy::fixed_delay(9, millis(1)).if_error(move |error| error.to_string().contains(word))
    };
    let mut harness = flaky(strategy("attempt 0"));
    harness.push_all([2]).unwrap();
    let error = harness.advance(millis(1)).unwrap_err();
    assert!(error.to_string().contains("attempt 1 has failed"), "{error}");
    assert!(flaky(strategy("nothing of the kind")).push_all([2]).is_err());
}

#[test]
fn answers_are_asked_for_again_and_the_last_one_stands() {
    let ask = |retries, wanted: usize| {
        let retry = AsyncRetryStrategy::fixed_delay(retries, millis(1));
        let retry = retry.if_answer(move |answers: &[usize]| answers.len() < wanted);
        let mut harness = async_operator(Growing::default()).retry(retry).unordered().open().unwrap();
        harness.push(()).unwrap();
        harness.advance(millis(100)).unwrap();
        harness.take_records().len()
    };
    assert_eq!(ask(9, 3), 3);
    assert_eq!(ask(2, 5), 2);
    assert_eq!(ask(0, 5), 0);
}

#[test]
fn a_record_between_two_attempts_is_part_of_snapshots_and_holds_the_end() {
    let operator = || {
        let retry = Some(AsyncRetryStrategy::fixed_delay(9, millis(10)));
        AsyncWait::new(Flaky::default(), AsyncSettings { retry, ..AsyncSettings::default() }, None)
    };
    let mut harness = OperatorHarness::<usize, usize>::new(operator()).unwrap();
    harness.push_all([1]).unwrap();
    harness.end_of_data().unwrap();
    assert!(harness.is_end_held());
    let snapshot = harness.snapshot(1).unwrap();
    harness.advance(millis(10)).unwrap();
    assert!(!harness.is_end_held());
    assert_eq!(harness.take_records(), [1]);

    let mut harness = OperatorHarness::restore(operator(), &snapshot).unwrap();
    harness.poll().unwrap();
    harness.advance(millis(10)).unwrap();
    assert_eq!(harness.take_records(), [1]);
}
