//! Sessions of a click stream: of each user who clicks, again and again within four minutes, the user, when the session
//! began and ended, and the number of clicks.
//!
//! 24 million clicks of 1.2 million users at random, 10,000 a second, so that a user clicks every two minutes in the mean,
//! about a million sessions are open at a time, and a session has seven clicks. Clicks arrive up to five seconds late. A
//! session ends four minutes after its last click, and a click at that very point in time still belongs to it; its result
//! is given when the watermark passes the end.
//!
//! Renoir's own session windows go by the clock, and its windows see each watermark once for every key; Timely has no
//! windows. Both get [an operator by hand](Sessions): a map of the open sessions, and their ends in order of time.

use std::collections::BTreeMap;

use ::millstream::prelude::*;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::Work;
use super::timed::{self, BATCH, START, delay, random};
use crate::engine::by_hand::TimedOperator;
use crate::engine::{Digest, HashMap, Outcome, Records, millstream, renoir, share, timely};

const CLICKS: f64 = 24e6;
const USERS: u64 = 1_200_000;
const CLICKS_PER_SECOND: u64 = 10_000;
/// In milliseconds, as all times.
const GAP: u64 = 240_000;
const LATE: u64 = 5_000;

/// User, begin, end, clicks.
type Row = (u32, u64, u64, u64);

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Click {
    user: u32,
    time: u64,
}

pub fn work(scale: f64) -> Work {
    timed::work(clicks((CLICKS * scale) as u64), reference, [on_millstream, on_renoir, on_timely])
}

fn clicks(count: u64) -> Vec<Click> {
    // Sessions must also end in a short run, for which each user needs some clicks.
    let users = USERS.min(count / 8).max(1);
    let click = |number| Click {
        user: (random(number) % users) as u32,
        time: START + number * 1_000 / CLICKS_PER_SECOND * (USERS / users),
    };
    let mut clicks: Vec<Click> = (0..count).map(click).collect();
    delay(&mut clicks, LATE, |click| click.time);
    clicks
}

fn reference(clicks: &[Click]) -> Digest {
    let mut clicks: Vec<(u32, u64)> = clicks.iter().map(|click| (click.user, click.time)).collect();
    clicks.sort_unstable();
    let sessions = clicks.chunk_by(|(user, time), (other, next)| user == other && next - time <= GAP);
    let row = |session: &[(u32, u64)]| {
        let ((user, begin), (_, last)) = (*session.first()?, *session.last()?);
        Some((user, begin, last + GAP, session.len() as u64))
    };
    sessions.filter_map(row).collect()
}

fn on_millstream(clicks: &Records<Click>) -> Outcome {
    millstream::run(|env| {
        let clicks = millstream::timed(env, clicks, LATE, |click| click.time).map(|click| (click.user, ()));
        let windows = EventTimeSessionWindows::with_gap(Duration::from_millis(GAP));
        let rows = clicks.keyed().window(windows).count().map(|session| -> Row {
            let [begin, end] = [session.window.start, session.window.end].map(|time| time.as_millis() as u64);
            (session.key, begin, end, session.value)
        });
        millstream::digest(&rows)
    })
}

fn on_renoir(clicks: &Records<Click>) -> Outcome {
    renoir::run(|context| {
        let clicks = clicks.clone();
        let clicks = context
            .stream_par_iter(move |subtask, _| share(&clicks, subtask as usize))
            .batch_mode(renoir::batches(BATCH));
        let clicks = renoir::timed(clicks, LATE, |click: &Click| click.time).map(|click| (click.user, ()));
        renoir::digest(renoir::by_hand(renoir::key_by(clicks), Sessions::default()))
    })
}

fn on_timely(clicks: &Records<Click>) -> Outcome {
    let clicks = clicks.clone();
    timely::run(move |scope| {
        let clicks = share(&clicks, scope.index()).map(|click| (click.user, (click.time, ())));
        timely::digest(timely::by_hand(
            timely::timed(scope, clicks, LATE),
            timely::by_key(),
            Sessions::default(),
        ))
    })
}

#[derive(Clone)]
struct Session {
    begin: u64,
    end: u64,
    clicks: u64,
    /// When it is looked at: not after its end.
    timer: u64,
}

impl Session {
    fn touches(&self, other: &Self) -> bool {
        self.begin <= other.end && other.begin <= self.end
    }

    fn join(&mut self, other: &Self) {
        self.begin = self.begin.min(other.begin);
        self.end = self.end.max(other.end);
        self.clicks += other.clicks;
        self.timer = self.timer.min(other.timer);
    }
}

/// The open sessions of one subtask.
#[derive(Clone, Default)]
struct Sessions {
    /// Mostly one of a user: another begins before the watermark has passed the end of the last.
    open: HashMap<u32, SmallVec<[Session; 1]>>,
    /// Whose sessions to look at when. A session that goes on is not looked at again for each click.
    timers: BTreeMap<u64, Vec<u32>>,
}

impl TimedOperator<u32, ()> for Sessions {
    type Result = Row;

    fn add(&mut self, user: u32, time: u64, (): (), _: &mut impl FnMut(Row)) {
        let sessions = self.open.entry(user).or_default();
        let mut session = Session { begin: time, end: time + GAP, clicks: 1, timer: u64::MAX };
        sessions.retain(|other| {
            let touches = session.touches(other);
            if touches {
                session.join(other);
            }
            !touches
        });
        if session.timer == u64::MAX {
            session.timer = session.end;
            self.timers.entry(session.timer).or_default().push(user);
        }
        sessions.push(session);
    }

    fn advance(&mut self, watermark: u64, results: &mut impl FnMut(Row)) {
        while let Some(first) = self.timers.first_entry()
            && *first.key() <= watermark
        {
            let (timer, users) = first.remove_entry();
            for user in users {
                let Some(sessions) = self.open.get_mut(&user) else { continue };
                sessions.retain(|session| {
                    let is_over = session.end <= watermark;
                    if is_over {
                        results((user, session.begin, session.end, session.clicks));
                    } else if session.timer == timer {
                        session.timer = session.end;
                        self.timers.entry(session.timer).or_default().push(user);
                    }
                    !is_over
                });
                if sessions.is_empty() {
                    self.open.remove(&user);
                }
            }
        }
    }
}
