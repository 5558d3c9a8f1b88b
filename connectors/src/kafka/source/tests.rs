//! Whole jobs that read from a broker in the same process.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use krafka::testing::FakeBroker;
use krafka::{Kafka, Record};
use millstream::metrics::{MetricName, MetricValue};
use millstream::prelude::*;
use parking_lot::Mutex;
use tokio::runtime::Runtime;

use super::{
    BadRecord, BadRecordInfo, KafkaSource, OffsetResetStrategy, OffsetsInitializer, RecordDeserializer,
    RecordPreparation, RecordView, Topics,
};
use crate::kafka::TopicPartition;

/// A broker, and what it runs on.
struct Broker {
    runtime: Runtime,
    broker: FakeBroker,
    kafka: Kafka,
}

impl Broker {
    /// With the topics `a` and `b`, of two partitions and of one.
    fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (broker, kafka) = runtime.block_on(async {
            let broker = FakeBroker::start().await.unwrap();
            broker.create_topic("a", 2);
            broker.create_topic("b", 1);
            let kafka = Kafka::builder(broker.bootstrap_servers()).connect().await.unwrap();
            (broker, kafka)
        });
        Self { runtime, broker, kafka }
    }

    fn servers(&self) -> String {
        self.broker.bootstrap_servers()
    }

    /// Writes a record: topic, partition, timestamp, value.
    fn write(&self, records: &[(&str, i32, i64, &str)]) {
        self.runtime.block_on(async {
            let producer = self.kafka.producer().build().await.unwrap();
            for (topic, partition, timestamp, value) in records {
                let record = Record::new(*topic, value.as_bytes().to_vec()).partition(*partition);
                drop(producer.send(record.timestamp(*timestamp)).await.unwrap());
            }
            producer.close().await.unwrap();
        });
    }

    fn lines(&self, topics: impl Into<Topics>) -> KafkaSource {
        KafkaSource::text(self.servers(), topics).bounded(OffsetsInitializer::latest())
    }
}

fn read(source: KafkaSource) -> Vec<String> {
    let env = Environment::new().parallelism(2);
    let lines = env.from_source(source).collect();
    env.execute("read").unwrap();
    lines.sorted()
}

#[track_caller]
fn refused(source: KafkaSource, parts: &[&str]) {
    let env = Environment::new();
    env.from_source(source).discard();
    let error = env.execute("refused").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidJob, "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "no {part:?} in: {error}");
    }
}

#[test]
fn topics_are_named_matched_or_partitions() {
    let broker = Broker::start();
    broker.write(&[("a", 0, 0, "a0"), ("a", 1, 0, "a1"), ("b", 0, 0, "b0")]);
    assert_eq!(read(broker.lines("a")), ["a0", "a1"]);
    assert_eq!(read(broker.lines(["a", "b"])), ["a0", "a1", "b0"]);
    assert_eq!(read(broker.lines(Topics::pattern("[bc]"))), ["b0"]);
    assert_eq!(read(broker.lines(Topics::partitions([TopicPartition::new("a", 1)]))), ["a1"]);
    refused(broker.lines("c"), &["no topic `c`"]);
    refused(broker.lines(Topics::pattern("a.+")), &["no topic of Kafka matches `a.+`"]);
    refused(broker.lines(Topics::pattern("(")), &["`(`", "regular expression"]);
    refused(broker.lines(Topics::partitions([TopicPartition::new("a", 2)])), &["no partition `a-2`"]);
    refused(broker.lines("a").property("fetch.max.wait", "1"), &["`fetch.max.wait`"]);
    refused(broker.lines("a").property("fetch.max.wait.ms", "soon"), &["`soon`"]);
}

#[test]
fn reading_starts_and_ends_where_it_is_told() {
    let broker = Broker::start();
    let records: Vec<_> = ["0", "1", "2", "3", "4"].into_iter().zip(0_i64..).collect();
    let records: Vec<_> = records.iter().map(|(value, at)| ("b", 0, at * 10, *value)).collect();
    broker.write(&records);
    let b = || broker.lines("b");
    let partition = TopicPartition::new("b", 0);
    let at = |offset| OffsetsInitializer::offsets([(partition.clone(), offset)], OffsetResetStrategy::None);
    let time = |millis| OffsetsInitializer::timestamp(Timestamp::from_millis(millis));
    assert_eq!(read(b().starting_offsets(at(3))), ["3", "4"]);
    assert_eq!(read(b().starting_offsets(time(15))), ["2", "3", "4"]);
    assert_eq!(read(b().starting_offsets(time(41))), [""; 0]);
    assert_eq!(read(b().starting_offsets(OffsetsInitializer::latest())), [""; 0]);
    assert_eq!(read(b().bounded(at(2))), ["0", "1"]);
    assert_eq!(read(b().bounded(time(10))), ["0"]);
    assert_eq!(read(b().starting_offsets(at(1)).bounded(at(4))), ["1", "2", "3"]);

    let committed =
        |otherwise| b().group_id("g").starting_offsets(OffsetsInitializer::committed_offsets(otherwise));
    assert_eq!(read(committed(OffsetResetStrategy::Earliest)).len(), 5);
    refused(committed(OffsetResetStrategy::None), &["`b-0`"]);
    refused(
        b().starting_offsets(OffsetsInitializer::committed_offsets(OffsetResetStrategy::None)),
        &["`group_id`"],
    );
}

#[test]
fn the_group_is_told_how_far_reading_has_got() {
    let broker = Broker::start();
    broker.write(&[("b", 0, 0, "x"), ("b", 0, 0, "y"), ("a", 1, 0, "z")]);
    let run = |source: KafkaSource| {
        let env = Environment::new().checkpoint_every(Duration::from_millis(20));
        env.from_source(source).discard();
        let job = env.spawn("read").unwrap();
        let told = || {
            let offset = |topic, partition| broker.broker.committed_offset("g", topic, partition);
            (offset("b", 0), offset("a", 1), offset("a", 0))
        };
        for _ in 0..500 {
            if told() == (Some(2), Some(1), Some(0)) {
                break;
            }
            broker.runtime.block_on(crate::kafka::client::pause(Duration::from_millis(10)));
        }
        job.cancel();
        job.join_blocking().unwrap();
        told()
    };
    let source = KafkaSource::text(broker.servers(), ["a", "b"]).group_id("g");
    assert_eq!(run(source), (Some(2), Some(1), Some(0)));
    let rest = broker.lines("b").group_id("g");
    let rest = rest.starting_offsets(OffsetsInitializer::committed_offsets(OffsetResetStrategy::None));
    assert_eq!(read(rest), [""; 0]);
}

#[test]
fn what_is_pending_and_how_far_it_was_read_is_shown() {
    let broker = Broker::start();
    broker.write(&[("b", 0, 0, "x"), ("b", 0, 0, "y"), ("a", 1, 0, "z")]);
    let source = KafkaSource::text(broker.servers(), ["a", "b"]).group_id("lag");
    let env = Environment::new().checkpoint_every(Duration::from_millis(20));
    env.from_source(source).name("read").discard();
    let job = env.spawn("read").unwrap();
    let shown = || {
        let metrics = job.metrics().operator("read");
        let of = |topic: &str, partition: &str, name: &str| {
            let labels = [("topic", topic), ("partition", partition)];
            let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
            match metrics.named.get(&MetricName { name: name.to_owned(), labels }) {
                Some(MetricValue::Gauge(value)) => *value,
                other => panic!("{name} of {topic}-{partition}: {other:?}"),
            }
        };
        let all = ["currentOffset", "committedOffset", "pendingRecords"];
        let commits = metrics.metric("commitsSucceeded").cloned();
        (all.map(|name| of("b", "0", name)), all.map(|name| of("a", "0", name)), commits)
    };
    let mut seen = None;
    for _ in 0..500 {
        // Partitions are found first.
        if job.metrics().operator("read").named.len() == 3 * 3 + 2 {
            seen = Some(shown());
            if matches!(&seen, Some((b, a, Some(MetricValue::Counter(1..)))) if *b == [1.0, 2.0, 0.0] && *a == [-1.0, 0.0, 0.0])
            {
                break;
            }
        }
        broker.runtime.block_on(crate::kafka::client::pause(Duration::from_millis(10)));
    }
    job.cancel();
    job.join_blocking().unwrap();
    let (b, a, commits) = seen.expect("no partition was shown");
    assert_eq!((b, a), ([1.0, 2.0, 0.0], [-1.0, 0.0, 0.0]));
    assert!(matches!(commits, Some(MetricValue::Counter(1..))), "{commits:?}");
}

#[test]
fn what_cannot_be_read_fails_the_job_or_is_passed() {
    let broker = Broker::start();
    broker.write(&[("b", 0, 0, "1"), ("b", 0, 0, "one"), ("b", 0, 0, "2")]);
    let numbers = || KafkaSource::json::<u64>(broker.servers(), "b").bounded(OffsetsInitializer::latest());

    let env = Environment::new();
    env.from_source(numbers()).discard();
    let error = env.execute("fails").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    for part in ["`b-0`", "offset 1", "`one`"] {
        assert!(error.to_string().contains(part), "no {part:?} in: {error}");
    }

    let env = Environment::new();
    let read = env.from_source(numbers().on_error(BadRecord::Skip)).collect();
    env.execute("skips").unwrap();
    assert_eq!(read.sorted(), [1, 2]);

    let env = Environment::new();
    let tag = OutputTag::<BadRecordInfo>::new("unreadable");
    let stream = env.from_source(numbers().on_error(BadRecord::SideOutput(tag.clone())));
    let unreadable =
        stream.side_output(&tag).map(|record| (record.partition.to_string(), record.offset)).collect();
    let read = stream.collect();
    env.execute("sets aside").unwrap();
    assert_eq!(read.sorted(), [1, 2]);
    assert_eq!(unreadable.sorted(), [("b-0".to_owned(), 1)]);
}

#[test]
fn records_carry_the_timestamps_of_kafka_and_partitions_their_own_watermarks() {
    let broker = Broker::start();
    // Partition 0 is far ahead: with one watermark for both, what is in partition 1 would come late.
    let ahead: Vec<_> = (0..50).map(|hour| ("a", 0, 3_600_000 * (hour + 1_000), "ahead")).collect();
    let behind: Vec<_> = (0..50).map(|hour| ("a", 1, 3_600_000 * hour, "behind")).collect();
    broker.write(&ahead);
    broker.write(&behind);
    let env = Environment::new().parallelism(1);
    let windows = env
        .from_source_with_watermarks(broker.lines("a"), WatermarkStrategy::monotonous())
        .key_by(String::clone)
        .window(TumblingEventTimeWindows::of(Duration::from_secs(3600)))
        .count()
        .collect();
    env.execute("windows").unwrap();
    assert_eq!(windows.len(), 100, "records of partition 1 were late");
}

/// Reads values that have been seen before.
#[derive(Clone, Default)]
struct Announced(Arc<Announcements>);

#[derive(Default)]
struct Announcements {
    known: Mutex<BTreeSet<Vec<u8>>>,
    fails: bool,
}

impl RecordPreparation for Announcements {
    fn prepare(
        &self,
        records: &mut dyn Iterator<Item = RecordView<'_>>,
    ) -> Option<BoxFuture<'static, Result<(), Error>>> {
        let values = records.filter_map(|record| record.value().map(<[u8]>::to_vec));
        self.known.lock().extend(values);
        let fails = self.fails;
        let prepared = async move {
            if fails { Err(Error::new(ErrorKind::InvalidJob, "nothing is known")) } else { Ok(()) }
        };
        Some(prepared.boxed())
    }
}

impl RecordDeserializer for Announced {
    type Record = String;

    fn deserialize(&mut self, record: &RecordView<'_>) -> Result<Option<String>, String> {
        let value = record.value().ok_or("no value")?;
        let known = self.0.known.lock().contains(value);
        if known {
            Ok(Some(String::from_utf8_lossy(value).into_owned()))
        } else {
            Err("not announced".to_owned())
        }
    }

    fn preparation(&self) -> Option<Arc<dyn RecordPreparation>> {
        Some(self.0.clone())
    }
}

#[test]
fn what_deserializing_takes_is_found_before() {
    let broker = Broker::start();
    broker.write(&[("a", 0, 0, "a0"), ("a", 1, 0, "a1"), ("a", 1, 0, "more")]);
    let source = |fails| {
        let announced = Announced(Arc::new(Announcements { fails, ..Announcements::default() }));
        KafkaSource::with_deserializer(broker.servers(), "a", announced).bounded(OffsetsInitializer::latest())
    };
    let env = Environment::new().parallelism(2);
    let lines = env.from_source(source(false)).collect();
    env.execute("read").unwrap();
    assert_eq!(lines.sorted(), ["a0", "a1", "more"]);

    let env = Environment::new();
    env.from_source(source(true)).discard();
    let error = env.execute("refused").unwrap_err();
    assert!(error.to_string().contains("nothing is known"), "{error}");
}
