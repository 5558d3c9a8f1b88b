//! `Name`: people.

use crate::connectors::faker::catalog::{Method, Provider};
use crate::connectors::faker::random::Random;

pub(super) const PROVIDER: Provider = Provider {
    class: "Name",
    methods: &[
        Method::text(&["firstName"], |random, out| out.push_str(first_name(random))),
        Method::words(&["lastName"], LAST),
        Method::text(&["fullName", "name"], full_name),
        Method::text(&["nameWithMiddle"], name_with_middle),
        Method::words(&["femaleFirstName"], FEMALE),
        Method::words(&["maleFirstName"], MALE),
        Method::words(&["prefix"], PREFIXES),
        Method::words(&["suffix"], SUFFIXES),
        Method::text(&["title"], title),
        Method::text(&["username"], user_name),
    ],
};

/// A first name of either list.
pub(super) fn first_name(random: &mut Random) -> &'static str {
    let names = if random.below(2) == 0 { FEMALE } else { MALE };
    random.word(names)
}

/// A last name.
pub(super) fn last_name(random: &mut Random) -> &'static str {
    random.word(LAST)
}

/// First and last name, one in eight with a prefix and one in eight with a suffix.
pub(super) fn full_name(random: &mut Random, out: &mut String) {
    affixed(random, out, |random, out| {
        join(out, &[first_name(random), " ", last_name(random)]);
    });
}

fn name_with_middle(random: &mut Random, out: &mut String) {
    affixed(random, out, |random, out| {
        join(out, &[first_name(random), " ", first_name(random), " ", last_name(random)]);
    });
}

fn affixed(random: &mut Random, out: &mut String, write: fn(&mut Random, &mut String)) {
    let kind = random.below(8);
    if kind == 0 {
        join(out, &[random.word(PREFIXES), " "]);
    }
    write(random, out);
    if kind == 1 {
        join(out, &[" ", random.word(SUFFIXES)]);
    }
}

fn title(random: &mut Random, out: &mut String) {
    join(out, &[random.word(SENIORITIES), " ", random.word(FIELDS), " ", random.word(POSITIONS)]);
}

/// First and last name in lower case with a point between, only letters of ASCII.
pub(super) fn user_name(random: &mut Random, out: &mut String) {
    push_lower(out, first_name(random));
    out.push('.');
    push_lower(out, last_name(random));
}

/// Appends the letters and digits of ASCII, in lower case.
pub(super) fn push_lower(out: &mut String, text: &str) {
    out.extend(text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()));
}

/// Appends these one after another.
pub(super) fn join(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
}

#[rustfmt::skip]
const FEMALE: &[&str] = &[
    "Ada", "Alice", "Amara", "Anna", "Astrid", "Beatrice", "Bianca", "Carmen", "Cecilia", "Chiara", "Clara", "Daphne",
    "Diana", "Elena", "Elif", "Emma", "Esther", "Fatima", "Fiona", "Freya", "Grace", "Greta", "Hanna", "Helena",
    "Ingrid", "Irene", "Isabel", "Jane", "Joan", "Judith", "Julia", "Kamala", "Karin", "Kira", "Laura", "Leila", "Linda",
    "Lucia", "Maren", "Maria", "Maya", "Mei", "Nadia", "Nina", "Nora", "Olga", "Paula", "Priya", "Rosa", "Ruth",
    "Sarah", "Sofia", "Susan", "Teresa", "Ursula", "Vera", "Wanda", "Yara", "Yuki", "Zoe",
];
#[rustfmt::skip]
const MALE: &[&str] = &[
    "Aaron", "Adam", "Ahmed", "Alan", "Anton", "Arjun", "Arthur", "Benjamin", "Boris", "Bruno", "Carlos", "Chen",
    "Daniel", "David", "Dennis", "Diego", "Edgar", "Emil", "Erik", "Felix", "Francis", "Frank", "George", "Gustav",
    "Hans", "Henry", "Hiro", "Hugo", "Ibrahim", "Isaac", "Ivan", "Jack", "James", "Jorge", "Joseph", "Karl", "Kenji",
    "Lars", "Leon", "Louis", "Luca", "Malik", "Marco", "Martin", "Mateo", "Max", "Nils", "Omar", "Oscar", "Pablo",
    "Paul", "Peter", "Rafael", "Robert", "Samuel", "Simon", "Thomas", "Victor", "Walter", "Yusuf",
];
#[rustfmt::skip]
const LAST: &[&str] = &[
    "Adams", "Allen", "Andersson", "Baker", "Bauer", "Becker", "Bell", "Brooks", "Campbell", "Carter", "Castillo", "Chen",
    "Clark", "Cooper", "Cruz", "Davies", "Diaz", "Dubois", "Evans", "Fischer", "Fletcher", "Garcia", "Gray", "Gupta",
    "Hall", "Hansen", "Harris", "Hill", "Hoffmann", "Ito", "Jackson", "Jensen", "Kaya", "Keller", "Khan", "Kim", "King",
    "Kowalski", "Larsen", "Lee", "Lopez", "Martin", "Meyer", "Miller", "Moreau", "Morgan", "Nakamura", "Novak", "O'Brien",
    "Okafor", "Olsen", "Parker", "Patel", "Petrov", "Reed", "Rossi", "Santos", "Schmidt", "Silva", "Singh", "Smith",
    "Stewart", "Suzuki", "Taylor", "Turner", "Walker", "Weber", "Wilson", "Wright", "Young",
];
const PREFIXES: &[&str] = &["Mr.", "Mrs.", "Ms.", "Miss", "Dr."];
const SUFFIXES: &[&str] = &["Jr.", "Sr.", "I", "II", "III", "IV", "V", "MD", "DDS", "PhD", "DVM"];
/// How far up a job is.
#[rustfmt::skip]
pub(super) const SENIORITIES: &[&str] =
    &["Assistant", "Associate", "Chief", "Corporate", "Deputy", "Global", "Junior", "Lead", "National", "Principal", "Regional", "Senior"];
/// What a job is about.
#[rustfmt::skip]
pub(super) const FIELDS: &[&str] = &[
    "Accounting", "Communications", "Data", "Design", "Education", "Engineering", "Facilities", "Finance", "Integration",
    "Legal", "Logistics", "Marketing", "Operations", "Procurement", "Quality", "Research", "Sales", "Security", "Support",
];
/// What a job is.
#[rustfmt::skip]
pub(super) const POSITIONS: &[&str] = &[
    "Administrator", "Analyst", "Architect", "Consultant", "Coordinator", "Designer", "Developer", "Director", "Engineer",
    "Manager", "Officer", "Planner", "Producer", "Representative", "Specialist", "Strategist", "Supervisor", "Technician",
];
