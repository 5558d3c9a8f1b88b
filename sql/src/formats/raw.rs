//! Format `raw`: the bytes of a single value.
//!
//! As Flink's [raw format](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/formats/raw/).

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};

use super::options::FormatOptions;
use crate::chunk::{Chunk, ColumnBuilder, Scalar, ValueError};
use crate::error::{SqlError, SqlResult};
use crate::types::{Schema, SqlType};

/// The options of format `raw`.
#[derive(Clone, Debug)]
pub struct RawOptions {
    charset: Charset,
    little_endian: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Charset {
    Utf8,
    Ascii,
    Latin1,
}

impl RawOptions {
    /// Takes the options of format `raw`.
    pub(super) fn new(options: &mut FormatOptions<'_>, schema: &Schema) -> SqlResult<Self> {
        let charset = options.take("charset");
        let charset = match charset.as_deref().map(str::to_ascii_uppercase).as_deref() {
            None | Some("UTF-8" | "UTF8") => Charset::Utf8,
            Some("US-ASCII" | "ASCII") => Charset::Ascii,
            Some("ISO-8859-1" | "LATIN1") => Charset::Latin1,
            Some(other) => {
                return Err(SqlError::validation(format!(
                    "Unsupported 'raw.charset' name: {other}. Supported are UTF-8, US-ASCII and ISO-8859-1"
                )));
            }
        };
        let little_endian = match options.take("endianness").as_deref() {
            None | Some("big-endian") => false,
            Some("little-endian") => true,
            Some(other) => {
                return Err(SqlError::validation(format!(
                    "Unsupported endianness name: {other}. Valid values of 'raw.endianness' option are 'big-endian' and \
                     'little-endian'."
                )));
            }
        };
        let [column] = &**schema else {
            return Err(SqlError::validation(format!(
                "The 'raw' format only supports single physical column. However the defined schema contains multiple \
                 physical columns: {}",
                schema.names().collect::<Vec<_>>().join(", ")
            )));
        };
        let data_type = &column.field.data_type;
        let supported = data_type.is_text()
            || data_type.is_binary()
            || data_type.is_integer()
            || data_type.is_approximate()
            || *data_type == SqlType::Boolean;
        if !supported {
            return Err(SqlError::validation(format!(
                "The 'raw' format doesn't supports '{data_type}' as column type."
            )));
        }
        Ok(Self { charset, little_endian })
    }
}

/// Reads format `raw`.
pub struct RawDecoder {
    options: RawOptions,
    text: String,
}

impl RawDecoder {
    pub(super) fn new(options: &RawOptions) -> Self {
        Self { options: options.clone(), text: String::new() }
    }

    pub(super) fn decode(&mut self, message: &[u8], columns: &mut [ColumnBuilder]) -> Result<(), ValueError> {
        // Without a column that is wanted the message still counts.
        let Some(column) = columns.first_mut() else { return Ok(()) };
        let data_type = column.field().data_type.clone();
        let value = match &data_type {
            SqlType::Char(_) | SqlType::VarChar(_) => self.text(message).map(Scalar::Text),
            SqlType::Binary(_) | SqlType::VarBinary(_) => Ok(Scalar::Bytes(message)),
            _ => self.number(message, &data_type).ok_or_else(|| {
                format!("{} bytes are no {data_type}, which has {}", message.len(), width(&data_type))
            }),
        };
        column.append_result(value)
    }

    fn text<'a>(&'a mut self, row: &'a [u8]) -> Result<&'a str, String> {
        match self.options.charset {
            Charset::Latin1 => {
                self.text.clear();
                self.text.extend(row.iter().copied().map(char::from));
                Ok(&self.text)
            }
            Charset::Ascii if !row.is_ascii() => Err("the text is not ASCII".to_owned()),
            Charset::Ascii | Charset::Utf8 => {
                std::str::from_utf8(row).map_err(|error| format!("the text is not UTF-8: {error}"))
            }
        }
    }

    fn number(&self, row: &[u8], data_type: &SqlType) -> Option<Scalar<'static>> {
        macro_rules! read {
            ($number:ty) => {{
                let bytes = row.try_into().ok()?;
                if self.options.little_endian {
                    <$number>::from_le_bytes(bytes)
                } else {
                    <$number>::from_be_bytes(bytes)
                }
            }};
        }
        Some(match data_type {
            SqlType::Boolean => Scalar::Boolean(read!(u8) != 0),
            SqlType::TinyInt => Scalar::Integer(read!(i8).into()),
            SqlType::SmallInt => Scalar::Integer(read!(i16).into()),
            SqlType::Int => Scalar::Integer(read!(i32).into()),
            SqlType::BigInt => Scalar::Integer(read!(i64)),
            SqlType::Float => Scalar::Float(read!(f32).into()),
            SqlType::Double => Scalar::Float(read!(f64)),
            _ => return None,
        })
    }
}

/// How many bytes a value has.
const fn width(data_type: &SqlType) -> usize {
    match data_type {
        SqlType::SmallInt => 2,
        SqlType::Int | SqlType::Float => 4,
        SqlType::BigInt | SqlType::Double => 8,
        _ => 1,
    }
}

/// Writes format `raw`.
pub struct RawEncoder {
    options: RawOptions,
    data_type: SqlType,
}

impl RawEncoder {
    pub(super) fn new(options: &RawOptions, schema: &Schema) -> Self {
        Self { options: options.clone(), data_type: schema.field(0).data_type }
    }

    pub(super) fn encode(&self, chunk: &Chunk, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        let column = chunk.column(0).map_err(|error| error.to_string())?;
        if column.is_null(row) {
            return Ok(());
        }
        if self.data_type.is_text() {
            let text = column.as_string_view_opt().ok_or("a column that is no text")?.value(row);
            return self.text(text, out);
        }
        self.bytes(column, row, out).ok_or_else(|| "a column of another type than the table's".to_owned())
    }

    fn text(&self, text: &str, out: &mut Vec<u8>) -> Result<(), String> {
        match self.options.charset {
            Charset::Utf8 => out.extend_from_slice(text.as_bytes()),
            Charset::Ascii | Charset::Latin1 => {
                let most = if self.options.charset == Charset::Ascii { 0x7f } else { 0xff };
                for character in text.chars() {
                    // What the charset does not have is a question mark, as in Java.
                    out.push(u8::try_from(character).ok().filter(|byte| *byte <= most).unwrap_or(b'?'));
                }
            }
        }
        Ok(())
    }

    fn bytes(&self, column: &dyn Array, row: usize, out: &mut Vec<u8>) -> Option<()> {
        macro_rules! write {
            ($kind:ty) => {{
                let value = column.as_primitive_opt::<$kind>()?.value(row);
                if self.options.little_endian {
                    out.extend_from_slice(&value.to_le_bytes());
                } else {
                    out.extend_from_slice(&value.to_be_bytes());
                }
            }};
        }
        match self.data_type {
            SqlType::Boolean => out.push(column.as_boolean_opt()?.value(row).into()),
            SqlType::Binary(_) | SqlType::VarBinary(_) => {
                out.extend_from_slice(column.as_binary_view_opt()?.value(row));
            }
            SqlType::TinyInt => write!(Int8Type),
            SqlType::SmallInt => write!(Int16Type),
            SqlType::Int => write!(Int32Type),
            SqlType::BigInt => write!(Int64Type),
            SqlType::Float => write!(Float32Type),
            SqlType::Double => write!(Float64Type),
            _ => return None,
        }
        Some(())
    }
}
