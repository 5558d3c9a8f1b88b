//! An actor that does the work it finds, and threads that bring some and wake it.

use std::sync::Arc;
use std::task::Waker;

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use millstream_model::check::{Mistake, check, loses_a_wake_up};
use millstream_model::signal::Runs;
use millstream_model::wake_flag::WakeFlag;

/// When the actor takes its flag down.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FlagDown {
    BeforeRun,
    AfterRun,
}

/// Two pieces of work, brought by a thread each; the actor starts meanwhile.
fn two_wakers(flag_down: FlagDown) {
    let (flag, runs) = (WakeFlag::new(), Runs::new());
    let brought = loom::sync::Arc::new(AtomicUsize::new(0));
    let threads = [(); 2].map(|()| {
        let (waker, brought) = (Waker::from(Arc::clone(&flag)), brought.clone());
        thread::spawn(move || {
            brought.fetch_add(1, Ordering::AcqRel);
            waker.wake();
        })
    });
    flag.start(runs.clone());
    let mut done = 0;
    while done < 2 {
        runs.next();
        if flag_down == FlagDown::BeforeRun {
            let _ = flag.begin_run();
        }
        done += brought.swap(0, Ordering::AcqRel);
        if flag_down == FlagDown::AfterRun {
            let _ = flag.begin_run();
        }
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn work_that_comes_while_the_actor_runs_or_starts_is_found() {
    check(|| two_wakers(FlagDown::BeforeRun));
}

#[test]
fn a_flag_that_is_taken_down_after_the_run_hides_work() {
    loses_a_wake_up(Mistake::None, || two_wakers(FlagDown::AfterRun));
}

/// A task that is not done asks for another run while it runs, also in its first one.
#[test]
fn an_actor_can_wake_itself() {
    check(|| {
        let (flag, runs) = (WakeFlag::new(), Runs::new());
        let actor = {
            let (flag, runs) = (Arc::clone(&flag), runs.clone());
            thread::spawn(move || {
                for _ in 0..2 {
                    runs.next();
                    let _ = flag.begin_run();
                    Waker::from(Arc::clone(&flag)).wake();
                }
            })
        };
        flag.start(runs);
        actor.join().unwrap();
    });
}
