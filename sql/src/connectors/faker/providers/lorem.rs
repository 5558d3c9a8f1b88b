//! `Lorem`: text without meaning.

use crate::connectors::faker::arguments::{Arguments, MAXIMUM_COUNT};
use crate::connectors::faker::catalog::{Method, Provider};
use crate::connectors::faker::error::ExpressionError;
use crate::connectors::faker::generator::Generator;
use crate::connectors::faker::pattern;
use crate::connectors::faker::random::Random;

pub(super) const PROVIDER: Provider = Provider {
    class: "Lorem",
    methods: &[
        Method::words(&["word"], WORDS),
        Method::compiled(&["words"], "['count']", |arguments| counted(arguments, words, 3, 1_000)),
        Method::compiled(&["sentence"], "['words'[,'random words to add']]", compile_sentence),
        Method::compiled(&["sentences"], "'count'", |arguments| counted(arguments, sentences, 3, 1_000)),
        Method::compiled(&["paragraph"], "['sentences']", |arguments| {
            counted(arguments, paragraph, 3, 1_000)
        }),
        Method::compiled(&["paragraphs"], "'count'", |arguments| counted(arguments, paragraphs, 3, 100)),
        Method::compiled(&["characters"], "['count']|'least','most'[,'upper case'[,'digits']]", characters),
        Method::text(&["character"], |random, out| {
            out.extend(ALPHANUMERIC.chars().nth(random.below(36) as usize))
        }),
        Method::compiled(&["fixedString"], "'length'", |arguments| {
            counted(arguments, cut_text, 0, MAXIMUM_COUNT)
        }),
        Method::compiled(&["maxLengthSentence"], "'length'", |arguments| {
            counted(arguments, cut_text, 0, MAXIMUM_COUNT)
        }),
    ],
};

const ALPHANUMERIC: &str = "abcdefghijklmnopqrstuvwxyz0123456789";

/// With how many as its only argument, which has this default if it is not 0.
fn counted(
    arguments: &Arguments<'_>,
    write: fn(&mut Random, [u64; 2], &mut String),
    default: u64,
    most: u64,
) -> Result<Generator, ExpressionError> {
    let count = match arguments.list {
        [] if default > 0 => default,
        [count] => count.count(most)?,
        _ => return Err(arguments.wrong_number()),
    };
    Ok(Generator::Parameterized(write, [count, 0]))
}

/// A list, as Java prints one.
fn words(random: &mut Random, [count, _]: [u64; 2], out: &mut String) {
    out.push('[');
    for index in 0..count {
        if index > 0 {
            out.push_str(", ");
        }
        out.push_str(random.word(WORDS));
    }
    out.push(']');
}

fn compile_sentence(arguments: &Arguments<'_>) -> Result<Generator, ExpressionError> {
    let parameters = match arguments.list {
        [] => [3, 6],
        [words] => [words.count(1_000)?, 6],
        [words, more] => [words.count(1_000)?, more.count(1_000)?],
        _ => return Err(arguments.wrong_number()),
    };
    Ok(Generator::Parameterized(sentence, parameters))
}

/// A sentence of so many words and fewer than so many more.
fn sentence(random: &mut Random, [words, more]: [u64; 2], out: &mut String) {
    for index in 0..words + random.below(more) {
        let word = random.word(WORDS);
        if index > 0 {
            out.push(' ');
            out.push_str(word);
        } else {
            let mut letters = word.chars();
            out.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
            out.push_str(letters.as_str());
        }
    }
    out.push('.');
}

fn sentences(random: &mut Random, [count, _]: [u64; 2], out: &mut String) {
    list(random, count, out, |random, out| sentence(random, [3, 6], out));
}

fn paragraph(random: &mut Random, [count, _]: [u64; 2], out: &mut String) {
    for index in 0..count + random.below(3) {
        if index > 0 {
            out.push(' ');
        }
        sentence(random, [3, 6], out);
    }
}

fn paragraphs(random: &mut Random, [count, _]: [u64; 2], out: &mut String) {
    list(random, count, out, |random, out| paragraph(random, [3, 0], out));
}

fn list(random: &mut Random, count: u64, out: &mut String, write: fn(&mut Random, &mut String)) {
    out.push('[');
    for index in 0..count {
        if index > 0 {
            out.push_str(", ");
        }
        write(random, out);
    }
    out.push(']');
}

fn characters(arguments: &Arguments<'_>) -> Result<Generator, ExpressionError> {
    let count = |index: usize| arguments.list.get(index).map_or(Ok(255), |count| count.count(MAXIMUM_COUNT));
    // A second number is the most; otherwise it says whether there are letters of both cases.
    let two = arguments.list.get(1).is_some_and(|most| most.boolean().is_err());
    let (least, most) = if two { (count(0)?, count(1)?) } else { (count(0)?, count(0)?) };
    let kinds = arguments.list.get(if two { 2 } else { 1 }..).unwrap_or_default();
    if kinds.len() > 2 {
        return Err(arguments.wrong_number());
    }
    if least > most {
        return Err(arguments.contradiction("the least length, which comes first, is above the most"));
    }
    let kind = |index: usize, otherwise| kinds.get(index).map_or(Ok(otherwise), |kind| kind.boolean());
    Ok(Generator::Pattern(pattern::alphanumeric(least, most, kind(0, false)?, false, kind(1, true)?)))
}

/// Sentences, cut to so many characters, all of ASCII.
fn cut_text(random: &mut Random, [length, _]: [u64; 2], out: &mut String) {
    let end = out.len() + length as usize;
    while out.len() < end {
        sentence(random, [3, 6], out);
    }
    out.truncate(end);
}

/// Words of Cicero's, and such as pass for them.
#[rustfmt::skip]
pub(super) const WORDS: &[&str] = &[
    "ab", "accusamus", "adipisci", "alias", "aliquam", "amet", "animi", "asperiores", "atque", "aut", "autem", "beatae",
    "blanditiis", "commodi", "consequatur", "corrupti", "culpa", "cum", "debitis", "delectus", "dicta", "dolor", "dolores",
    "ducimus", "ea", "eaque", "eius", "enim", "eos", "error", "esse", "est", "et", "eum", "excepturi", "facere", "fuga",
    "fugiat", "harum", "hic", "id", "illo", "illum", "in", "ipsa", "ipsum", "iste", "iure", "iusto", "labore", "laudantium",
    "libero", "magnam", "maiores", "minima", "modi", "molestiae", "nam", "natus", "nemo", "nihil", "nisi", "non", "nulla",
    "odio", "officia", "omnis", "optio", "pariatur", "placeat", "porro", "provident", "quae", "quam", "quas", "quia", "quis",
    "quo", "ratione", "rem", "rerum", "saepe", "sed", "sequi", "similique", "sint", "sit", "sunt", "tempora", "totam", "ullam",
    "unde", "ut", "vel", "velit", "veniam", "vero", "vitae", "voluptas", "voluptatem",
];
