//! The operator in harnesses: a service that answers when the clock has come so far.

mod jobs;
mod order;
mod retries;
mod timeouts;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use millstream_runtime::chain::OpenContext;
use millstream_runtime::clock::Sleeper;
use millstream_runtime::testing::OperatorHarness;
use millstream_runtime::{Error, ErrorKind};
use millstream_state::Timestamp;

use super::settings::OutputOrder;
use super::{AsyncFunction, AsyncIo, AsyncRetryStrategy, AsyncSettings, AsyncWait, UnderTest};
use crate::FunctionResult;
use crate::testing::{HarnessBuilder, PlainInput, async_operator};

type Harness = OperatorHarness<Question, u64>;

/// A number, and after how many milliseconds it is answered with itself.
type Question = (u64, u64);

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// Answers questions; knows how many are under way.
#[derive(Clone, Default)]
struct Service {
    sleeper: Option<Sleeper>,
    under_way: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
    closed: Arc<AtomicUsize>,
}

/// Counts a request for as long as there is something of it.
struct UnderWay(Arc<AtomicUsize>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Service {
    fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    fn operator(&self, order: OutputOrder, capacity: usize) -> AsyncWait<Question, u64, Self> {
        let settings = AsyncSettings { order, capacity, ..AsyncSettings::default() };
        AsyncWait::new(self.clone(), settings, None)
    }
}

impl AsyncFunction<Question, u64> for Service {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> FunctionResult {
        self.sleeper = Some(cx.task().sleeper());
        Ok(())
    }

    async fn invoke(&self, (number, delay): Question) -> FunctionResult<Vec<u64>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.under_way.fetch_add(1, Ordering::Relaxed);
        let _under_way = UnderWay(self.under_way.clone());
        self.sleeper.as_ref().ok_or("not open")?.sleep(millis(delay)).await;
        Ok(vec![number])
    }

    fn close(&self) {
        self.closed.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn results_leave_in_order_or_as_they_come_with_the_timestamps_of_their_records() {
    let questions = [(1, 30), (2, 10), (3, 20)];
    for (order, expected) in [
        (OutputOrder::Ordered, [(1, at(1)), (2, at(2)), (3, at(3))]),
        (OutputOrder::Unordered, [(2, at(2)), (3, at(3)), (1, at(1))]),
    ] {
        let mut harness = Harness::new(Service::default().operator(order, 10)).unwrap();
        for (number, delay) in questions {
            harness.push_at((number, delay), i64::try_from(number).unwrap()).unwrap();
        }
        let mut found = Vec::new();
        for _ in 0..3 {
            harness.advance(millis(10)).unwrap();
            found.extend(harness.take_timed());
        }
        assert_eq!(found, expected, "{order:?}");
    }
}

#[test]
fn a_full_operator_takes_no_input_but_barriers_pass_it() {
    let service = Service::default();
    let mut harness = Harness::new(service.operator(OutputOrder::Ordered, 2)).unwrap();
    harness.push_all([(1, 5)]).unwrap();
    assert!(!harness.is_blocked());
    harness.push_all([(2, 5), (3, 5), (4, 5)]).unwrap();
    assert!(harness.is_blocked());
    assert_eq!(service.under_way(), 2);
    let snapshot = harness.snapshot(1).unwrap();
    assert_eq!(snapshot.list::<(Question, Timestamp, Timestamp)>("in flight").unwrap().len(), 4);

    harness.advance(millis(5)).unwrap();
    assert_eq!(harness.take_records(), [1, 2]);
    assert!(harness.is_blocked());
    harness.advance(millis(5)).unwrap();
    assert_eq!(harness.take_records(), [3, 4]);
    assert!(!harness.is_blocked());

    let mut restored = Harness::restore(service.operator(OutputOrder::Ordered, 2), &snapshot).unwrap();
    restored.poll().unwrap();
    restored.push_all([(5, 0)]).unwrap();
    (0..3).for_each(|_| restored.advance(millis(5)).unwrap());
    assert_eq!(restored.take_records(), [1, 2, 3, 4, 5]);
    assert_eq!(service.asked(), 9, "what had not been emitted is asked again");
}

#[test]
fn the_end_waits_for_what_is_under_way() {
    let mut harness = Harness::new(Service::default().operator(OutputOrder::Unordered, 1)).unwrap();
    harness.push_all([(1, 10), (2, 10)]).unwrap();
    harness.end_of_data().unwrap();
    assert!(harness.is_end_held());
    // A snapshot is taken all the same.
    assert_eq!(
        harness.snapshot(1).unwrap().list::<(Question, Timestamp, Timestamp)>("in flight").unwrap().len(),
        2
    );
    harness.advance(millis(10)).unwrap();
    assert!(harness.is_end_held());
    harness.advance(millis(10)).unwrap();
    assert!(!harness.is_end_held());
    assert_eq!(harness.take_records(), [1, 2]);
}

#[test]
fn what_is_under_way_is_given_up_with_the_operator_and_the_function_closed() {
    let service = Service::default();
    let mut harness = ordered(&service).open().unwrap();
    harness.push_all([(1, 10), (2, 10)]).unwrap();
    assert_eq!((service.under_way(), service.closed.load(Ordering::Relaxed)), (2, 0));
    drop(harness);
    assert_eq!((service.under_way(), service.closed.load(Ordering::Relaxed)), (0, 1));
}

fn ordered(service: &Service) -> HarnessBuilder<PlainInput<Question>, u64> {
    async_operator(service.clone()).ordered()
}

#[test]
fn an_error_or_a_panic_of_a_request_fails_the_operator() {
    #[derive(Clone)]
    struct Broken;

    impl AsyncFunction<bool, ()> for Broken {
        async fn invoke(&self, panics: bool) -> FunctionResult<Vec<()>> {
            assert!(!panics, "as if by mistake");
            Err("the service is down")?
        }
    }

    let ask = |panics| {
        // A panic is none of the errors that are retried.
        let retry = AsyncRetryStrategy::fixed_delay(3, Duration::ZERO).if_error(move |_| panics);
        async_operator(Broken).retry(retry).unordered().open().unwrap().push(panics).unwrap_err()
    };
    let (failed, panicked) = (ask(false), ask(true));
    assert_eq!((failed.kind(), panicked.kind()), (ErrorKind::Function, ErrorKind::Panic));
    assert!(failed.to_string().contains("the service is down"), "{failed}");
    assert!(panicked.to_string().contains("as if by mistake"), "{panicked}");
    assert_eq!(panicked.operator(), Some("operator under test"));
}

#[test]
fn metrics_tell_how_many_are_under_way() {
    let mut harness = Harness::new(Service::default().operator(OutputOrder::Ordered, 3)).unwrap();
    harness.push_all((0..5).map(|number| (number, 10))).unwrap();
    let in_flight = |harness: &Harness| {
        let metrics = harness.counters();
        metrics.metric("inFlightRequests").cloned()
    };
    use millstream_runtime::metrics::MetricValue::Gauge;
    assert_eq!(in_flight(&harness), Some(Gauge(3.0)));
    harness.advance(millis(10)).unwrap();
    assert_eq!(in_flight(&harness), Some(Gauge(2.0)));
    harness.advance(millis(10)).unwrap();
    assert_eq!(in_flight(&harness), Some(Gauge(0.0)));
}

#[test]
fn mistakes_are_errors_before_anything_is_asked() {
    type Asked = AsyncIo<UnderTest, Question, u64, Service>;

    let problem = |change: fn(Asked) -> Asked| {
        let error = change(async_operator(Service::default())).ordered().open().map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidJob);
        error.to_string()
    };
    assert!(problem(|asked| asked.capacity(0)).contains("capacity"));
    assert!(problem(|asked| asked.timeout(Duration::ZERO)).contains("timeout"));
    let first_is_longest =
        problem(|asked| asked.retry(AsyncRetryStrategy::exponential_backoff(3, millis(11), millis(10), 2.0)));
    assert!(first_is_longest.contains("above the longest one"), "{first_is_longest}");
    let shrinking =
        problem(|asked| asked.retry(AsyncRetryStrategy::exponential_backoff(3, millis(1), millis(10), 0.5)));
    assert!(shrinking.contains("1 or more"), "{shrinking}");
}
