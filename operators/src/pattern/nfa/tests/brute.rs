//! Matches as a person would work them out: every way to write the pattern's repetitions out, and every
//! subsequence of the events for each. Shares nothing with the automaton but the description of the pattern.

use super::*;
use crate::pattern::nfa::spec::OnMiss;

/// A condition: which values it accepts, and whether the value must not be below that of the event taken last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Condition {
    pub(super) values: u8,
    pub(super) rising: bool,
}

impl Condition {
    pub(super) fn holds(self, value: u8, last: Option<u8>) -> bool {
        self.values & (1 << value) != 0 && (!self.rising || last.is_none_or(|last| last <= value))
    }
}

/// Value and time.
pub(super) type Event = (u8, i64);

/// A match: its events by index, each with its stage.
pub(super) type Found = Vec<(usize, u16)>;

/// What a pattern becomes when its repetitions are written out.
#[derive(Clone, Debug)]
enum Token {
    Take {
        stage: StageId,
        predicate: PredicateId,
        contiguity: Option<Contiguity>,
        unless: Vec<PredicateId>,
        within: Option<i64>,
    },
    /// No such event between the event before and the one after.
    Never(PredicateId),
    /// The event directly after the one before is not such.
    NotDirectly(PredicateId),
    /// From the event before to the one after, which is included, no event that this would have accepted, unless it
    /// has ended.
    Greedy(PredicateId, Option<PredicateId>),
}

fn millis(time: std::time::Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap()
}

fn takes(tokens: &[Token]) -> usize {
    tokens.iter().filter(|token| matches!(token, Token::Take { .. })).count()
}

/// All ways to write a sequence out with so many events at most.
fn sequences(parts: &[Part], is_inner: bool, most: usize) -> Vec<Vec<Token>> {
    let mut all = vec![Vec::new()];
    for (index, part) in parts.iter().enumerate() {
        let nots: Vec<&Part> =
            parts[index + 1..].iter().take_while(|part| !matches!(part, Part::Take { .. })).collect();
        let mut next = Vec::new();
        for before in all {
            let ways = match part {
                Part::NotNext(predicate) => vec![vec![Token::NotDirectly(*predicate)]],
                Part::NotFollowedBy { predicate, .. } => vec![vec![Token::Never(*predicate)]],
                Part::Take { contiguity, what, quantifier, within_previous } => {
                    let outer = (index > 0 || !is_inner).then_some(*contiguity);
                    let left = most - takes(&before);
                    occurrences(what, quantifier, outer, within_previous.map(millis), &nots, left)
                }
            };
            next.extend(ways.into_iter().map(|way| [before.clone(), way].concat()));
        }
        all = next;
    }
    all
}

fn occurrences(
    what: &What,
    quantifier: &Quantifier,
    outer: Option<Contiguity>,
    within: Option<i64>,
    nots: &[&Part],
    most: usize,
) -> Vec<Vec<Token>> {
    let left = match what {
        What::Stage(_, predicate) if quantifier.greedy && quantifier.max != Some(quantifier.min) => {
            vec![Token::Greedy(*predicate, quantifier.until)]
        }
        _ => Vec::new(),
    };
    let mut all = Vec::new();
    if quantifier.optional {
        all.push(left.clone());
    }
    let mut growing: Vec<Vec<Token>> = vec![Vec::new()];
    for number in 1..=quantifier.max.unwrap_or(u32::MAX) {
        let mut longer = Vec::new();
        for before in &growing {
            let room = most - takes(before);
            let ones = match what {
                What::Stage(stage, predicate) => vec![vec![Token::Take {
                    stage: *stage,
                    predicate: *predicate,
                    contiguity: None,
                    unless: Vec::new(),
                    within: None,
                }]],
                What::Group(group) => sequences(&group.parts, true, room),
            };
            for mut one in ones.into_iter().filter(|one| takes(one) <= room) {
                let first = one.iter_mut().find_map(|token| match token {
                    Token::Take { contiguity, within, .. } => Some((contiguity, within)),
                    _ => None,
                });
                let (contiguity, own_within) = first.unwrap();
                *own_within = (*own_within).into_iter().chain(within).min();
                if contiguity.is_none() {
                    *contiguity = if number == 1 { outer } else { Some(quantifier.inner) };
                }
                let mut way = before.clone();
                if number > 1 {
                    for not in nots {
                        match not {
                            Part::NotFollowedBy { predicate, .. } => way.push(Token::Never(*predicate)),
                            Part::NotNext(predicate) if number > quantifier.min => {
                                way.push(Token::NotDirectly(*predicate));
                            }
                            _ => {}
                        }
                    }
                }
                way.extend(one);
                longer.push(way);
            }
        }
        if longer.is_empty() {
            break;
        }
        if number >= quantifier.min {
            all.extend(longer.iter().map(|way| ended(way, quantifier.until, &left)));
        }
        growing = longer;
    }
    all
}

/// The occurrences of a part, with what ends it.
fn ended(way: &[Token], until: Option<PredicateId>, left: &[Token]) -> Vec<Token> {
    let Some(until) = until else { return [way, left].concat() };
    let mut tokens = Vec::new();
    for token in way {
        let mut token = token.clone();
        if let Token::Take { unless, .. } = &mut token {
            unless.push(until);
            if takes(&tokens) > 0 {
                tokens.push(Token::Never(until));
            }
        }
        tokens.push(token);
    }
    tokens.extend_from_slice(left);
    tokens
}

struct Search<'a> {
    events: &'a [Event],
    conditions: &'a [Condition],
    spec: &'a PatternSpec,
    /// Start, when it was complete (events have even numbers, the time before them odd ones), and the match.
    found: Vec<(usize, usize, Found)>,
}

/// All matches, in the order in which they count, some left out as the pattern says.
pub(super) fn search(spec: &PatternSpec, conditions: &[Condition], events: &[Event]) -> Vec<Found> {
    let mut search = Search { events, conditions, spec, found: Vec::new() };
    for tokens in sequences(&spec.sequence.parts, false, events.len()) {
        search.place(&tokens, 0, &mut Vec::new());
    }
    let mut found = search.found;
    // Whoever has taken an event goes before whoever has left it out, also where that one has ended.
    found.sort_by_cached_key(|(start, when, events)| {
        (*start, *when, [&events[..], &[(usize::MAX, 0)]].concat())
    });
    let mut first_kept = 0;
    let mut kept = Vec::new();
    for (start, _, events) in found {
        if start < first_kept {
            continue;
        }
        let of_stage = |stage: StageId| {
            events.iter().filter(move |(_, other)| *other == stage.0).map(|(event, _)| *event)
        };
        let next = match spec.after_match {
            AfterMatch::NoSkip => None,
            AfterMatch::SkipToNext => Some(start + 1),
            AfterMatch::SkipPastLastEvent => events.last().map(|(event, _)| event + 1),
            AfterMatch::SkipToFirst(stage, OnMiss::NoSkip) => of_stage(stage).next(),
            AfterMatch::SkipToLast(stage, OnMiss::NoSkip) => of_stage(stage).next_back(),
            AfterMatch::SkipToFirst(..) | AfterMatch::SkipToLast(..) => unreachable!("not drawn"),
        };
        first_kept = first_kept.max(next.unwrap_or(0));
        kept.push(events);
    }
    kept
}

impl Search<'_> {
    fn holds(&self, predicate: PredicateId, event: usize, taken: &Found) -> bool {
        let last = taken.last().map(|(event, _)| self.events[*event].0);
        self.conditions[usize::from(predicate.0)].holds(self.events[event].0, last)
    }

    /// Tries all events for the next that is taken, from token `at` on.
    fn place(&mut self, tokens: &[Token], at: usize, taken: &mut Found) {
        let next = tokens[at..].iter().position(|token| matches!(token, Token::Take { .. }));
        let Some(next) = next.map(|next| at + next) else { return self.end(&tokens[at..], taken) };
        let Token::Take { stage, .. } = &tokens[next] else { unreachable!() };
        let first = taken.last().map_or(0, |(event, _)| event + 1);
        for event in first..self.events.len() {
            if self.may_follow(&tokens[at..=next], event, taken) {
                taken.push((event, stage.0));
                self.place(tokens, next + 1, taken);
                taken.pop();
            }
        }
    }

    fn may_follow(&self, tokens: &[Token], event: usize, taken: &Found) -> bool {
        let (take, between) = tokens.split_last().unwrap();
        let Token::Take { predicate, contiguity, unless, within, .. } = take else { unreachable!() };
        let fits = self.holds(*predicate, event, taken)
            && !unless.iter().any(|unless| self.holds(*unless, event, taken));
        let Some((before, _)) = taken.last().copied() else { return fits };
        let time = |event: usize| self.events[event].1;
        let in_time = self.spec.within.is_none_or(|within| time(event) - time(taken[0].0) < millis(within))
            && within.is_none_or(|within| time(event) - time(before) < within);
        let mut passed = before + 1..event;
        let near = match contiguity.unwrap_or(Contiguity::Relaxed) {
            Contiguity::Strict => passed.is_empty(),
            Contiguity::Relaxed => !passed.any(|passed| self.holds(*predicate, passed, taken)),
            Contiguity::NonDeterministic => true,
        };
        fits && in_time && near && between.iter().all(|token| self.allows(token, before, event, taken))
    }

    fn allows(&self, token: &Token, before: usize, event: usize, taken: &Found) -> bool {
        match token {
            Token::Never(never) => !(before + 1..event).any(|passed| self.holds(*never, passed, taken)),
            Token::NotDirectly(not) => !self.holds(*not, before + 1, taken),
            Token::Greedy(predicate, until) => (before + 1..=event)
                .take_while(|passed| !until.is_some_and(|until| self.holds(until, *passed, taken)))
                .all(|passed| !self.holds(*predicate, passed, taken)),
            Token::Take { .. } => unreachable!(),
        }
    }

    /// All events have been placed.
    fn end(&mut self, rest: &[Token], taken: &Found) {
        let (Some((start, _)), Some((last, _))) = (taken.first().copied(), taken.last().copied()) else {
            return;
        };
        let trailing = self.spec.sequence.parts.iter().rev();
        let trailing: Vec<&Part> = trailing.take_while(|part| !matches!(part, Part::Take { .. })).collect();
        if trailing.is_empty() {
            return self.found.push((start, 2 * last, taken.clone()));
        }
        let waits = trailing.iter().any(|part| matches!(part, Part::NotFollowedBy { .. }));
        let of_last = trailing.iter().filter_map(|part| match part {
            Part::NotFollowedBy { within_previous, .. } => within_previous.map(millis),
            _ => None,
        });
        let time = |event: usize| self.events[event].1;
        let deadline = self.spec.within.map(|within| time(start) + millis(within));
        let deadline = deadline.into_iter().chain(of_last.min().map(|within| time(last) + within)).min();
        let in_time = |event: usize| deadline.is_none_or(|deadline| time(event) < deadline);
        // Those that come before its time is over; without a time, only the very next counts.
        let mut passed = last + 1..self.events.len();
        if !waits {
            passed = last + 1..self.events.len().min(last + 2);
            if passed.is_empty() || !in_time(last + 1) {
                return;
            }
        }
        let harmless = |token: &Token| match token {
            Token::Never(never) => !passed
                .clone()
                .take_while(|event| in_time(*event))
                .any(|event| self.holds(*never, event, taken)),
            Token::NotDirectly(not) => {
                let next = passed.clone().next().filter(|event| in_time(*event));
                !next.is_some_and(|event| self.holds(*not, event, taken))
            }
            Token::Greedy(predicate, until) => !passed
                .clone()
                .take_while(|event| in_time(*event))
                .take_while(|event| !until.is_some_and(|until| self.holds(until, *event, taken)))
                .any(|event| self.holds(*predicate, event, taken)),
            Token::Take { .. } => unreachable!(),
        };
        if rest.iter().all(harmless) {
            let when = if waits {
                let after = passed.clone().find(|event| !in_time(*event)).unwrap_or(self.events.len());
                2 * after - 1
            } else {
                2 * (last + 1)
            };
            self.found.push((start, when, taken.clone()));
        }
    }
}
