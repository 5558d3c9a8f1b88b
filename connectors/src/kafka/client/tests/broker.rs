//! The client against a broker in the same process.

use std::time::Duration;

use bytes::Bytes;
use krafka::testing::FakeBroker;
use millstream_runtime::{ErrorKind, Result};
use millstream_state::Timestamp;

use crate::kafka::TopicPartition;
use crate::kafka::client::{
    At, Changes, Client, Cluster, CommitLog, EndAnswer, Outgoing, PartitionConsumer, PlainProducer,
    Properties, Role, TransactionProducer,
};
use crate::kafka::sink::testing::{KafkaCommittable, Service, settle};

fn run<T>(test: impl AsyncFnOnce(&FakeBroker, &Cluster) -> Result<T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let broker = FakeBroker::start().await.unwrap();
        broker.set_transaction_version(2);
        broker.create_topic("t", 2);
        let mut properties = Properties::default();
        // What the broker allows.
        properties.set("transaction.timeout.ms", "60000");
        let cluster = Cluster { servers: broker.bootstrap_servers(), properties };
        test(&broker, &cluster).await.unwrap()
    })
}

fn producer_of(cluster: &Cluster) -> Client {
    Client::new(cluster.clone(), Role::Producer)
}

fn record(partition: i32, value: &'static str) -> Outgoing {
    Outgoing {
        topic: "t".into(),
        partition: Some(partition),
        key: None,
        value: Some(Bytes::from_static(value.as_bytes())),
        headers: vec![("h".to_owned(), None)],
        timestamp: Some(7),
    }
}

fn committed(broker: &FakeBroker) -> Vec<String> {
    let records = broker.committed_records("t").unwrap();
    records
        .iter()
        .map(|record| String::from_utf8_lossy(record.value.as_ref().unwrap()).into_owned())
        .collect()
}

#[test]
fn anyone_commits_a_transaction_by_its_name_any_number_of_times() {
    run(async |broker, cluster| {
        let client = producer_of(cluster);
        let producer = TransactionProducer::open(&client, "sink-0-0", None).await?;
        producer.begin()?;
        producer.send(vec![record(0, "one"), record(1, "two")]).await?;
        producer.flush().await?;
        let name = producer.name();
        drop(producer);
        assert!(committed(broker).is_empty());
        for _ in 0..2 {
            let answer = producer_of(cluster).commit_transaction(&name).await;
            assert!(matches!(answer, EndAnswer::Committed), "{answer:?}");
            assert_eq!(committed(broker), ["one", "two"]);
        }
        // The id is in use again: the coordinator does not tell any more.
        let _next = TransactionProducer::open(&client, "sink-0-0", None).await?;
        let answer = client.commit_transaction(&name).await;
        assert!(matches!(answer, EndAnswer::Refused(_)), "{answer:?}");
        Ok(())
    });
}

#[test]
fn the_commit_log_lists_committed_transactions_alone() {
    run(async |_, cluster| {
        let (client, log) = (producer_of(cluster), CommitLog::new("commits"));
        log.ensure(&client).await?;
        log.ensure(&client).await?;
        let at = Timestamp::from_millis(1_000);
        let write = async |id: &str| -> Result<_> {
            let producer = TransactionProducer::open(&client, id, None).await?;
            producer.begin()?;
            producer.send(vec![record(0, "x"), log.entry(&producer.name(), at)]).await?;
            producer.flush().await?;
            Ok((producer.name(), producer))
        };
        let (committed, producer) = write("a").await?;
        assert!(matches!(producer.commit().await, EndAnswer::Committed));
        let (aborted, _producer) = write("b").await?;
        TransactionProducer::open(&client, "b", None).await?;
        assert!(log.lists(cluster, &committed, at).await?);
        assert!(!log.lists(cluster, &aborted, at).await?);
        let later = Timestamp::from_millis(2_000);
        assert!(!log.lists(cluster, &committed, later).await?, "looked before the time of the entry");
        // What is open behind an entry says nothing about it.
        let (_, _open) = write("c").await?;
        assert!(log.lists(cluster, &committed, at).await?);
        Ok(())
    });
}

#[test]
fn partitions_are_read_from_where_they_are_sought_past_what_is_no_record() {
    run(async |_, cluster| {
        let client = producer_of(cluster);
        let producer = TransactionProducer::open(&client, "w", None).await?;
        for value in ["a", "b"] {
            producer.begin()?;
            producer.send(vec![record(0, value)]).await?;
            assert!(matches!(producer.commit().await, EndAnswer::Committed));
        }
        let reading = Cluster { properties: cluster.properties.of_connection(), ..cluster.clone() };
        let client = std::sync::Arc::new(Client::new(reading, Role::Consumer));
        let partitions = client.partitions(&["t".to_owned()]).await?;
        assert_eq!(partitions, [TopicPartition::new("t", 0), TopicPartition::new("t", 1)]);
        // Each of the two records has the end of its transaction behind it.
        let ends = client.offsets(&partitions, At::End, true).await?;
        assert_eq!(Vec::from_iter(ends.into_values()), [Some(4), Some(0)]);

        let reader = PartitionConsumer::new(client);
        reader.change(&Changes { added: vec![(partitions[0].clone(), 1)], ..Changes::default() }).await?;
        let (mut values, mut position) = (Vec::new(), 0);
        while position < 4 {
            let fetched = reader.fetch(Duration::from_millis(100)).await?;
            let records = fetched.runs.into_iter().flat_map(|(_, records)| records);
            values.extend(records.map(|record| (record.offset, record.value.unwrap())));
            position = fetched.positions[0].1;
        }
        assert_eq!(values, [(2, Bytes::from_static(b"b"))]);
        Ok(())
    });
}

#[test]
fn a_partition_may_be_chosen_by_a_function() {
    run(async |broker, cluster| {
        let client = producer_of(cluster);
        let by_length = |_: Option<&[u8]>, value: Option<&[u8]>, partitions: i32| {
            value.map_or(0, |value| i32::try_from(value.len()).unwrap() % partitions)
        };
        let producer = PlainProducer::open(&client, Some(std::sync::Arc::new(by_length))).await?;
        let chosen = |value| Outgoing { partition: None, ..record(0, value) };
        producer.send(vec![chosen("a"), chosen("bb"), chosen("c"), record(0, "d")]).await?;
        producer.flush().await?;
        let in_partition = |partition| {
            let records = broker.committed_records("t").unwrap();
            records.iter().filter(|record| record.partition == partition).count()
        };
        assert_eq!((in_partition(0), in_partition(1)), (2, 2));
        producer.close().await?;

        let wild =
            PlainProducer::open(&client, Some(std::sync::Arc::new(|_, _, partitions| partitions))).await?;
        let error = wild.send(vec![chosen("a")]).await.unwrap_err().to_string();
        assert!(error.contains("partition 2") && error.contains("from 0 to 1"), "{error}");
        Ok(())
    });
}

#[test]
fn a_transaction_that_the_broker_has_aborted_is_lost() {
    run(async |broker, cluster| {
        let (client, log) = (producer_of(cluster), CommitLog::new("commits"));
        log.ensure(&client).await?;
        let at = Timestamp::from_millis(1_000);
        let prepare = async |id: &str| -> Result<_> {
            let producer = TransactionProducer::open(&client, id, None).await?;
            producer.begin()?;
            producer.send(vec![record(0, "x"), log.entry(&producer.name(), at)]).await?;
            producer.flush().await?;
            Ok(KafkaCommittable { name: producer.name(), log: log.topic().to_owned(), prepared_at: at })
        };
        let service = Service { cluster, client: &client };
        let (kept, lost) = (prepare("kept").await?, prepare("lost").await?);
        settle(&service, &kept, false).await?;
        // As after `transaction.timeout.ms`.
        assert!(broker.abort_transaction("lost"));
        let error = settle(&service, &lost, false).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Restore);
        assert!(error.to_string().contains("data is lost"), "{error}");
        settle(&service, &lost, true).await?;
        // The id is in use again, and an old snapshot is restored: the log knows.
        let _next = TransactionProducer::open(&client, "kept", None).await?;
        settle(&service, &kept, false).await?;
        assert_eq!(committed(broker), ["x"]);
        Ok(())
    });
}
