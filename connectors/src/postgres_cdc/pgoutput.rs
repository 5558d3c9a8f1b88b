//! Decodes messages of `pgoutput`, Postgres's own plugin of logical decoding, as protocol version 1 has them: see
//! [Logical Replication Message Formats](https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html).
//!
//! Values are slices of the message. Damaged messages are errors.

use std::fmt;

use bytes::Bytes;

use super::lsn::Lsn;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// A transaction begins.
    Begin {
        /// Where its commit record begins.
        commit_lsn: Lsn,
        /// Microseconds since 2000-01-01 UTC.
        commit_time: i64,
    },
    /// The transaction ends.
    Commit {
        /// Where its commit record ends: transactions that begin their commit record there or later come after it.
        end_lsn: Lsn,
    },
    /// What a table looks like, before the first of its changes and after each change of it.
    Relation(Relation),
    /// A row is new.
    Insert { relation: u32, new: Tuple },
    /// A row has changed.
    Update { relation: u32, old: Old, new: Tuple },
    /// A row is gone.
    Delete { relation: u32, old: Old },
    /// Tables have been emptied.
    Truncate { relations: Vec<u32> },
    /// What nobody here needs: origins, types, messages of `pg_logical_emit_message`.
    Other,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Relation {
    pub(super) id: u32,
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) columns: Vec<RelationColumn>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RelationColumn {
    /// Whether it is part of the replica identity.
    pub(super) is_key: bool,
    pub(super) name: String,
    pub(super) type_oid: u32,
    pub(super) type_modifier: i32,
}

/// The values of a row in the order of the table's columns.
pub(super) type Tuple = Vec<TupleValue>;

/// What a message says of the row as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Old {
    /// Nothing: its key has not changed.
    None,
    /// Its key; all other values are null.
    Key(Tuple),
    /// All of it: the replica identity is full.
    Full(Tuple),
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TupleValue {
    Null,
    /// A large value that has not changed, and is not sent.
    UnchangedToast,
    /// Its text form.
    Text(Bytes),
}

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    Truncated,
    Trailing,
    UnknownMessage(u8),
    UnknownValue(u8),
    UnknownTuple(u8),
    NegativeLength,
    NotUtf8,
    /// Values in the binary format, which nobody has asked for.
    Binary,
}

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => formatter.write_str("a message of the replication stream ends too early"),
            Self::Trailing => {
                formatter.write_str("a message of the replication stream is longer than it says")
            }
            Self::UnknownMessage(tag) => {
                write!(formatter, "the replication stream has a message of unknown type {tag:#04x}")
            }
            Self::UnknownValue(tag) => {
                write!(formatter, "the replication stream has a value of unknown kind {tag:#04x}")
            }
            Self::UnknownTuple(tag) => {
                write!(formatter, "the replication stream has a row of unknown kind {tag:#04x}")
            }
            Self::NegativeLength => {
                formatter.write_str("a message of the replication stream has a negative length in it")
            }
            Self::NotUtf8 => formatter.write_str("a name in the replication stream is not UTF-8"),
            Self::Binary => formatter
                .write_str("the replication stream has a value in binary format, which was not asked for"),
        }
    }
}

impl std::error::Error for Malformed {}

/// Decodes one message.
pub(super) fn decode(message: &Bytes) -> Result<Message, Malformed> {
    let mut reader = Reader { rest: message.clone() };
    let decoded = match reader.u8()? {
        b'B' => {
            let (commit_lsn, commit_time) = (Lsn(reader.u64()?), reader.u64()?.cast_signed());
            let _transaction = reader.u32()?;
            Message::Begin { commit_lsn, commit_time }
        }
        b'C' => {
            let _flags = reader.u8()?;
            let _commit_lsn = reader.u64()?;
            let end_lsn = Lsn(reader.u64()?);
            let _commit_time = reader.u64()?;
            Message::Commit { end_lsn }
        }
        b'R' => Message::Relation(reader.relation()?),
        b'I' => {
            let (relation, tag) = (reader.u32()?, reader.u8()?);
            if tag != b'N' {
                return Err(Malformed::UnknownTuple(tag));
            }
            Message::Insert { relation, new: reader.tuple()? }
        }
        b'U' => {
            let relation = reader.u32()?;
            let (old, tag) = match reader.u8()? {
                tag @ (b'K' | b'O') => (reader.old(tag)?, reader.u8()?),
                tag => (Old::None, tag),
            };
            if tag != b'N' {
                return Err(Malformed::UnknownTuple(tag));
            }
            Message::Update { relation, old, new: reader.tuple()? }
        }
        b'D' => {
            let (relation, tag) = (reader.u32()?, reader.u8()?);
            Message::Delete { relation, old: reader.old(tag)? }
        }
        b'T' => {
            let count = reader.u32()?;
            let _options = reader.u8()?;
            let relations = (0..count).map(|_| reader.u32()).collect::<Result<_, _>>()?;
            Message::Truncate { relations }
        }
        b'O' | b'Y' | b'M' => return Ok(Message::Other),
        tag => return Err(Malformed::UnknownMessage(tag)),
    };
    if reader.rest.is_empty() { Ok(decoded) } else { Err(Malformed::Trailing) }
}

struct Reader {
    rest: Bytes,
}

impl Reader {
    fn take(&mut self, length: usize) -> Result<Bytes, Malformed> {
        if length > self.rest.len() { Err(Malformed::Truncated) } else { Ok(self.rest.split_to(length)) }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (array, _) = self.rest.split_first_chunk::<N>().ok_or(Malformed::Truncated)?;
        let array = *array;
        self.take(N)?;
        Ok(array)
    }

    fn u8(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_be_bytes)
    }

    fn string(&mut self) -> Result<String, Malformed> {
        let length = self.rest.iter().position(|byte| *byte == 0).ok_or(Malformed::Truncated)?;
        let bytes = self.take(length)?;
        self.u8()?;
        String::from_utf8(bytes.to_vec()).map_err(|_| Malformed::NotUtf8)
    }

    fn relation(&mut self) -> Result<Relation, Malformed> {
        let id = self.u32()?;
        let schema = match self.string()? {
            // What the protocol writes for the catalog.
            schema if schema.is_empty() => "pg_catalog".to_owned(),
            schema => schema,
        };
        let name = self.string()?;
        let _identity = self.u8()?;
        let count = self.u16()?;
        let columns = (0..count).map(|_| self.column()).collect::<Result<_, _>>()?;
        Ok(Relation { id, schema, name, columns })
    }

    fn column(&mut self) -> Result<RelationColumn, Malformed> {
        let is_key = self.u8()? & 1 != 0;
        let name = self.string()?;
        let (type_oid, type_modifier) = (self.u32()?, self.u32()?.cast_signed());
        Ok(RelationColumn { is_key, name, type_oid, type_modifier })
    }

    fn old(&mut self, tag: u8) -> Result<Old, Malformed> {
        match tag {
            b'K' => self.tuple().map(Old::Key),
            b'O' => self.tuple().map(Old::Full),
            tag => Err(Malformed::UnknownTuple(tag)),
        }
    }

    fn tuple(&mut self) -> Result<Tuple, Malformed> {
        let count = self.u16()?;
        // No more room than there can be values in the message.
        let mut values = Vec::with_capacity(usize::from(count).min(self.rest.len()));
        for _ in 0..count {
            values.push(match self.u8()? {
                b'n' => TupleValue::Null,
                b'u' => TupleValue::UnchangedToast,
                b't' => {
                    let length =
                        usize::try_from(self.u32()?.cast_signed()).map_err(|_| Malformed::NegativeLength)?;
                    TupleValue::Text(self.take(length)?)
                }
                b'b' => return Err(Malformed::Binary),
                tag => return Err(Malformed::UnknownValue(tag)),
            });
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests;
