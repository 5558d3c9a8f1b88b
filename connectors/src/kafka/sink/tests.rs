//! Committing and recovering against a coordinator that answers as the test says.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Operator, OperatorHooks, Output};
use millstream_runtime::testing::OperatorHarness;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Timestamp;
use parking_lot::Mutex;

use super::Partitioner;
use super::check::{check_timeout, check_version};
use super::commit::{KafkaCommittable, settle};
use super::pool::Pool;
use super::record::{ProducerRecord, RecordSerializer};
use super::recover::{Share, await_settled, fence_unknown};
use super::serializing::Serializing;
use super::service::TransactionService;
use crate::kafka::client::{EndAnswer, Outgoing, TransactionName};

/// A coordinator and a commit log.
#[derive(Default)]
struct Fake {
    answers: Mutex<VecDeque<EndAnswer>>,
    log: BTreeMap<TransactionName, Timestamp>,
    /// The ids that producers have used.
    known: Vec<String>,
    /// Of these, the ones with an open transaction.
    open: Mutex<BTreeSet<String>>,
    aborted: Mutex<Vec<String>>,
}

impl TransactionService for Fake {
    async fn commit(&self, name: &TransactionName) -> EndAnswer {
        self.open.lock().remove(&name.id);
        self.answers.lock().pop_front().expect("a commit that the test does not expect")
    }

    async fn lists(&self, committable: &KafkaCommittable) -> Result<bool> {
        Ok(self.log.get(&committable.name) == Some(&committable.prepared_at))
    }

    async fn is_any_open(&self, ids: &BTreeSet<String>) -> Result<bool> {
        Ok(!self.open.lock().is_disjoint(ids))
    }

    async fn known(&self, prefix: &str) -> Result<Vec<String>> {
        Ok(self.known.iter().filter(|id| id.starts_with(prefix)).cloned().collect())
    }

    async fn abort(&self, id: &str) -> Result<()> {
        self.open.lock().remove(id);
        self.aborted.lock().push(id.to_owned());
        Ok(())
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
}

fn name(epoch: i16) -> TransactionName {
    TransactionName { id: "sink-0-0".to_owned(), producer: 7, epoch }
}

fn committable(epoch: i16) -> KafkaCommittable {
    KafkaCommittable {
        name: name(epoch),
        log: "sink.commits".to_owned(),
        prepared_at: Timestamp::from_millis(5),
    }
}

fn refused() -> EndAnswer {
    EndAnswer::Refused("ProducerFenced".to_owned())
}

fn retry() -> EndAnswer {
    EndAnswer::Retry(Error::new(ErrorKind::External, "the coordinator is loading"))
}

/// A coordinator with these answers, and a log with the transaction of epoch 3.
fn fake(answers: impl IntoIterator<Item = EndAnswer>) -> Fake {
    let log = BTreeMap::from([(name(3), Timestamp::from_millis(5))]);
    Fake { answers: Mutex::new(answers.into_iter().collect()), log, ..Fake::default() }
}

#[test]
fn a_transaction_is_committed_or_the_job_fails() {
    let lost = Some(ErrorKind::Restore);
    // What the coordinator answers, the epoch asked about, and the error.
    for (answers, epoch, expected) in [
        (vec![EndAnswer::Committed], 4, None),
        (vec![retry(), retry(), EndAnswer::Committed], 4, None),
        (vec![refused()], 3, None),
        (vec![retry(), refused()], 3, None),
        (vec![refused()], 4, lost),
        // A later transaction of the same id says nothing about this one.
        (vec![refused()], 2, lost),
    ] {
        let service = fake(answers.clone());
        let outcome = run(settle(&service, &committable(epoch), false));
        assert_eq!(outcome.as_ref().err().map(Error::kind), expected, "{answers:?}, epoch {epoch}");
        assert!(service.answers.lock().is_empty(), "{answers:?}: not asked often enough");
    }
}

/// The id was used again after the snapshot, by an attempt that has died since: nobody but the one that is to commit the
/// snapshot's transaction knows that the one which is open now belongs to no snapshot.
#[test]
fn a_later_transaction_of_an_id_in_doubt_is_aborted() {
    struct Later(Fake);
    impl TransactionService for Later {
        async fn commit(&self, _: &TransactionName) -> EndAnswer {
            refused()
        }
        async fn lists(&self, committable: &KafkaCommittable) -> Result<bool> {
            self.0.lists(committable).await
        }
        async fn is_any_open(&self, ids: &BTreeSet<String>) -> Result<bool> {
            self.0.is_any_open(ids).await
        }
        async fn known(&self, prefix: &str) -> Result<Vec<String>> {
            self.0.known(prefix).await
        }
        async fn abort(&self, id: &str) -> Result<()> {
            self.0.abort(id).await
        }
    }
    let service = Later(fake([]));
    service.0.open.lock().extend(["sink-0-0", "sink-0-1"].map(str::to_owned));
    run(settle(&service, &committable(3), false)).unwrap();
    assert_eq!(*service.0.aborted.lock(), ["sink-0-0"]);
    // One that is lost is left alone, so that it can be looked into.
    service.0.open.lock().insert("sink-0-0".to_owned());
    run(settle(&service, &committable(4), false)).unwrap_err();
    assert_eq!(service.0.aborted.lock().len(), 1);
}

#[test]
fn a_lost_transaction_is_called_lost() {
    let error = run(settle(&fake([refused()]), &committable(4), false)).unwrap_err().to_string();
    for part in
        ["data is lost", "sink-0-0", "epoch 4", "ProducerFenced", "sink.commits", "ignore_lost_transactions"]
    {
        assert!(error.contains(part), "no {part:?} in: {error}");
    }
    run(settle(&fake([refused()]), &committable(4), true)).unwrap();
}

/// None of the ids has an open transaction: it may begin with a request that is still on its way.
#[test]
fn all_ids_but_those_that_the_snapshot_counts_on_are_taken_from_whoever_had_them() {
    let known = ["s-0-0", "s-0-1", "s-1-0", "s-2-0", "s-3-0", "s-x-1", "s2-0-0", "other-0-0", "s-0"];
    let fenced = |subtask, parallelism, in_doubt: &[&str]| {
        let service = Fake { known: known.map(str::to_owned).into(), ..Fake::default() };
        let share = Share { prefix: "s".to_owned(), subtask, parallelism };
        let in_doubt = in_doubt.iter().map(|id| (*id).to_owned()).collect();
        let own = run(fence_unknown(&service, &share, &in_doubt)).unwrap();
        (own.join(" "), service.aborted.into_inner().join(" "))
    };
    let both = |own: &str, others: &str| (own.to_owned(), others.to_owned());
    assert_eq!(fenced(0, 1, &["s-0-1", "s-3-0"]), both("s-0-0", "s-1-0 s-2-0"));
    // Those of subtasks that are no more have somebody to look after them, and one only.
    assert_eq!(fenced(0, 2, &["s-0-1"]), both("s-0-0", "s-2-0"));
    assert_eq!(fenced(1, 2, &[]), both("s-1-0", "s-3-0"));
    assert_eq!(fenced(5, 6, &[]), both("", ""));
}

#[test]
fn ids_in_doubt_are_let_go_when_their_transactions_have_ended() {
    let service = fake([EndAnswer::Committed]);
    service.open.lock().insert("sink-0-0".to_owned());
    let in_doubt = BTreeSet::from(["sink-0-0".to_owned()]);
    run(async {
        let waiting = await_settled(&service, &in_doubt);
        let early = tokio::time::timeout(Duration::from_millis(100), waiting).await;
        assert!(early.is_err(), "let go while the transaction is open");
        settle(&service, &committable(4), false).await.unwrap();
        await_settled(&service, &in_doubt).await.unwrap();
    });
}

#[test]
fn an_id_is_not_taken_while_its_transaction_may_be_open() {
    let pool = Pool::new(Share { prefix: "s".to_owned(), subtask: 2, parallelism: 3 });
    // Also at another parallelism, ids in doubt are everybody's.
    pool.restore(["s-2-1".to_owned(), "s-0-0".to_owned()]);
    let at = Duration::from_secs;
    assert_eq!(pool.oldest(), None);
    let first = pool.take(at(3));
    let second = pool.take(at(8));
    assert_eq!(pool.oldest(), Some(at(3)));
    assert_eq!((first.as_str(), second.as_str()), ("s-2-0", "s-2-2"));
    pool.doubt(&first);
    assert_eq!(Vec::from_iter(pool.in_doubt()), ["s-0-0", "s-2-0", "s-2-1"]);
    pool.settled([&first, &"s-2-1".to_owned()]);
    assert_eq!(Vec::from_iter(pool.in_doubt()), ["s-0-0"]);
    // Ids of the restored snapshot are not used again in this attempt.
    assert_eq!(pool.oldest(), Some(at(8)));
    assert_eq!([9, 9, 9].map(|now| pool.take(at(now))), ["s-2-0", "s-2-3", "s-2-4"]);
}

#[test]
fn a_fixed_partitioner_gives_each_subtask_one_partition() {
    let chosen = |partitions| {
        [0, 1, 2, 3, 4].map(|subtask| {
            let choose = Partitioner::Fixed.of_subtask(subtask).unwrap();
            let by_key = [None, Some(b"a".as_slice()), Some(b"b")].map(|key| choose(key, key, partitions));
            assert!(by_key.iter().all(|partition| *partition == by_key[0]), "{by_key:?}");
            by_key[0]
        })
    };
    assert_eq!(chosen(3), [0, 1, 2, 0, 1]);
    assert_eq!(chosen(8), [0, 1, 2, 3, 4]);
    assert_eq!(chosen(1), [0; 5]);
}

#[test]
fn what_cannot_be_exact_is_refused() {
    check_version(2).unwrap();
    let error = check_version(1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidJob);
    assert!(error.to_string().contains("`transaction.version` 1"), "{error}");

    let seconds = Duration::from_secs;
    check_timeout(seconds(900), seconds(900)).unwrap();
    let error = check_timeout(seconds(3600), seconds(900)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidJob);
    for part in ["3600000", "900000", "transaction.timeout.ms", "transaction.max.timeout.ms"] {
        assert!(error.to_string().contains(part), "no {part:?} in: {error}");
    }
}

/// Needs a number before it can serialize.
#[derive(Clone, Default)]
struct Numbered {
    number: Arc<OnceLock<u32>>,
    fails: bool,
}

impl RecordSerializer for Numbered {
    type Record = String;

    fn prepare(&mut self) -> Option<BoxFuture<'static, Result<()>>> {
        let (number, fails) = (self.number.clone(), self.fails);
        let prepared = async move {
            if fails {
                return Err(Error::new(ErrorKind::External, "there is no number"));
            }
            number.set(7).map_err(|_| Error::new(ErrorKind::Internal, "prepared twice"))
        };
        Some(prepared.boxed())
    }

    fn serialize(&mut self, record: String, records: &mut Vec<ProducerRecord>) -> Result<(), String> {
        let number = self.number.get().ok_or("not prepared")?;
        records.push(ProducerRecord::new(format!("{number} {record}")));
        Ok(())
    }
}

/// A writer that sends nothing: what it would send is kept.
struct Sent {
    serializing: Serializing<Numbered>,
    sent: Arc<Mutex<Vec<String>>>,
}

fn values(records: &[Outgoing]) -> impl Iterator<Item = String> {
    records.iter().map(|record| String::from_utf8_lossy(record.value.as_deref().unwrap()).into_owned())
}

impl OperatorHooks<()> for Sent {}

impl Operator<String, ()> for Sent {
    fn process(&mut self, batch: &mut Batch<String>, output: &mut Output<'_, ()>) -> Result<()> {
        if !self.serializing.is_ready(output.context())? {
            batch.drain_timed().for_each(|(record, timestamp)| self.serializing.keep(record, timestamp));
            let (early, sent) = (self.serializing.take_early().unwrap(), self.sent.clone());
            let sending = output.context().spawn_io(async move {
                let records = early.await?;
                sent.lock().extend(values(&records));
                Ok(())
            });
            sending.detach();
            return Ok(());
        }
        let mut records = Vec::new();
        for (record, timestamp) in batch.drain_timed() {
            let bytes = self.serializing.serialize(record, timestamp, &mut records)?;
            assert_eq!(bytes, 3);
        }
        self.sent.lock().extend(values(&records));
        Ok(())
    }
}

#[test]
fn records_wait_until_they_can_be_serialized() {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let serializing = Serializing::new(Numbered::default(), "t".into());
    let mut writer = OperatorHarness::new(Sent { serializing, sent: sent.clone() }).unwrap();
    // The harness sees to the I/O when the operator has returned.
    writer.push("a".to_owned(), Timestamp::MIN).unwrap();
    writer.push("b".to_owned(), Timestamp::MIN).unwrap();
    assert_eq!(*sent.lock(), ["7 a", "7 b"]);

    let serializer = Numbered { fails: true, ..Numbered::default() };
    let serializing = Serializing::new(serializer, "t".into());
    let mut writer = OperatorHarness::new(Sent { serializing, sent: sent.clone() }).unwrap();
    writer.push("a".to_owned(), Timestamp::MIN).unwrap();
    let error = writer.push("b".to_owned(), Timestamp::MIN).unwrap_err();
    assert!(error.to_string().contains("there is no number"), "{error}");
    assert_eq!(sent.lock().len(), 2);
}
