use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use millstream_runtime::chain::{OpenContext, Operator};
use millstream_runtime::testing::{HarnessSetup, OperatorHarness};
use millstream_runtime::{Error, ErrorKind};
use millstream_state::Timestamp;
use millstream_state::snapshot::part::Redistribution;

use super::Rich;
use crate::FunctionResult;

/// Numbers the letters that come, from where the snapshot says.
fn numbering() -> impl Operator<char, (char, u64)> {
    Rich::new(|cx: &mut OpenContext<'_>| {
        let last = cx.operator_list_state::<u64>("last", Redistribution::Split)?;
        Ok(move |letter: char| -> FunctionResult<Option<(char, u64)>> {
            let number = last.get().iter().sum::<u64>() + 1;
            last.set(vec![number]);
            Ok(Some((letter, number)))
        })
    })
}

#[test]
fn state_that_is_declared_in_open_is_restored() {
    let mut before = OperatorHarness::new(numbering()).unwrap();
    before.push_all(['a', 'b']).unwrap();
    let snapshot = before.snapshot(1).unwrap();
    before.push_all(['x']).unwrap();
    assert_eq!(before.take_records(), [('a', 1), ('b', 2), ('x', 3)]);

    let mut after = OperatorHarness::restore(numbering(), &snapshot).unwrap();
    after.push_all(['c']).unwrap();
    assert_eq!(after.take_records(), [('c', 3)]);
}

#[test]
fn each_subtask_makes_a_function_of_its_own_that_keeps_timestamps() {
    let placed = || {
        Rich::new(|cx: &mut OpenContext<'_>| {
            let place = (cx.info().subtask, cx.info().parallelism);
            Ok(move |times: usize| Ok(vec![place; times]))
        })
    };
    let mut harness = OperatorHarness::with(HarnessSetup::new().subtask(2, 3), placed()).unwrap();
    harness.push_at(2, 7).unwrap();
    harness.push_at(0, 8).unwrap();
    let time = Timestamp::from_millis(7);
    assert_eq!(harness.take_timed(), [((2, 3), time), ((2, 3), time)]);
}

/// Says when it is dropped.
struct Client(Arc<AtomicU32>);

impl Drop for Client {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn what_the_function_owns_is_dropped_with_the_subtask() {
    let dropped = Arc::new(AtomicU32::new(0));
    let counts = dropped.clone();
    let mut harness = OperatorHarness::new(Rich::new(move |_: &mut OpenContext<'_>| {
        let client = Client(counts.clone());
        Ok(move |number: u32| Ok((client.0.load(Ordering::Relaxed) == 0).then_some(number)))
    }))
    .unwrap();
    harness.push_all([5]).unwrap();
    harness.end_of_data().unwrap();
    assert_eq!((harness.take_records(), dropped.load(Ordering::Relaxed)), (vec![5], 0));
    drop(harness);
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
}

#[test]
fn an_open_or_a_function_that_fails_fails_the_operator() {
    type Function = fn(u8) -> FunctionResult<Option<u8>>;
    let fails = |error: Error, with: &str| {
        assert_eq!((error.kind(), error.operator()), (ErrorKind::Function, Some("operator under test")));
        assert!(error.to_string().contains(with), "{error}");
    };
    let opening = Rich::new(|_: &mut OpenContext<'_>| -> FunctionResult<Function> { Err("no server")? });
    fails(OperatorHarness::new(opening).err().unwrap(), "no server");
    let working = Rich::new(|_: &mut OpenContext<'_>| Ok((|_| Err("no answer")?) as Function));
    fails(OperatorHarness::new(working).unwrap().push_all([1]).unwrap_err(), "no answer");
}
