//! Word count: 120 MB of text, line by line → split at whitespace → lower case → count per word.
//!
//! The text is generated into memory before the clock starts: words of a vocabulary of 100,000, drawn by Zipf's law
//! (the n-th most frequent word comes up in proportion to 1/n), twelve in a line, one in eight capitalised. A source
//! emits a copy of each line, as a source must that reads lines from elsewhere. A record is a word.
//!
//! `each` and `combined` as in keyed count.

use std::hint::black_box;
use std::sync::Arc;

use ::millstream::{Environment, Stream as MillstreamStream};
use ::renoir::operator::Operator;
use ::renoir::{KeyedStream, Stream, StreamContext};
use ::timely::dataflow::channels::pact::Pipeline;
use ::timely::dataflow::operators::core::Map;
use ::timely::dataflow::{Scope, StreamVec};

use crate::engine::{Digest, ENGINES, HashMap, Outcome, PARALLELISM, Run, millstream, renoir, timely};
use crate::work::Work;

const BYTES: f64 = 120e6;
const VOCABULARY: usize = 100_000;
const WORDS_IN_A_LINE: usize = 12;

/// Records in a batch of a peer: of 256, 1,024, 4,096 and 16,384 the one with the least CPU time for both peers, over both forms.
const BATCH: usize = 1024;

type Lines = Arc<Vec<String>>;

pub fn each(scale: f64) -> Work {
    work(scale, [millstream_each, renoir_each, timely_each])
}

pub fn combined(scale: f64) -> Work {
    work(scale, [millstream_combined, renoir_combined, timely_combined])
}

/// On each engine.
type Engines = [fn(&Lines) -> Outcome; ENGINES.len()];

fn work(scale: f64, engines: Engines) -> Work {
    let lines = Arc::new(generate((BYTES * scale) as usize));
    let run_on = |run: fn(&Lines) -> Outcome| {
        let lines = lines.clone();
        Some(Box::new(move || run(&lines)) as Run)
    };
    let engines = engines.map(run_on);
    let records = (lines.len() * WORDS_IN_A_LINE) as u64;
    let source = lines.clone();
    Work {
        records,
        input: Box::new(move || source.iter().for_each(|line| drop(black_box(line.clone())))),
        reference: Box::new(move || reference(&lines)),
        engines,
    }
}

fn generate(bytes: usize) -> Vec<String> {
    let mut random = SplitMix(42);
    let vocabulary: Vec<String> = (0..VOCABULARY).map(|_| random.word()).collect();
    // Each word holds as many of the slots as it is frequent, so that a draw is one look-up.
    let slots = 1 << 22;
    let total: f64 = (1..=VOCABULARY).map(|rank| 1.0 / rank as f64).sum();
    let mut drawn = Vec::with_capacity(slots);
    let mut share = 0.0;
    for rank in 0..VOCABULARY {
        share += 1.0 / (rank + 1) as f64 / total;
        drawn.resize((share * slots as f64).round() as usize, rank);
    }
    let mut lines = Vec::new();
    let mut written = 0;
    while written < bytes {
        let mut line = String::with_capacity(128);
        for _ in 0..WORDS_IN_A_LINE {
            let word = &vocabulary[drawn[random.below(drawn.len())]];
            let (first, rest) = word.split_at(1);
            if random.below(8) == 0 {
                line.push_str(&first.to_ascii_uppercase())
            } else {
                line.push_str(first)
            }
            line.push_str(rest);
            line.push(' ');
        }
        written += line.len();
        lines.push(line);
    }
    lines
}

/// The SplitMix64 generator: the same text on every machine.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// Two to eleven letters.
    fn word(&mut self) -> String {
        let length = 2 + self.below(10);
        (0..length).map(|_| char::from(b'a' + self.below(26) as u8)).collect()
    }
}

/// The words of a line in lower case, one at a time.
struct Words {
    line: String,
    next: usize,
}

fn words(mut line: String) -> Words {
    line.make_ascii_lowercase();
    Words { line, next: 0 }
}

impl Iterator for Words {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let rest = &self.line[self.next..];
        let word = rest.trim_ascii_start();
        let start = self.next + rest.len() - word.len();
        let length = word.bytes().position(|byte| byte.is_ascii_whitespace()).unwrap_or(word.len());
        self.next = start + length;
        (length > 0).then(|| self.line[start..start + length].to_owned())
    }
}

fn reference(lines: &Lines) -> Digest {
    let mut counts: HashMap<String, u64> = HashMap::default();
    for word in lines.iter().flat_map(|line| line.split_whitespace()) {
        *counts.entry_ref(word.to_lowercase().as_str()).or_default() += 1;
    }
    counts.into_iter().collect()
}

/// Every second line, so that both subtasks read text of the same kind.
fn share(lines: &Lines, subtask: usize) -> impl Iterator<Item = String> + Send + use<> {
    let lines = lines.clone();
    (subtask..lines.len()).step_by(PARALLELISM).map(move |index| lines[index].clone())
}

fn millstream_words(env: &Environment, lines: &Lines) -> MillstreamStream<(String, ())> {
    let lines = lines.clone();
    env.from_generator(Some(lines.len() as u64), move |number| lines[number as usize].clone())
        .flat_map(|line| words(line).map(|word| (word, ())))
}

fn millstream_each(lines: &Lines) -> Outcome {
    millstream::run(|env| millstream::digest(&millstream::count_each(&millstream_words(env, lines))))
}

fn millstream_combined(lines: &Lines) -> Outcome {
    millstream::run(|env| millstream::digest(&millstream::count_combined(&millstream_words(env, lines))))
}

fn renoir_words(context: &StreamContext, lines: &Lines) -> Stream<impl Operator<Out = (String, ())> + use<>> {
    let lines = lines.clone();
    context
        .stream_par_iter(move |subtask, _| share(&lines, subtask as usize))
        .batch_mode(renoir::batches(BATCH))
        .flat_map(|line| words(line).map(|word| (word, ())))
}

fn renoir_each(lines: &Lines) -> Outcome {
    renoir::run(|context| {
        let words = renoir::key_by(renoir_words(context, lines));
        renoir::digest(words.fold(0u64, |count, ()| *count += 1).unkey())
    })
}

fn renoir_combined(lines: &Lines) -> Outcome {
    renoir::run(|context| {
        let parts = KeyedStream(renoir_words(context, lines)).fold(0u64, |count, ()| *count += 1);
        renoir::digest(renoir::key_by(parts.unkey()).fold(0u64, |all, part| *all += part).unkey())
    })
}

fn timely_words<'scope>(scope: Scope<'scope, u64>, lines: &Lines) -> StreamVec<'scope, u64, (String, ())> {
    timely::records(scope, share(lines, scope.index()), BATCH, |_| 0)
        .flat_map(|line| words(line).map(|word| (word, ())))
}

fn timely_each(lines: &Lines) -> Outcome {
    let lines = lines.clone();
    timely::run(move |scope| {
        let words = timely_words(scope, &lines);
        timely::digest(timely::fold_by_key(words, timely::by_key(), |count: &mut u64, ()| *count += 1))
    })
}

fn timely_combined(lines: &Lines) -> Outcome {
    let lines = lines.clone();
    timely::run(move |scope| {
        let parts =
            timely::fold_by_key(timely_words(scope, &lines), Pipeline, |count: &mut u64, ()| *count += 1);
        timely::digest(timely::fold_by_key(parts, timely::by_key(), |all: &mut u64, part| *all += part))
    })
}
