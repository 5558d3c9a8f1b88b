//! Whether a stream can be written as it is asked for, and takes a message.

use std::time::Duration;

use millstream_runtime::{Error, ErrorKind, Result};

use super::DeliveryGuarantee;
use crate::nats::client::{Outgoing, StreamView};
use crate::nats::subject::{is_subject, overlap};

/// The shortest time for which a stream must know messages again that are published twice.
const SHORTEST_WINDOW: Duration = Duration::from_secs(10);

const OTHERWISE: &str = "change that, or write at least once";

/// Whether a stream can be written as it is asked for.
pub(super) fn stream(view: &StreamView, guarantee: DeliveryGuarantee) -> Result<()> {
    let (name, config) = (&view.name, &view.config);
    let refused = |problem: String| Err(Error::new(ErrorKind::InvalidJob, problem));
    if config.mirror.is_some() {
        return refused(format!("the stream `{name}` of NATS mirrors another, and cannot be written"));
    }
    if config.no_ack && guarantee != DeliveryGuarantee::None {
        return refused(format!(
            "the stream `{name}` of NATS acknowledges nothing (`no_ack`), so that nobody knows what it has: use the delivery \
             guarantee none"
        ));
    }
    if guarantee != DeliveryGuarantee::ExactlyOnce {
        return Ok(());
    }
    keeps_messages(view)?;
    if config.duplicate_window < SHORTEST_WINDOW {
        return refused(format!(
            "the stream `{name}` of NATS cannot be written exactly once: it knows messages again for {:?} only \
             (`duplicate_window`), and 10 seconds are needed; {OTHERWISE}",
            config.duplicate_window
        ));
    }
    Ok(())
}

/// Whether messages that were published exactly once stay in a stream until its limits remove the oldest.
pub(super) fn keeps_messages(view: &StreamView) -> Result<()> {
    let (name, config) = (&view.name, &view.config);
    let refused = |problem: String| Err(Error::new(ErrorKind::InvalidJob, problem));
    if let Some(retention) = view.consuming_retention() {
        return refused(format!(
            "the stream `{name}` of NATS cannot be written exactly once: with the retention `{retention}` messages disappear \
             when they are read, so that it does not tell what it has had; {OTHERWISE}"
        ));
    }
    if config.max_messages_per_subject > 0 {
        return refused(format!(
            "the stream `{name}` of NATS cannot be written exactly once: it keeps {} messages of each subject \
             (`max_msgs_per_subject`), so that it does not tell what it has had; {OTHERWISE}",
            config.max_messages_per_subject
        ));
    }
    Ok(())
}

/// Whether a stream has a subject.
pub(super) fn subject(view: &StreamView, subject: &str) -> Result<()> {
    sound_subject(subject)?;
    let subjects = &view.config.subjects;
    if subjects.iter().any(|filter| overlap(filter, subject)) {
        return Ok(());
    }
    let (name, all) = (&view.name, subjects.join(", "));
    let problem =
        format!("the stream `{name}` of NATS does not take messages to `{subject}`: its subjects are {all}");
    Err(Error::new(ErrorKind::InvalidJob, problem))
}

/// Whether something can be published to a subject.
pub(super) fn sound_subject(subject: &str) -> Result<()> {
    if is_subject(subject) {
        return Ok(());
    }
    let problem = format!(
        "`{subject}` is no subject of NATS that can be published to: tokens between dots, without spaces, and none of them `*` \
         or `>`"
    );
    Err(Error::new(ErrorKind::InvalidJob, problem))
}

/// Whether a stream will take a message: once a snapshot has it, it must.
pub(super) fn message(view: &StreamView, message: &Outgoing, id: usize, max_payload: usize) -> Result<()> {
    subject(view, &message.subject)?;
    let of_stream = usize::try_from(view.config.max_message_size).ok().filter(|size| *size > 0);
    let (limit, size) = (of_stream.unwrap_or(usize::MAX).min(max_payload), message.size(id, &view.name));
    if size <= limit {
        return Ok(());
    }
    let problem = format!(
        "a message to `{}` has {size} bytes with its headers, and the stream `{}` of NATS takes {limit} at most (`max_msg_size`, \
         `max_payload`)",
        message.subject, view.name
    );
    Err(Error::new(ErrorKind::InvalidInput, problem))
}

#[cfg(test)]
mod tests {
    use async_nats::jetstream::stream::{Config, RetentionPolicy};
    use bytes::Bytes;

    use super::*;

    fn view(set: impl FnOnce(&mut Config)) -> StreamView {
        let mut config = Config {
            name: "S".to_owned(),
            subjects: vec!["a.*".to_owned(), "b".to_owned()],
            duplicate_window: Duration::from_secs(120),
            ..Config::default()
        };
        set(&mut config);
        StreamView { name: config.name.clone(), created: 0, first: 1, last: 0, config }
    }

    #[test]
    fn streams_that_forget_are_not_written_exactly_once() {
        let problem = |set: fn(&mut Config), guarantee| match stream(&view(set), guarantee) {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        };
        let exactly = DeliveryGuarantee::ExactlyOnce;
        assert_eq!(problem(|_| {}, exactly), "");
        type Set = fn(&mut Config);
        let cases: [(Set, &str); 4] = [
            (|config| config.retention = RetentionPolicy::WorkQueue, "`workqueue`"),
            (|config| config.retention = RetentionPolicy::Interest, "`interest`"),
            (|config| config.max_messages_per_subject = 5, "5 messages of each subject"),
            (|config| config.duplicate_window = Duration::from_secs(9), "10 seconds are needed"),
        ];
        for (set, expected) in cases {
            assert!(problem(set, exactly).contains(expected), "{}", problem(set, exactly));
            assert_eq!(problem(set, DeliveryGuarantee::AtLeastOnce), "");
        }
        let silent = |config: &mut Config| config.no_ack = true;
        assert!(problem(silent, DeliveryGuarantee::AtLeastOnce).contains("`no_ack`"));
        assert_eq!(problem(silent, DeliveryGuarantee::None), "");
    }

    #[test]
    fn what_a_stream_does_not_take_is_known_before_a_snapshot_has_it() {
        let view = view(|config| config.max_message_size = 200);
        let check = |subject: &str, size: usize| {
            let payload = Bytes::from(vec![0; size]);
            let message = Outgoing { subject: subject.into(), headers: Vec::new(), payload };
            super::message(&view, &message, 40, 1000).map_err(|error| error.to_string())
        };
        assert_eq!(check("a.x", 50), Ok(()));
        assert!(check("a", 50).unwrap_err().contains("its subjects are a.*, b"));
        assert!(check("a.>", 50).unwrap_err().contains("no subject of NATS"));
        assert!(check("b", 201).unwrap_err().contains("takes 200 at most"));
    }
}
