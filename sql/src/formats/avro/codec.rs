//! How blocks of a container file are packed.

use std::borrow::Cow;
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use crate::error::{SqlError, SqlResult};

/// The largest block that is unpacked, in bytes: one that is larger is more likely damaged, or means harm.
const LARGEST: usize = 256 << 20;

/// How blocks are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    Null,
    Deflate,
    Snappy,
}

impl Codec {
    /// The codec of the option `avro.codec`.
    ///
    /// # Errors
    /// If it is none.
    pub(super) fn of_option(name: &str) -> SqlResult<Self> {
        Self::of_name(name).ok_or_else(|| match name {
            "bzip2" | "xz" | "zstandard" => {
                SqlError::unsupported(format!("the codec '{name}' of option 'avro.codec' is not supported"))
                    .with_hint("supported are: null, deflate, snappy")
            }
            _ => SqlError::validation(format!("Unrecognized codec: {name}"))
                .with_hint("supported are: null, deflate, snappy"),
        })
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        [Self::Null, Self::Deflate, Self::Snappy].into_iter().find(|codec| codec.name() == name)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Deflate => "deflate",
            Self::Snappy => "snappy",
        }
    }

    /// Packs the bytes of a block.
    ///
    /// # Errors
    /// If they are too many.
    pub(super) fn pack(self, bytes: &[u8]) -> Result<Cow<'_, [u8]>, String> {
        match self {
            Self::Null => Ok(Cow::Borrowed(bytes)),
            Self::Deflate => {
                let mut packer = DeflateEncoder::new(Vec::new(), Compression::default());
                let packed = packer.write_all(bytes).and_then(|()| packer.finish());
                packed.map(Cow::Owned).map_err(|error| error.to_string())
            }
            Self::Snappy => {
                let packed = snap::raw::Encoder::new().compress_vec(bytes);
                let mut packed = packed.map_err(|error| error.to_string())?;
                packed.extend_from_slice(&crc32fast::hash(bytes).to_be_bytes());
                Ok(Cow::Owned(packed))
            }
        }
    }

    /// Unpacks the bytes of a block.
    ///
    /// # Errors
    /// If they are damaged.
    pub(super) fn unpack(self, packed: &[u8]) -> Result<Cow<'_, [u8]>, String> {
        match self {
            Self::Null => Ok(Cow::Borrowed(packed)),
            Self::Deflate => {
                let mut bytes = Vec::with_capacity(packed.len().saturating_mul(3).min(LARGEST));
                let mut unpacker = DeflateDecoder::new(packed).take(LARGEST as u64 + 1);
                unpacker.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
                if bytes.len() > LARGEST {
                    return Err(format!("it unpacks to more than {LARGEST} bytes"));
                }
                Ok(Cow::Owned(bytes))
            }
            Self::Snappy => {
                let (packed, checksum) =
                    packed.split_last_chunk::<4>().ok_or("it is too short for its checksum")?;
                let length = snap::raw::decompress_len(packed).map_err(|error| error.to_string())?;
                if length > LARGEST {
                    return Err(format!("it unpacks to more than {LARGEST} bytes"));
                }
                let bytes = snap::raw::Decoder::new().decompress_vec(packed);
                let bytes = bytes.map_err(|error| error.to_string())?;
                if crc32fast::hash(&bytes) != u32::from_be_bytes(*checksum) {
                    return Err("its checksum is another".to_owned());
                }
                Ok(Cow::Owned(bytes))
            }
        }
    }
}
