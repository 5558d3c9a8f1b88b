//! Query 8, monitor new users: for each window of ten seconds, the persons who registered in it and opened an auction
//! in it, as window start, id and name; once each, however many auctions they opened.

use std::collections::BTreeMap;

use ::timely::dataflow::operators::vec::Map;
use nexmark::event::Event;
use serde::{Deserialize, Serialize};

use super::on_renoir::AlignedWindow;
use super::{Events, on_millstream, on_renoir, on_timely};
use crate::engine::{self, Digest, HashMap, Outcome};

const SIZE: u64 = 10_000;

#[derive(Clone, Serialize, Deserialize)]
enum Side {
    Registers(String),
    Sells,
}

/// What the query needs of an event, by the id of the person, with its time.
fn side(event: Event) -> Option<(usize, (u64, Side))> {
    match event {
        Event::Person(person) => Some((person.id, (person.date_time, Side::Registers(person.name)))),
        Event::Auction(auction) => Some((auction.seller, (auction.date_time, Side::Sells))),
        Event::Bid(_) => None,
    }
}

/// What one person did in one window.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Activity {
    name: Option<String>,
    sells: bool,
}

impl Activity {
    fn add(&mut self, side: Side) {
        match side {
            Side::Registers(name) => self.name = Some(name),
            Side::Sells => self.sells = true,
        }
    }

    fn and(self, other: Self) -> Self {
        Self { name: self.name.or(other.name), sells: self.sells || other.sells }
    }

    /// The name, if the person belongs to the results.
    fn name(self) -> Option<String> {
        self.name.filter(|_| self.sells)
    }
}

impl From<Side> for Activity {
    fn from(side: Side) -> Self {
        let mut activity = Self::default();
        activity.add(side);
        activity
    }
}

pub fn reference(events: &[Event]) -> Digest {
    let mut windows: BTreeMap<(u64, usize), Activity> = BTreeMap::new();
    for (id, (time, side)) in events.iter().cloned().filter_map(side) {
        windows.entry((time / SIZE * SIZE, id)).or_default().add(side);
    }
    windows.into_iter().filter_map(|((start, id), activity)| Some((start, id, activity.name()?))).collect()
}

pub fn millstream(events: &Events) -> Outcome {
    on_millstream::run(events, |source| {
        let sides = source.timed_events().filter_map(|event| side(event).map(|(id, (_, side))| (id, side)));
        let activities = sides.map(|(id, side)| (id, Activity::from(side)));
        activities.keyed().window(on_millstream::tumbling(SIZE)).reduce(Activity::and).filter_map(
            |activity| Some((on_millstream::start(&activity.window), activity.key, activity.value.name()?)),
        )
    })
}

pub fn renoir(events: &Events) -> Outcome {
    on_renoir::run(events, |source| {
        let sides = source.timed_events().filter_map(|event| side(event).map(|(id, (_, side))| (id, side)));
        let activities = engine::renoir::key_by(sides)
            .window(AlignedWindow::tumbling(SIZE))
            .fold(Activity::default(), |activity, side: &Side| activity.add(side.clone()));
        on_renoir::with_timestamp(activities)
            .filter_map(|(last, id, activity)| Some((last + 1 - SIZE, id, activity.name()?)))
    })
}

pub fn timely(events: &Events) -> Outcome {
    on_timely::run(events, |events| {
        let add = |activities: &mut HashMap<usize, Activity>, (id, (_, side))| {
            activities.entry(id).or_default().add(side);
        };
        let sides = events.flat_map(side);
        let windows = engine::timely::tumbling(sides, engine::timely::by_key(), SIZE, |side| side.1.0, add);
        windows.flat_map(|(start, activities)| {
            activities.into_iter().filter_map(move |(id, activity)| Some((start, id, activity.name()?)))
        })
    })
}
