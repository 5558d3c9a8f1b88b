//! Bytes of Avro's binary encoding, from the first on.

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a> {
    rest: &'a [u8],
    length: usize,
}

/// Why bytes are no value, in words that follow its name.
pub(super) type Problem = String;

impl<'a> Input<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, length: bytes.len() }
    }

    /// The bytes that are left.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// How many bytes have been read.
    pub(super) const fn position(&self) -> usize {
        self.length - self.rest.len()
    }

    fn ended(&self, wanted: &str) -> Problem {
        format!("the bytes end at {}, where {wanted} is expected", self.length)
    }

    /// So many bytes.
    #[inline]
    pub(super) fn take(&mut self, count: usize, wanted: &str) -> Result<&'a [u8], Problem> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| self.ended(wanted))?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    fn array<const N: usize>(&mut self, wanted: &str) -> Result<[u8; N], Problem> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(|| self.ended(wanted))?;
        self.rest = rest;
        Ok(*taken)
    }

    /// An `int` or `long`: zigzag, seven bits a byte, the lowest first.
    #[inline]
    pub(super) fn long(&mut self) -> Result<i64, Problem> {
        if let Some((byte, rest)) = self.rest.split_first()
            && *byte < 0x80
        {
            self.rest = rest;
            return Ok(zigzag(u64::from(*byte)));
        }
        self.long_of_several()
    }

    fn long_of_several(&mut self) -> Result<i64, Problem> {
        let mut value = 0;
        for (index, byte) in self.rest.iter().enumerate().take(10) {
            let bits = u64::from(byte & 0x7f);
            if index == 9 && bits > 1 {
                break;
            }
            value |= bits << (7 * index);
            if byte & 0x80 == 0 {
                self.rest = self.rest.get(index + 1..).unwrap_or_default();
                return Ok(zigzag(value));
            }
        }
        if self.rest.len() < 10 {
            return Err(self.ended("a number"));
        }
        Err(format!("the number at byte {} has more than 64 bits", self.position()))
    }

    #[inline]
    pub(super) fn boolean(&mut self) -> Result<bool, Problem> {
        match self.array("a boolean")? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => Err(format!("the byte {other} is no boolean of Avro")),
        }
    }

    #[inline]
    pub(super) fn float(&mut self) -> Result<f32, Problem> {
        Ok(f32::from_le_bytes(self.array("a float")?))
    }

    #[inline]
    pub(super) fn double(&mut self) -> Result<f64, Problem> {
        Ok(f64::from_le_bytes(self.array("a double")?))
    }

    /// How many there are of something; never below 0.
    #[inline]
    pub(super) fn count(&mut self) -> Result<usize, Problem> {
        let count = self.long()?;
        usize::try_from(count).map_err(|_| format!("{count} is no length"))
    }

    /// `bytes`, or a `string` before it is looked at.
    #[inline]
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Problem> {
        let count = self.count()?;
        self.take(count, "the rest of a text or bytes")
    }

    /// A `string`.
    #[inline]
    pub(super) fn text(&mut self) -> Result<&'a str, Problem> {
        std::str::from_utf8(self.bytes()?).map_err(|error| format!("the text is not UTF-8: {error}"))
    }

    /// How many elements the next part of an array or a map has; none behind the last part.
    #[inline]
    pub(super) fn part(&mut self) -> Result<usize, Problem> {
        let count = self.long()?;
        if count < 0 {
            // How many bytes they take follows.
            self.count()?;
        }
        Ok(usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX))
    }
}

#[inline]
const fn zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

/// Appends an `int` or `long`.
#[inline]
pub(super) fn write_long(value: i64, out: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while rest >= 0x80 {
        #[allow(clippy::cast_possible_truncation, reason = "the lowest seven bits")]
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    #[allow(clippy::cast_possible_truncation, reason = "below 0x80")]
    out.push(rest as u8);
}

/// Appends `bytes` or a `string`.
#[inline]
pub(super) fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_long(i64::try_from(bytes.len()).unwrap_or(i64::MAX), out);
    out.extend_from_slice(bytes);
}
