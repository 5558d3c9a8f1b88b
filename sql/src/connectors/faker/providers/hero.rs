//! `Superhero` and `GreekPhilosopher`.

use crate::connectors::faker::catalog::{Method, Provider};
use crate::connectors::faker::random::Random;

use super::name::join;

pub(super) const SUPERHERO: Provider = Provider {
    class: "Superhero",
    methods: &[
        Method::text(&["name"], name),
        Method::words(&["descriptor"], DESCRIPTORS),
        Method::words(&["power"], POWERS),
        Method::words(&["prefix"], PREFIXES),
        Method::words(&["suffix"], SUFFIXES),
    ],
};

pub(super) const GREEK_PHILOSOPHER: Provider = Provider {
    class: "GreekPhilosopher",
    methods: &[Method::words(&["name"], PHILOSOPHERS), Method::words(&["quote"], QUOTES)],
};

/// A descriptor, with a prefix, a suffix or both.
fn name(random: &mut Random, out: &mut String) {
    let kind = random.below(3);
    if kind != 1 {
        join(out, &[random.word(PREFIXES), " "]);
    }
    out.push_str(random.word(DESCRIPTORS));
    if kind != 0 {
        join(out, &[" ", random.word(SUFFIXES)]);
    }
}

const PREFIXES: &[&str] = &[
    "Agent",
    "Captain",
    "Dark",
    "Doctor",
    "General",
    "Giant",
    "Illustrious",
    "Magnificent",
    "Mega",
    "Night",
    "Ultra",
];
const SUFFIXES: &[&str] = &[
    "Boy", "Eagle", "Fist", "Girl", "Hawk", "Knight", "Machine", "Man", "Queen", "Shield", "Strike", "Wolf",
    "Woman",
];
#[rustfmt::skip]
const DESCRIPTORS: &[&str] = &[
    "Atom", "Blaze", "Bolt", "Comet", "Cyclone", "Ember", "Falcon", "Frost", "Gale", "Granite", "Jade", "Lightning", "Lynx",
    "Magma", "Meteor", "Mirage", "Nova", "Onyx", "Phantom", "Pulsar", "Quasar", "Raven", "Saber", "Shadow", "Spark", "Specter",
    "Steel", "Tempest", "Thunder", "Titan", "Vortex", "Zenith",
];
#[rustfmt::skip]
const POWERS: &[&str] = &[
    "Astral Projection", "Duplication", "Electrokinesis", "Flight", "Force Fields", "Healing", "Invisibility", "Levitation",
    "Magnetism", "Mind Control", "Precognition", "Shapeshifting", "Super Speed", "Super Strength", "Telekinesis", "Telepathy",
    "Teleportation", "Time Travel", "Underwater Breathing", "Weather Control", "X-Ray Vision",
];
#[rustfmt::skip]
const PHILOSOPHERS: &[&str] = &[
    "Anaxagoras", "Anaximander", "Anaximenes", "Antisthenes", "Aristotle", "Chrysippus", "Cleanthes", "Democritus", "Diogenes",
    "Empedocles", "Epictetus", "Epicurus", "Gorgias", "Heraclitus", "Hypatia", "Leucippus", "Melissus", "Parmenides", "Plato",
    "Plotinus", "Protagoras", "Pyrrho", "Pythagoras", "Socrates", "Solon", "Thales", "Theophrastus", "Thucydides", "Xenophanes",
    "Xenophon", "Zeno",
];
#[rustfmt::skip]
const QUOTES: &[&str] = &[
    "Know thyself.", "Everything flows.", "Man is the measure of all things.", "The unexamined life is not worth living.",
    "One swallow does not make a summer.", "Nothing in excess.", "Character is destiny.", "All is water.",
];
