use std::num::ParseIntError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use millstream_runtime::chain::OpenContext;
use millstream_runtime::testing::OperatorHarness;
use millstream_runtime::{Error, ErrorKind};
use millstream_state::Timestamp;

use super::*;
use crate::ProcessFunction;
use crate::transform::Process;

/// As `anyhow` does: an error of its own that wraps another.
#[derive(Debug, thiserror::Error)]
#[error("while reading the price")]
struct Context(#[source] Box<dyn std::error::Error + Send + Sync>);

#[test]
fn any_error_becomes_one_of_a_function() {
    let parse = || -> FunctionResult<u32> { Ok("seven".parse::<u32>()?) };
    let error = Error::from(parse().unwrap_err());
    assert_eq!(error.kind(), ErrorKind::Function);
    assert!(error.to_string().contains("invalid digit"), "{error}");

    let wrapped = || -> FunctionResult<u32> {
        let parsed: Result<u32, ParseIntError> = "seven".parse();
        Ok(parsed.map_err(|error| Context(error.into()))?)
    };
    let text = wrapped().unwrap_err().to_string();
    assert!(text.contains("while reading the price: invalid digit"), "{text}");

    let said = || -> FunctionResult { Err("no price")? };
    assert!(said().unwrap_err().to_string().contains("no price"));
}

#[test]
fn an_error_of_the_engine_keeps_its_kind_on_its_way_through_a_function() {
    let own = || Error::new(ErrorKind::External, "the disk is full").in_operator("results");
    let passed = Error::from(FunctionError::from(own()));
    assert_eq!((passed.kind(), passed.operator()), (ErrorKind::External, Some("results")));
    assert_eq!(passed.to_string(), own().to_string());

    let wrapped = Error::from(FunctionError::from(Context(own().into())));
    assert_eq!(wrapped.kind(), ErrorKind::External);

    let state = millstream_state::StateError::Usage("state `total` is declared twice".to_owned());
    assert_eq!(Error::from(FunctionError::from(state)).kind(), ErrorKind::InvalidJob);
}

/// Counts how often it is closed.
#[derive(Clone)]
struct Closes {
    closed: Arc<AtomicU32>,
    open_fails: bool,
}

impl ProcessFunction<u32, Option<i64>> for Closes {
    fn open(&mut self, _: &mut OpenContext<'_>) -> FunctionResult {
        if self.open_fails { Err("cannot connect")? } else { Ok(()) }
    }

    fn process(
        &mut self,
        record: u32,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, Option<i64>>,
    ) -> FunctionResult {
        if record == 0 {
            panic!("as if by mistake");
        }
        out.emit(cx.timestamp().map(Timestamp::as_millis))
    }

    fn close(&mut self) {
        self.closed.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_function_is_closed_once_however_its_subtask_ends() {
    let closed = Arc::new(AtomicU32::new(0));
    let function = |open_fails| Closes { closed: closed.clone(), open_fails };
    let since = |before: u32| closed.load(Ordering::Relaxed) - before;

    drop(Process::new(function(false)));
    assert_eq!(since(0), 0, "it was never opened");

    let mut harness = OperatorHarness::new(Process::new(function(false))).unwrap();
    harness.push_all([1]).unwrap();
    harness.end_of_data().unwrap();
    assert_eq!(since(0), 0);
    drop(harness);
    assert_eq!(since(0), 1, "after the end");

    let mut harness = OperatorHarness::new(Process::new(function(false))).unwrap();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || harness.push_all([0])));
    assert!(panicked.is_err());
    assert_eq!(since(1), 1, "after a panic");

    assert!(OperatorHarness::new(Process::new(function(true))).is_err());
    assert_eq!(since(2), 1, "after an open that has failed half way");
}

#[test]
fn a_record_without_a_timestamp_has_none() {
    let function = Closes { closed: Arc::default(), open_fails: false };
    let mut harness = OperatorHarness::new(Process::new(function)).unwrap();
    harness.push(1, Timestamp::MIN).unwrap();
    harness.push_at(1, 5).unwrap();
    assert_eq!(harness.take_records(), [None, Some(5)]);
}
