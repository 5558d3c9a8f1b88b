//! Functions that panic.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use millstream::prelude::*;

use super::restarts;

#[test]
fn a_panic_fails_the_attempt_and_neither_the_answer_nor_the_neighbour() {
    let neighbour = Environment::new().parallelism(2);
    let slow = neighbour.from_source(GeneratorSource::new(Some(300), |n| n).rate(1_000.0)).collect();
    let neighbour = neighbour.spawn("neighbour").unwrap();

    let build = |env: &Environment, panics: u32| {
        let left = Arc::new(AtomicU32::new(panics));
        let numbers = env.from_source(GeneratorSource::new(Some(3_000), |n| n).rate(10_000.0));
        let counts = numbers.key_by(|n| n % 7).map_values(move |n: u64| {
            let once = |left: u32| left.checked_sub(1);
            let hit = n % 1_000 == 777 && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, once).is_ok();
            assert!(!hit, "cannot bear {n}");
            n
        });
        counts.collect()
    };
    let env = Environment::new().parallelism(2).checkpoint_every(Duration::from_millis(20));
    let env = env.restart_strategy(restarts(5));
    let counts = build(&env, 3);
    let job = env.spawn("panicking").unwrap();
    job.join_blocking().unwrap();
    assert_eq!(job.metrics().restarts, 3);
    let expected: Vec<_> = (0..3_000_u64).map(|n| (n % 7, n)).collect();
    let mut got: Vec<(u64, u64)> = counts.sorted();
    got.sort_by_key(|(_, n)| *n);
    assert_eq!(got, expected);

    let env = Environment::new().parallelism(2).restart_strategy(RestartStrategy::None);
    build(&env, 1);
    let error = env.execute("panicking").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Panic, "{error}");
    assert!(error.to_string().contains("cannot bear 777"), "{error}");
    assert!(error.subtask().is_some(), "{error}");

    neighbour.join_blocking().unwrap();
    assert_eq!(slow.sorted().len(), 300);
}

/// What the panic test needs of a keyed stream: a function on values that may panic.
trait MapValues {
    fn map_values(&self, f: impl FnMut(u64) -> u64 + Clone + Send + Sync + 'static) -> Stream<(u64, u64)>;
}

impl MapValues for KeyedStream<u64, u64> {
    fn map_values(&self, f: impl FnMut(u64) -> u64 + Clone + Send + Sync + 'static) -> Stream<(u64, u64)> {
        self.process(Panicking(f))
    }
}

#[derive(Clone)]
struct Panicking<F>(F);

impl<F: FnMut(u64) -> u64 + Clone + Send + Sync + 'static> KeyedProcessFunction<u64, u64, (u64, u64)>
    for Panicking<F>
{
    type State = ();

    fn open(&mut self, _: &mut KeyedOpenContext<'_, u64>) -> FunctionResult {
        Ok(())
    }

    fn process(
        &mut self,
        number: u64,
        (): &(),
        cx: &mut KeyedContext<'_, u64>,
        out: &mut Emitter<'_, (u64, u64)>,
    ) -> FunctionResult {
        let number = (self.0)(number);
        out.emit((*cx.key(), number))
    }
}
