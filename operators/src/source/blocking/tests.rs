use millstream_runtime::chain::SourceStatus;
use millstream_runtime::testing::{HarnessSnapshot, SourceHarness};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Record;
use serde::{Deserialize, Serialize};

use super::{BlockingReader, BlockingSplitReader, Fetched};
use crate::source::{Source, source_operator};

/// Numbers from `next` up to and without `end`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Range {
    next: u32,
    end: u32,
}

/// Reads three numbers in a call; 13 cannot be read, and 17 is a mistake in the client.
#[derive(Default)]
struct Client(Vec<Range>);

impl BlockingSplitReader for Client {
    type Record = u32;
    type Split = Range;

    fn add_splits(&mut self, splits: Vec<Range>) {
        self.0.extend(splits);
    }

    fn fetch(&mut self) -> Result<Fetched<u32>> {
        let mut records = Vec::new();
        for range in &mut self.0 {
            while range.next < range.end && records.len() < 3 {
                match range.next {
                    13 => return Err(Error::new(ErrorKind::External, "the server has gone")),
                    17 => panic!("a mistake"),
                    number => records.push(number),
                }
                range.next += 1;
            }
        }
        self.0.retain(|range| range.next < range.end);
        Ok(Fetched { batch: records.into(), is_done: self.0.is_empty() })
    }

    fn snapshot(&self) -> Vec<Range> {
        self.0.clone()
    }
}

struct Ranges;

impl Source for Ranges {
    type Record = u32;
    type Split = Range;
    type Reader = BlockingReader<Client>;

    fn kind(&self) -> &'static str {
        "Ranges"
    }

    fn reader(&self) -> BlockingReader<Client> {
        BlockingReader::new(Client::default())
    }
}

fn harness(ranges: &[(u32, u32)]) -> SourceHarness<u32> {
    let splits = ranges.iter().map(|&(next, end)| Range { next, end }).collect();
    SourceHarness::new(source_operator(std::sync::Arc::new(Ranges), splits, 0, 1)).unwrap()
}

fn restored(snapshot: &HarnessSnapshot) -> SourceHarness<u32> {
    SourceHarness::restore(source_operator(std::sync::Arc::new(Ranges), Vec::new(), 0, 1), snapshot).unwrap()
}

fn all<T: Record>(harness: &mut SourceHarness<T>) -> Vec<T> {
    while harness.run(1).unwrap() != SourceStatus::Ended {}
    harness.take_records()
}

#[test]
fn what_has_been_fetched_and_not_emitted_is_left_to_read() {
    let expected: Vec<u32> = (0..8).chain(20..22).collect();
    // Whatever number of steps before the snapshot: the call that is under way does not count.
    for steps in 0..9 {
        let mut before = harness(&[(0, 8), (20, 22)]);
        for _ in 0..steps {
            before.next().unwrap();
        }
        let mut read = before.take_records();
        let snapshot = before.snapshot(1).unwrap();
        read.extend(all(&mut restored(&snapshot)));
        assert_eq!(read, expected, "after {steps} steps");
    }
}

#[test]
fn a_call_that_fails_or_panics_fails_the_job() {
    for (range, expected) in [((12, 15), "the server has gone"), ((16, 19), "a mistake")] {
        let mut harness = harness(&[range]);
        let error = (0..5).find_map(|_| harness.next().err()).unwrap();
        assert!(error.to_string().contains(expected), "{error}");
    }
}
