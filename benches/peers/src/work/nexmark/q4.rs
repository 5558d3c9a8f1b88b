//! Query 4, average price for a category: of each category, the number of auctions that closed with a winner, and
//! the sum of their final prices.
//!
//! A bid is valid if its auction's reserve is met and the auction is open: from `date_time` up to, and without,
//! `expires`. An auction's final price is its highest valid bid; an auction without one has none. The auction closes
//! when the watermark passes `expires`, and what comes later for it is dropped; at the end of the input all close.
//! The result is the last state of each category: a running average would be a different number of results in each
//! engine.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use ::millstream::prelude::*;
use ::renoir::operator::{ElementGenerator, Operator as RenoirOperator, StreamElement};
use ::timely::dataflow::operators::Operator;
use ::timely::dataflow::operators::vec::Map;
use nexmark::event::Event;
use serde::{Deserialize, Serialize};

use super::{Events, on_millstream, on_renoir, on_timely};
use crate::engine::millstream::timestamp;
use crate::engine::{self, Digest, HashMap, Outcome};

/// Number of auctions, and sum of final prices.
type Total = (u64, u64);

#[derive(Clone, Serialize, Deserialize)]
enum Side {
    Auction { category: usize, reserve: usize, opens: u64, expires: u64 },
    Bid(Offer),
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Offer {
    price: usize,
    time: u64,
}

/// What the query needs of an event, by the id of the auction.
fn side(event: Event) -> Option<(usize, Side)> {
    match event {
        Event::Person(_) => None,
        Event::Auction(a) => {
            let (category, reserve, opens, expires) = (a.category, a.reserve, a.date_time, a.expires);
            Some((a.id, Side::Auction { category, reserve, opens, expires }))
        }
        Event::Bid(b) => Some((b.auction, Side::Bid(Offer { price: b.price, time: b.date_time }))),
    }
}

/// An auction that has not closed.
#[derive(Clone, Serialize, Deserialize)]
struct Auction {
    category: usize,
    reserve: usize,
    opens: u64,
    expires: u64,
    highest: Option<usize>,
}

impl Auction {
    fn bid(&mut self, offer: Offer) {
        if offer.price >= self.reserve && (self.opens..self.expires).contains(&offer.time) {
            self.highest = self.highest.max(Some(offer.price));
        }
    }
}

/// The auctions of one subtask.
#[derive(Clone, Default)]
struct Auctions {
    open: HashMap<usize, Auction>,
    closings: BinaryHeap<Reverse<(u64, usize)>>,
    /// Offers for auctions that are not open: those to come, and those gone.
    early: HashMap<usize, Vec<Offer>>,
}

impl Auctions {
    fn add(&mut self, id: usize, side: Side) {
        match side {
            Side::Auction { category, reserve, opens, expires } => {
                let mut auction = Auction { category, reserve, opens, expires, highest: None };
                self.early.remove(&id).into_iter().flatten().for_each(|offer| auction.bid(offer));
                self.open.insert(id, auction);
                self.closings.push(Reverse((expires, id)));
            }
            Side::Bid(offer) => match self.open.get_mut(&id) {
                Some(auction) => auction.bid(offer),
                None => self.early.entry(id).or_default().push(offer),
            },
        }
    }

    /// Forgets early offers that no auction can claim any more: it would open at or before their time.
    fn advance(&mut self, watermark: u64) {
        self.early.retain(|_, offers| {
            offers.retain(|offer| offer.time >= watermark);
            !offers.is_empty()
        });
    }

    /// The category and final price of an auction that is over at `watermark`, one at a time.
    fn close(&mut self, watermark: u64) -> Option<(usize, usize)> {
        while let Some(&Reverse((expires, id))) = self.closings.peek()
            && expires <= watermark
        {
            self.closings.pop();
            if let Some(Auction { category, highest: Some(price), .. }) = self.open.remove(&id) {
                return Some((category, price));
            }
        }
        None
    }
}

fn add(total: &mut Total, price: usize) {
    *total = (total.0 + 1, total.1 + price as u64);
}

pub fn reference(events: &[Event]) -> Digest {
    let sides = || events.iter().cloned().filter_map(side);
    let mut auctions: HashMap<usize, Auction> = HashMap::default();
    for (id, side) in sides() {
        if let Side::Auction { category, reserve, opens, expires } = side {
            auctions.insert(id, Auction { category, reserve, opens, expires, highest: None });
        }
    }
    for (id, side) in sides() {
        if let (Side::Bid(offer), Some(auction)) = (side, auctions.get_mut(&id)) {
            auction.bid(offer);
        }
    }
    let mut totals: HashMap<usize, Total> = HashMap::default();
    for auction in auctions.values() {
        if let Some(price) = auction.highest {
            add(totals.entry(auction.category).or_default(), price);
        }
    }
    totals.into_iter().collect()
}

/// One subtask's auctions on Renoir, which has no timers: an operator written by hand.
#[derive(Clone, Default)]
struct Closing {
    auctions: Auctions,
    watermark: u64,
    ended: bool,
}

impl Closing {
    fn next<O>(&mut self, mut input: ElementGenerator<'_, O>) -> StreamElement<(usize, usize)>
    where
        O: RenoirOperator<Out = (usize, Side)>,
    {
        loop {
            if let Some(closed) = self.auctions.close(self.watermark) {
                return StreamElement::Item(closed);
            }
            if std::mem::take(&mut self.ended) {
                return StreamElement::FlushAndRestart;
            }
            match input.next() {
                StreamElement::Item((id, side)) | StreamElement::Timestamped((id, side), _) => {
                    self.auctions.add(id, side);
                }
                // Not passed on: the totals of the categories need no event time.
                StreamElement::Watermark(time) => {
                    self.watermark = time as u64;
                    self.auctions.advance(self.watermark);
                }
                StreamElement::FlushAndRestart => {
                    self.watermark = u64::MAX;
                    self.ended = true;
                }
                StreamElement::FlushBatch => return StreamElement::FlushBatch,
                StreamElement::Terminate => return StreamElement::Terminate,
            }
        }
    }
}

/// Closes auctions, by id, and gives the category and final price of those with a winner.
#[derive(Clone)]
struct Close;

type Context<'a> = KeyedContext<'a, usize>;
/// The auction while it is open, and offers that came before it.
type States = (ValueState<Auction>, ListState<Offer>);

impl KeyedProcessFunction<usize, Side, (usize, usize)> for Close {
    type State = States;

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, usize>) -> FunctionResult<States> {
        Ok((cx.value_state("auction")?, cx.list_state("early")?))
    }

    fn process(
        &mut self,
        side: Side,
        (auction, early): &States,
        cx: &mut Context<'_>,
        _: &mut Emitter<'_, (usize, usize)>,
    ) -> FunctionResult {
        match side {
            Side::Auction { category, reserve, opens, expires } => {
                let mut opened = Auction { category, reserve, opens, expires, highest: None };
                early.take(cx).into_iter().for_each(|offer| opened.bid(offer));
                auction.set(cx, opened);
                cx.register_event_time_timer(timestamp(expires))
            }
            Side::Bid(offer) => {
                let was_open = auction.update(cx, |open| open.bid(offer)).is_some();
                if !was_open && timestamp(offer.time) > cx.watermark() {
                    if early.get(cx).is_empty() {
                        cx.register_event_time_timer(forget_at(offer.time))?;
                    }
                    early.add(cx, offer);
                }
                // Otherwise no auction can claim it any more: it would open at or before the offer's time.
                Ok(())
            }
        }
    }

    fn on_timer(
        &mut self,
        timer: Timer,
        (auction, early): &States,
        cx: &mut Context<'_>,
        out: &mut Emitter<'_, (usize, usize)>,
    ) -> FunctionResult {
        match auction.get(cx) {
            Some(open) if timestamp(open.expires) <= timer.time => {
                let closed = auction.take(cx).and_then(|closed| Some((closed.category, closed.highest?)));
                closed.map_or(Ok(()), |closed| out.emit(closed))
            }
            // A timer of early offers, and the auction has claimed them.
            Some(_) => Ok(()),
            None => {
                let offers = early.take(cx).into_iter();
                for offer in offers.filter(|offer| timestamp(offer.time) > timer.time) {
                    cx.register_event_time_timer(forget_at(offer.time))?;
                    early.add(cx, offer);
                }
                Ok(())
            }
        }
    }
}

/// When to look whether an early offer can be forgotten: at whole seconds, so that many keys share a point in time.
fn forget_at(time: u64) -> Timestamp {
    timestamp(time.next_multiple_of(1_000))
}

pub fn millstream(events: &Events) -> Outcome {
    on_millstream::run(events, |source| {
        let closed = source.timed_events().filter_map(side).keyed().process(Close);
        let prices = closed.map(|(category, price)| (category, (1, price as u64)));
        let totals = prices.keyed().window(GlobalWindows::at_end());
        let totals = totals.reduce(|total: Total, other| (total.0 + other.0, total.1 + other.1));
        totals.map(|total| (total.key, total.value))
    })
}

pub fn renoir(events: &Events) -> Outcome {
    on_renoir::run(events, |source| {
        let mut closing = Closing::default();
        let sides = engine::renoir::key_by(source.timed_events().filter_map(side));
        sides
            .rich_map_custom(move |input| closing.next(input))
            .group_by_fold(
                |closed| closed.0,
                Total::default(),
                |total, (_, price)| add(total, price),
                |total, part| *total = (total.0 + part.0, total.1 + part.1),
            )
            .unkey()
    })
}

pub fn timely(events: &Events) -> Outcome {
    on_timely::run(events, |events| {
        let closed =
            events.flat_map(side).unary_frontier(engine::timely::by_key(), "Close", |capability, _| {
                let mut capability = Some(capability);
                let mut auctions = Auctions::default();
                move |(input, frontier), output| {
                    input.for_each(|_, batch| batch.drain(..).for_each(|(id, side)| auctions.add(id, side)));
                    let Some(held) = &mut capability else { return };
                    let watermark = frontier.frontier().first().copied();
                    // Scheduled without progress, there is nothing to close.
                    if watermark == Some(*held.time()) {
                        return;
                    }
                    let mut session = output.session(&*held);
                    while let Some(closed) = auctions.close(watermark.unwrap_or(u64::MAX)) {
                        session.give(closed);
                    }
                    drop(session);
                    match watermark {
                        Some(watermark) => {
                            auctions.advance(watermark);
                            held.downgrade(&watermark);
                        }
                        None => capability = None,
                    }
                }
            });
        engine::timely::fold_by_key(closed, engine::timely::by_key(), add)
    })
}
