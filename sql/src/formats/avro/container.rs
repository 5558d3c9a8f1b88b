//! Container files: a header with the schema, and blocks of rows, each with a mark behind it.

use md5::{Digest as _, Md5};

use super::codec::Codec;
use super::input::{Input, write_bytes, write_long};

const MAGIC: &[u8] = b"Obj\x01";
const SYNC: usize = 16;
const SCHEMA_KEY: &str = "avro.schema";
const CODEC_KEY: &str = "avro.codec";

/// The mark behind each block of a file.
type Mark = [u8; SYNC];

/// What a file says of itself.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) schema: String,
    pub(super) codec: Codec,
    mark: Mark,
}

/// The rows of a block.
pub(super) struct Block<'a> {
    pub(super) rows: usize,
    packed: &'a [u8],
}

/// How long the header is that begins so; `None` if more bytes are needed.
pub(super) fn header_length(bytes: &[u8]) -> Option<usize> {
    // What is no header is as long as the magic number, so that it is soon found out.
    if !bytes.starts_with(MAGIC) {
        return (bytes.len() >= MAGIC.len()).then_some(MAGIC.len());
    }
    let mut input = Input::new(bytes);
    let mut skip = || {
        input.take(MAGIC.len(), "")?;
        loop {
            let count = input.part()?;
            if count == 0 {
                break;
            }
            for _ in 0..count {
                input.bytes()?;
                input.bytes()?;
            }
        }
        input.take(SYNC, "").map(drop)
    };
    skip().ok().map(|()| input.position())
}

/// How long the block is that begins so, with its mark; `None` if more bytes are needed.
pub(super) fn block_length(bytes: &[u8]) -> Option<usize> {
    let mut input = Input::new(bytes);
    input.long().ok()?;
    let size = input.count().ok()?;
    input.position().checked_add(size)?.checked_add(SYNC).filter(|length| *length <= bytes.len())
}

impl Header {
    /// Reads the header of a file.
    ///
    /// # Errors
    /// If it is none, or the file is packed in a way that is not known.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        if !bytes.starts_with(MAGIC) {
            return Err(
                "this is no container file of Avro: it does not begin with `Obj` and the byte 1".to_owned()
            );
        }
        let mut input = Input::new(bytes);
        input.take(MAGIC.len(), "the magic number")?;
        let (mut schema, mut codec) = (None, Codec::Null);
        loop {
            let count = input.part()?;
            if count == 0 {
                break;
            }
            for _ in 0..count {
                match input.text()? {
                    SCHEMA_KEY => schema = Some(input.text()?.to_owned()),
                    CODEC_KEY => {
                        let name = input.text()?;
                        codec = Codec::of_name(name).ok_or_else(|| {
                            format!(
                                "the file is packed with '{name}': supported are null, deflate and snappy"
                            )
                        })?;
                    }
                    _ => drop(input.bytes()?),
                }
            }
        }
        let mark = input.take(SYNC, "the mark of the file")?.try_into().map_err(|_| "no mark".to_owned())?;
        let schema = schema.ok_or_else(|| format!("the header has no '{SCHEMA_KEY}'"))?;
        Ok(Self { schema, codec, mark })
    }

    /// The header of a file that begins with these bytes of rows. What marks its blocks is made of both, so that nothing
    /// that is written into a row beforehand can be that mark.
    pub(super) fn new(schema: &str, codec: Codec, first: &[u8]) -> Self {
        let mark = Md5::new().chain_update(schema).chain_update(first).finalize().into();
        Self { schema: schema.to_owned(), codec, mark }
    }

    /// Appends the header.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(MAGIC);
        write_long(2, out);
        for (key, value) in [(SCHEMA_KEY, &*self.schema), (CODEC_KEY, self.codec.name())] {
            write_bytes(key.as_bytes(), out);
            write_bytes(value.as_bytes(), out);
        }
        out.push(0);
        out.extend_from_slice(&self.mark);
    }

    /// Appends a block of so many rows.
    ///
    /// # Errors
    /// If it cannot be packed.
    pub(super) fn write_block(&self, rows: usize, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        write_long(i64::try_from(rows).unwrap_or(i64::MAX), out);
        write_bytes(&self.codec.pack(bytes)?, out);
        out.extend_from_slice(&self.mark);
        Ok(())
    }

    /// A block of the file, with its mark.
    ///
    /// # Errors
    /// If it is none.
    pub(super) fn block<'a>(&self, bytes: &'a [u8]) -> Result<Block<'a>, String> {
        let mut input = Input::new(bytes);
        let (rows, packed) = (input.count()?, input.bytes()?);
        if input.take(SYNC, "the mark behind the block")? != self.mark {
            return Err("behind the block is not the mark of the file: the file is damaged".to_owned());
        }
        Ok(Block { rows, packed })
    }
}

impl<'a> Block<'a> {
    /// The bytes of the rows.
    ///
    /// # Errors
    /// If they are damaged.
    pub(super) fn unpack(&self, header: &Header) -> Result<std::borrow::Cow<'a, [u8]>, String> {
        header.codec.unpack(self.packed).map_err(|problem| {
            format!("the block, packed with '{}', cannot be unpacked: {problem}", header.codec.name())
        })
    }
}
