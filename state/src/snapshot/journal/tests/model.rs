//! A search over histories of several processes on one folder, with the real code: each may stall
//! anywhere for long, and each creation may arrive much later than its answer, or twice.
//!
//! What must hold: no two processes lead in one epoch, and whatever was committed is known to every
//! leader of a later epoch.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use parking_lot::Mutex;

use super::late_store::{LateStore, Random};
use super::*;

const CHECKPOINTS: u64 = 4;
const STEPS: u64 = 500;

/// What processes do in the eyes of the outside world.
#[derive(Default)]
struct History {
    /// Who led in an epoch, and which checkpoints it knew when it began.
    leaders: BTreeMap<Epoch, (u64, Vec<CheckpointName>)>,
    committed: Vec<CheckpointName>,
    fenced: u32,
    violation: Option<String>,
}

impl History {
    fn lead(&mut self, journal: &Journal, process: u64) {
        let known = journal.last().record.retained.clone();
        if let Some((other, _)) = self.leaders.insert(journal.epoch(), (process, known)) {
            self.violation = Some(format!("{other} and {process} both lead in epoch {}", journal.epoch()));
        }
        self.check();
    }

    fn commit(&mut self, checkpoint: CheckpointName) {
        self.committed.push(checkpoint);
        self.check();
    }

    fn check(&mut self) {
        for committed in &self.committed {
            for (epoch, (process, known)) in self.leaders.range(committed.epoch.next()..) {
                if !known.contains(committed) {
                    self.violation =
                        Some(format!("{process} leads in epoch {epoch} and does not know {committed}"));
                }
            }
        }
    }
}

/// What a process does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mistake {
    Journal(JournalMistake),
    /// It commits what has a manifest, whether an entry lists it or not.
    ManifestAlone,
}

/// One process: takes over, completes some checkpoints, and is fenced or ends.
async fn live(home: SnapshotHome, process: u64, mistake: Mistake, history: Arc<Mutex<History>>) {
    let (journal_mistake, manifest_alone) = match mistake {
        Mistake::Journal(mistake) => (mistake, false),
        Mistake::ManifestAlone => (JournalMistake::None, true),
    };
    let options = JournalOptions { mistake: journal_mistake, recent: 0 };
    let identity = super::process(process);
    let mut journal = loop {
        let Ok(found) = Journal::read(&home).await else { continue };
        let retained = found.as_ref().map_or(Vec::new(), |entry| entry.record.retained.clone());
        let kind = if found.is_some() { EntryKind::TookOver } else { EntryKind::Opened };
        let record = record(kind, &retained);
        let (home, job) = (home.clone(), job(99));
        let taken = Journal::take_over_with(options, home, found.as_ref(), job, identity.clone(), record);
        if let Ok(journal) = taken.await {
            break journal;
        }
    };
    history.lock().lead(&journal, process);
    let mut retained = journal.last().record.retained.clone();
    for number in 0..CHECKPOINTS {
        let checkpoint = checkpoint(process * 100 + number, journal.epoch().number());
        if manifest_alone {
            home.put(&format!("{checkpoint}/manifest"), Bytes::new()).await.ok();
            history.lock().commit(checkpoint);
        }
        retained.push(checkpoint);
        let mut outcome = journal.record(record(EntryKind::Completed, &retained)).await;
        while matches!(outcome, Err(StateError::Storage { .. })) {
            outcome = journal.resolve().await;
        }
        match outcome {
            Ok(()) if manifest_alone => {}
            Ok(()) => history.lock().commit(checkpoint),
            Err(StateError::Fenced { .. }) => {
                history.lock().fenced += 1;
                return;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// One history.
fn run(seed: u64, processes: u64, mistake: Mistake) -> History {
    let mut random = Random(seed);
    let (store, history) = (LateStore::default(), Arc::new(Mutex::new(History::default())));
    let mut lives: Vec<Option<Pin<Box<dyn Future<Output = ()>>>>> = (0..processes)
        .map(|process| Some(Box::pin(live(store.home(), process, mistake, history.clone())) as Pin<Box<_>>))
        .collect();
    let mut asleep: Vec<u64> = (0..processes).map(|process| process * random.below(60)).collect();
    for step in 0..STEPS {
        store.arrive(step);
        let waiting = store.waiting() as u64;
        let choice = random.below(processes + waiting.max(1));
        if choice >= processes {
            if waiting > 0 {
                store.decide(usize::try_from(choice - processes).unwrap(), step, &mut random);
            }
        } else {
            let process = usize::try_from(choice).unwrap();
            if asleep[process] > step {
                continue;
            }
            if random.below(8) == 0 {
                asleep[process] = step + random.below(150);
                continue;
            }
            if let Some(life) = &mut lives[process]
                && life.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
            {
                lives[process] = None;
            }
        }
        if history.lock().violation.is_some() {
            break;
        }
    }
    drop(lives);
    Arc::into_inner(history).unwrap().into_inner()
}

const SEEDS: u64 = 6_000;

#[test]
fn there_are_never_two_leaders_and_never_a_commit_that_a_later_one_does_not_know() {
    let (mut take_overs, mut committed, mut fenced) = (0, 0, 0);
    for seed in 0..SEEDS {
        let history = run(seed, 2 + seed % 2, Mistake::Journal(JournalMistake::None));
        assert_eq!(history.violation, None, "seed {seed}");
        take_overs += history.leaders.len();
        committed += history.committed.len();
        fenced += history.fenced;
    }
    // The search means something only if all of this happens, and often.
    let seeds = usize::try_from(SEEDS).unwrap();
    assert!(take_overs > seeds && committed > seeds && fenced > 1_000, "{take_overs} {committed} {fenced}");
}

#[test]
fn a_journal_that_breaks_one_of_its_rules_is_found_out() {
    for mistake in [
        Mistake::Journal(JournalMistake::NoSecondList),
        Mistake::Journal(JournalMistake::DeleteFirst),
        Mistake::Journal(JournalMistake::TakeOverWithoutEntry),
        Mistake::ManifestAlone,
    ] {
        let found = (0..SEEDS).find_map(|seed| Some((seed, run(seed, 2 + seed % 2, mistake).violation?)));
        let (seed, violation) = found.unwrap_or_else(|| panic!("{mistake:?} goes unnoticed"));
        eprintln!("{mistake:?}: seed {seed}: {violation}");
    }
}
