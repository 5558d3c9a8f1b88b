//! Query 3, local item suggestion: for each auction of category 10 whose seller lives in Oregon, Idaho or
//! California, the seller's name, city and state and the auction's id.
//!
//! An unbounded join: a result is given as soon as both its sides have come, in whichever order.

use ::millstream::prelude::*;
use ::timely::dataflow::operators::Operator;
use ::timely::dataflow::operators::vec::Map;
use nexmark::event::Event;
use serde::{Deserialize, Serialize};

use super::{Events, on_millstream, on_renoir, on_timely};
use crate::engine::{self, Digest, HashMap, Outcome};

/// Name, city, state.
type Person = (String, String, String);
/// Name, city, state, auction.
type Row = (String, String, String, usize);

#[derive(Clone, Serialize, Deserialize)]
enum Side {
    Person(Person),
    Auction(usize),
}

/// What the query needs of an event, by the id of the person.
fn side(event: Event) -> Option<(usize, Side)> {
    match event {
        Event::Person(p) if matches!(p.state.as_str(), "or" | "id" | "ca") => {
            Some((p.id, Side::Person((p.name, p.city, p.state))))
        }
        Event::Auction(a) if a.category == 10 => Some((a.seller, Side::Auction(a.id))),
        _ => None,
    }
}

/// What has come for one seller.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Seller {
    person: Option<Person>,
    /// Auctions that came before the person.
    waiting: Vec<usize>,
}

impl Seller {
    fn add(&mut self, side: Side) -> Vec<Row> {
        match side {
            Side::Person(person) => self.person = Some(person),
            Side::Auction(auction) => self.waiting.push(auction),
        }
        let Some((name, city, state)) = &self.person else { return Vec::new() };
        let row = |auction| (name.clone(), city.clone(), state.clone(), auction);
        self.waiting.drain(..).map(row).collect()
    }
}

pub fn reference(events: &[Event]) -> Digest {
    let sides: Vec<_> = events.iter().cloned().filter_map(side).collect();
    let mut persons: HashMap<usize, Person> = HashMap::default();
    for (id, side) in &sides {
        if let Side::Person(person) = side {
            persons.insert(*id, person.clone());
        }
    }
    let row = |(seller, side)| match side {
        Side::Person(_) => None,
        Side::Auction(auction) => {
            let (name, city, state) = persons.get(&seller)?.clone();
            Some((name, city, state, auction))
        }
    };
    sides.into_iter().filter_map(row).collect()
}

/// Joins persons and their auctions.
#[derive(Clone)]
struct Join;

impl KeyedProcessFunction<usize, Side, Row> for Join {
    type State = ValueState<Seller>;

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, usize>) -> FunctionResult<ValueState<Seller>> {
        cx.value_state("seller")
    }

    fn process(
        &mut self,
        side: Side,
        seller: &ValueState<Seller>,
        cx: &mut KeyedContext<'_, usize>,
        out: &mut Emitter<'_, Row>,
    ) -> FunctionResult {
        let rows = seller.update_or_default(cx, |seller| seller.add(side));
        rows.into_iter().try_for_each(|row| out.emit(row))
    }
}

pub fn millstream(events: &Events) -> Outcome {
    on_millstream::run(events, |source| source.events().filter_map(side).keyed().process(Join))
}

pub fn renoir(events: &Events) -> Outcome {
    on_renoir::run(events, |source| {
        let mut seller = Seller::default();
        let sides = engine::renoir::key_by(source.events().filter_map(side));
        sides.rich_flat_map(move |(_, side)| seller.add(side)).drop_key()
    })
}

pub fn timely(events: &Events) -> Outcome {
    on_timely::run(events, |events| {
        events.flat_map(side).unary(engine::timely::by_key(), "Join", |_, _| {
            let mut sellers: HashMap<usize, Seller> = HashMap::default();
            move |input, output| {
                input.for_each_stamp(|time, batches| {
                    let mut session = output.session(&time);
                    for (id, side) in batches.flat_map(|batch| batch.drain(..)) {
                        session.give_iterator(sellers.entry(id).or_default().add(side).into_iter());
                    }
                });
            }
        })
    })
}
