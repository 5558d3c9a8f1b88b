use millstream_runtime::Result;
use millstream_state::Timestamp;

use super::nfa::{MatchOutput, Matched, Matches};
use super::*;

mod documented;
mod mistakes;
mod operator;
mod timeouts;

/// Accepts what begins with one of some letters.
fn is(letters: &'static str) -> impl Fn(&String) -> bool + Send + Sync + 'static {
    move |event| event.chars().next().is_some_and(|first| letters.contains(first))
}

fn begin(name: &str, letters: &'static str) -> Pattern<String> {
    Pattern::begin(name).where_is(is(letters))
}

/// What was found, the events of each match in a row, and what has timed out, and when.
#[derive(Default)]
struct Found {
    matches: Vec<String>,
    timed_out: Vec<(String, i64)>,
}

fn in_a_row(matched: &Matched<'_, String>) -> String {
    matched.iter().map(|(_, event)| event.as_str()).collect::<Vec<_>>().join(" ")
}

impl MatchOutput<String> for Found {
    fn matched(&mut self, matched: &Matched<'_, String>, _: Timestamp) -> Result<()> {
        self.matches.push(in_a_row(matched));
        Ok(())
    }

    fn timed_out(&mut self, partial: &Matched<'_, String>, at: Timestamp) -> Result<()> {
        self.timed_out.push((in_a_row(partial), at.as_millis()));
        Ok(())
    }
}

/// Looks for a pattern in events that come a second after each other, or at the times behind an `@`, in milliseconds.
fn find(pattern: &Pattern<String>, events: &str) -> Found {
    let mut compiled = pattern.compile().unwrap();
    let (mut matches, mut found) = (Matches::default(), Found::default());
    for (number, event) in (0..).zip(events.split_whitespace()) {
        let (event, time) = event.split_once('@').unwrap_or((event, ""));
        let time = Timestamp::from_millis(time.parse().unwrap_or(1_000 * number));
        let event = event.to_owned();
        compiled.nfa.process(&mut matches, event, time, &mut compiled.conditions, &mut found).unwrap();
    }
    compiled.nfa.advance(&mut matches, Timestamp::MAX, &mut found).unwrap();
    compiled.nfa.finish(&mut matches, &mut found).unwrap();
    found
}

/// Checks what is found, whatever the order.
#[track_caller]
fn check(pattern: &Pattern<String>, events: &str, expected: &[&str]) {
    let mut found = find(pattern, events).matches;
    found.sort();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected, "in {events}");
}
