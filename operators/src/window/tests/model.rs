//! Windows as a person would work them out: all records in a list, looked through each time.

use std::collections::BTreeMap;

use millstream_state::Timestamp;

use crate::window::{TimeWindow, Window};

/// What comes out: key, window and the records in it, in the order they came.
pub(in crate::window) type Row = (u8, TimeWindow, Vec<u32>);

/// How records become windows.
#[derive(Clone, Debug)]
pub(in crate::window) enum Kind {
    Tumbling { size: i64, offset: i64 },
    Sliding { size: i64, slide: i64, offset: i64 },
    Session { gap: i64 },
}

/// A window of a key: its records, and whether it has been emitted.
type Pane = (Vec<u32>, bool);

pub(in crate::window) struct Model {
    kind: Kind,
    allowed: i64,
    watermark: i64,
    open: BTreeMap<(u8, i64, i64), Pane>,
    pub(in crate::window) emitted: Vec<Row>,
    pub(in crate::window) late: u64,
}

impl Model {
    pub(in crate::window) fn new(kind: Kind, allowed: i64) -> Self {
        Self { kind, allowed, watermark: i64::MIN, open: BTreeMap::new(), emitted: Vec::new(), late: 0 }
    }

    fn is_over(&self, end: i64) -> bool {
        (end - 1).saturating_add(self.allowed) <= self.watermark
    }

    /// All windows that hold `time`, found by trying every start there could be.
    fn windows(&self, time: i64) -> Vec<(i64, i64)> {
        let (size, step, offset) = match self.kind {
            Kind::Tumbling { size, offset } => (size, size, offset),
            Kind::Sliding { size, slide, offset } => (size, slide, offset),
            Kind::Session { gap } => return vec![(time, time + gap)],
        };
        let starts = (time - size + 1..=time).filter(|start| (start - offset).rem_euclid(step) == 0);
        starts.map(|start| (start, start + size)).collect()
    }

    pub(in crate::window) fn push(&mut self, key: u8, record: u32, time: i64) {
        let windows = self.windows(time);
        let mut accepted = windows.is_empty() && time.saturating_add(self.allowed) > self.watermark;
        for (mut start, mut end) in windows {
            let mut pane = (Vec::new(), false);
            if matches!(self.kind, Kind::Session { .. }) {
                let touching =
                    |(other, from, to): &(u8, i64, i64)| *other == key && *from <= end && start <= *to;
                let joined: Vec<_> = self.open.keys().copied().filter(touching).collect();
                for session in joined {
                    let (records, fired) = self.open.remove(&session).unwrap();
                    (start, end) = (start.min(session.1), end.max(session.2));
                    pane = ([pane.0, records].concat(), pane.1 || fired);
                }
            }
            if self.is_over(end) {
                continue;
            }
            accepted = true;
            let pane = self.open.entry((key, start, end)).or_insert(pane);
            pane.0.push(record);
            pane.1 = end - 1 <= self.watermark;
            if pane.1 {
                self.emitted.push((key, window(start, end), pane.0.clone()));
            }
        }
        self.late += u64::from(!accepted);
    }

    pub(in crate::window) fn watermark(&mut self, watermark: i64) {
        self.watermark = self.watermark.max(watermark);
        for ((key, start, end), (records, fired)) in &mut self.open {
            if !*fired && end - 1 <= self.watermark {
                *fired = true;
                self.emitted.push((*key, window(*start, *end), records.clone()));
            }
        }
        let open = std::mem::take(&mut self.open);
        self.open = open.into_iter().filter(|((_, _, end), _)| !self.is_over(*end)).collect();
    }
}

fn window(start: i64, end: i64) -> TimeWindow {
    let window = TimeWindow::new(Timestamp::from_millis(start), Timestamp::from_millis(end));
    assert_eq!(window.max_timestamp(), Timestamp::from_millis(end - 1));
    window
}
