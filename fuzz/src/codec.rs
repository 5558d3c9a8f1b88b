//! Records, and the messages between tasks, coordinator and job master.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use millstream::checkpoint::CheckpointMode;
use millstream::engine::WireError;
use millstream::engine::checkpoint::{AfterSavepoint, Barrier, Control, Report, SnapshotTarget};
use millstream::engine::job::AttemptId;
use millstream::engine::state::codec::{decode, encode};
use millstream::metrics::SubtaskId;
use millstream::state::snapshot::CheckpointId;
use millstream::{Error, ErrorKind, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A record with a bit of everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Opened,
    Moved { from: String, amount: i64, at: Timestamp },
    Closed(Option<u8>, f64, char, bool),
    Many(Vec<(String, u32)>, BTreeMap<i16, Box<Self>>),
}

impl Event {
    /// One of each kind.
    pub fn all() -> [Self; 4] {
        let moved = Self::Moved { from: "here".into(), amount: -3, at: Timestamp::from_millis(1_000) };
        let many = Self::Many(vec![("a".into(), 1), ("b".into(), 2)], [(-1, Box::new(Self::Opened))].into());
        [Self::Opened, moved, Self::Closed(Some(1), 0.5, 'ß', true), many]
    }
}

/// What is read can be written, and then is read as the same.
fn reads<T: Serialize + DeserializeOwned + Debug>(bytes: &[u8]) {
    let Ok(value) = decode::<T>(bytes) else { return };
    let written = encode(&value).expect("what was read can be written");
    let again = decode::<T>(&written).expect("what was written can be read");
    assert_eq!(encode(&again).expect("once more"), written, "{value:?} against {again:?}");
}

pub fn records(bytes: &[u8]) {
    reads::<Event>(bytes);
    reads::<Vec<Event>>(bytes);
    reads::<(Option<String>, [u16; 3], u128, Result<(), String>)>(bytes);
}

pub fn valid_records() -> Vec<Vec<u8>> {
    let mut valid: Vec<_> = Event::all().iter().map(|event| encode(event).expect("a record")).collect();
    valid.push(encode(&Event::all().to_vec()).expect("records"));
    valid
}

pub fn messages(bytes: &[u8]) {
    reads::<Barrier>(bytes);
    reads::<Control>(bytes);
    reads::<Report>(bytes);
    reads::<WireError>(bytes);
    reads::<(AttemptId, SubtaskId)>(bytes);
    // An error is text about text: it can be printed whatever it was made of.
    if let Ok(error) = decode::<Error>(bytes) {
        let _ = format!("{error} {error:?}");
    }
}

pub fn valid_messages() -> Vec<Vec<u8>> {
    let checkpoint = CheckpointId::new(7);
    let barrier = Barrier {
        checkpoint,
        triggered: Timestamp::from_millis(5),
        mode: CheckpointMode::ExactlyOnce,
        target: SnapshotTarget::Savepoint { path: "s3://bucket/sp".into(), then: AfterSavepoint::Stop },
    };
    let error = Error::new(ErrorKind::External, "no upload").caused_by(std::io::Error::other("full"));
    let messages = [
        encode(&barrier),
        encode(&Control::Trigger(Arc::new(barrier))),
        encode(&Control::CheckpointCompleted(checkpoint)),
        encode(&Report::Declined { checkpoint, error: error.clone() }),
        encode(&Report::Failed(error)),
    ];
    messages.map(|message| message.expect("a message")).into()
}
