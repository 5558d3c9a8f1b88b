//! Time that is over.

use millstream_runtime::metrics::MetricValue;

use super::super::RequestTimeout;
use super::*;

#[test]
fn a_record_that_is_not_answered_in_time_fails_the_job() {
    let mut harness = async_operator(Service::default()).timeout(millis(10)).ordered().open().unwrap();
    harness.push((1, 10)).unwrap();
    harness.push((2, 11)).unwrap();
    // Answer and timeout at the same moment: the answer counts.
    harness.advance(millis(9)).unwrap();
    let error = harness.advance(millis(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::External);
    assert!(error.to_string().contains("not answered within 10ms: give it more time"), "{error}");
}

#[test]
fn a_substitute_takes_the_place_of_the_answer_which_is_given_up() {
    let service = Service::default();
    let substitute = |(number, _): Question| [number + 100, number + 200];
    let asked = async_operator(service.clone()).timeout(millis(10)).on_timeout(substitute);
    let mut harness = asked.ordered().open().unwrap();
    harness.push((1, 30)).unwrap();
    harness.push((2, 5)).unwrap();
    harness.advance(millis(9)).unwrap();
    assert!(harness.take_records().is_empty());
    harness.advance(millis(1)).unwrap();
    assert_eq!(harness.take_records(), [101, 201, 2]);
    harness.advance(millis(50)).unwrap();
    assert_eq!((harness.take_records(), service.under_way()), (vec![], 0));
}

#[test]
fn a_function_may_say_what_takes_the_place_of_an_answer() {
    #[derive(Clone)]
    struct Silent;

    impl AsyncFunction<u64, String> for Silent {
        async fn invoke(&self, _: u64) -> FunctionResult<Vec<String>> {
            Err("busy")?
        }

        fn timeout(&self, record: u64, timeout: RequestTimeout) -> FunctionResult<Vec<String>> {
            Ok(vec![format!("{record} after {:?} and {} attempts", timeout.timeout, timeout.attempts)])
        }
    }

    // All attempts share the time.
    let retry = AsyncRetryStrategy::fixed_delay(u32::MAX, millis(4));
    let mut harness = async_operator(Silent).timeout(millis(10)).retry(retry).ordered().open().unwrap();
    harness.push(7).unwrap();
    harness.advance(millis(10)).unwrap();
    assert_eq!(harness.take_records(), ["7 after 10ms and 3 attempts"]);
}

#[test]
fn time_begins_when_the_request_is_made() {
    let operator = |timeout| {
        let settings = AsyncSettings { capacity: 1, timeout: millis(timeout), ..AsyncSettings::default() };
        AsyncWait::new(Service::default(), settings, None)
    };
    let mut harness = Harness::new(operator(10)).unwrap();
    harness.push_all([(1, 8), (2, 8), (3, 8)]).unwrap();
    (0..24).for_each(|_| harness.advance(millis(1)).unwrap());
    assert_eq!(harness.take_records(), [1, 2, 3]);

    // And anew after a restore.
    let mut harness = Harness::new(operator(10)).unwrap();
    harness.push_all([(1, 8)]).unwrap();
    harness.advance(millis(7)).unwrap();
    let snapshot = harness.snapshot(1).unwrap();
    let mut harness = Harness::restore(operator(10), &snapshot).unwrap();
    harness.poll().unwrap();
    (0..8).for_each(|_| harness.advance(millis(1)).unwrap());
    assert_eq!(harness.take_records(), [1]);
}

#[test]
fn timeouts_are_counted() {
    let settings = AsyncSettings {
        timeout: millis(10),
        on_timeout: Some(Arc::new(|_| Vec::new())),
        ..AsyncSettings::default()
    };
    let mut harness = Harness::new(AsyncWait::new(Service::default(), settings, None)).unwrap();
    harness.push_all([(1, 20), (2, 5), (3, 20)]).unwrap();
    harness.advance(millis(5)).unwrap();
    harness.advance(millis(5)).unwrap();
    assert_eq!(harness.counters().metric("numRequestTimeouts"), Some(&MetricValue::Counter(2)));
    assert_eq!(harness.take_records(), [2]);
}
