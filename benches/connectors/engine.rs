//! The same work as jobs, with a checkpoint a second.

use millstream::connectors::kafka::{
    DeliveryGuarantee, KafkaSink, KafkaSource, OffsetsInitializer, ProducerRecord,
};
use millstream::prelude::*;

use crate::measure::{Took, measure};
use crate::plain::{check_counts, key, value};

/// Runs a job with a folder for its snapshots.
fn run(parallelism: u32, build: impl FnOnce(&Environment)) -> Took {
    let folder = tempfile::tempdir().expect("a folder");
    let env = Environment::new()
        .parallelism(parallelism)
        .checkpoint_every(Duration::from_secs(1))
        .snapshot_folder(folder.path().to_string_lossy());
    build(&env);
    measure(|| drop(env.execute("connectors").expect("the job runs")))
}

/// Reads all records of a topic, with one reader.
pub fn consume(servers: &str, topic: &str, records: u64) -> Took {
    let counted = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let sum = counted.clone();
    let took = run(1, |env| {
        let source = KafkaSource::new(servers, topic, |record| {
            Ok(Some(record.value().map_or(0, |value| value.len() as u64)))
        });
        env.from_source(source.bounded(OffsetsInitializer::latest())).for_each(move |bytes| {
            sum.fetch_add(bytes, std::sync::atomic::Ordering::Relaxed);
        });
    });
    assert_eq!(counted.load(std::sync::atomic::Ordering::Relaxed), records * 100);
    took
}

/// Writes records in transactions, one a checkpoint, with one writer.
pub fn produce(servers: &str, topic: &str, records: u64) -> Took {
    run(1, |env| {
        let sink =
            KafkaSink::new(servers, topic, |number: u64| ProducerRecord::new(value(number)).key(key(number)));
        let sink = sink.delivery_guarantee(DeliveryGuarantee::ExactlyOnce).transactional_id_prefix(topic);
        env.from_generator(Some(records), |number| number).sink_to(sink);
    })
}

/// Counts the records of each key.
pub fn count(servers: &str, input: &str, output: &str, records: u64) -> Took {
    let took = run(2, |env| {
        let source = KafkaSource::new(servers, input, |record| {
            let key = record.key().ok_or("a record without a key")?;
            Ok(Some(String::from_utf8_lossy(key).into_owned()))
        });
        let sink = KafkaSink::new(servers, output, |(key, count): (String, u64)| {
            ProducerRecord::new(count.to_string()).key(key)
        });
        let sink = sink.delivery_guarantee(DeliveryGuarantee::ExactlyOnce).transactional_id_prefix(output);
        env.from_source(source.bounded(OffsetsInitializer::latest()))
            .key_by(String::clone)
            .count()
            .sink_to(sink);
    });
    check_counts(servers, output, records);
    took
}
