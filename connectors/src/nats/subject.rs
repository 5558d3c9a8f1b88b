//! Subjects of messages, and filters of them: tokens between dots, where `*` stands for one token, and `>` at the end for one
//! or more.

/// Whether this can be the subject of a message.
pub(super) fn is_subject(text: &str) -> bool {
    tokens_are_sound(text) && text.split('.').all(|token| token != "*" && token != ">")
}

/// Whether this can be a filter of subjects.
pub(super) fn is_filter(text: &str) -> bool {
    let last = text.split('.').count();
    tokens_are_sound(text) && text.split('.').zip(1..).all(|(token, place)| token != ">" || place == last)
}

fn tokens_are_sound(text: &str) -> bool {
    text.split('.').all(|token| {
        !token.is_empty() && !token.contains(|letter: char| letter.is_ascii_whitespace() || letter == '\0')
    })
}

/// Whether there is a subject that both filters have.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.split('.'), other.split('.'));
    loop {
        match (one.next(), other.next()) {
            (None, None) => return true,
            (Some(">"), Some(_)) | (Some(_), Some(">")) => return true,
            (Some("*"), Some(_)) | (Some(_), Some("*")) => {}
            (Some(one), Some(other)) if one == other => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_overlap_where_a_subject_fits_both() {
        let cases = [
            ("a", "a", true),
            ("a", "b", false),
            ("a.b", "a", false),
            ("a.*", "a.b", true),
            ("a.*", "a", false),
            ("a.*", "*.b", true),
            ("a.*.c", "a.b.d", false),
            ("a.>", "a.b.c", true),
            ("a.>", "a", false),
            ("a.>", "b.>", false),
            (">", "a", true),
            ("*.*", "a.>", true),
            ("*", "a.>", false),
        ];
        for (one, other, expected) in cases {
            assert_eq!(overlap(one, other), expected, "{one} and {other}");
            assert_eq!(overlap(other, one), expected, "{other} and {one}");
        }
    }

    #[test]
    fn what_is_no_subject_is_known() {
        let cases = [
            ("a", true, true),
            ("a.b-c.$1", true, true),
            ("a.*", false, true),
            ("a.>", false, true),
            ("a.>.b", false, false),
            ("", false, false),
            ("a..b", false, false),
            ("a.", false, false),
            ("a b", false, false),
            ("a*", true, true),
        ];
        for (text, subject, filter) in cases {
            assert_eq!((is_subject(text), is_filter(text)), (subject, filter), "{text}");
        }
    }
}
