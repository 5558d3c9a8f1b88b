//! How often a test disturbs what it tests.

/// How often a test kills or cuts, unless `MILLSTREAM_KILLS` says it.
pub fn kills(otherwise: u32) -> u32 {
    std::env::var("MILLSTREAM_KILLS").map_or(otherwise, |kills| kills.parse().unwrap())
}
