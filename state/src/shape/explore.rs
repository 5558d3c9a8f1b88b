//! Finds out a type's form by letting it deserialize itself, again and again, from made-up values.
//!
//! One pass builds one value, and so sees one variant of each enum it comes across; passes go on
//! until every variant has been seen. (The crate `serde-reflection` cannot do this for enums inside
//! an `Option` or a `Vec`, confuses types with the same name, and overflows the stack on an enum
//! whose first variant contains itself.)

use serde::de::DeserializeOwned;

use super::content::{Node, count_variants};
use super::probe::Probe;
use super::trace::Tracer;

/// Looks into `T`, and hands every value that it makes up to `each`; false where something in `T`
/// stays unknown.
pub(super) fn explore<T: DeserializeOwned, E>(
    tracer: &mut Tracer,
    mut each: impl FnMut(&T) -> Result<(), E>,
) -> Result<bool, E> {
    loop {
        let before = tracer.types.clone();
        let mut root = Node::Unknown;
        tracer.begin_pass();
        match T::deserialize(Probe { tracer, slot: &mut root }) {
            Ok(value) => each(&value)?,
            Err(_) => {
                let refused = tracer.types.clone();
                tracer.types = before;
                if tracer.adapt() {
                    continue;
                }
                (tracer.root, tracer.types) = (root, refused);
                return Ok(false);
            }
        }
        tracer.root = root;
        let (explored, unexplored) = count_variants(&tracer.types);
        if unexplored == 0 || explored == count_variants(&before).0 {
            return Ok(unexplored == 0);
        }
    }
}
