//! What holds for all trees and all texts.

use std::sync::LazyLock;

use millstream_sql::parser::{
    keywords, parse_expression, parse_statement, parse_statements, split_statements,
};
use proptest::prelude::*;

use super::sql::{self, answer};
use super::{corpus, generator};

fn choices() -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 0..300)
}

/// Tokens as they are in the corpus, and all keywords.
static TOKENS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut tokens: Vec<String> = keywords().map(str::to_owned).collect();
    for case in corpus::cases() {
        tokens.extend(case.input.split_whitespace().map(str::to_owned));
    }
    let signs = "( ) [ ] { } , ; . * / + - = < > <> || | ^ $ ? : => /*+ */ /* -- ' ` \" a b 1 '' \n";
    tokens.extend(signs.split(' ').flat_map(|sign| std::iter::repeat_n(sign.to_owned(), 40)));
    tokens
});

fn soup() -> impl Strategy<Value = String> {
    let token = any::<prop::sample::Index>().prop_map(|index| index.get(&TOKENS).clone());
    // Most would fail with the first token, so most begin as statements do.
    let beginnings =
        ["", "SELECT", "SELECT * FROM t", "CREATE TABLE t (a", "ALTER TABLE t ADD", "EXPLAIN SELECT f("];
    let beginning = prop::sample::select(beginnings.to_vec());
    (beginning, prop::collection::vec(token, 0..20))
        .prop_map(|(beginning, tokens)| format!("{beginning} {}", tokens.join(" ")))
}

/// A statement of the corpus in which tokens were changed, taken out or put in.
fn mutated() -> impl Strategy<Value = String> {
    static INPUTS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let accepted = corpus::cases().into_iter().filter(|case| case.is_accepted() && !case.is_expression());
        accepted.map(|case| case.input).collect()
    });
    let edits =
        prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..3), 1..4);
    (any::<prop::sample::Index>(), edits).prop_map(|(input, edits)| {
        let mut words: Vec<&str> = input.get(&INPUTS).split(' ').collect();
        for (place, token, edit) in edits {
            let at = place.index(words.len());
            match edit {
                0 => words[at] = token.get::<String>(&TOKENS),
                1 => words.insert(at, token.get::<String>(&TOKENS)),
                _ if words.len() > 1 => drop(words.remove(at)),
                _ => {}
            }
        }
        words.join(" ")
    })
}

proptest! {
    // They are quick, so more than usual; `PROPTEST_CASES` counts.
    #![proptest_config(ProptestConfig { cases: 8 * ProptestConfig::default().cases, ..ProptestConfig::default() })]

    #[test]
    fn printed_statements_parse_to_the_same_tree(numbers in choices()) {
        let statement = generator::statement(&numbers);
        let text = statement.to_string();
        let parsed = parse_statement(&text).unwrap_or_else(|error| panic!("{}", error.render(&text)));
        prop_assert!(parsed == statement, "another tree:\n{text}\n{parsed}");
    }

    #[test]
    fn printed_expressions_parse_to_the_same_tree(numbers in choices()) {
        let expression = generator::expression(&numbers);
        let text = expression.to_string();
        let parsed = parse_expression(&text).unwrap_or_else(|error| panic!("{}", error.render(&text)));
        prop_assert!(parsed == expression, "another tree:\n{text}\n{parsed}");
    }

    #[test]
    fn any_text_has_an_answer(text in any::<String>()) {
        answer(&text);
    }

    #[test]
    fn any_bytes_have_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        sql::run(&bytes);
    }

    #[test]
    fn any_tokens_have_an_answer(text in soup()) {
        answer(&text);
    }

    #[test]
    fn changed_statements_have_an_answer(text in mutated()) {
        answer(&text);
    }
}

#[test]
fn what_fuzzing_begins_from_is_accepted() {
    for script in sql::valid() {
        let script = String::from_utf8(script).unwrap();
        parse_statements(&script).unwrap_or_else(|error| panic!("{}", error.render(&script)));
    }
}

#[test]
fn every_prefix_has_an_answer() {
    let scripts = corpus::nexmark().into_iter().map(|(_, script)| script);
    for text in corpus::cases().into_iter().map(|case| case.input).chain(scripts) {
        for (end, _) in text.char_indices() {
            answer(&text[..end]);
        }
    }
}

/// What `parse_statements` takes for a statement and what `split_statements` does are the same.
#[test]
fn scripts_are_split_where_statements_end() {
    for (name, script) in corpus::nexmark() {
        let whole = parse_statements(&script).unwrap();
        let split = split_statements(&script);
        let one_by_one: Vec<_> = split.iter().map(|part| parse_statement(part.text).unwrap()).collect();
        assert_eq!(one_by_one, whole, "{name}");
        assert!(split.iter().all(|part| part.complete));
    }
}
