//! A producer and a consumer, each a thread that sleeps until the other one wakes it.

use std::sync::Arc;
use std::task::Wake;

use loom::thread;
use millstream_model::channel::{ChannelReceiver, ChannelSender, channel};
use millstream_model::check::{Access, Mistake, WakeStep, check, loses_a_wake_up};
use millstream_model::event::{Event, StreamStatus};
use millstream_model::signal::Signal;

struct Ends {
    sender: ChannelSender<u32>,
    receiver: ChannelReceiver<u32>,
    room: Arc<Signal>,
    data: Arc<Signal>,
}

/// A channel with room for one batch.
fn ends() -> Ends {
    let (room, data) = (Signal::new(), Signal::new());
    let (sender, receiver) = channel(1, Arc::default(), room.clone().into(), data.clone().into());
    Ends { sender, receiver, room, data }
}

pub(crate) fn batch(number: u32) -> Event<u32> {
    Event::Batch(vec![number].into())
}

fn send(sender: &ChannelSender<u32>, room: &Signal, mut event: Event<u32>) {
    while let Err(refused) = sender.try_send(event) {
        event = refused;
        room.wait();
    }
}

fn receive(receiver: &ChannelReceiver<u32>, data: &Signal) -> Event<u32> {
    loop {
        if let Some(event) = receiver.try_receive() {
            return event;
        }
        data.wait();
    }
}

/// Two batches, of which only one has room.
fn batches() {
    let Ends { sender, receiver, room, data } = ends();
    let producer = thread::spawn(move || {
        (1..=2).for_each(|number| send(&sender, &room, batch(number)));
    });
    for number in 1..=2 {
        let Event::Batch(batch) = receive(&receiver, &data) else { panic!("only batches are sent") };
        assert_eq!(batch.records(), [number]);
    }
    producer.join().unwrap();
}

/// Three control events, of which only two have room: they look for it in another way.
fn control_events() {
    let events = [Event::Status(StreamStatus::Idle), Event::Status(StreamStatus::Active), Event::EndOfData];
    let Ends { sender, receiver, room, data } = ends();
    let producer = thread::spawn(move || events.into_iter().for_each(|event| send(&sender, &room, event)));
    assert!(matches!(receive(&receiver, &data), Event::Status(StreamStatus::Idle)));
    assert!(matches!(receive(&receiver, &data), Event::Status(StreamStatus::Active)));
    assert!(matches!(receive(&receiver, &data), Event::EndOfData));
    producer.join().unwrap();
}

#[test]
fn a_full_channel_wakes_its_producer_and_an_empty_one_its_consumer() {
    check(batches);
}

#[test]
fn control_events_wake_both_ends_too() {
    check(control_events);
}

/// A consumer that has taken a barrier does not look at the channel again before it is aligned.
#[test]
fn one_take_is_enough_to_wake_the_producer() {
    check(|| {
        let Ends { sender, receiver, room, data } = ends();
        let producer = thread::spawn(move || {
            (1..=2).for_each(|number| send(&sender, &room, batch(number)));
        });
        assert!(matches!(receive(&receiver, &data), Event::Batch(batch) if batch.records() == [1]));
        producer.join().unwrap();
    });
}

#[test]
fn without_the_second_look_a_producer_sleeps_beside_an_empty_channel() {
    loses_a_wake_up(Mistake::Omitted(WakeStep::SecondLook), batches);
    loses_a_wake_up(Mistake::Omitted(WakeStep::SecondLook), control_events);
}

/// A flag that is raised only after the second look, or read before the take, for all that another
/// thread can see.
#[test]
fn with_relaxed_flags_a_producer_sleeps_beside_an_empty_channel() {
    loses_a_wake_up(Mistake::Relaxed(Access::Store), batches);
    loses_a_wake_up(Mistake::Relaxed(Access::Load), batches);
}

/// A consumer that goes away wakes nobody: here the test does, in place of the driver, which tears the attempt down.
#[test]
fn control_events_to_a_consumer_that_is_gone_are_not_refused() {
    check(|| {
        let Ends { sender, receiver, room, data: _ } = ends();
        let torn_down = room.clone();
        let producer = thread::spawn(move || {
            send(&sender, &room, batch(1));
            send(&sender, &room, Event::Status(StreamStatus::Idle));
            send(&sender, &room, Event::EndOfData);
        });
        drop(receiver);
        torn_down.wake();
        producer.join().unwrap();
    });
}

#[test]
fn what_was_sent_outlives_its_producer() {
    check(|| {
        let Ends { sender, receiver, room, data } = ends();
        let producer = thread::spawn(move || {
            send(&sender, &room, batch(1));
            send(&sender, &room, Event::EndOfData);
            drop(sender);
        });
        assert!(matches!(receive(&receiver, &data), Event::Batch(batch) if batch.records() == [1]));
        assert!(matches!(receive(&receiver, &data), Event::EndOfData));
        assert!(receiver.try_receive().is_none());
        producer.join().unwrap();
    });
}
