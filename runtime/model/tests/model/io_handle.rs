//! A task that waits for work on a pool, or gives it up.

use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use futures::future::BoxFuture;
use loom::sync::Mutex;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread::{self, JoinHandle};
use millstream_model::check::{Mistake, WakeStep, check, failure, loses_a_wake_up};
use millstream_model::io::{IoHandle, IoPool};
use millstream_model::signal::Signal;

/// A pool that runs each piece of work on a thread of its own.
struct Pool(Mutex<Vec<JoinHandle<()>>>);

impl Pool {
    fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Waits until all work has ended, or has been given up.
    fn join(self) {
        let threads = std::mem::take(&mut *self.0.lock().unwrap());
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}

impl IoPool for Pool {
    fn spawn(&self, work: BoxFuture<'static, ()>) {
        let thread = thread::spawn(|| Signal::block_on(work));
        self.0.lock().unwrap().push(thread);
    }

    fn sleep(self: Arc<Self>, _: Duration) -> BoxFuture<'static, ()> {
        unreachable!("nothing sleeps here")
    }
}

fn result() {
    let (pool, done) = (Pool::new(), Signal::new());
    let handle = IoHandle::spawn(&pool, done.clone().into(), async { Ok(7) });
    let result = loop {
        if let Some(result) = handle.take() {
            break result;
        }
        done.wait();
    };
    assert_eq!(result.unwrap(), 7);
    assert!(handle.take().is_none(), "it is given once");
    pool.join();
}

#[test]
fn a_task_is_woken_when_the_result_is_there() {
    check(result);
}

#[test]
fn a_wake_up_before_the_result_is_there_is_lost() {
    loses_a_wake_up(Mistake::Omitted(WakeStep::ResultBeforeWake), result);
}

/// Work that would never end, and what becomes of its handle.
fn endless(end: fn(IoHandle<()>)) {
    let pool = Pool::new();
    end(IoHandle::spawn(&pool, Waker::noop().clone(), pending()));
    pool.join();
}

#[test]
fn work_is_given_up_when_its_handle_is_dropped() {
    check(|| endless(drop));
    loses_a_wake_up(Mistake::None, || endless(std::mem::forget));
}

/// Work that pauses once, and what becomes of its handle; it must run to its end.
fn paused(end: fn(IoHandle<()>)) {
    let (pool, ended) = (Pool::new(), loom::sync::Arc::new(AtomicBool::new(false)));
    let (ending, mut pauses) = (ended.clone(), 1);
    let work = async move {
        poll_fn(|context| {
            if pauses == 0 {
                return Poll::Ready(());
            }
            pauses -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        ending.store(true, Ordering::Release);
        Ok(())
    };
    end(IoHandle::spawn(&pool, Waker::noop().clone(), work));
    pool.join();
    assert!(ended.load(Ordering::Acquire), "the work has run to its end");
}

#[test]
fn work_runs_to_its_end_when_its_handle_is_detached() {
    check(|| paused(IoHandle::detach));
    assert!(failure(Mistake::None, || paused(drop)).contains("the work has run to its end"));
}

/// Work that ends while its handle is dropped is not half done: if it ran, its task is woken.
#[test]
fn work_may_end_while_it_is_given_up() {
    static OUTCOMES: [std::sync::atomic::AtomicBool; 2] =
        [const { std::sync::atomic::AtomicBool::new(false) }; 2];
    check(|| {
        let (pool, done) = (Pool::new(), Signal::new());
        let ended = loom::sync::Arc::new(AtomicBool::new(false));
        let ending = ended.clone();
        let work = async move {
            ending.store(true, Ordering::Release);
            Ok(())
        };
        drop(IoHandle::spawn(&pool, done.clone().into(), work));
        pool.join();
        let ended = ended.load(Ordering::Acquire);
        if ended {
            done.wait();
        }
        OUTCOMES[usize::from(ended)].store(true, Ordering::Relaxed);
    });
    assert!(OUTCOMES.iter().all(|seen| seen.load(Ordering::Relaxed)), "the checker tries both");
}
