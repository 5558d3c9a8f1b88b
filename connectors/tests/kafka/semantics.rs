//! Jobs that nobody disturbs.

use std::time::{Duration, Instant};

use millstream::connectors::kafka::{DeliveryGuarantee, JsonSerializer, KafkaSink, KafkaSource};
use millstream::metrics::MetricValue;
use millstream::prelude::*;

use super::broker::Broker;
use super::jobs::{CountKeys, assert_same, counted, records};

#[test]
fn a_job_reads_and_writes_topics() {
    let Some(broker) = Broker::shared() else { return };
    broker.create_topic("plain-in", 3);
    let input = records(5_000, 40);
    broker.produce("plain-in", &input);
    for (output, guarantee) in [
        ("plain-none", DeliveryGuarantee::None),
        ("plain-at-least-once", DeliveryGuarantee::AtLeastOnce),
        ("plain-exactly-once", DeliveryGuarantee::ExactlyOnce),
    ] {
        broker.create_topic(output, 2);
        let snapshots = tempfile::tempdir().unwrap();
        let job = CountKeys::new(broker.servers(), "plain-in", output);
        let env = job.environment(snapshots.path());
        job.build(&env, guarantee);
        env.execute("count keys").unwrap();
        assert_same(&broker.committed(output, input.len()), &counted(&input), output);
    }
}

/// Requests of a process that was killed may still be on their way, and begin transactions that nobody would end.
#[test]
fn ids_of_subtasks_that_are_no_more_are_taken_from_whoever_had_them() {
    let Some(broker) = Broker::shared() else { return };
    let input = records(2_000, 100);
    for topic in ["scaled-in", "scaled-out"] {
        broker.create_topic(topic, 2);
    }
    broker.produce("scaled-in", &input);
    let run = |parallelism| {
        let snapshots = tempfile::tempdir().unwrap();
        let job = CountKeys { parallelism, ..CountKeys::new(broker.servers(), "scaled-in", "scaled-out") };
        let env = job.environment(snapshots.path());
        job.build(&env, DeliveryGuarantee::ExactlyOnce);
        env.execute("count keys").unwrap();
    };
    // What the coordinator has of each id: the epoch rises with each user and each transaction.
    let epochs = || {
        [0, 1, 2].map(|subtask| {
            let id = format!("scaled-out-{subtask}-0");
            let said = broker.tool(
                "org.apache.kafka.tools.TransactionsCommand",
                &["describe", "--transactional-id", &id],
                "",
            );
            let mut rows = said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
            let column = rows.next().unwrap().iter().position(|name| *name == "ProducerEpoch").unwrap();
            rows.next().unwrap()[column].parse::<u32>().unwrap()
        })
    };
    run(3);
    let before = epochs();
    run(1);
    let after = epochs();
    assert!(before.iter().zip(&after).all(|(before, after)| before < after), "{before:?}, {after:?}");
}

#[test]
fn partitions_that_come_up_are_read() {
    let Some(broker) = Broker::shared() else { return };
    broker.create_topic("growing", 1);
    broker.produce("growing", &["old:1".to_owned()]);
    // What is collected shows when a checkpoint is complete.
    let env = Environment::new().parallelism(2).checkpoint_every(Duration::from_millis(100));
    let source = KafkaSource::text(broker.servers(), "growing")
        .partition_discovery_interval(Duration::from_millis(200));
    let lines = env.from_source(source).collect();
    let job = env.spawn("read").unwrap();
    let wait_for = |count| {
        let began = Instant::now();
        while lines.len() < count {
            assert!(began.elapsed() < Duration::from_secs(60), "{} of {count} lines", lines.len());
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    wait_for(1);
    broker.tool(
        "org.apache.kafka.tools.TopicCommand",
        &["--alter", "--topic", "growing", "--partitions", "4"],
        "",
    );
    // Over four partitions, twenty keys miss none.
    let new: Vec<_> = (0..20).map(|number| format!("key-{number}:{number}")).collect();
    broker.produce("growing", &new);
    wait_for(21);
    job.cancel();
    job.join_blocking().unwrap();
    assert_eq!(lines.len(), 21);
}

#[test]
fn the_age_of_the_oldest_transaction_is_shown() {
    let Some(broker) = Broker::shared() else { return };
    for topic in ["aging-in", "aging-out"] {
        broker.create_topic(topic, 1);
    }
    let snapshots = tempfile::tempdir().unwrap();
    let env = Environment::new().snapshot_folder(snapshots.path().to_string_lossy());
    let sink = KafkaSink::json::<String>(broker.servers(), "aging-out")
        .delivery_guarantee(DeliveryGuarantee::ExactlyOnce)
        .transactional_id_prefix("aging");
    env.from_source(KafkaSource::text(broker.servers(), "aging-in")).sink_to(sink).name("write");
    let job = env.spawn("aging").unwrap();
    let wait_for = |what: &str, holds: &dyn Fn(f64, u64) -> bool| {
        let began = Instant::now();
        loop {
            let metrics = job.metrics().operator("write");
            let age = match metrics.metric("currentTransactionAge") {
                Some(MetricValue::Gauge(age)) => *age,
                _ => -1.0,
            };
            let committed = match metrics.metric("successfulCommittables") {
                Some(MetricValue::Counter(count)) => *count,
                _ => 0,
            };
            if holds(age, committed) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{what}: age {age}, {committed} committed");
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    wait_for("before", &|age, committed| age == 0.0 && committed == 0);
    broker.produce("aging-in", &["key:value".to_owned()]);
    wait_for("open", &|age, committed| age > 200.0 && committed == 0);
    // Other savepoints make nothing visible.
    let savepoint = snapshots.path().join("savepoint").to_string_lossy().into_owned();
    futures::executor::block_on(job.stop_with_savepoint(savepoint)).unwrap();
    wait_for("committed", &|age, committed| age == 0.0 && committed == 1);
}

#[test]
fn what_the_brokers_do_not_allow_is_refused_before_anything_runs() {
    let Some(broker) = Broker::shared() else { return };
    broker.create_topic("refusing", 1);
    let sink = || {
        let sink = KafkaSink::json::<u64>(broker.servers(), "refusing");
        sink.delivery_guarantee(DeliveryGuarantee::ExactlyOnce).transactional_id_prefix("refusing")
    };
    let refused = |sink: KafkaSink<JsonSerializer<u64>>, parts: &[&str]| {
        let env = Environment::new();
        env.from_collection([1]).sink_to(sink);
        let error = env.execute("refused").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidJob, "{error}");
        for part in parts {
            assert!(error.to_string().contains(part), "no {part:?} in: {error}");
        }
    };
    refused(
        sink().property("transaction.timeout.ms", "3600001"),
        &["3600001", "3600000", "transaction.max.timeout.ms"],
    );
    refused(sink().transactional_id_prefix(""), &["transactional_id_prefix"]);
    refused(sink().property("linger", "1"), &["`linger`"]);
    refused(KafkaSink::json(broker.servers(), "missing"), &["no topic `missing`"]);
}
