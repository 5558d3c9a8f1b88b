//! The channel and the wake flag together, as in a job: two actors, a channel between them.

use std::sync::Arc;
use std::task::Waker;

use loom::thread;
use millstream_model::channel::channel;
use millstream_model::check::{Access, Mistake, WakeStep, check, loses_a_wake_up};
use millstream_model::event::Event;
use millstream_model::signal::Runs;
use millstream_model::wake_flag::WakeFlag;

use crate::channel::batch;

/// Runs a task until it is done, once for every run that is queued.
fn act(flag: &WakeFlag<Runs>, runs: &Runs, mut task: impl FnMut() -> bool) {
    loop {
        runs.next();
        let _ = flag.begin_run();
        if task() {
            return;
        }
    }
}

/// Two batches through a channel with room for one.
fn two_actors() {
    let (upstream, downstream) = (WakeFlag::new(), WakeFlag::new());
    let (upstream_runs, downstream_runs) = (Runs::new(), Runs::new());
    let (sender, receiver) =
        channel(1, Arc::default(), Waker::from(Arc::clone(&upstream)), Waker::from(Arc::clone(&downstream)));
    upstream.start(upstream_runs.clone());
    downstream.start(downstream_runs.clone());
    let producer = thread::spawn(move || {
        let mut unsent = [batch(2), batch(1)].into_iter().collect::<Vec<Event<u32>>>();
        act(&upstream, &upstream_runs, || {
            while let Some(event) = unsent.pop() {
                if let Err(refused) = sender.try_send(event) {
                    unsent.push(refused);
                    return false;
                }
            }
            true
        });
    });
    let mut received = 0;
    act(&downstream, &downstream_runs, || {
        while received < 2 && receiver.try_receive().is_some() {
            received += 1;
        }
        received == 2
    });
    producer.join().unwrap();
}

#[test]
fn two_actors_wake_each_other_until_all_is_sent() {
    check(two_actors);
}

#[test]
fn without_the_second_look_they_wait_for_each_other() {
    loses_a_wake_up(Mistake::Omitted(WakeStep::SecondLook), two_actors);
}

#[test]
fn with_relaxed_flags_they_wait_for_each_other() {
    loses_a_wake_up(Mistake::Relaxed(Access::Store), two_actors);
    loses_a_wake_up(Mistake::Relaxed(Access::Load), two_actors);
}
