//! How often does each word occur in a text?
//!
//! ```text
//! cargo run --release --example word_count                       # this repository's own description of its data
//! cargo run --release --example word_count -- --text README.md book.txt
//! ```
//!
//! The count of a word is written each time it grows, as `word,count`; what is printed at the end
//! is read from those lines. Lines of a file that was killed on the way are never seen twice.

#![allow(clippy::disallowed_methods, reason = "an example")]

mod support;

use std::collections::HashMap;
use std::path::PathBuf;

use clap::Parser;
use millstream::prelude::*;
use support::Options;

/// Counts the words of texts.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    /// The files to read; packed ones end in `.gz`
    #[arg(long, value_name = "FILE", num_args = 1.., default_values_os_t = [support::data().join("README.md")])]
    text: Vec<PathBuf>,
    /// How many words to print
    #[arg(long, value_name = "N", default_value_t = 15)]
    top: usize,
}

/// The words of a line, in lower case.
fn words(line: String) -> Vec<String> {
    let words = line.split(|character: char| !character.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

fn build(env: &Environment, arguments: &Arguments) {
    let options = &arguments.options;
    let results = FileSink::text(&options.output, |(word, n): &(String, u64)| format!("{word},{n}"));
    env.from_source(FileSource::text(arguments.text.as_slice()).rate(options.rate))
        .name("lines")
        .uid("lines")
        .inspect(options.kill_switch())
        .flat_map(words)
        .name("words")
        .key_by(String::clone)
        .count()
        .name("counts")
        .uid("counts")
        .sink_to(results.overwrite())
        .name("results")
        .uid("results");
}

/// The last count of each word, the most frequent first.
fn final_counts(lines: &[String]) -> Vec<(&str, u64)> {
    let mut counts = HashMap::<&str, u64>::new();
    for (word, count) in lines.iter().filter_map(|line| line.split_once(',')) {
        let last = counts.entry(word).or_default();
        *last = count.parse::<u64>().unwrap_or_default().max(*last);
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_unstable_by_key(|&(word, count)| (std::cmp::Reverse(count), word));
    counts
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let env = arguments.options.environment();
    build(&env, &arguments);
    if arguments.options.run(&env, "word_count")?.is_none() {
        return Ok(());
    }
    let lines = support::results(&arguments.options.output)?;
    let counts = final_counts(&lines);
    for (word, count) in counts.iter().take(arguments.top) {
        println!("{count:>8}  {word}");
    }
    let total: u64 = counts.iter().map(|(_, count)| count).sum();
    println!(
        "\n{total} words, {} different ones; all counts are in {}",
        counts.len(),
        arguments.options.output.display()
    );
    Ok(())
}
