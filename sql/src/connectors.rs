//! Where tables come from and go to.

pub mod faker;
