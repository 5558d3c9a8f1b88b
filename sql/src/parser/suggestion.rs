//! Which keyword a misspelled word was meant to be.

/// The keyword next to this word, if it is so near that the word is likely a misspelling of it: one mistake in short
/// words, two in long ones.
pub(super) fn nearest(word: &str, keywords: &[&'static str]) -> Option<&'static str> {
    let word = word.to_ascii_uppercase();
    if word.len() > 32 {
        return None;
    }
    let mut candidates =
        keywords.iter().map(|keyword| (mistakes(word.as_bytes(), keyword.as_bytes()), *keyword));
    let near =
        |(count, keyword): &(usize, &str)| *count > 0 && *count <= if keyword.len() < 5 { 1 } else { 2 };
    let first = candidates.by_ref().filter(near).min_by_key(|(count, _)| *count);
    first.map(|(_, keyword)| keyword)
}

/// How many letters are wrong, missing, too many, or swapped with the next (the optimal string alignment distance).
pub(crate) fn mistakes(left: &[u8], right: &[u8]) -> usize {
    let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, letter) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in right.iter().enumerate() {
            let replaced = at(&last, j) + usize::from(letter != other);
            let mut best = replaced.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped =
                i > 0 && j > 0 && left.get(i - 1) == Some(other) && right.get(j - 1) == Some(letter);
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
        assert_eq!(nearest("select", &["SELECT"]), None);
    }
}
