//! Walks over the text of an object, and finds the texts of its members. Nothing is built, and each byte is looked at once.
//!
//! What is out of the ordinary, and what is no JSON, is left to serde, which decides and says what is wrong: names with
//! escapes, values that are nested deeply.

/// How deep values may be nested.
const DEPTH: u32 = 32;

/// Why the walk has ended early.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop<E> {
    /// Serde is to look at the text.
    Unsure,
    /// The caller has failed.
    Failed(E),
}

/// Calls a function with the name and the text of each member of an object, in their order.
///
/// Members may have been passed on before it turns out that the text is no JSON.
pub(super) fn members<'a, E>(
    raw: &'a str,
    take: impl FnMut(&'a str, &'a str) -> Result<(), E>,
) -> Result<(), Stop<E>> {
    let mut scanner = Scanner { text: raw, at: 0 };
    scanner.object(DEPTH, false, take)?;
    scanner.blanks();
    if scanner.at == raw.len() { Ok(()) } else { Err(Stop::Unsure) }
}

/// Stands before a byte of the text. Methods go past what they are named after; `None` if it is not there.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn byte(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// An object; `any_name` is whether names may have escapes, in which case nobody is to look at them.
    fn object<E>(
        &mut self,
        depth: u32,
        any_name: bool,
        mut take: impl FnMut(&'a str, &'a str) -> Result<(), E>,
    ) -> Result<(), Stop<E>> {
        self.byte(b'{').ok_or(Stop::Unsure)?;
        self.blanks();
        if self.byte(b'}').is_some() {
            return Ok(());
        }
        loop {
            let (name, value) = self.member(depth, any_name).ok_or(Stop::Unsure)?;
            take(name, value).map_err(Stop::Failed)?;
            self.blanks();
            if self.byte(b'}').is_some() {
                return Ok(());
            }
            self.byte(b',').ok_or(Stop::Unsure)?;
            self.blanks();
        }
    }

    fn member(&mut self, depth: u32, any_name: bool) -> Option<(&'a str, &'a str)> {
        let begin = self.at + 1;
        let is_plain = self.string()?;
        let name = self.text.get(begin..self.at - 1).filter(|_| is_plain || any_name)?;
        self.blanks();
        self.byte(b':')?;
        self.blanks();
        let begin = self.at;
        self.value(depth)?;
        Some((name, self.text.get(begin..self.at)?))
    }

    fn value(&mut self, depth: u32) -> Option<()> {
        match self.peek()? {
            b'"' => self.string().map(drop),
            b'{' => self.object(depth.checked_sub(1)?, true, |_, _| Ok::<_, ()>(())).ok(),
            b'[' => self.array(depth.checked_sub(1)?),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => self.number(),
        }
    }

    fn array(&mut self, depth: u32) -> Option<()> {
        self.byte(b'[')?;
        self.blanks();
        if self.byte(b']').is_some() {
            return Some(());
        }
        loop {
            self.value(depth)?;
            self.blanks();
            if self.byte(b']').is_some() {
                return Some(());
            }
            self.byte(b',')?;
            self.blanks();
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.text.as_bytes().get(self.at..)?.starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    fn number(&mut self) -> Option<()> {
        // A sign need not be there.
        let _ = self.byte(b'-');
        if self.byte(b'0').is_none() {
            self.digits()?;
        }
        if self.byte(b'.').is_some() {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    /// One digit or more.
    fn digits(&mut self) -> Option<()> {
        let begin = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > begin).then_some(())
    }

    /// A string, with its quotes. Answers whether it has no escapes.
    fn string(&mut self) -> Option<bool> {
        self.byte(b'"')?;
        let mut is_plain = true;
        loop {
            self.plain();
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(is_plain);
                }
                b'\\' => {
                    is_plain = false;
                    self.at += 1;
                    self.escape()?;
                }
                // A control character.
                _ => return None,
            }
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Option<()> {
        let length = match self.peek()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 1,
            b'u' => {
                let digits = self.text.as_bytes().get(self.at + 1..self.at + 5)?;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(5)?
            }
            _ => return None,
        };
        self.at += length;
        Some(())
    }

    /// All bytes before the next quote, backslash or control character: eight at a time.
    fn plain(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(eight) = bytes.get(self.at..).and_then(<[u8]>::first_chunk::<8>) {
            let special = special(u64::from_le_bytes(*eight));
            if special != 0 {
                self.at += special.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
        while self.peek().is_some_and(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)) {
            self.at += 1;
        }
    }
}

/// Sets the highest bit of the first byte that is a quote, a backslash or a control character, and none if there is no such
/// byte; what it says of bytes behind the first is nothing to go by.
const fn special(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // A byte below `limit`, which is 0x80 at most, and bytes above 0x7f are none.
    const fn below(word: u64, limit: u64) -> u64 {
        word.wrapping_sub(ONES * limit) & !word
    }
    let quote = below(word ^ (ONES * b'"' as u64), 1);
    let backslash = below(word ^ (ONES * b'\\' as u64), 1);
    (quote | backslash | below(word, 0x20)) & HIGH
}

#[cfg(test)]
mod tests;
