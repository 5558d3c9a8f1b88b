//! Digests of text, as hexadecimal digits: MD5, SHA1, SHA224 to SHA512, SHA2.

use arrow_array::types::Int32Type;
use md5::{Digest, Md5};
use millstream_runtime::{Error, ErrorKind, Result};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use super::Parameter::{Int, Text};
use super::lift::{kernel, texts, texts_of};
use super::string::push_hexadecimal;
use super::{Build, Returns, ScalarFunction, Signature};
use crate::error::SqlResult;
use crate::eval::Kernel;
use crate::types::SqlType;

pub(super) static FUNCTIONS: &[ScalarFunction] = &[
    digest("MD5", 32, |_, _, _| build::<Md5>()),
    digest("SHA1", 40, |_, _, _| build::<Sha1>()),
    digest("SHA224", 56, |_, _, _| build::<Sha224>()),
    digest("SHA256", 64, |_, _, _| build::<Sha256>()),
    digest("SHA384", 96, |_, _, _| build::<Sha384>()),
    digest("SHA512", 128, |_, _, _| build::<Sha512>()),
    // It fails for another number of bits.
    ScalarFunction::new(
        "SHA2",
        Signature::of(&[Text, Int], Returns::Type(SqlType::VarChar(128))),
        |_, _, _| {
            kernel(|call| {
                let (values, bits) = (call.texts(0)?, call.numbers::<Int32Type>(1)?);
                texts(call.rows(), |row, out| match values.get(row).zip(bits.get(row)) {
                    Some((text, bits)) => sha2(text, bits, out).map(|()| true),
                    None => Ok(false),
                })
            })
        },
    )
    .on_demand(),
];

const fn digest(name: &'static str, digits: u32, build: Build) -> ScalarFunction {
    ScalarFunction::new(name, Signature::of(&[Text], Returns::Type(SqlType::Char(digits))), build)
}

fn build<D: Digest>() -> SqlResult<Box<dyn Kernel>> {
    kernel(|call| {
        let values = call.texts(0)?;
        texts_of(call.rows(), |row, out| {
            write::<D>(values.get(row)?, out);
            Some(())
        })
    })
}

fn write<D: Digest>(text: &str, out: &mut String) {
    push_hexadecimal(&D::digest(text.as_bytes()), b"0123456789abcdef", out);
}

fn sha2(text: &str, bits: i32, out: &mut String) -> Result<()> {
    match bits {
        224 => write::<Sha224>(text, out),
        256 => write::<Sha256>(text, out),
        384 => write::<Sha384>(text, out),
        512 => write::<Sha512>(text, out),
        _ => {
            return Err(Error::new(
                ErrorKind::Function,
                format!(
                    "java.lang.RuntimeException: Unsupported algorithm. SHA2 gives 224, 256, 384 or 512 bits, not {bits}"
                ),
            ));
        }
    }
    Ok(())
}
