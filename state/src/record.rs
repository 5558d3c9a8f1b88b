//! What may travel and what may be a key.

use std::hash::Hash;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A type that may travel through a stream or live in state: `Clone`, `serde`, `Send`, `'static`.
///
/// Implemented for every type that qualifies; there is nothing to write. The bounds are those of
/// the wire, also in one process, so that a job that runs here runs across processes unchanged.
///
/// A record owns what it holds: a `String`, not a `&str`. For a reference the compiler says that an
/// "implementation of `Deserialize` is not general enough".
///
/// # What the encoding can hold
///
/// Values are written in the order of their fields, without names and types. What a type leaves out
/// when it is written can then not be told from what comes next, and a type that must look at a
/// value before it knows what that is cannot be read at all. Such types are refused when a state, a
/// split, a committable or a channel is declared: the job ends with an error that names them.
///
/// - These attributes of serde work: `rename`, `rename_all`, `alias`, `default`, `skip` (on fields,
///   and on the last variants), `with`, `try_from` and `into`, `transparent`, `deny_unknown_fields`.
/// - These are refused: `skip_serializing_if`; `skip_serializing` or `skip_deserializing` alone;
///   `flatten`; the `untagged`, `tag` and `tag` with `content` forms of enums. So is what is made of
///   them, such as `serde_json::Value`.
#[doc(alias("TypeInformation", "TypeSerializer"))]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel through a stream or live in state",
    label = "not a `Record`",
    note = "records own what they hold, can be cloned and sent between threads, and are written with serde: \
            `#[derive(Clone, serde::Serialize, serde::Deserialize)]`"
)]
pub trait Record: Clone + Send + Sync + Serialize + DeserializeOwned + 'static {}

impl<T: Clone + Send + Sync + Serialize + DeserializeOwned + 'static> Record for T {}

/// A type that may be a key: a [`Record`] that can be hashed and compared.
///
/// Its `Hash` decides the key group, and snapshots depend on it: a key type whose `Hash` changes
/// between two versions of a program cannot be restored.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a key",
    label = "not a `Key`",
    note = "keys are records that can be hashed and compared: `#[derive(PartialEq, Eq, Hash)]` besides what \
            `Record` asks for",
    note = "floating-point numbers are no keys: take whole numbers, such as cents, or their `to_bits()`"
)]
pub trait Key: Record + Hash + Eq {}

impl<T: Record + Hash + Eq> Key for T {}
