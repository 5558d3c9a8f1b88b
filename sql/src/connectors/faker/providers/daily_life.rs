//! `Job`, `Stock`, `Finance`, `Vehicle`, `Weather`, `Animal`, `Book`, `Music`, `University` and `Demographic`.

use crate::connectors::faker::catalog::{Method, Provider};
use crate::connectors::faker::generator::append;
use crate::connectors::faker::pattern::UPPER;
use crate::connectors::faker::random::Random;

use super::address;
use super::name::{FIELDS, POSITIONS, SENIORITIES, full_name, join, last_name};
use super::number::push_digits;

pub(super) const JOB: Provider = Provider {
    class: "Job",
    methods: &[
        Method::text(&["title"], |random, out| {
            join(out, &[random.word(SENIORITIES), " ", random.word(FIELDS), " ", random.word(POSITIONS)]);
        }),
        Method::words(&["field"], FIELDS),
        Method::words(&["position"], POSITIONS),
        Method::words(&["seniority"], SENIORITIES),
        Method::words(&["keySkills", "keySkill"], SKILLS),
    ],
};

pub(super) const STOCK: Provider = Provider {
    class: "Stock",
    methods: &[Method::words(&["nsdqSymbol", "nasdaqSymbol"], NASDAQ), Method::words(&["nyseSymbol"], NYSE)],
};

pub(super) const FINANCE: Provider = Provider {
    class: "Finance",
    methods: &[
        Method::text(&["creditCard"], credit_card),
        Method::text(&["iban"], iban),
        Method::text(&["bic"], |random, out| {
            letters(random, 4, out);
            out.push_str("DE");
            letters(random, 2, out);
        }),
    ],
};

pub(super) const VEHICLE: Provider = Provider {
    class: "Vehicle",
    methods: &[
        Method::words(&["manufacturer", "make"], MAKES),
        Method::words(&["color"], &["Black", "Blue", "Gray", "Green", "Red", "Silver", "White", "Yellow"]),
        Method::words(&["fuelType"], &["Diesel", "Electric", "Gasoline", "Hybrid", "Hydrogen"]),
        Method::words(&["transmission"], &["Automanual", "Automatic", "CVT", "Manual"]),
        Method::words(
            &["carType"],
            &["Convertible", "Coupe", "Hatchback", "Minivan", "Sedan", "SUV", "Wagon"],
        ),
        Method::text(&["licensePlate"], |random, out| {
            letters(random, 3, out);
            out.push('-');
            push_digits(random, [4, 0], out);
        }),
    ],
};

pub(super) const WEATHER: Provider = Provider {
    class: "Weather",
    methods: &[
        Method::words(&["description"], WEATHERS),
        Method::text(&["temperatureCelsius"], |random, out| {
            append(out, format_args!("{}°C", random.between(-30, 38)))
        }),
        Method::text(&["temperatureFahrenheit"], |random, out| {
            append(out, format_args!("{}°F", random.between(-22, 100)));
        }),
    ],
};

pub(super) const ANIMAL: Provider =
    Provider { class: "Animal", methods: &[Method::words(&["name"], ANIMALS)] };

pub(super) const BOOK: Provider = Provider {
    class: "Book",
    methods: &[
        Method::words(&["title"], TITLES),
        Method::text(&["author"], full_name),
        Method::words(&["genre"], BOOK_GENRES),
        Method::text(&["publisher"], |random, out| {
            join(out, &[last_name(random), " ", random.word(&["Books", "Press", "Publishing", "Verlag"])]);
        }),
    ],
};

pub(super) const MUSIC: Provider = Provider {
    class: "Music",
    methods: &[Method::words(&["instrument"], INSTRUMENTS), Method::words(&["genre"], MUSIC_GENRES)],
};

pub(super) const UNIVERSITY: Provider = Provider {
    class: "University",
    methods: &[Method::text(&["name"], |random, out| {
        out.push_str("University of ");
        address::city(random, out);
    })],
};

pub(super) const DEMOGRAPHIC: Provider = Provider {
    class: "Demographic",
    methods: &[
        Method::words(&["sex"], &["Female", "Male"]),
        Method::words(&["maritalStatus"], &["Divorced", "Married", "Never married", "Separated", "Widowed"]),
    ],
};

fn letters(random: &mut Random, count: u64, out: &mut String) {
    for _ in 0..count {
        let (first, last) = UPPER;
        out.extend(char::from_u32(first + random.below(u64::from(last - first) + 1) as u32));
    }
}

/// The digits of a Visa card, the last of which makes it pass the check of Luhn (ISO/IEC 7812).
fn credit_card(random: &mut Random, out: &mut String) {
    let mut sum = 0;
    for index in 0..15 {
        let digit = if index == 0 { 4 } else { random.below(10) as u32 };
        if index > 0 && index % 4 == 0 {
            out.push('-');
        }
        out.extend(char::from_digit(digit, 10));
        // Every second digit from the left counts twice, its own digits added.
        sum += if index % 2 == 0 { 2 * digit / 10 + 2 * digit % 10 } else { digit };
    }
    out.extend(char::from_digit((10 - sum % 10) % 10, 10));
}

/// A German number with the check digits of ISO 13616.
fn iban(random: &mut Random, out: &mut String) {
    let account = random.below(1_000_000_000_000_000_000);
    // The letters DE are 13 and 14, and stand with the unknown check digits behind the number.
    let check = 98 - (u128::from(account) * 1_000_000 + 131_400) % 97;
    append(out, format_args!("DE{check:02}{account:018}"));
}

#[rustfmt::skip]
const SKILLS: &[&str] = &[
    "Communication", "Leadership", "Organisation", "Problem solving", "Self-motivated", "Teamwork", "Technical savvy",
    "Time management", "Work under pressure",
];
#[rustfmt::skip]
const NASDAQ: &[&str] = &[
    "AAPL", "ADBE", "AMD", "AMGN", "AMZN", "ASML", "AVGO", "BKNG", "COST", "CSCO", "CTAS", "EBAY", "GILD", "GOOGL", "INTC",
    "INTU", "ISRG", "LRCX", "MAR", "MDLZ", "META", "MRNA", "MSFT", "MU", "NFLX", "NVDA", "PANW", "PEP", "PYPL", "QCOM", "REGN",
    "ROST", "SBUX", "TMUS", "TSLA", "TXN", "VRTX", "ZM",
];
#[rustfmt::skip]
const NYSE: &[&str] = &[
    "ABT", "AXP", "BA", "BAC", "BP", "C", "CAT", "CVX", "DE", "DIS", "F", "FDX", "GE", "GM", "GS", "HD", "IBM", "JNJ", "JPM",
    "KO", "MCD", "MMM", "MRK", "MS", "NKE", "ORCL", "PFE", "PG", "SAP", "SHEL", "SONY", "T", "TM", "UPS", "V", "VZ", "WFC",
    "WMT", "XOM",
];
#[rustfmt::skip]
const MAKES: &[&str] = &[
    "Audi", "BMW", "BYD", "Chevrolet", "Citroën", "Dacia", "Fiat", "Ford", "Honda", "Hyundai", "Jaguar", "Kia", "Lexus", "Mazda",
    "Mercedes-Benz", "Mini", "Nissan", "Opel", "Peugeot", "Porsche", "Renault", "Seat", "Subaru", "Suzuki", "Tesla", "Toyota",
    "Volkswagen", "Volvo", "Škoda",
];
#[rustfmt::skip]
const WEATHERS: &[&str] = &[
    "Clear", "Cloudy", "Drizzle", "Fog", "Freezing rain", "Hail", "Heavy rain", "Light rain", "Mist", "Overcast", "Partly cloudy",
    "Sandstorm", "Sleet", "Snow", "Sunny", "Thunderstorms", "Windy",
];
#[rustfmt::skip]
const ANIMALS: &[&str] = &[
    "alpaca", "badger", "bat", "bear", "beaver", "bison", "camel", "cat", "cheetah", "cow", "crocodile", "deer", "dog",
    "dolphin", "donkey", "eagle", "elephant", "fox", "frog", "giraffe", "goat", "hedgehog", "horse", "kangaroo", "koala",
    "leopard", "lion", "lynx", "mole", "moose", "otter", "owl", "panda", "penguin", "rabbit", "rhinoceros", "seal", "shark",
    "sheep", "squirrel", "tiger", "turtle", "whale", "wolf", "zebra",
];
#[rustfmt::skip]
const TITLES: &[&str] = &[
    "Anna Karenina", "Buddenbrooks", "Candide", "Crime and Punishment", "Don Quixote", "Dracula", "Dubliners", "Emma", "Faust",
    "Frankenstein", "Great Expectations", "Hamlet", "Jane Eyre", "Madame Bovary", "Middlemarch", "Moby Dick", "Oliver Twist",
    "Pride and Prejudice", "The Odyssey", "The Time Machine", "Treasure Island", "Ulysses", "War and Peace", "Wuthering Heights",
];
#[rustfmt::skip]
const BOOK_GENRES: &[&str] = &[
    "Biography", "Comic", "Crime", "Drama", "Essay", "Fable", "Fairy tale", "Fantasy", "Historical fiction", "Horror", "Humor",
    "Mystery", "Mythology", "Poetry", "Science fiction", "Short story", "Thriller",
];
#[rustfmt::skip]
const INSTRUMENTS: &[&str] = &[
    "Accordion", "Bassoon", "Cello", "Clarinet", "Drums", "Flute", "Guitar", "Harmonica", "Harp", "Oboe", "Organ", "Piano",
    "Saxophone", "Trombone", "Trumpet", "Tuba", "Ukulele", "Viola", "Violin", "Xylophone",
];
#[rustfmt::skip]
const MUSIC_GENRES: &[&str] = &[
    "Blues", "Classical", "Country", "Electronic", "Folk", "Funk", "Hip Hop", "Jazz", "Metal", "Pop", "Reggae", "Rock", "Soul",
    "Techno",
];
