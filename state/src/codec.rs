//! Values to bytes and back: postcard, appending to a buffer that is there already.

use postcard::ser_flavors::Flavor;
use serde::{Serialize, de::DeserializeOwned};

/// Appends to a borrowed buffer, so that encoding a table allocates nothing per entry.
struct Append<'a>(&'a mut Vec<u8>);

impl Flavor for Append<'_> {
    type Output = ();

    #[inline]
    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(data);
        Ok(())
    }

    #[inline]
    fn try_push(&mut self, data: u8) -> postcard::Result<()> {
        self.0.push(data);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Appends the encoding of `value` to `out`.
///
/// # Errors
/// If the value's `Serialize` fails, or asks for what postcard cannot do (a sequence of unknown length).
#[inline]
pub fn encode_into<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> postcard::Result<()> {
    postcard::serialize_with_flavor(value, Append(out))
}

/// Encodes `value` on its own.
///
/// # Errors
/// As [`encode_into`].
pub fn encode<T: Serialize + ?Sized>(value: &T) -> postcard::Result<Vec<u8>> {
    let mut out = Vec::new();
    encode_into(value, &mut out)?;
    Ok(out)
}

/// Takes a value off the front of `bytes`.
///
/// # Errors
/// If the bytes are not the encoding of a `T`.
#[inline]
pub fn decode_from<T: DeserializeOwned>(bytes: &mut &[u8]) -> postcard::Result<T> {
    let (value, rest) = postcard::take_from_bytes(bytes)?;
    *bytes = rest;
    Ok(value)
}

/// Decodes a value that fills `bytes`.
///
/// # Errors
/// If the bytes are not the encoding of a `T`, or some are left over.
pub fn decode<T: DeserializeOwned>(mut bytes: &[u8]) -> postcard::Result<T> {
    let value = decode_from(&mut bytes)?;
    end(bytes)?;
    Ok(value)
}

/// Checks that everything has been decoded.
pub(crate) fn end(rest: &[u8]) -> postcard::Result<()> {
    if rest.is_empty() { Ok(()) } else { Err(postcard::Error::SerdeDeCustom) }
}
