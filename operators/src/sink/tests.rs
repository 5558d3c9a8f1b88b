use std::fmt::Write;
use std::io;
use std::sync::Arc;

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::TaskContext;
use millstream_runtime::testing::{HarnessSetup, OperatorHarness};
use millstream_runtime::{ErrorKind, Result};
use parking_lot::Mutex;

use super::adapter::SinkAdapter;
use super::print::{PrintSink, Printer};
use super::{Committer, Sink, SinkOutput, SinkWriter};

#[derive(Default)]
struct Paper(Mutex<String>);

impl Printer for Paper {
    fn print(&self, text: &[u8]) -> io::Result<()> {
        self.0.lock().push_str(std::str::from_utf8(text).unwrap());
        Ok(())
    }
}

struct Broken;

impl Printer for Broken {
    fn print(&self, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

fn printing(printer: Arc<dyn Printer>, manual_io: bool) -> OperatorHarness<u32, ()> {
    let sink = PrintSink::to(printer, |n: &u32, line: &mut String| write!(line, "<{n}>").unwrap());
    let setup = if manual_io { HarnessSetup::new().manual_io() } else { HarnessSetup::new() };
    OperatorHarness::with(setup, SinkAdapter::new(sink.writer(0))).unwrap()
}

#[test]
fn every_subtask_has_a_format_of_its_own() {
    let make = |subtask: u32, parallelism: u32| {
        move |n: &u32, line: &mut String| write!(line, "{subtask}/{parallelism}> {n}").unwrap()
    };
    let sink = PrintSink::for_subtasks(make);
    let paper = Arc::new(Paper::default());
    let sink = sink.printing_to(paper.clone());
    let adapter = SinkAdapter::new(sink.writer_for(2, 3));
    let mut harness = OperatorHarness::with(HarnessSetup::new().manual_io(), adapter).unwrap();
    harness.push_all([7]).unwrap();
    harness.run_io().unwrap();
    assert_eq!(*paper.0.lock(), "2/3> 7\n");
}

#[test]
fn prints_in_order_and_away_from_the_task() {
    let paper = Arc::new(Paper::default());
    let mut sink = printing(paper.clone(), true);
    sink.push_all([1, 2]).unwrap();
    sink.push_all([3]).unwrap();
    assert!(paper.0.lock().is_empty());
    sink.run_io().unwrap();
    assert_eq!(*paper.0.lock(), "<1>\n<2>\n<3>\n");
}

#[test]
fn a_checkpoint_waits_until_all_before_it_is_printed() {
    let paper = Arc::new(Paper::default());
    let mut sink = printing(paper.clone(), true);
    sink.push_all([1]).unwrap();
    let snapshot = sink.snapshot(1).unwrap();
    assert!(snapshot.list::<()>("committables").is_err(), "not before the I/O has run");
    sink.run_io().unwrap();
    assert_eq!(*paper.0.lock(), "<1>\n");
    assert!(snapshot.list::<()>("committables").unwrap().is_empty());
}

#[test]
fn a_printer_that_is_behind_holds_upstream_back() {
    let mut sink = printing(Arc::new(Paper::default()), true);
    sink.push_all(0..400_000).unwrap();
    sink.poll().unwrap();
    assert!(sink.is_blocked());
    sink.run_io().unwrap();
    sink.poll().unwrap();
    assert!(!sink.is_blocked());
}

#[test]
fn a_broken_pipe_fails_the_job() {
    let mut sink = printing(Arc::new(Broken), false);
    let error = sink.push_all([1]).and_then(|()| sink.poll()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::External);
    assert!(error.to_string().contains("standard output"), "{error}");
}

/// Has a number to commit at each checkpoint, and notes which have been.
struct Numbered {
    next: u32,
    committed: Arc<Mutex<Vec<u32>>>,
}

impl SinkWriter for Numbered {
    type Record = u32;
    type State = u32;
    type Committable = u32;

    fn write(&mut self, _: &mut Batch<u32>, _: &mut SinkOutput<'_>) -> Result<()> {
        Ok(())
    }

    fn prepare_commit(
        &mut self,
        _: &mut TaskContext,
    ) -> impl Future<Output = Result<Vec<u32>>> + Send + 'static {
        self.next += 1;
        let number = self.next;
        async move { Ok(vec![number]) }
    }

    fn committed(&mut self, committables: &[u32]) {
        self.committed.lock().extend(committables);
    }

    fn state(&self) -> u32 {
        self.next
    }

    fn committer(&self) -> impl Committer<u32> {
        |_: Vec<u32>| async { Ok(()) }
    }
}

#[test]
fn a_writer_is_told_of_commits_when_no_snapshot_lists_them_any_more() {
    let committed = Arc::<Mutex<Vec<u32>>>::default();
    let writer = Numbered { next: 0, committed: committed.clone() };
    let adapter = SinkAdapter::new(writer);
    let mut harness = OperatorHarness::with(HarnessSetup::new().manual_io(), adapter).unwrap();
    harness.snapshot(1).unwrap();
    harness.completed(1).unwrap();
    // The commit is under way: the next snapshot lists it still.
    let snapshot = harness.snapshot(2).unwrap();
    assert!(committed.lock().is_empty());
    harness.run_io().unwrap();
    assert_eq!(snapshot.list::<u32>("committables").unwrap(), [1, 2]);
    harness.poll().unwrap();
    assert_eq!(*committed.lock(), [1]);
    let snapshot = harness.snapshot(3).unwrap();
    harness.run_io().unwrap();
    assert_eq!(snapshot.list::<u32>("committables").unwrap(), [2, 3]);
}
