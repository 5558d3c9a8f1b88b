//! A strict outside system: transactions with names of their own, each applied once, none ever
//! overwritten. What is committed too early stays.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Poll;

use millstream::engine::clock::Random;
use millstream::sink::{Batch, Committer, Sink, SinkOutput, SinkWriter, TaskContext};
use millstream::{Error, ErrorKind, Record, Result};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::setting::Setting;

/// Of 1,000 pre-commits and commits so many fail.
const FAILURES_PER_MILLE: usize = 10;

struct Book<T> {
    entries: BTreeMap<(u64, u64), Vec<T>>,
    /// How slow the system is, and how often it fails.
    random: Random,
    failures: u32,
}

/// What has been committed; survives the simulated process.
pub struct Ledger<T>(Arc<Mutex<Book<T>>>);

impl<T> Clone for Ledger<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Record> Ledger<T> {
    pub fn new(setting: &Setting) -> Self {
        let random = Random::new(setting.seed ^ 0x1ED6_E400);
        Self(Arc::new(Mutex::new(Book { entries: BTreeMap::new(), random, failures: 5 })))
    }

    pub fn records(&self) -> Vec<T> {
        self.0.lock().entries.values().flatten().cloned().collect()
    }

    /// Takes a while; fails now and then.
    async fn request(&self) -> Result<()> {
        let mut steps = self.0.lock().random.below(8);
        futures::future::poll_fn(|context| {
            if steps == 0 {
                return Poll::Ready(());
            }
            steps -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        let mut book = self.0.lock();
        if book.failures > 0 && book.random.below(1_000) < FAILURES_PER_MILLE {
            book.failures -= 1;
            return Err(Error::new(ErrorKind::External, "the ledger is out of order"));
        }
        Ok(())
    }
}

impl<T: Record> Sink for Ledger<T> {
    type Record = T;
    type Writer = LedgerWriter<T>;

    fn kind(&self) -> &'static str {
        "Ledger"
    }

    async fn check(&self) -> Result<Vec<u8>> {
        if self.0.lock().entries.is_empty() {
            return Ok(Vec::new());
        }
        Err(Error::new(ErrorKind::InvalidJob, "a job that restores nothing finds something committed"))
    }

    fn writer(&self, _: u32) -> LedgerWriter<T> {
        LedgerWriter { ledger: self.clone(), run: None, sequence: 0, records: Vec::new() }
    }
}

pub struct LedgerWriter<T> {
    ledger: Ledger<T>,
    /// No two attempts have the same.
    run: Option<u64>,
    sequence: u64,
    records: Vec<T>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Transaction<T> {
    name: (u64, u64),
    records: Vec<T>,
}

impl<T: Record> SinkWriter for LedgerWriter<T> {
    type Record = T;
    type State = ();
    type Committable = Transaction<T>;

    fn write(&mut self, batch: &mut Batch<T>, _: &mut SinkOutput<'_>) -> Result<()> {
        self.records.extend(batch.drain());
        Ok(())
    }

    fn prepare_commit(
        &mut self,
        cx: &mut TaskContext,
    ) -> impl Future<Output = Result<Vec<Transaction<T>>>> + Send + 'static {
        let run = *self.run.get_or_insert_with(|| cx.random().next());
        let (records, name) = (std::mem::take(&mut self.records), (run, self.sequence));
        self.sequence += 1;
        let ledger = self.ledger.clone();
        async move {
            if records.is_empty() {
                return Ok(Vec::new());
            }
            ledger.request().await?;
            Ok(vec![Transaction { name, records }])
        }
    }

    fn state(&self) {}

    fn committer(&self) -> impl Committer<Transaction<T>> {
        let ledger = self.ledger.clone();
        move |transactions: Vec<Transaction<T>>| {
            let ledger = ledger.clone();
            async move {
                for Transaction { name, records } in transactions {
                    ledger.request().await?;
                    ledger.0.lock().entries.entry(name).or_insert(records);
                    // The answer may be lost as well as the request.
                    ledger.request().await?;
                }
                Ok(())
            }
        }
    }
}
