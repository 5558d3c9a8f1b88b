//! Patterns of Java, written as the `regex` crate wants them.

use std::iter::Peekable;
use std::str::Chars;

use super::PatternError;

const LINE_ENDS: &str = r"[^\n\r\x{85}\x{2028}\x{2029}]";
const WORD: &str = "A-Za-z0-9_";
const SPACE: &str = r" \t\n\x0B\f\r";
const HORIZONTAL: &str = r" \t\x{A0}\x{1680}\x{180E}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}";
const VERTICAL: &str = r"\n\x0B\f\r\x{85}\x{2028}\x{2029}";

struct Translator<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
    /// How many classes are open.
    classes: usize,
    /// Whether `.` matches the ends of lines, here and in the groups around.
    dot_all: Vec<bool>,
    /// Whether something that can be repeated stands before, and is repeated already.
    repeated: bool,
}

type Translated<T = ()> = std::result::Result<T, PatternError>;

/// A Java pattern as one of the `regex` crate.
pub(super) fn translate(pattern: &str) -> Translated<String> {
    let mut translator = Translator {
        rest: pattern.chars().peekable(),
        out: String::with_capacity(pattern.len() + 16),
        classes: 0,
        dot_all: vec![false],
        repeated: false,
    };
    while let Some(character) = translator.rest.next() {
        if translator.classes > 0 {
            translator.in_class(character)?;
        } else {
            translator.outside(character)?;
        }
    }
    Ok(translator.out)
}

impl Translator<'_> {
    fn outside(&mut self, character: char) -> Translated {
        let was_repeated = std::mem::take(&mut self.repeated);
        match character {
            '\\' => return self.escape(),
            '[' => self.open_class(),
            '(' => return self.group(),
            ')' => {
                if self.dot_all.len() > 1 {
                    self.dot_all.pop();
                }
                self.out.push(')');
            }
            '.' if self.dot_all.last() == Some(&true) => self.out.push_str("(?s:.)"),
            '.' => self.out.push_str(LINE_ENDS),
            '+' if was_repeated => {
                return Err(PatternError::Unsupported("a possessive quantifier".to_owned()));
            }
            '*' | '+' | '?' => {
                self.repeated = !was_repeated;
                self.out.push(character);
            }
            '{' => {
                self.out.push('{');
                for inside in self.rest.by_ref() {
                    self.out.push(inside);
                    if inside == '}' {
                        break;
                    }
                }
                self.repeated = true;
            }
            other => self.out.push(other),
        }
        Ok(())
    }

    fn open_class(&mut self) {
        self.classes += 1;
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        if self.rest.next_if_eq(&']').is_some() {
            self.out.push_str(r"\]");
        }
    }

    fn in_class(&mut self, character: char) -> Translated {
        match character {
            '\\' => return self.escape(),
            '[' => {
                self.open_class();
                // `[:alpha:]` is a class of these characters in Java.
                if self.rest.next_if_eq(&':').is_some() {
                    self.out.push_str(r"\:");
                }
            }
            ']' => {
                self.classes -= 1;
                self.out.push(']');
            }
            '-' | '~' if self.rest.peek() == Some(&character) => {
                self.out.push('\\');
                self.out.push(character);
            }
            other => self.out.push(other),
        }
        Ok(())
    }

    fn group(&mut self) -> Translated {
        let dot_all = self.dot_all.last().copied().unwrap_or_default();
        self.out.push('(');
        if self.rest.next_if_eq(&'?').is_none() {
            self.dot_all.push(dot_all);
            return Ok(());
        }
        let refuse = |what: &str| Err(PatternError::Unsupported(what.to_owned()));
        self.out.push('?');
        match self.rest.peek() {
            Some('=' | '!') => refuse("a look-ahead"),
            Some('>') => refuse("an atomic group"),
            Some('<') => {
                self.rest.next();
                if matches!(self.rest.peek(), Some('=' | '!')) {
                    return refuse("a look-behind");
                }
                self.out.push('<');
                self.dot_all.push(dot_all);
                Ok(())
            }
            _ => self.flags(dot_all),
        }
    }

    /// `(?i)`, `(?s-i:`, `(?:`
    fn flags(&mut self, mut dot_all: bool) -> Translated {
        let mut on = true;
        let mut kept = String::new();
        for flag in self.rest.by_ref() {
            match flag {
                '-' => {
                    on = false;
                    kept.push('-');
                }
                's' => {
                    dot_all = on;
                }
                'i' | 'm' | 'x' => kept.push(flag),
                // How upper and lower case are told apart, and how lines end.
                'd' | 'u' | 'U' => {}
                ':' | ')' => {
                    let kept = kept.strip_suffix('-').unwrap_or(&kept);
                    if flag == ':' {
                        self.dot_all.push(dot_all);
                        self.out.push_str(kept);
                        self.out.push(':');
                    } else {
                        if let Some(current) = self.dot_all.last_mut() {
                            *current = dot_all;
                        }
                        if kept.is_empty() {
                            self.out.truncate(self.out.len() - 2);
                        } else {
                            self.out.push_str(kept);
                            self.out.push(')');
                        }
                    }
                    return Ok(());
                }
                other => return Err(PatternError::Invalid(format!("unknown inline modifier {other}"))),
            }
        }
        Err(PatternError::Invalid("an unclosed group".to_owned()))
    }

    fn escape(&mut self) -> Translated {
        let Some(character) = self.rest.next() else {
            return Err(PatternError::Invalid("a backslash at the end".to_owned()));
        };
        match character {
            'd' => self.class("0-9"),
            'D' => self.out.push_str("[^0-9]"),
            'w' => self.class(WORD),
            'W' => self.negated_class(WORD),
            's' => self.class(SPACE),
            'S' => self.negated_class(SPACE),
            'h' => self.class(HORIZONTAL),
            'H' => self.negated_class(HORIZONTAL),
            'v' => self.class(VERTICAL),
            'V' => self.negated_class(VERTICAL),
            'R' => self.out.push_str(r"(?:\r\n|[\n\x0B\f\r\x{85}\x{2028}\x{2029}])"),
            'p' | 'P' => return self.property(character == 'P'),
            'Q' => self.quoted(),
            'Z' | 'z' => self.out.push_str(r"\z"),
            'b' | 'B' | 'A' | 't' | 'n' | 'r' | 'f' | 'a' => {
                self.out.push('\\');
                self.out.push(character);
            }
            'e' => self.out.push_str(r"\x1B"),
            'x' if self.rest.peek() == Some(&'{') => {
                let code = self.rest.by_ref().take_while(|next| *next != '}').collect::<String>();
                self.out.push_str(&format!(r"\x{code}}}"));
            }
            'x' => return self.hexadecimal(2),
            'u' => return self.hexadecimal(4),
            '0' => return self.octal(),
            '1'..='9' | 'k' => return Err(PatternError::Unsupported("a back-reference".to_owned())),
            'G' => return Err(PatternError::Unsupported(r"\G".to_owned())),
            'X' => return Err(PatternError::Unsupported(r"\X".to_owned())),
            other if other.is_ascii_alphabetic() => {
                return Err(PatternError::Invalid(format!(r"an illegal escape \{other}")));
            }
            other => self.literal(other),
        }
        Ok(())
    }

    fn class(&mut self, inside: &str) {
        if self.classes > 0 {
            self.out.push_str(inside);
        } else {
            self.out.push('[');
            self.out.push_str(inside);
            self.out.push(']');
        }
    }

    fn negated_class(&mut self, inside: &str) {
        self.out.push_str("[^");
        self.out.push_str(inside);
        self.out.push(']');
    }

    /// A character that means itself.
    fn literal(&mut self, character: char) {
        if character.is_ascii_punctuation() && !matches!(character, '<' | '>' | '_') {
            self.out.push('\\');
        }
        self.out.push(character);
    }

    fn quoted(&mut self) {
        while let Some(character) = self.rest.next() {
            if character == '\\' && self.rest.next_if_eq(&'E').is_some() {
                return;
            }
            self.literal(character);
        }
    }

    fn hexadecimal(&mut self, digits: usize) -> Translated {
        let code: String = self.rest.by_ref().take(digits).collect();
        if code.len() != digits || !code.chars().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(PatternError::Invalid(format!("illegal digits {code}")));
        }
        self.out.push_str(&format!(r"\x{{{code}}}"));
        Ok(())
    }

    fn octal(&mut self) -> Translated {
        let mut code = 0;
        let mut digits = 0;
        while digits < 3
            && let Some(digit) = self.rest.peek().and_then(|digit| digit.to_digit(8))
            && code * 8 + digit <= 0o377
        {
            self.rest.next();
            code = code * 8 + digit;
            digits += 1;
        }
        if digits == 0 {
            return Err(PatternError::Invalid("an illegal octal escape".to_owned()));
        }
        self.out.push_str(&format!(r"\x{{{code:x}}}"));
        Ok(())
    }

    /// `\p{Alpha}`, `\pL`
    fn property(&mut self, negated: bool) -> Translated {
        let name: String = match self.rest.next() {
            Some('{') => self.rest.by_ref().take_while(|character| *character != '}').collect(),
            Some(letter) => letter.to_string(),
            None => return Err(PatternError::Invalid(r"\p without a name".to_owned())),
        };
        let posix = match name.as_str() {
            "Lower" => Some("a-z"),
            "Upper" => Some("A-Z"),
            "ASCII" => Some(r"\x00-\x7F"),
            "Alpha" => Some("A-Za-z"),
            "Digit" => Some("0-9"),
            "Alnum" => Some("A-Za-z0-9"),
            "Punct" => Some(r"!-/:-@\[-`{-~"),
            "Graph" => Some("!-~"),
            "Print" => Some(" -~"),
            "Blank" => Some(r" \t"),
            "Cntrl" => Some(r"\x00-\x1F\x7F"),
            "XDigit" => Some("0-9a-fA-F"),
            "Space" => Some(SPACE),
            _ => None,
        };
        match posix {
            Some(inside) if negated => self.negated_class(inside),
            Some(inside) => self.class(inside),
            None if name.starts_with("java") || name.starts_with("In") => {
                return Err(PatternError::Unsupported(format!(r"\p{{{name}}}")));
            }
            None => {
                let name = name.strip_prefix("Is").unwrap_or(&name);
                self.out.push_str(if negated { r"\P{" } else { r"\p{" });
                self.out.push_str(name);
                self.out.push('}');
            }
        }
        Ok(())
    }
}
