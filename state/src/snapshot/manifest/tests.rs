use proptest::prelude::*;

use super::*;
use crate::Shape;
use crate::snapshot::format::begin;
use crate::snapshot::part::{KeyedPart, ListPart, Redistribution, StateKind, StateMeta};

fn block() -> impl Strategy<Value = BlockReference> {
    ("[a-z]{1,3}", any::<u64>(), 0..1_000_u64, any::<u32>(), 0..100_u64).prop_map(
        |(file, offset, length, checksum, entries)| BlockReference {
            file: file.into(),
            offset,
            length,
            checksum,
            entries,
        },
    )
}

fn manifest() -> impl Strategy<Value = Manifest> {
    let meta = StateMeta {
        name: "count".into(),
        kind: StateKind::Value,
        key: Shape::from_text("str"),
        value: Shape::from_text("u64"),
    };
    let list = (block(), "[a-z]{1,3}").prop_map(|(block, name)| ListPart {
        name,
        redistribution: Redistribution::Union,
        item: Shape::from_text("u8"),
        block,
    });
    let operator = (
        "[a-z]{1,5}",
        prop::collection::vec((block(), prop::collection::vec(list, 0..3)), 1..4),
        any::<Option<String>>(),
    )
        .prop_map(move |(name, subtasks, uid)| OperatorManifest {
            operator: OperatorId::from_uid(&name),
            name,
            uid,
            parallelism: subtasks.len() as u32,
            max_parallelism: 128,
            subtasks: (0_u16..)
                .zip(subtasks)
                .map(|(group, (block, lists))| OperatorPart {
                    operator: OperatorId::from_uid("x"),
                    keyed: vec![KeyedPart {
                        meta: meta.clone(),
                        groups: vec![(KeyGroup::new(group), block)],
                    }],
                    lists,
                })
                .collect(),
        });
    (any::<String>(), any::<u64>(), any::<i64>(), prop::collection::vec(operator, 0..4)).prop_map(
        |(job, checkpoint, created, operators)| Manifest {
            job,
            checkpoint: CheckpointId::new(checkpoint),
            kind: SnapshotKind::Checkpoint,
            created: Timestamp::from_millis(created),
            operators,
        },
    )
}

proptest! {
    #[test]
    fn manifests_come_back(manifest in manifest()) {
        prop_assert_eq!(Manifest::decode("m", &manifest.encode().unwrap()).unwrap(), manifest);
    }

    #[test]
    fn damage_is_an_error(manifest in manifest(), at: prop::sample::Index, bit in 0..8_u8, more: u8) {
        let bytes = manifest.encode().unwrap();
        let mut flipped = bytes.to_vec();
        flipped[at.index(bytes.len())] ^= 1 << bit;
        let mut longer = bytes.to_vec();
        longer.push(more);
        for damaged in [flipped.into(), bytes.slice(..at.index(bytes.len())), longer.into()] {
            let error = Manifest::decode("chk-1/manifest", &damaged).unwrap_err();
            let corrupt = matches!(error, StateError::Corrupt { .. });
            prop_assert!(corrupt, "{}", error);
        }
    }

    /// Also behind a checksum that matches, as a program with a mistake might write it.
    #[test]
    fn any_content_is_answered(content: Vec<u8>) {
        let mut out = Vec::new();
        begin(FileKind::Manifest, &mut out);
        append_block(&mut out, |out| { out.extend_from_slice(&content); Ok(()) }).unwrap();
        let _ = Manifest::decode("m", &out.into());
        let _ = Manifest::decode("m", &content.into());
    }
}

#[test]
fn a_manifest_that_contradicts_itself_is_refused() {
    let operator = OperatorManifest {
        operator: OperatorId::from_uid("count"),
        name: "count".into(),
        uid: None,
        parallelism: 2,
        max_parallelism: 128,
        subtasks: Vec::new(),
    };
    let manifest = Manifest {
        job: "job".into(),
        checkpoint: CheckpointId::new(1),
        kind: SnapshotKind::Savepoint,
        created: Timestamp::from_millis(0),
        operators: vec![operator],
    };
    let error = Manifest::decode("m", &manifest.encode().unwrap()).unwrap_err().to_string();
    assert!(error.contains("operator `count`: 0 subtasks are listed of 2"), "{error}");
}

#[test]
fn sizes_that_nothing_can_have_are_added_up_without_a_panic() {
    let block =
        BlockReference { file: "x".into(), offset: 28, length: u64::MAX, checksum: 0, entries: u64::MAX };
    let list = ListPart {
        name: "items".into(),
        redistribution: Redistribution::Union,
        item: Shape::from_text("u8"),
        block,
    };
    let part = OperatorPart {
        operator: OperatorId::from_uid("x"),
        keyed: Vec::new(),
        lists: vec![list.clone(), list],
    };
    let operator = OperatorManifest {
        operator: OperatorId::from_uid("x"),
        name: "x".into(),
        uid: None,
        parallelism: 1,
        max_parallelism: 128,
        subtasks: vec![part],
    };
    let manifest = Manifest {
        job: "job".into(),
        checkpoint: CheckpointId::new(1),
        kind: SnapshotKind::Savepoint,
        created: Timestamp::from_millis(0),
        operators: vec![operator.clone(), operator.clone()],
    };
    assert_eq!((operator.entries(), operator.total_bytes()), (u64::MAX, u64::MAX));
    assert_eq!((manifest.total_bytes(), manifest.bytes_in("x")), (u64::MAX, 0));
}
