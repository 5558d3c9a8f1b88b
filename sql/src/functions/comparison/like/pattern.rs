//! A pattern of LIKE, taken apart so that matching needs no regular expression.

use memchr::memmem::Finder;

/// A pattern of LIKE.
#[derive(Clone, Debug)]
pub(super) enum LikePattern {
    /// Without a wildcard.
    Equal(String),
    /// Texts with `%` between them: what begins, what ends, and what stands between, in order.
    Parts { first: String, middle: Vec<Finder<'static>>, last: String },
    /// With `_`.
    General(Vec<Token>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Character(char),
    /// `_`
    One,
    /// `%`
    Any,
}

impl LikePattern {
    /// A pattern, as written.
    ///
    /// # Errors
    /// If the escape is not one character, or stands before what needs none; in Flink's words.
    pub(super) fn parse(written: &str, escape: Option<&str>) -> Result<Self, String> {
        let tokens = tokens(written, escape)?;
        if tokens.contains(&Token::One) {
            return Ok(Self::General(tokens));
        }
        let mut parts = vec![String::new()];
        for token in tokens {
            match (token, parts.last_mut()) {
                (Token::Character(character), Some(part)) => part.push(character),
                _ => parts.push(String::new()),
            }
        }
        let first = parts.remove(0);
        let Some(last) = parts.pop() else { return Ok(Self::Equal(first)) };
        let middle = parts.iter().filter(|part| !part.is_empty());
        let middle = middle.map(|part| Finder::new(part).into_owned()).collect();
        Ok(Self::Parts { first, middle, last })
    }

    /// Whether the whole text is as the pattern says.
    #[inline]
    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Equal(expected) => text == expected,
            Self::Parts { first, middle, last } => {
                let rest =
                    text.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str()));
                let Some(rest) = rest else { return false };
                // The leftmost place of each part leaves the most for those behind it.
                let mut rest = rest.as_bytes();
                middle.iter().all(|part| {
                    let found = part.find(rest).and_then(|place| rest.get(place + part.needle().len()..));
                    found.is_some_and(|behind| {
                        rest = behind;
                        true
                    })
                })
            }
            Self::General(tokens) => general(tokens, text),
        }
    }
}

fn tokens(written: &str, escape: Option<&str>) -> Result<Vec<Token>, String> {
    let escape = match escape {
        None => None,
        Some(text) => {
            let mut characters = text.chars();
            match (characters.next(), characters.next()) {
                (Some(character), None) if character != '\0' => Some(character),
                _ => return Err(format!("Invalid escape character '{text}'")),
            }
        }
    };
    let mut tokens = Vec::with_capacity(written.len());
    let mut characters = written.chars().enumerate();
    while let Some((place, character)) = characters.next() {
        tokens.push(match character {
            _ if Some(character) == escape => match characters.next() {
                Some((_, next)) if next == '_' || next == '%' || next == character => Token::Character(next),
                _ => return Err(format!("Invalid escape sequence '{written}', {place}")),
            },
            '_' => Token::One,
            '%' => Token::Any,
            other => Token::Character(other),
        });
    }
    Ok(tokens)
}

/// On a mismatch behind a `%`, that takes one more character: no other has to, since a later `%` can take the rest.
fn general(tokens: &[Token], text: &str) -> bool {
    let (mut tokens, mut rest) = (tokens, text.chars());
    let mut retry: Option<(&[Token], std::str::Chars<'_>)> = None;
    loop {
        let step = match tokens.split_first() {
            Some((Token::Any, behind)) => {
                tokens = behind;
                retry = Some((behind, rest.clone()));
                continue;
            }
            Some((token, behind)) => match rest.next() {
                Some(character) if token.takes(character) => Some(behind),
                _ => None,
            },
            None if rest.as_str().is_empty() => return true,
            None => None,
        };
        match (step, &mut retry) {
            (Some(behind), _) => tokens = behind,
            (None, Some((behind, from))) => {
                if from.next().is_none() {
                    return false;
                }
                (tokens, rest) = (behind, from.clone());
            }
            (None, None) => return false,
        }
    }
}

impl Token {
    fn takes(self, character: char) -> bool {
        match self {
            Self::Character(expected) => character == expected,
            Self::One => !matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}'),
            Self::Any => true,
        }
    }
}

#[cfg(test)]
mod tests;
