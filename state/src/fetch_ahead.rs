//! Asking for the memory that a value owns, before the value is encoded.
//!
//! Only its `Serialize` knows where a type keeps its texts and bytes, so it is serialised for a serializer
//! that reads nothing but addresses.

use std::fmt::Display;

use serde::ser::{self, Impossible, Serialize, Serializer};

use crate::prefetch::{LINE, prefetch};

/// Asks for the first lines of the texts and bytes that `value` owns. It stops at a sequence or map: their
/// elements would have to be read, which is what is to be avoided.
#[inline]
pub(crate) fn prefetch_owned<T: Serialize>(value: &T) {
    // A stop is no error: whatever has been asked for is on its way.
    let _ = value.serialize(Prefetcher);
}

#[derive(Clone, Copy)]
struct Prefetcher;

impl Prefetcher {
    #[inline]
    fn ask_for(bytes: &[u8]) {
        if let Some(first) = bytes.first() {
            prefetch(first);
        }
        if let Some(second) = bytes.get(LINE) {
            prefetch(second);
        }
    }
}

/// There is no more to ask for without reading.
#[derive(Debug)]
struct Stop;

impl Display for Stop {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("nothing more is fetched ahead")
    }
}

impl std::error::Error for Stop {}

impl ser::Error for Stop {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

type Result = std::result::Result<(), Stop>;

/// Values that are in the entry itself.
macro_rules! pass_over {
    ($($method:ident($($value:ty),*))*) => {
        $(#[inline] fn $method(self, $(_: $value),*) -> Result { Ok(()) })*
    };
}

impl Serializer for Prefetcher {
    type Ok = ();
    type Error = Stop;
    type SerializeSeq = Impossible<(), Stop>;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Impossible<(), Stop>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    pass_over! {
        serialize_bool(bool)
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_u128(u128)
        serialize_f32(f32) serialize_f64(f64) serialize_char(char)
        serialize_none() serialize_unit() serialize_unit_struct(&'static str)
        serialize_unit_variant(&'static str, u32, &'static str)
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result {
        Self::ask_for(text.as_bytes());
        Ok(())
    }

    #[inline]
    fn serialize_bytes(self, bytes: &[u8]) -> Result {
        Self::ask_for(bytes);
        Ok(())
    }

    /// What has yet to be made is not fetched.
    #[inline]
    fn collect_str<T: Display + ?Sized>(self, _: &T) -> Result {
        Ok(())
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result {
        value.serialize(self)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result {
        value.serialize(self)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> std::result::Result<Self::SerializeSeq, Stop> {
        Err(Stop)
    }

    fn serialize_map(self, _: Option<usize>) -> std::result::Result<Self::SerializeMap, Stop> {
        Err(Stop)
    }

    #[inline]
    fn serialize_tuple(self, _: usize) -> std::result::Result<Self, Stop> {
        Ok(self)
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> std::result::Result<Self, Stop> {
        Ok(self)
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> std::result::Result<Self, Stop> {
        Ok(self)
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> std::result::Result<Self, Stop> {
        Ok(self)
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> std::result::Result<Self, Stop> {
        Ok(self)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// What has parts asks for those of each part.
macro_rules! each_part {
    ($($kind:ident::$method:ident($($name:ty)?))*) => {
        $(impl ser::$kind for Prefetcher {
            type Ok = ();
            type Error = Stop;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, $(_: $name,)? part: &T) -> Result {
                part.serialize(*self)
            }

            fn end(self) -> Result {
                Ok(())
            }
        })*
    };
}

each_part! {
    SerializeTuple::serialize_element()
    SerializeTupleStruct::serialize_field()
    SerializeTupleVariant::serialize_field()
    SerializeStruct::serialize_field(&'static str)
    SerializeStructVariant::serialize_field(&'static str)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;

    use super::Prefetcher;

    #[derive(Serialize)]
    enum Kind {
        Unit,
        Newtype(String),
        Tuple(u8, String),
        Struct { text: Option<String> },
    }

    #[test]
    fn all_of_an_entry_is_passed_over_but_what_would_have_to_be_read() {
        let text = || "a text that is longer than a line of the cache, which has sixty-four bytes".to_owned();
        let kinds =
            [Kind::Unit, Kind::Newtype(text()), Kind::Tuple(1, text()), Kind::Struct { text: Some(text()) }];
        for kind in &kinds {
            assert!((1_u64, String::new(), kind, 'c', 1.5, [(); 2]).serialize(Prefetcher).is_ok());
        }
        assert!((text(), vec![1]).serialize(Prefetcher).is_err());
        assert!(BTreeMap::from([(1, text())]).serialize(Prefetcher).is_err());
    }
}
