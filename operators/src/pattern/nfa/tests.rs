//! The automaton against a search through all subsequences.

mod brute;
mod random;

use super::*;
