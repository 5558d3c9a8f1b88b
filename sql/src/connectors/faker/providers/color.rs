//! `Color`.

use crate::connectors::faker::catalog::{Method, Provider};
use crate::connectors::faker::generator::append;

pub(super) const PROVIDER: Provider = Provider {
    class: "Color",
    methods: &[
        Method::words(&["name"], NAMES),
        Method::text(&["hex"], |random, out| append(out, format_args!("#{:06X}", random.below(0x100_0000)))),
    ],
};

#[rustfmt::skip]
const NAMES: &[&str] = &[
    "azure", "beige", "black", "blue", "brown", "crimson", "cyan", "fuchsia", "gold", "gray", "green", "indigo", "ivory",
    "lavender", "lime", "magenta", "maroon", "mint green", "navy", "olive", "orange", "orchid", "pink", "plum", "purple",
    "red", "salmon", "silver", "sky blue", "tan", "teal", "turquoise", "violet", "white", "yellow",
];
