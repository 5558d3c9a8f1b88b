//! Rows of bytes in pages: state whose keys and values have no Rust type, such as that of SQL.

pub mod keycode;

pub use keycode::{KeyDecoder, KeyEncoder, KeyNumber, KeyOrder};
