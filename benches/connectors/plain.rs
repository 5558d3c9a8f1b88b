//! What the client does without an engine around it.

use std::time::{Duration, Instant};

use krafka::consumer::{Consumer, IsolationLevel};
use krafka::{Kafka, Record};

use crate::measure::{Took, measure};
use crate::{KEYS, PARTITIONS};

const COMMIT_EVERY: Duration = Duration::from_secs(1);

pub fn key(number: u64) -> String {
    format!("key-{:06}", number * 7 % KEYS)
}

pub fn value(number: u64) -> Vec<u8> {
    format!("{number:0100}").into_bytes()
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

async fn reader(servers: &str) -> Consumer {
    let kafka = Kafka::builder(servers).connect().await.expect("a broker");
    let consumer = kafka.consumer_without_group().isolation_level(IsolationLevel::ReadCommitted);
    consumer.build().await.expect("a consumer")
}

/// A reader of all of a topic.
async fn from_the_start(servers: &str, topic: &str) -> Consumer {
    let consumer = reader(servers).await;
    let partitions: Vec<i32> = (0..).take(PARTITIONS as usize).collect();
    consumer.assign(topic, partitions.clone()).await.expect("assigned");
    for partition in partitions {
        consumer.seek(topic, partition, 0).await.expect("sought");
    }
    consumer
}

/// Reads all records of a topic.
pub fn consume(servers: &str, topic: &str, records: u64) -> Took {
    measure(|| {
        run(async {
            let consumer = from_the_start(servers, topic).await;
            let (mut count, mut bytes) = (0, 0);
            while count < records {
                let fetched = consumer.poll(Duration::from_millis(500)).await.expect("fetched");
                count += fetched.len() as u64;
                bytes += fetched
                    .iter()
                    .filter_map(|record| record.value.as_ref())
                    .map(|it| it.len())
                    .sum::<usize>();
            }
            assert_eq!((count, bytes as u64), (records, records * 100));
        });
    })
}

/// Writes records in transactions of a second each.
pub fn produce(servers: &str, topic: &str, records: u64) -> Took {
    measure(|| {
        run(async {
            let kafka = Kafka::builder(servers).connect().await.expect("a broker");
            let producer = kafka.producer().build_transactional(topic).await.expect("a producer");
            let mut begun = Instant::now();
            producer.begin().expect("begun");
            for number in 0..records {
                let record = Record::new(topic, value(number)).key(key(number));
                drop(producer.enqueue(record).await.expect("queued"));
                // As often as a batch would: a clock is not read for each record.
                if number % 1024 == 0 && begun.elapsed() >= COMMIT_EVERY {
                    producer.commit().await.expect("committed");
                    producer.begin().expect("begun");
                    begun = Instant::now();
                }
            }
            producer.commit().await.expect("committed");
            producer.close().await.expect("closed");
        });
    })
}

/// Waits until so many records of a topic are committed. Where transactions end there is no record, so there are a few less.
pub fn await_committed(servers: &str, topic: &str, records: u64) {
    run(async {
        let asker = reader(servers).await;
        let partitions: Vec<_> =
            (0..).take(PARTITIONS as usize).map(|partition| (topic, partition)).collect();
        let deadline = Instant::now() + Duration::from_secs(600);
        loop {
            let ends = asker.offsets_for_times(&partitions, -1).await;
            // A topic that has just been made may have no leader yet.
            let sum: Result<i64, _> = ends.into_values().sum();
            if sum.as_ref().is_ok_and(|sum| sum.unsigned_abs() >= records) {
                return;
            }
            assert!(Instant::now() < deadline, "{sum:?} of {records} records after ten minutes");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
}

/// Reads the committed records of a topic of counts, and checks that each key has each count once.
pub fn check_counts(servers: &str, topic: &str, records: u64) {
    let mut expected = std::collections::BTreeMap::<String, u64>::new();
    (0..records).for_each(|number| *expected.entry(key(number)).or_default() += 1);
    let mut seen = std::collections::BTreeMap::<String, u64>::new();
    run(async {
        let consumer = from_the_start(servers, topic).await;
        let mut count = 0;
        let deadline = Instant::now() + Duration::from_secs(60);
        while count < records {
            assert!(Instant::now() < deadline, "{topic}: {count} of {records} results");
            for record in consumer.poll(Duration::from_millis(500)).await.expect("fetched") {
                let key = String::from_utf8(record.key.expect("a key").to_vec()).expect("text");
                let value = record.value.expect("a value");
                let value: u64 = std::str::from_utf8(&value).expect("text").parse().expect("a number");
                let last = seen.entry(key).or_default();
                assert_eq!(value, *last + 1, "{topic}: a count is missing, or there twice");
                *last = value;
                count += 1;
            }
        }
    });
    assert_eq!(seen, expected, "{topic}");
}
