//! The reader over a client that answers from a script: time is that of the harness.

use std::collections::VecDeque;
use std::sync::Arc;

use millstream::prelude::*;
use millstream::testing::{SourceHarness, source_operator};
use millstream_operators::source::Source;
use parking_lot::Mutex;

use super::*;
use crate::http::message::TextDeserializer;

/// What is fetched at a time.
type Answer = (Vec<&'static str>, Then);

/// What is fetched, in turn, and where each reader has begun.
#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    opened_at: Arc<Mutex<Vec<u64>>>,
    fetches: Arc<Mutex<u64>>,
}

struct ScriptedClient {
    script: Script,
    at: u64,
}

impl MessageClient for ScriptedClient {
    type Split = u64;

    fn open(&mut self, split: u64, _: Sleeper) {
        self.at = split;
        self.script.opened_at.lock().push(split);
    }

    async fn fetch(&mut self) -> Result<Fetched<u64>> {
        *self.script.fetches.lock() += 1;
        let (messages, then) =
            self.script.answers.lock().pop_front().unwrap_or((Vec::new(), Then::After(Duration::MAX)));
        self.at += messages.len() as u64;
        let messages = messages.into_iter().map(Message::new).collect();
        Ok(Fetched { messages, bytes: 1, split: self.at, then })
    }
}

struct ScriptedSource(Script, RetryPolicy);

impl Source for ScriptedSource {
    type Record = String;
    type Split = u64;
    type Reader = MessageReader<ScriptedClient, TextDeserializer>;

    fn kind(&self) -> &'static str {
        "a script"
    }

    fn reader(&self) -> Self::Reader {
        let reading = Reading {
            url: "test://server".to_owned(),
            deserializer: TextDeserializer,
            on_error: BadMessage::Fail,
            reconnect: self.1.clone(),
        };
        MessageReader::new(ScriptedClient { script: self.0.clone(), at: 0 }, reading)
    }
}

fn retry() -> Then {
    Then::Retry { cause: "it is gone".to_owned(), after: None }
}

fn script(answers: impl IntoIterator<Item = Answer>) -> Script {
    Script { answers: Arc::new(Mutex::new(answers.into_iter().collect())), ..Script::default() }
}

fn source(script: &Script, policy: RetryPolicy) -> ScriptedSource {
    ScriptedSource(script.clone(), policy)
}

/// Waits for a second at first, and for eight at most.
fn policy(attempts: u32) -> RetryPolicy {
    RetryPolicy::new(Duration::from_secs(1), Duration::from_secs(8)).max_attempts(attempts)
}

fn open(source: ScriptedSource) -> SourceHarness<String> {
    SourceHarness::new(source_operator(source, vec![0], 0, 1)).unwrap()
}

/// Runs until there is nothing to do before time passes.
fn settle(harness: &mut SourceHarness<String>) -> Result<()> {
    for _ in 0..10 {
        harness.run(10)?;
    }
    Ok(())
}

#[test]
fn it_waits_before_it_connects_again_and_longer_each_time() {
    let script =
        script([(vec!["a"], retry()), (vec![], retry()), (vec![], retry()), (vec!["b"], Then::More)]);
    let mut harness = open(source(&script, policy(9)));
    settle(&mut harness).unwrap();
    assert_eq!(harness.take_records(), ["a"]);
    // Delays are between half of 1, 2 and 4 seconds, and all of it.
    for (most, fetches) in [(1_000, 2), (2_000, 3), (4_000, 4)] {
        let before = *script.fetches.lock();
        harness.advance(Duration::from_millis(most / 2 - 1)).unwrap();
        settle(&mut harness).unwrap();
        assert_eq!(*script.fetches.lock(), before, "it is too soon");
        harness.advance(Duration::from_millis(most / 2 + 1)).unwrap();
        settle(&mut harness).unwrap();
        assert!(*script.fetches.lock() >= fetches);
    }
    assert_eq!(harness.take_records(), ["b"]);
    let counters = harness.counters();
    let count = |name: &str| counters.metric(name).map(|metric| format!("{metric:?}")).unwrap_or_default();
    assert!(count("reconnects").contains('3'), "{}", count("reconnects"));
    assert!(count("connectionErrors").contains('3'), "{}", count("connectionErrors"));
}

#[test]
fn it_gives_up_after_so_many_failures_in_a_row() {
    // The message between makes two rows of them.
    let script = script([(vec![], retry()), (vec!["a"], retry()), (vec![], retry()), (vec![], retry())]);
    let mut harness = open(source(&script, policy(2)));
    let mut failure = None;
    for _ in 0..10 {
        if let Err(error) = settle(&mut harness) {
            failure = Some(error);
            break;
        }
        harness.advance(Duration::from_secs(8)).unwrap();
    }
    let error = failure.expect("it fails");
    assert_eq!((error.kind(), *script.fetches.lock()), (ErrorKind::External, 4));
    assert!(error.to_string().contains("no connection to `test://server`: it is gone"), "{error}");
    assert_eq!(harness.take_records(), ["a"], "what has come is emitted before");
}

#[test]
fn a_server_that_closes_is_asked_again_without_end() {
    let script = script((0..20).map(|_| (vec![], Then::Reopen(None))));
    let mut harness = open(source(&script, policy(2)));
    for _ in 0..20 {
        settle(&mut harness).unwrap();
        harness.advance(Duration::from_secs(8)).unwrap();
    }
    settle(&mut harness).unwrap();
    assert!(*script.fetches.lock() > 20);
}

#[test]
fn a_server_says_how_long_to_wait() {
    let later = Then::Retry { cause: "429".to_owned(), after: Some(Duration::from_secs(60)) };
    let script = script([(vec![], later), (vec!["a"], Then::End)]);
    let mut harness = open(source(&script, policy(2)));
    settle(&mut harness).unwrap();
    harness.advance(Duration::from_millis(59_999)).unwrap();
    settle(&mut harness).unwrap();
    assert_eq!(*script.fetches.lock(), 1);
    harness.advance(Duration::from_millis(1)).unwrap();
    settle(&mut harness).unwrap();
    assert_eq!((harness.take_records(), *script.fetches.lock()), (vec!["a".to_owned()], 2));
    assert_eq!(harness.next().unwrap(), SourceStatus::Ended);
}

#[test]
fn a_snapshot_has_what_was_emitted_and_not_what_was_fetched() {
    let all = script([(vec!["a", "b"], Then::More), (vec!["c"], Then::More), (vec!["d"], Then::More)]);
    let mut harness = open(source(&all, policy(2)));
    // The first is emitted, and the second is fetched.
    harness.run(2).unwrap();
    let mut records = harness.take_records();
    let snapshot = harness.snapshot(1).unwrap();
    drop(harness);
    let left = [(vec!["c"], Then::More), (vec!["d"], Then::End)];
    let rest = script(left);
    let operator = source_operator(source(&rest, policy(2)), vec![0], 0, 1);
    let mut harness = SourceHarness::restore(operator, &snapshot).unwrap();
    settle(&mut harness).unwrap();
    assert_eq!(*rest.opened_at.lock(), [records.len() as u64], "it goes on behind what was emitted");
    records.extend(harness.take_records());
    assert_eq!(records.last().map(String::as_str), Some("d"));
}

#[test]
fn a_stream_that_has_ended_stays_ended_after_a_restore() {
    let all = script([(vec!["a"], Then::End)]);
    let mut harness = open(source(&all, policy(2)));
    settle(&mut harness).unwrap();
    let snapshot = harness.snapshot(1).unwrap();
    let rest = script([(vec!["b"], Then::More)]);
    let operator = source_operator(source(&rest, policy(2)), vec![0], 0, 1);
    let mut harness = SourceHarness::restore(operator, &snapshot).unwrap();
    settle(&mut harness).unwrap();
    assert_eq!((harness.take_records().len(), *rest.fetches.lock()), (0, 0));
}
