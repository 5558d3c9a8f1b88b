use super::*;
use crate::testing::HarnessServices;

fn group() -> (Arc<HarnessServices>, Arc<OperatorCounters>, MetricGroup) {
    let (clock, operator) = (Arc::<HarnessServices>::default(), Arc::<OperatorCounters>::default());
    let group = MetricGroup::new(operator.clone(), clock.clone());
    (clock, operator, group)
}

#[test]
fn metrics_of_one_name_and_group_are_one() {
    let (_, operator, group) = group();
    group.counter("retries").add(2);
    group.counter("retries").add(3);
    let partition = |number: &str| group.group("topic", "orders").group("partition", number);
    partition("0").gauge("pendingRecords").set_integer(7);
    partition("1").gauge("pendingRecords").set(1.5);
    let read = operator.read();
    assert_eq!(read.metric("retries"), Some(&MetricValue::Counter(5)));
    assert_eq!((read.metric("pendingRecords"), read.sum_of_gauges("pendingRecords")), (None, Some(8.5)));
    assert_eq!((read.metric("absent"), read.sum_of_gauges("absent")), (None, None));
    let names: Vec<String> = read.named.keys().map(ToString::to_string).collect();
    assert_eq!(
        names,
        ["topic.orders.partition.0.pendingRecords", "topic.orders.partition.1.pendingRecords", "retries"]
    );
}

#[test]
fn a_name_stays_what_it_is() {
    let (_, operator, group) = group();
    group.counter("size").add(1);
    group.gauge("size").set(9.0);
    group.histogram("size").update(9);
    assert_eq!(operator.read().metric("size"), Some(&MetricValue::Counter(1)));
}

#[test]
fn gauges_are_computed_when_they_are_read() {
    let (_, operator, group) = group();
    let calls = Arc::new(Counter::default());
    let counted = calls.clone();
    group.computed_gauge("age", move || {
        counted.add(1);
        4.5
    });
    group.computed_gauge("broken", || panic!("out of order"));
    assert_eq!(calls.get(), 0);
    let read = operator.read();
    assert_eq!(
        (calls.get(), read.metric("age"), read.metric("broken")),
        (1, Some(&MetricValue::Gauge(4.5)), None)
    );
}

#[test]
fn subtasks_count_together() {
    let [(clock, left, first), (_, right, second)] = [group(), group()];
    for (group, amount) in [(&first, 2), (&second, 3)] {
        group.counter("sent").add(amount);
        group.gauge("lag").set_integer(10 * amount as i64);
        group.histogram("size").update(amount);
        group.meter("events").mark(10 * amount);
    }
    second.counter("alone").add(1);
    clock.advance(std::time::Duration::from_secs(10));
    let mut both = left.read();
    both += &right.read();
    assert_eq!(both.metric("sent"), Some(&MetricValue::Counter(5)));
    assert_eq!(both.metric("lag"), Some(&MetricValue::Gauge(30.0)));
    assert_eq!(both.metric("alone"), Some(&MetricValue::Counter(1)));
    // No time has passed for the second one.
    assert_eq!(both.metric("events"), Some(&MetricValue::Meter { count: 50, rate: 2.0 }));
    let Some(MetricValue::Histogram(sizes)) = both.metric("size") else { panic!("{both:?}") };
    assert_eq!((sizes.count(), sizes.sum(), sizes.min(), sizes.max()), (2, 5, Some(2), Some(3)));
}
