use std::collections::HashSet;

use super::{Recipe, comparable, full_name, methods};
use crate::connectors::faker::{Expression, Random, method_names};

fn message(expression: &str) -> String {
    Expression::parse(expression).unwrap_err().message().to_string()
}

#[test]
fn names_are_found_in_any_case_with_or_without_underscores() {
    for name in [
        "HarryPotter.spell",
        "harry_potter.spell",
        "harryPotter.SPELL",
        "HARRY_POTTER.spells",
        "harrypotter.Spell",
    ] {
        assert!(Expression::parse(&format!("#{{{name}}}")).is_ok(), "{name}");
    }
    assert!(Expression::parse("#{DATE.PAST '1','seconds'}").is_ok());
    assert!(Expression::parse("#{NUMERIFY '#'}").is_ok());
}

#[test]
fn no_two_methods_have_the_same_name() {
    let mut seen = HashSet::new();
    for (class, name, _) in methods() {
        assert!(seen.insert(comparable(&full_name(class, name))), "{class}.{name}");
    }
    assert!(seen.len() > 200);
}

#[test]
fn lists_have_enough_words_none_of_them_twice_or_empty() {
    for (class, name, method) in methods() {
        if let Recipe::Words(words) = method.recipe {
            let different: HashSet<_> = words.iter().collect();
            assert_eq!(different.len(), words.len(), "{class}.{name}");
            assert!(words.len() > 1, "{class}.{name}");
            assert!(words.iter().all(|word| !word.is_empty() && word.trim() == *word), "{class}.{name}");
        }
    }
}

#[test]
fn methods_without_arguments_generate_different_texts() {
    for (class, name, method) in methods() {
        if matches!(method.recipe, Recipe::Compiled(_)) {
            continue;
        }
        let expression = Expression::parse(&format!("#{{{}}}", full_name(class, name))).unwrap();
        let texts: HashSet<String> = (0..200)
            .map(|row| {
                let mut text = String::new();
                expression.generate(&mut Random::of_value(1, row, 0), 0, &mut text);
                assert!(!text.trim().is_empty(), "{class}.{name}");
                text
            })
            .collect();
        assert!(texts.len() > 1, "{class}.{name}: {texts:?}");
    }
}

#[test]
fn methods_are_listed_with_their_parameters() {
    let names: Vec<String> = method_names().collect();
    for name in
        ["regexify 'regular expression'", "Name.firstName", "Date.past 'most'[,'least'],'unit'[,'format']"]
    {
        assert!(names.iter().any(|listed| listed == name), "{name}");
    }
}

#[test]
fn misspelled_names_are_recognized() {
    let cases = [
        ("Name.fristName", "Name.firstName"),
        ("Nmae.firstName", "Name.firstName"),
        ("number.numberBetwen", "Number.numberBetween"),
        ("regexfy", "regexify"),
        ("Internet.ipV4", "Internet.ipV4Address"),
        ("Internet.email", "Internet.emailAddress"),
        ("firstName", "Name.firstName"),
        ("People.firstName", "Name.firstName"),
        ("harry_poter.spell", "HarryPotter.spell"),
        ("dates.past", "Date.past"),
    ];
    for (name, meant) in cases {
        let message = message(&format!("#{{{name}}}"));
        assert_eq!(message, format!("no method is called `{name}`; did you mean `{meant}`?"));
    }
}

#[test]
fn without_a_near_name_those_of_the_class_are_listed() {
    assert_eq!(
        message("#{Currency.exchangeRate}"),
        "no method is called `Currency.exchangeRate`; Currency has code, name"
    );
    let classes = message("#{Blockchain.wallet}");
    assert!(classes.contains("the classes are Number, Bool, Options, Date, Time, Name"), "{classes}");
    assert!(message(&format!("#{{{}}}", "x".repeat(10_000))).contains("the classes are"));
}
