//! The wire format: tags, numbers, and where values begin and end.
//!
//! As the [specification](https://protobuf.dev/programming-guides/encoding/) has it.

/// How deep groups may be in each other that are passed over; what Java's parser allows.
const DEEPEST: usize = 100;

/// Why bytes are no message.
pub(super) type Problem = String;

/// What the bytes of a value look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WireType {
    Varint,
    Fixed64,
    Bytes,
    StartGroup,
    EndGroup,
    Fixed32,
}

impl WireType {
    /// The name in messages.
    pub(super) const fn describe(self) -> &'static str {
        match self {
            Self::Varint => "a varint",
            Self::Fixed64 => "64 bits",
            Self::Bytes => "bytes with their length",
            Self::StartGroup => "a group",
            Self::EndGroup => "the end of a group",
            Self::Fixed32 => "32 bits",
        }
    }

    const fn of_tag(tag: u32) -> Option<Self> {
        Some(match tag & 7 {
            0 => Self::Varint,
            1 => Self::Fixed64,
            2 => Self::Bytes,
            3 => Self::StartGroup,
            4 => Self::EndGroup,
            5 => Self::Fixed32,
            _ => return None,
        })
    }

    const fn code(self) -> u32 {
        match self {
            Self::Varint => 0,
            Self::Fixed64 => 1,
            Self::Bytes => 2,
            Self::StartGroup => 3,
            Self::EndGroup => 4,
            Self::Fixed32 => 5,
        }
    }
}

/// Where some bytes are in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Span {
    pub(super) const fn is_empty(self) -> bool {
        self.start == self.end
    }

    pub(super) fn of(self, message: &[u8]) -> &[u8] {
        message.get(self.start..self.end).unwrap_or_default()
    }
}

/// A value that has not been looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RawValue {
    /// A varint, or 32 or 64 bits.
    Number(u64),
    /// Bytes with their length, or those of a group.
    Bytes(Span),
}

/// What is left to read of a part of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a> {
    rest: &'a [u8],
    /// Where the part ends in the message.
    end: usize,
}

impl<'a> Input<'a> {
    pub(super) fn new(message: &'a [u8], part: Span) -> Self {
        Self { rest: part.of(message), end: part.end }
    }

    /// The bytes that are left.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    const fn position(&self) -> usize {
        self.end - self.rest.len()
    }

    fn ended(&self, wanted: &str) -> Problem {
        format!("the bytes end at {}, where {wanted} is expected", self.end)
    }

    /// The number of the next field, and what its value looks like.
    #[inline]
    pub(super) fn tag(&mut self) -> Result<(u32, WireType), Problem> {
        let start = self.position();
        let tag = self.varint()?;
        let tag = u32::try_from(tag).ok().and_then(|tag| Some((tag >> 3, WireType::of_tag(tag)?)));
        match tag {
            Some((number, wire)) if number > 0 => Ok((number, wire)),
            _ => Err(format!("there is no field at byte {start}: the bytes are no message of Protobuf")),
        }
    }

    /// A number of up to 64 bits, seven a byte, the lowest first.
    #[inline]
    pub(super) fn varint(&mut self) -> Result<u64, Problem> {
        if let Some((byte, rest)) = self.rest.split_first()
            && *byte < 0x80
        {
            self.rest = rest;
            return Ok(u64::from(*byte));
        }
        self.varint_of_several()
    }

    fn varint_of_several(&mut self) -> Result<u64, Problem> {
        let mut value = 0;
        for (index, byte) in self.rest.iter().enumerate().take(10) {
            let bits = u64::from(byte & 0x7f);
            if index == 9 && bits > 1 {
                break;
            }
            value |= bits << (7 * index);
            if byte & 0x80 == 0 {
                self.rest = self.rest.get(index + 1..).unwrap_or_default();
                return Ok(value);
            }
        }
        if self.rest.len() < 10 {
            return Err(self.ended("a number"));
        }
        Err(format!("the number at byte {} has more than 64 bits", self.position()))
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(|| self.ended("a number"))?;
        self.rest = rest;
        Ok(*taken)
    }

    /// A number that looks like this.
    #[inline]
    pub(super) fn number(&mut self, wire: WireType) -> Result<u64, Problem> {
        match wire {
            WireType::Fixed32 => Ok(u32::from_le_bytes(self.array()?).into()),
            WireType::Fixed64 => Ok(u64::from_le_bytes(self.array()?)),
            _ => self.varint(),
        }
    }

    /// The value of a field.
    #[inline]
    pub(super) fn value(&mut self, number: u32, wire: WireType) -> Result<RawValue, Problem> {
        match wire {
            WireType::Varint | WireType::Fixed32 | WireType::Fixed64 => {
                self.number(wire).map(RawValue::Number)
            }
            WireType::Bytes => {
                let length = self.varint()?;
                let start = self.position();
                let rest = usize::try_from(length).ok().and_then(|length| self.rest.get(length..));
                self.rest = rest.ok_or_else(|| {
                    format!(
                        "field {number} has {length} bytes from byte {start} on, and the bytes end at {}",
                        self.end
                    )
                })?;
                Ok(RawValue::Bytes(Span { start, end: self.position() }))
            }
            WireType::StartGroup => self.group(number, 0).map(RawValue::Bytes),
            WireType::EndGroup => Err(format!("a group {number} ends that has not begun")),
        }
    }

    /// The bytes of a group, up to its end.
    fn group(&mut self, number: u32, depth: usize) -> Result<Span, Problem> {
        if depth > DEEPEST {
            return Err(format!("groups are in each other more than {DEEPEST} times"));
        }
        let start = self.position();
        loop {
            let end = self.position();
            if self.is_empty() {
                return Err(self.ended(&format!("the end of group {number}")));
            }
            match self.tag()? {
                (found, WireType::EndGroup) if found == number => return Ok(Span { start, end }),
                (found, WireType::StartGroup) => drop(self.group(found, depth + 1)?),
                (found, wire) => drop(self.value(found, wire)?),
            }
        }
    }
}

/// A signed number of one whose lowest bit is the sign.
pub(super) const fn from_zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

/// The other way round.
pub(super) const fn to_zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// Appends a number, seven bits a byte.
#[inline]
pub(super) fn write_varint(value: u64, out: &mut Vec<u8>) {
    let mut rest = value;
    while rest >= 0x80 {
        #[allow(clippy::cast_possible_truncation, reason = "the lowest seven bits")]
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    #[allow(clippy::cast_possible_truncation, reason = "below 0x80")]
    out.push(rest as u8);
}

/// Appends a number that looks like this.
#[inline]
pub(super) fn write_number(value: u64, wire: WireType, out: &mut Vec<u8>) {
    match wire {
        #[allow(clippy::cast_possible_truncation, reason = "a number of 32 bits")]
        WireType::Fixed32 => out.extend_from_slice(&(value as u32).to_le_bytes()),
        WireType::Fixed64 => out.extend_from_slice(&value.to_le_bytes()),
        _ => write_varint(value, out),
    }
}

/// Appends what comes before the value of a field.
#[inline]
pub(super) fn write_tag(number: u32, wire: WireType, out: &mut Vec<u8>) {
    write_varint(u64::from(number << 3 | wire.code()), out);
}

/// Appends bytes with their length.
pub(super) fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Appends what `write` does, with its length before it.
pub(super) fn write_sized(
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let start = out.len();
    write(out)?;
    let end = out.len();
    write_varint((end - start) as u64, out);
    let prefix = out.len() - end;
    if let Some(written) = out.get_mut(start..) {
        written.rotate_right(prefix);
    }
    Ok(())
}
