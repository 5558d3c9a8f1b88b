//! Statements in the binary log: which of them concern a table.

/// What a statement does to a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Its rows go, and nobody says which: TRUNCATE, DROP.
    Empties,
    /// Its columns may be others.
    Redefines,
    /// Its rows are changed, and the log has the statement instead of them.
    Changes,
}

/// What a statement does to a table, if it may be about it; a name without a database is in `session`. The statement is not
/// parsed: it is enough that its words include the name of the table, for what comes of it is looked up.
pub(super) fn effect(statement: &str, session: &str, database: &str, table: &str) -> Option<Effect> {
    let words = words_of_statement(statement);
    let word = |index: usize| words.get(index).map(|word| word.to_ascii_uppercase()).unwrap_or_default();
    let is_table = |index: usize| {
        let before = |count| index.checked_sub(count).and_then(|index| words.get(index)).map(String::as_str);
        let of = if before(1) == Some(".") { before(2).unwrap_or_default() } else { session };
        words.get(index).is_some_and(|word| word.eq_ignore_ascii_case(table))
            && of.eq_ignore_ascii_case(database)
    };
    let names_table = || (0..words.len()).any(is_table);
    match (word(0).as_str(), word(1).as_str()) {
        ("DROP", "DATABASE" | "SCHEMA") => {
            words.iter().any(|word| word.eq_ignore_ascii_case(database)).then_some(Effect::Empties)
        }
        ("TRUNCATE", _) | ("DROP", "TABLE") => names_table().then_some(Effect::Empties),
        // CREATE OR REPLACE TABLE.
        ("CREATE", "OR") if word(3) == "TABLE" => names_table().then_some(Effect::Empties),
        ("ALTER" | "RENAME", _) | ("CREATE", "TABLE") => names_table().then_some(Effect::Redefines),
        ("INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "LOAD" | "WITH", _) => {
            names_table().then_some(Effect::Changes)
        }
        _ => None,
    }
}

/// Whether a statement begins or ends an XA transaction, of which it is not known whether it is committed.
pub(super) fn is_xa(statement: &str) -> bool {
    words(statement).first().is_some_and(|word| word.eq_ignore_ascii_case("XA"))
}

/// The words of a statement without the settings that MariaDB lets it begin with: `SET STATEMENT … FOR`.
fn words_of_statement(statement: &str) -> Vec<String> {
    let mut words = words(statement);
    let is = |word: Option<&String>, text: &str| word.is_some_and(|word| word.eq_ignore_ascii_case(text));
    if is(words.first(), "SET")
        && is(words.get(1), "STATEMENT")
        && let Some(end) = words.iter().position(|word| word.eq_ignore_ascii_case("FOR"))
    {
        words.drain(..=end);
    }
    words
}

/// The words of a statement: names, with and without quotation marks, numbers, and the points between names. Comments are left out, but not those that a server
/// executes.
fn words(statement: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let mut rest = statement;
    while let Some(character) = rest.chars().next() {
        let comment = match rest.as_bytes() {
            [b'/', b'*', b'!' | b'M', ..] => None,
            [b'/', b'*', ..] => Some("*/"),
            [b'#', ..] | [b'-', b'-', b' ', ..] => Some("\n"),
            _ => None,
        };
        if let Some(end) = comment {
            rest = rest.split_once(end).map_or("", |(_, rest)| rest);
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            continue;
        }
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
        if matches!(character, '`' | '"') {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            let (inside, after) = quoted(rest, character);
            words.push(inside);
            rest = after;
        } else if character.is_alphanumeric() || matches!(character, '_' | '$') {
            word.push(character);
            continue;
        }
        words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
        if character == '.' {
            words.push(".".to_owned());
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// What is inside of quotation marks, where one is written twice, and what is after them.
fn quoted(mut rest: &str, mark: char) -> (String, &str) {
    let mut inside = String::new();
    while let Some((before, after)) = rest.split_once(mark) {
        inside.push_str(before);
        match after.strip_prefix(mark) {
            Some(after) => {
                inside.push(mark);
                rest = after;
            }
            None => return (inside, after),
        }
    }
    (inside, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_concern_the_tables_that_they_name() {
        for (statement, expected) in [
            ("ALTER TABLE orders ADD COLUMN x INT", Some(Effect::Redefines)),
            ("alter table `shop`.`orders` drop x", Some(Effect::Redefines)),
            ("/* by hand */ RENAME TABLE a TO orders", Some(Effect::Redefines)),
            ("CREATE TABLE IF NOT EXISTS orders (id INT)", Some(Effect::Redefines)),
            ("CREATE INDEX i ON orders (id)", None),
            ("TRUNCATE orders", Some(Effect::Empties)),
            ("TRUNCATE TABLE `orders`", Some(Effect::Empties)),
            ("DROP TABLE `orders` /* generated by server */", Some(Effect::Empties)),
            ("CREATE OR REPLACE TABLE orders (id INT)", Some(Effect::Empties)),
            ("DROP DATABASE shop", Some(Effect::Empties)),
            ("DROP DATABASE other", None),
            ("TRUNCATE other.orders", None),
            ("ALTER TABLE `other` . `orders` ADD x INT", None),
            ("RENAME TABLE other.orders TO other.gone, x TO orders", Some(Effect::Redefines)),
            ("ALTER TABLE orders_archive ADD COLUMN x INT", None),
            ("ALTER TABLE other /* orders */ ADD COLUMN x INT", None),
            ("# orders\nALTER TABLE other ADD x INT -- orders", None),
            ("DROP TABLE `or``ders`", None),
            (
                "SET STATEMENT max_statement_time = 1 FOR ALTER TABLE orders ADD x INT",
                Some(Effect::Redefines),
            ),
            ("insert into orders values (1)", Some(Effect::Changes)),
            ("LOAD DATA INFILE 'x' INTO TABLE `orders`", Some(Effect::Changes)),
            ("DELETE FROM other.orders", None),
            ("BEGIN", None),
            ("", None),
            ("/* never ends", None),
        ] {
            assert_eq!(effect(statement, "shop", "shop", "orders"), expected, "{statement}");
        }
        assert_eq!(effect("DROP TABLE `or``ders`", "shop", "shop", "or`ders"), Some(Effect::Empties));
        assert_eq!(effect("TRUNCATE orders", "other", "shop", "orders"), None);
        assert_eq!(effect("TRUNCATE shop.orders", "other", "shop", "orders"), Some(Effect::Empties));
        assert!(is_xa("XA START X'31',X'',1") && !is_xa("COMMIT"));
    }
}
