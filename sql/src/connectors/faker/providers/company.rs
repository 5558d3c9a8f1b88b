//! `Company`: firms and what they say of themselves.

use crate::connectors::faker::catalog::{Method, Provider};
use crate::connectors::faker::generator::append;
use crate::connectors::faker::random::Random;

use super::internet::domain_suffix;
use super::name::{join, last_name, push_lower};

pub(super) const PROVIDER: Provider = Provider {
    class: "Company",
    methods: &[
        Method::text(&["name"], name),
        Method::words(&["suffix"], SUFFIXES),
        Method::words(&["industry"], INDUSTRIES),
        Method::words(&["profession"], PROFESSIONS),
        Method::text(&["buzzword"], |random, out| {
            let words = [ADJECTIVES, DESCRIPTORS, NOUNS];
            let list = random.one_of(&words).copied().unwrap_or(NOUNS);
            out.push_str(random.word(list));
        }),
        Method::text(&["catchPhrase"], |random, out| {
            join(out, &[random.word(ADJECTIVES), " ", random.word(DESCRIPTORS), " ", random.word(NOUNS)]);
        }),
        Method::text(&["bs"], |random, out| {
            join(out, &[random.word(VERBS), " ", random.word(QUALITIES), " ", random.word(OBJECTS)]);
        }),
        Method::text(&["url"], |random, out| {
            out.push_str("www.");
            push_lower(out, last_name(random));
            push_lower(out, random.word(SUFFIXES));
            join(out, &[".", domain_suffix(random)]);
        }),
        Method::text(&["logo"], |random, out| {
            let number = random.between(1, 13);
            append(out, format_args!("https://pigment.github.io/fake-logos/logos/medium/color/{number}.png"));
        }),
    ],
};

fn name(random: &mut Random, out: &mut String) {
    let first = last_name(random);
    match random.below(3) {
        0 => join(out, &[first, " ", random.word(SUFFIXES)]),
        1 => join(out, &[first, "-", last_name(random)]),
        _ => join(out, &[first, ", ", last_name(random), " and ", last_name(random)]),
    }
}

const SUFFIXES: &[&str] = &["Inc", "Group", "LLC", "Ltd", "PLC", "and Sons", "GmbH"];
#[rustfmt::skip]
const INDUSTRIES: &[&str] = &[
    "Aerospace", "Agriculture", "Automotive", "Banking", "Biotechnology", "Chemicals", "Computer Software", "Construction",
    "Consumer Electronics", "Education", "Entertainment", "Fishery", "Forestry", "Hospitality", "Insurance", "Law Practice",
    "Logistics", "Machinery", "Mining", "Oil and Energy", "Pharmaceuticals", "Publishing", "Real Estate", "Retail",
    "Shipbuilding", "Telecommunications", "Textiles", "Tourism", "Utilities",
];
#[rustfmt::skip]
const PROFESSIONS: &[&str] = &[
    "accountant", "actor", "baker", "carpenter", "chemist", "dentist", "doctor", "electrician", "engineer", "farmer",
    "firefighter", "gardener", "journalist", "judge", "librarian", "mechanic", "nurse", "painter", "pilot", "plumber",
    "police officer", "programmer", "sailor", "scientist", "tailor", "teacher", "translator", "waiter", "writer",
];
#[rustfmt::skip]
const ADJECTIVES: &[&str] = &[
    "Adaptive", "Automated", "Balanced", "Configurable", "Decentralized", "Distributed", "Enterprise-wide", "Extended",
    "Integrated", "Managed", "Monitored", "Networked", "Open-source", "Optimized", "Persistent", "Proactive", "Progressive",
    "Robust", "Seamless", "Streamlined", "Universal", "Versatile",
];
#[rustfmt::skip]
const DESCRIPTORS: &[&str] = &[
    "24/7", "actuating", "asynchronous", "bi-directional", "client-driven", "composite", "content-based", "dynamic",
    "fault-tolerant", "global", "high-level", "homogeneous", "hybrid", "incremental", "local", "logistical", "modular",
    "multi-tasking", "next-generation", "object-oriented", "real-time", "scalable", "stable", "value-added", "zero-defect",
];
#[rustfmt::skip]
const NOUNS: &[&str] = &[
    "ability", "access", "adapter", "algorithm", "alliance", "analyzer", "application", "approach", "archive", "array",
    "benchmark", "budget", "capability", "capacity", "challenge", "collaboration", "complexity", "database", "emulation",
    "forecast", "framework", "hierarchy", "infrastructure", "interface", "knowledge base", "matrix", "middleware",
    "paradigm", "portal", "projection", "protocol", "solution", "strategy", "synergy", "throughput", "workforce",
];
#[rustfmt::skip]
const VERBS: &[&str] = &[
    "aggregate", "benchmark", "deliver", "deploy", "drive", "embrace", "enable", "engage", "evolve", "expedite", "grow",
    "harness", "innovate", "leverage", "maximize", "monetize", "orchestrate", "redefine", "scale", "streamline", "transform",
    "unleash", "visualize",
];
#[rustfmt::skip]
const QUALITIES: &[&str] = &[
    "24/365", "B2B", "B2C", "bleeding-edge", "clicks-and-mortar", "collaborative", "compelling", "cross-platform",
    "customized", "efficient", "end-to-end", "frictionless", "global", "holistic", "innovative", "mission-critical",
    "out-of-the-box", "plug-and-play", "real-time", "revolutionary", "robust", "scalable", "turn-key", "world-class",
];
#[rustfmt::skip]
const OBJECTS: &[&str] = &[
    "applications", "architectures", "bandwidth", "channels", "communities", "content", "convergence", "deliverables",
    "e-business", "experiences", "functionalities", "infrastructures", "interfaces", "markets", "metrics", "models",
    "networks", "paradigms", "partnerships", "platforms", "portals", "solutions", "synergies", "systems", "users",
];
