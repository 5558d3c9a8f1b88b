//! One path or several, as they are given.

use std::path::PathBuf;

/// What can be given where one or several paths are wanted: a string or a path, or an array, slice
/// or vector of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a path nor several of them",
    note = "give a string, a `Path` or a `PathBuf`, or an array, slice or vector of them"
)]
pub trait IntoPaths {
    /// The paths, in order.
    fn into_paths(self) -> Vec<String>;
}

macro_rules! one_path {
    ($($type:ty: $this:ident => $text:expr),* $(,)?) => {$(
        impl IntoPaths for $type {
            fn into_paths(self) -> Vec<String> {
                let $this = self;
                vec![$text]
            }
        }
    )*};
}

one_path! {
    &str: this => this.to_owned(),
    String: this => this,
    &String: this => this.clone(),
    &std::path::Path: this => this.to_string_lossy().into_owned(),
    PathBuf: this => this.to_string_lossy().into_owned(),
    &PathBuf: this => this.to_string_lossy().into_owned(),
}

impl<P: IntoPaths> IntoPaths for Vec<P> {
    fn into_paths(self) -> Vec<String> {
        self.into_iter().flat_map(P::into_paths).collect()
    }
}

impl<P: IntoPaths, const N: usize> IntoPaths for [P; N] {
    fn into_paths(self) -> Vec<String> {
        self.into_iter().flat_map(P::into_paths).collect()
    }
}

impl<P: IntoPaths + Clone> IntoPaths for &[P] {
    fn into_paths(self) -> Vec<String> {
        self.iter().cloned().flat_map(P::into_paths).collect()
    }
}
