//! Which word a misspelled one was meant to be.

/// The name next to this word in any case of letters, if it is so near that the word is likely a misspelling of it: one
/// mistake in short words, two in long ones. Not the word itself.
pub fn nearest<'a>(word: &str, names: &[&'a str]) -> Option<&'a str> {
    if word.len() > 64 {
        return None;
    }
    let others = names.iter().copied().filter(|name| *name != word);
    let counted = others.map(|name| (mistakes(word.as_bytes(), name.as_bytes()), name));
    let near = counted.filter(|(count, name)| *count <= if name.len() < 5 { 1 } else { 2 });
    near.min_by_key(|(count, _)| *count).map(|(_, name)| name)
}

/// How many letters are wrong, missing, too many, or swapped with the next (the optimal string alignment distance).
pub fn mistakes(left: &[u8], right: &[u8]) -> usize {
    let same = u8::eq_ignore_ascii_case;
    let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, letter) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in right.iter().enumerate() {
            let replaced = at(&last, j) + usize::from(!same(letter, other));
            let mut best = replaced.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let before =
                i.checked_sub(1).and_then(|i| left.get(i)).zip(j.checked_sub(1).and_then(|j| right.get(j)));
            let swapped = before
                .is_some_and(|(before, other_before)| same(before, other) && same(other_before, letter));
            if swapped {
                best = best.min(at(&before_last, j - 1) + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    at(&last, right.len())
}

#[cfg(test)]
mod tests {
    use super::{mistakes, nearest};

    #[test]
    fn mistakes_are_counted() {
        let cases = [("FORM", "FROM", 1), ("SELCT", "SELECT", 1), ("SELECT", "SELECT", 0), ("", "SET", 3)];
        for (left, right, count) in cases {
            assert_eq!(mistakes(left.as_bytes(), right.as_bytes()), count, "{left} {right}");
        }
    }

    #[test]
    fn only_near_keywords_are_suggested() {
        assert_eq!(nearest("slect", &["SET", "SELECT"]), Some("SELECT"));
        assert_eq!(nearest("banana", &["SET", "SELECT"]), None);
        assert_eq!(nearest("select", &["SELECT"]), Some("SELECT"));
        assert_eq!(nearest("SELECT", &["SELECT"]), None);
        assert_eq!(nearest("Event.numb", &["event.num"]), Some("event.num"));
        assert_eq!(nearest("eventn.um", &["event.num"]), Some("event.num"));
    }
}
