use std::sync::Mutex;

use futures::executor::block_on;
use object_store::memory::InMemory;
use object_store::path::Path;

use super::*;
use crate::snapshot::format::verified_block;
use crate::snapshot::part::{EncodeBlock, Redistribution, StateKind};
use crate::{Shape, StateError};

struct Content(Vec<u8>);

impl EncodeBlock for Content {
    fn encode(&self, out: &mut Pieces) -> Result<()> {
        if self.0 == b"unencodable" {
            return Err(StateError::Usage("cannot be encoded".into()));
        }
        self.0.chunks(1_000).for_each(|chunk| out.end().extend_from_slice(chunk));
        Ok(())
    }

    fn entries(&self) -> u64 {
        self.0.len() as u64
    }
}

fn home() -> SnapshotHome {
    SnapshotHome::new(Arc::new(InMemory::new()), Path::from("job"))
}

fn counting(value: &str, groups: &[(u16, u64, &[u8])]) -> OperatorSnapshot {
    let meta = StateMeta {
        name: "count".into(),
        kind: StateKind::Value,
        key: Shape::from_text("str"),
        value: Shape::from_text(value),
    };
    let groups = groups.iter().map(|(group, since, content)| GroupSnapshot {
        group: KeyGroup::new(*group),
        unchanged_since: CheckpointId::new(*since),
        block: Arc::new(Content(content.to_vec())),
    });
    OperatorSnapshot {
        operator: OperatorId::from_uid("counter"),
        keyed: vec![KeyedStateSnapshot { meta, groups: groups.collect() }],
        lists: Vec::new(),
    }
}

fn listing(items: ListItems) -> OperatorSnapshot {
    let list = ListStateSnapshot {
        name: "splits".into(),
        redistribution: Redistribution::Split,
        item: Shape::from_text("u8"),
        items,
    };
    OperatorSnapshot { operator: OperatorId::from_uid("source"), keyed: Vec::new(), lists: vec![list] }
}

fn references(part: &SubtaskPart) -> Vec<&BlockReference> {
    part.operators.iter().flat_map(|it| &it.keyed).flat_map(|it| &it.groups).map(|(_, block)| block).collect()
}

fn files(part: &SubtaskPart) -> Vec<&str> {
    references(part).iter().map(|block| &*block.file).collect()
}

fn content(home: &SnapshotHome, block: &BlockReference) -> Vec<u8> {
    let bytes = block_on(home.get(&block.file)).unwrap();
    verified_block(&block.file, &bytes, block).unwrap().to_vec()
}

#[test]
fn only_key_groups_that_changed_are_written_again() {
    let home = home();
    let first = counting("u64", &[(0, 1, b"zero"), (1, 1, b"one"), (2, 1, b"two")]);
    let first = block_on(write_subtask(&OnThisThread, &home, "chk-1/0-0.state", vec![first], None)).unwrap();
    assert_eq!(files(&first), ["chk-1/0-0.state"; 3]);
    assert_eq!(first.total_bytes, 10);
    assert_eq!(first.written_bytes, block_on(home.get("chk-1/0-0.state")).unwrap().len() as u64);

    // Group 1 has changed, group 2 is gone, group 3 is new though it says otherwise.
    let second = counting("u64", &[(0, 1, b"zero"), (1, 2, b"ONE"), (3, 1, b"three")]);
    let base = Some((CheckpointId::new(1), &first));
    let second =
        block_on(write_subtask(&OnThisThread, &home, "chk-2/0-0.state", vec![second], base)).unwrap();
    assert_eq!(files(&second), ["chk-1/0-0.state", "chk-2/0-0.state", "chk-2/0-0.state"]);
    assert_eq!(second.total_bytes, 12);
    let contents: Vec<_> = references(&second).into_iter().map(|block| content(&home, block)).collect();
    assert_eq!(contents, [&b"zero"[..], b"ONE", b"three"]);

    // Nothing has changed: no file. References are to where the blocks are, not to checkpoint 2.
    let third = counting("u64", &[(0, 1, b"zero"), (1, 2, b"ONE"), (3, 1, b"three")]);
    let base = Some((CheckpointId::new(2), &second));
    let third = block_on(write_subtask(&OnThisThread, &home, "chk-3/0-0.state", vec![third], base)).unwrap();
    assert_eq!(references(&third), references(&second));
    assert_eq!((third.written_bytes, third.total_bytes), (0, 12));
    assert_eq!(block_on(home.get_if_present("chk-3/0-0.state")).unwrap(), None);
}

#[test]
fn an_older_base_or_another_type_is_not_referred_to() {
    let home = home();
    let first = counting("u64", &[(0, 1, b"old")]);
    let first = block_on(write_subtask(&OnThisThread, &home, "chk-1/0-0.state", vec![first], None)).unwrap();
    let base = Some((CheckpointId::new(1), &first));
    for snapshot in [counting("u64", &[(0, 2, b"new")]), counting("i64", &[(0, 1, b"new")])] {
        let part =
            block_on(write_subtask(&OnThisThread, &home, "chk-3/0-0.state", vec![snapshot], base)).unwrap();
        assert_eq!(files(&part), ["chk-3/0-0.state"]);
        assert_eq!(content(&home, references(&part)[0]), b"new");
    }
}

#[test]
fn lists_wait_for_what_is_deferred_and_may_be_empty() {
    let home = home();
    let waited = Arc::new(Mutex::new(false));
    let flag = waited.clone();
    let deferred = ListItems::Deferred(Box::pin(async move {
        *flag.lock().unwrap() = true;
        Ok(vec![vec![1, 2], vec![]])
    }));
    let part =
        block_on(write_subtask(&OnThisThread, &home, "chk-1/0-0.state", vec![listing(deferred)], None))
            .unwrap();
    assert!(*waited.lock().unwrap());
    assert_eq!(part.operators[0].lists[0].block.entries, 2);
    assert_eq!(part.operators[0].lists[0].block.length, 18);

    let empty = listing(ListItems::Ready(Vec::new()));
    let part = block_on(write_subtask(&OnThisThread, &home, "chk-2/0-0.state", vec![empty], None)).unwrap();
    assert_eq!((part.operators[0].lists.len(), part.written_bytes), (1, 0));
    assert_eq!(block_on(home.get_if_present("chk-2/0-0.state")).unwrap(), None);

    let failed = ListItems::Deferred(Box::pin(async { Err(StateError::Usage("sink".into())) }));
    assert!(
        block_on(write_subtask(&OnThisThread, &home, "chk-3/0-0.state", vec![listing(failed)], None))
            .is_err()
    );
}

#[test]
fn large_files_arrive_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let home = super::super::storage::open_url(folder.path().to_str().unwrap(), false).unwrap();
    let blocks: Vec<Vec<u8>> = (1_usize..=7)
        .map(|size| (0..size * 1_500_000 + size).map(|at| (at * size) as u8).collect())
        .collect();
    let mut groups: Vec<_> = (0..).zip(&blocks).map(|(group, block)| (group, 1, block.as_slice())).collect();
    let part = block_on(write_subtask(
        &OnThisThread,
        &home,
        "chk-1/0-0.state",
        vec![counting("u64", &groups)],
        None,
    ))
    .unwrap();
    let file = block_on(home.get("chk-1/0-0.state")).unwrap();
    assert!(file.len() > 40_000_000);
    assert_eq!(part.written_bytes, file.len() as u64);
    for (reference, block) in references(&part).into_iter().zip(&blocks) {
        assert!(verified_block("file", &file, reference).unwrap() == block);
    }

    groups.push((100, 1, b"unencodable"));
    assert!(
        block_on(write_subtask(
            &OnThisThread,
            &home,
            "chk-2/0-0.state",
            vec![counting("u64", &groups)],
            None
        ))
        .is_err()
    );
    let left: Vec<_> = std::fs::read_dir(folder.path().join("chk-2")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn writing_may_move_between_threads() {
    fn assert_send<T: Send>(_: T) {}
    assert_send(write_subtask(&OnThisThread, &home(), "chk-1/0-0.state", Vec::new(), None));
}
