use std::sync::atomic::AtomicUsize;
use std::task::Wake;

use millstream_state::Timestamp;

use super::*;
use crate::batch::Batch;

#[derive(Default)]
struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Counter {
    fn take(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }
}

fn batch(n: u32) -> Event<u32> {
    Event::Batch(Batch::from(vec![n]))
}

#[test]
fn a_full_channel_keeps_a_slot_for_control_events_and_wakes_its_producer() {
    let (producer, consumer) = (Arc::new(Counter::default()), Arc::new(Counter::default()));
    let (sender, receiver) = channel(2, Arc::default(), producer.clone().into(), consumer.clone().into());
    assert!(sender.try_send(batch(1)).is_ok());
    assert!(sender.try_send(batch(2)).is_ok());
    assert_eq!(consumer.take(), 2);
    assert!(matches!(sender.try_send(batch(3)), Err(Event::Batch(_))), "no room for records");
    assert!(sender.try_send(Event::Watermark(Timestamp::MAX)).is_ok(), "room for a control event");
    assert!(sender.try_send(Event::EndOfData).is_err(), "but not for any number of them");

    assert_eq!(producer.take(), 0);
    assert!(receiver.try_receive().is_some());
    assert_eq!(producer.take(), 1, "the first take after a refusal wakes the producer");
    assert!(receiver.try_receive().is_some());
    assert_eq!(producer.take(), 0, "and later ones do not");
    assert!(sender.try_send(batch(3)).is_ok());
    assert!(matches!(receiver.try_receive(), Some(Event::Watermark(_))), "order is kept");
}

#[test]
fn sending_to_nobody_is_not_an_error() {
    let waker = Waker::noop().clone();
    let (sender, receiver) = channel(1, Arc::default(), waker.clone(), waker);
    drop(receiver);
    assert!(sender.try_send(batch(1)).is_ok());
}

#[test]
fn a_channel_that_was_full_when_its_consumer_went_takes_no_more_batches() {
    let waker = Waker::noop().clone();
    let (sender, receiver) = channel(1, Arc::default(), waker.clone(), waker);
    assert!(sender.try_send(batch(1)).is_ok());
    drop(receiver);
    assert!(sender.try_send(batch(2)).is_err());
    assert!(sender.try_send(Event::EndOfData).is_ok(), "control events go nowhere");
}

std::thread_local! {
    static BEFORE_FLAG: std::cell::RefCell<Option<Box<dyn FnOnce()>>> = const { std::cell::RefCell::new(None) };
}

/// Called by a producer that has found no room, before it raises its flag: the moment at which what
/// the consumer does goes unnoticed.
pub(super) fn before_flag() {
    if let Some(act) = BEFORE_FLAG.take() {
        act();
    }
}

/// A consumer that takes the last event between a producer's look and its flag wakes nobody, and
/// goes to sleep: a producer that does not look again would sleep for good beside an empty channel.
#[test]
fn room_that_is_made_before_the_flag_is_raised_is_found() {
    let (producer, consumer) = (Arc::new(Counter::default()), Arc::new(Counter::default()));
    let (sender, receiver) = channel(1, Arc::default(), producer.clone().into(), consumer.into());
    let receiver = Arc::new(receiver);
    assert!(sender.try_send(batch(1)).is_ok());
    let taking = receiver.clone();
    BEFORE_FLAG.set(Some(Box::new(move || assert!(taking.try_receive().is_some()))));
    let sent = sender.try_send(batch(2));
    assert_eq!(producer.take(), 0, "nobody wakes a producer whose flag is not up");
    assert!(sent.is_ok(), "so it must have seen the room itself");
    assert!(receiver.try_receive().is_some() && receiver.try_receive().is_none());
}
