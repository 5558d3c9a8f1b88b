//! Query 5, hot items: for each window of ten seconds that slides by two, the auction with the most bids, as window
//! start, auction and number of bids; of several, the one with the lowest id.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use ::millstream::prelude::*;
use ::timely::dataflow::channels::pact::{Exchange, Pipeline};
use ::timely::dataflow::operators::Operator;
use ::timely::dataflow::operators::vec::Map;
use nexmark::event::Event;

use super::on_renoir::AlignedWindow;
use super::{Events, bid, on_millstream, on_renoir, on_timely};
use crate::engine::{self, Digest, HashMap, Outcome};

const SIZE: u64 = 10_000;
const SLIDE: u64 = 2_000;

/// Bids and auction, in the order that makes the hottest the greatest.
type Heat = (usize, Reverse<usize>);
/// Window start, auction, bids.
type Row = (u64, usize, usize);

fn row(start: u64, (bids, Reverse(auction)): Heat) -> Row {
    (start, auction, bids)
}

fn hottest(counts: &HashMap<usize, usize>) -> Option<Heat> {
    counts.iter().map(|(&auction, &bids)| (bids, Reverse(auction))).max()
}

pub fn reference(events: &[Event]) -> Digest {
    let mut windows: BTreeMap<u64, HashMap<usize, usize>> = BTreeMap::new();
    for bid in events.iter().cloned().filter_map(bid) {
        let last = bid.date_time / SLIDE * SLIDE;
        for start in (last + SLIDE - SIZE..=last).step_by(SLIDE as usize) {
            *windows.entry(start).or_default().entry(bid.auction).or_default() += 1;
        }
    }
    windows.iter().filter_map(|(&start, counts)| Some(row(start, hottest(counts)?))).collect()
}

pub fn millstream(events: &Events) -> Outcome {
    on_millstream::run(events, |source| {
        let bids = source.timed_events().filter_map(|event| Some((bid(event)?.auction, ())));
        let [size, slide] = [SIZE, SLIDE].map(Duration::from_millis);
        let counts = bids.keyed().window(SlidingEventTimeWindows::of(size, slide)).count();
        // A window's counts carry its last millisecond, so that each slide has the counts of one window.
        let heats = counts.map(|counted| (counted.value as usize, Reverse(counted.key)));
        let hottest = on_millstream::max_of_windows(&heats, SLIDE);
        hottest.map(|(last_slide, heat)| row(last_slide + SLIDE - SIZE, heat))
    })
}

pub fn renoir(events: &Events) -> Outcome {
    on_renoir::run(events, |source| {
        let bids = source.timed_events().filter_map(|event| Some((bid(event)?.auction, ())));
        let counts = engine::renoir::key_by(bids).window(AlignedWindow::sliding(SIZE, SLIDE)).count().unkey();
        // A window's counts carry its last millisecond, so that each slide has the counts of one window.
        let heats = counts.map(|(auction, bids)| (bids, Reverse(auction)));
        let local = heats.key_by(|_| ()).window(AlignedWindow::tumbling(SLIDE)).max();
        let global = local.drop_key().window_all(AlignedWindow::tumbling(SLIDE)).max();
        on_renoir::with_timestamp(global).map(|(last, (), heat)| row(last + 1 - SIZE, heat))
    })
}

pub fn timely(events: &Events) -> Outcome {
    on_timely::run(events, |events| {
        let bids = events.flat_map(|event| bid(event).map(|bid| (bid.auction, bid.date_time)));
        let count =
            |counts: &mut HashMap<usize, usize>, (auction, _)| *counts.entry(auction).or_default() += 1;
        // Each bid is counted once, in a pane as wide as the slide; a window adds up its panes.
        let panes = engine::timely::tumbling(bids, engine::timely::by_key(), SLIDE, |bid| bid.1, count);
        let local = sum_panes(panes);
        let by_window = Exchange::new(|window: &(u64, Heat)| window.0 / SLIDE);
        let last = |window: &(u64, Heat)| window.0 + SIZE - 1;
        let keep = |hottest: &mut Option<Heat>, (_, heat)| *hottest = (*hottest).max(Some(heat));
        // Windows are told apart by their last slide, which ends when they end.
        let global = engine::timely::tumbling(local, by_window, SLIDE, last, keep);
        global.flat_map(|(last_slide, hottest)| Some(row(last_slide + SLIDE - SIZE, hottest?)))
    })
}

/// The hottest auction of each sliding window among those of this worker, from the counts of panes.
fn sum_panes(
    panes: on_timely::Stream<'_, (u64, HashMap<usize, usize>)>,
) -> on_timely::Stream<'_, (u64, Heat)> {
    panes.unary_frontier(Pipeline, "SumPanes", |capability, _| {
        let mut capability = Some(capability);
        let mut panes: BTreeMap<u64, HashMap<usize, usize>> = BTreeMap::new();
        let mut next = 0;
        move |(input, frontier), output| {
            input.for_each(|_, batch| panes.extend(batch.drain(..)));
            let Some(held) = &mut capability else { return };
            let passed = frontier.frontier().first().copied();
            while let Some((&first, _)) = panes.first_key_value() {
                let start = next.max(first + SLIDE - SIZE);
                if passed.is_some_and(|passed| start + SIZE > passed) {
                    break;
                }
                let mut sums: HashMap<usize, usize> = HashMap::default();
                for (&auction, &bids) in panes.range(start..start + SIZE).flat_map(|(_, counts)| counts) {
                    *sums.entry(auction).or_default() += bids;
                }
                let end = held.delayed(&(start + SIZE - 1));
                output.session(&end).give_iterator(hottest(&sums).map(|heat| (start, heat)).into_iter());
                next = start + SLIDE;
                panes = panes.split_off(&next);
            }
            match passed {
                Some(passed) => held.downgrade(&passed),
                None => capability = None,
            }
        }
    })
}
