//! A checkpoint that format version 1 wrote is kept beside this test: every later version reads it.
//!
//! It is made by `write_fixture`; a test makes it anew and reads it, so that the code that wrote the
//! fixture stays what it was. To keep a fixture of a new version, run that test with
//! `MILLSTREAM_FIXTURE=<folder>`, and add the folder to `FIXTURES`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test; its helpers are not marked as tests"
)]

use std::collections::BTreeMap;
use std::path::Path;

use futures::executor::block_on;
use millstream_state::codec::{decode, encode};
use millstream_state::snapshot::manifest::{Manifest, OperatorManifest, SnapshotKind};
use millstream_state::snapshot::part::{
    ListItems, ListStateSnapshot, OperatorPart, OperatorSnapshot, Redistribution, StateKind, StateMeta,
    SubtaskPart,
};
use millstream_state::snapshot::read::load;
use millstream_state::snapshot::storage::{open_url, resolve};
use millstream_state::snapshot::write::{OnThisThread, write_subtask};
use millstream_state::{
    CheckpointId, GroupContent, KeyGroups, KeyedTable, OperatorId, Shape, TimerQueue, Timestamp, stable_hash,
};
use serde::{Deserialize, Serialize};

const FIXTURES: &[&str] = &["v1"];
const MAX_PARALLELISM: u32 = 16;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Event {
    Opened,
    Moved { from: String, amount: i64 },
    Closed(Option<u8>, f64),
}

type Table = KeyedTable<String, Vec<Event>>;
type Timers = TimerQueue<String>;

fn account(number: usize) -> String {
    format!("account {number}")
}

fn events(number: usize) -> Vec<Event> {
    let moved = Event::Moved { from: account(number + 1), amount: -(number as i64) };
    let all = [Event::Opened, moved, Event::Closed(Some(3), 0.25), Event::Closed(None, 1e300)];
    all.into_iter().take(number % 5).collect()
}

fn operator() -> OperatorId {
    OperatorId::from_uid("accounts")
}

fn meta() -> StateMeta {
    let (key, value) = (Shape::of::<String>(), Shape::of::<Vec<Event>>());
    StateMeta { name: "events".to_owned(), kind: StateKind::List, key, value }
}

fn list(name: &str, redistribution: Redistribution, items: &[u64]) -> ListStateSnapshot {
    let items = ListItems::Ready(items.iter().map(|item| encode(item).unwrap()).collect());
    ListStateSnapshot { name: name.to_owned(), redistribution, item: Shape::of::<u64>(), items }
}

/// Writes checkpoint 1 and, incrementally, checkpoint 2 of two subtasks.
fn write_fixture(folder: &Path) {
    let home = open_url(folder.to_str().unwrap(), true).unwrap();
    let (groups, mut parts) = (KeyGroups::new(MAX_PARALLELISM), Vec::new());
    for subtask in 0..2_u32 {
        let range = groups.range_of(subtask, 2);
        let mut table = Table::new(meta(), groups, range);
        let mut timers = Timers::new(Timers::EVENT_TIME, groups, range);
        let mut base: Option<SubtaskPart> = None;
        for checkpoint in 1..=2_u64 {
            // The second checkpoint changes one account, and with it one key group.
            for number in (0..20).filter(|number| checkpoint == 1 || *number == 7) {
                let key = account(number);
                let hash = stable_hash(&key);
                let Ok(content) = table.content_mut(hash) else { continue };
                let old = number == 7 && checkpoint == 1;
                content.insert(hash, key.clone(), if old { Vec::new() } else { events(number) });
                timers.register(hash, &key, Timestamp::from_millis(1_000 * number as i64)).unwrap();
            }
            let id = CheckpointId::new(checkpoint);
            let lists = vec![
                list("offsets", Redistribution::Split, &[u64::from(subtask), 10 + u64::from(subtask)]),
                list("rules", Redistribution::Broadcast, &[u64::MAX]),
            ];
            let keyed = vec![table.snapshot(id), timers.snapshot(id)];
            let snapshot = OperatorSnapshot { operator: operator(), keyed, lists };
            let file = format!("chk-{checkpoint}/0-{subtask}.state");
            let known = base.as_ref().map(|part| (CheckpointId::new(1), part));
            base = Some(block_on(write_subtask(&OnThisThread, &home, &file, vec![snapshot], known)).unwrap());
        }
        parts.push(base.unwrap());
    }
    let stored = OperatorManifest {
        operator: operator(),
        name: "accounts".to_owned(),
        uid: Some("accounts".to_owned()),
        parallelism: 2,
        max_parallelism: MAX_PARALLELISM,
        subtasks: parts.iter().flat_map(|part| part.operators.clone()).collect::<Vec<OperatorPart>>(),
    };
    let manifest = Manifest {
        job: "bank".to_owned(),
        checkpoint: CheckpointId::new(2),
        kind: SnapshotKind::Checkpoint,
        created: Timestamp::from_millis(1_357_034_400_123),
        operators: vec![stored],
    };
    block_on(home.create_manifest("chk-2", &manifest)).unwrap();
}

/// Restores the fixture at parallelism 1 and compares every value.
fn read_fixture(folder: &Path) {
    let resolved = block_on(resolve(folder.to_str().unwrap(), None)).unwrap();
    let loaded = block_on(load(&resolved)).unwrap();
    let manifest = loaded.manifest();
    assert_eq!((manifest.job.as_str(), manifest.checkpoint.number()), ("bank", 2));
    assert_eq!(manifest.created.to_string(), "2013-01-01T10:00:00.123Z");
    let files: Vec<_> = manifest.files().into_iter().collect();
    assert_eq!(
        files.iter().map(|file| file.split_once('/').unwrap().0).collect::<Vec<_>>(),
        ["chk-1", "chk-1", "chk-2", "chk-2"]
    );

    let groups = KeyGroups::new(MAX_PARALLELISM);
    let restore = loaded.for_subtask(operator(), 0, 1, MAX_PARALLELISM).unwrap().unwrap();
    let mut table = Table::new(meta(), groups, groups.range_of(0, 1));
    let mut timers = Timers::new(Timers::EVENT_TIME, groups, groups.range_of(0, 1));
    for state in &restore.keyed {
        let ours = if state.meta.kind == StateKind::List { table.meta() } else { timers.meta() };
        assert_eq!(state.meta, *ours, "the shapes of today's types are what they were");
        for (group, bytes) in &state.blocks {
            match state.meta.kind {
                StateKind::List => table.restore(*group, bytes, GroupContent::decode).unwrap(),
                _ => timers.restore(*group, bytes).unwrap(),
            }
        }
    }
    let found: BTreeMap<_, _> = table.contents().flat_map(|group| group.iter().cloned()).collect();
    assert_eq!(found, (0..20).map(|number| (account(number), events(number))).collect());
    for number in 0..20 {
        let time = Timestamp::from_millis(1_000 * number as i64);
        assert_eq!(timers.pop(Timestamp::MAX), Some((time, account(number))));
    }
    assert!(timers.is_empty());
    let items = |name: &str| -> Vec<u64> {
        let list = restore.lists.iter().find(|list| list.name == name).unwrap();
        list.items.iter().map(|item| decode(item).unwrap()).collect()
    };
    assert_eq!((items("offsets"), items("rules")), (vec![0, 10, 1, 11], vec![u64::MAX]));
}

#[test]
fn checkpoints_of_every_version_are_read() {
    for version in FIXTURES {
        read_fixture(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(version));
    }
}

#[test]
fn what_this_version_writes_is_read() {
    let folder = tempfile::tempdir().unwrap();
    write_fixture(folder.path());
    read_fixture(folder.path());
    if let Ok(kept) = std::env::var("MILLSTREAM_FIXTURE") {
        write_fixture(Path::new(&kept));
    }
}
