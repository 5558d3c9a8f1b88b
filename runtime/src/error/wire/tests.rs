use std::sync::Arc;
use std::time::Duration;

use millstream_state::codec::{decode, encode};
use millstream_state::snapshot::part::{
    BlockReference, KeyedPart, ListPart, OperatorPart, Redistribution, StateKind, StateMeta, SubtaskPart,
};
use millstream_state::{CheckpointId, Epoch, KeyGroup, OperatorId, Shape, Timestamp};
use serde::de::DeserializeOwned;

use super::*;
use crate::checkpoint::{AfterSavepoint, Barrier, CheckpointMode, Control, Report, SnapshotTarget};
use crate::job::{AttemptId, SubtaskId, VertexId};

/// What comes out of the wire, as text.
fn sent<T: Serialize + DeserializeOwned + fmt::Debug>(message: &T) -> String {
    format!("{:?}", decode::<T>(&encode(message).unwrap()).unwrap())
}

fn error() -> Error {
    let inner = std::io::Error::other(Cause { message: "the disk is full".into(), source: None });
    let outer = Cause { message: "cannot write".into(), source: None };
    let outer = Cause { source: Some(Box::new(Cause { message: inner.to_string(), source: None })), ..outer };
    Error::new(ErrorKind::External, "no upload").caused_by(outer).in_operator("sink").in_subtask(3)
}

#[test]
fn an_error_arrives_with_everything_that_is_known_of_it() {
    let wire = WireError::from(&error());
    assert_eq!(wire.causes, ["cannot write", "the disk is full"]);
    let arrived = Error::from(wire.clone());
    assert_eq!(WireError::from(&arrived), wire);
    assert_eq!(
        (arrived.kind(), arrived.operator(), arrived.subtask()),
        (ErrorKind::External, Some("sink"), Some(3))
    );
    assert_eq!(format!("{arrived:?}"), format!("{:?}", error()));
    for kind in [ErrorKind::Lost, ErrorKind::Fenced, ErrorKind::Panic, ErrorKind::Internal] {
        let plain = Error::new(kind, "plain");
        assert_eq!(sent(&plain), format!("{plain:?}"));
    }
}

#[test]
fn every_control_message_arrives_as_it_was_sent() {
    let checkpoint = CheckpointId::new(7);
    let targets = [
        SnapshotTarget::Checkpoint { base: None },
        SnapshotTarget::Checkpoint { base: Some(CheckpointId::new(6)) },
        SnapshotTarget::Savepoint { path: "s3://bucket/sp".into(), then: AfterSavepoint::Stop },
    ];
    for target in targets {
        for mode in [CheckpointMode::ExactlyOnce, CheckpointMode::AtLeastOnce] {
            let triggered = Timestamp::from_millis(5);
            let barrier = Barrier { checkpoint, triggered, mode, target: target.clone() };
            assert_eq!(decode::<Barrier>(&encode(&barrier).unwrap()).unwrap(), barrier);
            let control = Control::Trigger(Arc::new(barrier));
            assert_eq!(sent(&control), format!("{control:?}"));
        }
    }
    for control in [
        Control::CheckpointCompleted(checkpoint),
        Control::CheckpointAborted(checkpoint),
        Control::Finish { stopped: false },
        Control::Finish { stopped: true },
    ] {
        assert_eq!(sent(&control), format!("{control:?}"));
    }
}

fn part() -> SubtaskPart {
    let block =
        BlockReference { file: "chk-7/0-1.state".into(), offset: 28, length: 4, checksum: 9, entries: 2 };
    let shape = Shape::from_text("u64");
    let meta =
        StateMeta { name: "n".into(), kind: StateKind::Value, key: shape.clone(), value: shape.clone() };
    let list = ListPart {
        name: "splits".into(),
        redistribution: Redistribution::Split,
        item: shape,
        block: block.clone(),
    };
    let keyed = KeyedPart { meta, groups: vec![(KeyGroup::new(3), block)] };
    let operator =
        OperatorPart { operator: OperatorId::from_uid("op"), keyed: vec![keyed], lists: vec![list] };
    SubtaskPart { operators: vec![operator], written_bytes: 4, total_bytes: 8 }
}

#[test]
fn every_report_arrives_as_it_was_sent() {
    let checkpoint = CheckpointId::new(7);
    for report in [
        Report::Acknowledged { checkpoint, part: part(), alignment: Duration::from_micros(1_234) },
        Report::Declined { checkpoint, error: error() },
        Report::EndOfData,
        Report::Finished,
        Report::Failed(error()),
    ] {
        assert_eq!(sent(&report), format!("{report:?}"));
    }
}

#[test]
fn attempts_are_ordered_by_epoch_first_and_travel() {
    let attempt = |epoch, number| AttemptId { epoch: Epoch::new(epoch), number };
    let mut attempts = [attempt(2, 0), attempt(1, 9), attempt(1, 2)];
    attempts.sort();
    assert_eq!(attempts.map(|attempt| attempt.to_string()), ["1.2", "1.9", "2.0"]);
    assert_eq!(attempts[0].next(), attempt(1, 3));
    let subtask = SubtaskId { vertex: VertexId(4), index: 5 };
    assert_eq!(sent(&(attempts[2], subtask)), format!("{:?}", (attempts[2], subtask)));
}

#[test]
fn a_cause_can_be_found_by_its_type_and_is_printed_once() {
    use std::error::Error as _;

    let inner =
        Error::new(ErrorKind::External, "no upload").caused_by(std::io::Error::other("the disk is full"));
    let outer = Error::new(ErrorKind::Checkpoint, "no savepoint").caused_by(inner);
    let cause = outer.source().and_then(|inner| inner.source());
    assert!(cause.is_some_and(|cause| cause.is::<std::io::Error>()));
    assert_eq!(outer.to_string(), "no savepoint: no upload: the disk is full");
    assert_eq!(Error::from(WireError::from(&outer)).to_string(), outer.to_string());
}
