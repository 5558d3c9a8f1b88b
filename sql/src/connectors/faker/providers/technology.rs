//! `App`, `Device`, `ProgrammingLanguage`, `File`, `Code` and `Hashing`: what computers deal with.

use crate::connectors::faker::catalog::{Method, Provider};
use crate::connectors::faker::generator::append;
use crate::connectors::faker::random::Random;

use super::lorem;
use super::name::{full_name, join};

pub(super) const APP: Provider = Provider {
    class: "App",
    methods: &[
        Method::words(&["name"], APPS),
        Method::text(&["version"], |random, out| {
            append(out, format_args!("{}.{}.{}", random.below(10), random.below(10), random.below(10)));
        }),
        Method::text(&["author"], full_name),
    ],
};

pub(super) const DEVICE: Provider = Provider {
    class: "Device",
    methods: &[
        Method::words(&["modelName"], MODELS),
        Method::words(&["platform"], &["Android", "iOS", "Linux", "macOS", "Windows", "ChromeOS"]),
        Method::words(&["manufacturer"], MANUFACTURERS),
        Method::text(&["serial"], |random, out| {
            append(out, format_args!("{:016X}", random.bits()));
        }),
    ],
};

pub(super) const PROGRAMMING_LANGUAGE: Provider = Provider {
    class: "ProgrammingLanguage",
    methods: &[Method::words(&["name"], LANGUAGES), Method::words(&["creator"], CREATORS)],
};

pub(super) const FILE: Provider = Provider {
    class: "File",
    methods: &[
        Method::words(&["extension"], EXTENSIONS),
        Method::words(&["mimeType"], MIME_TYPES),
        Method::text(&["fileName"], |random, out| {
            join(out, &[random.word(lorem::WORDS), "_", random.word(lorem::WORDS), "/"]);
            join(out, &[random.word(lorem::WORDS), ".", random.word(EXTENSIONS)]);
        }),
    ],
};

pub(super) const CODE: Provider = Provider {
    class: "Code",
    methods: &[
        Method::text(&["ean8"], |random, out| checked(random, "", 7, [3, 1], out)),
        Method::text(&["ean13"], |random, out| checked(random, "", 12, [1, 3], out)),
        Method::text(&["isbn13"], |random, out| checked(random, "978", 9, [1, 3], out)),
        Method::text(&["asin"], |random, out| {
            append(out, format_args!("B00{:07X}", random.below(0x1000_0000)));
        }),
    ],
};

pub(super) const HASHING: Provider = Provider {
    class: "Hashing",
    methods: &[
        Method::text(&["md5"], |random, out| hexadecimal(random, 2, out)),
        Method::text(&["sha256"], |random, out| hexadecimal(random, 4, out)),
        Method::text(&["sha512"], |random, out| hexadecimal(random, 8, out)),
    ],
};

/// Looks like a hash: so many times 16 digits.
fn hexadecimal(random: &mut Random, count: usize, out: &mut String) {
    for _ in 0..count {
        append(out, format_args!("{:016x}", random.bits()));
    }
}

/// A prefix, so many digits, and the check digit of GS1, whose weights of even and odd places are these.
fn checked(random: &mut Random, prefix: &str, count: usize, weights: [u32; 2], out: &mut String) {
    let [even, odd] = weights;
    let mut sum = 0;
    let mut push = |digit: u32, index: usize, out: &mut String| {
        sum += digit * if index.is_multiple_of(2) { even } else { odd };
        out.extend(char::from_digit(digit, 10));
    };
    let known = prefix.chars().filter_map(|digit| digit.to_digit(10));
    let unknown = (0..count).map(|_| random.below(10) as u32);
    for (index, digit) in known.chain(unknown).enumerate() {
        push(digit, index, out);
    }
    out.extend(char::from_digit((10 - sum % 10) % 10, 10));
}

#[rustfmt::skip]
const APPS: &[&str] = &[
    "Aerified", "Alphabit", "Bitchip", "Bluejay", "Cardguard", "Cloudleaf", "Daltron", "Domainer", "Fintide", "Flexidy",
    "Greenlight", "Homebase", "Inkwell", "Keystack", "Lotlux", "Namefix", "Opelight", "Pannier", "Quotely", "Rankfit", "Sonsync",
    "Stringtough", "Tempsoft", "Tresom", "Voltsill", "Zamit", "Zoolab",
];
#[rustfmt::skip]
const MODELS: &[&str] = &[
    "Galaxy A54", "Galaxy S24", "Galaxy Tab S9", "iPad Air", "iPad Pro", "iPhone 13", "iPhone 14 Pro", "iPhone 15", "Mi 11",
    "Nokia G42", "OnePlus 12", "Pixel 7a", "Pixel 8", "Surface Pro 9", "Xperia 5",
];
const MANUFACTURERS: &[&str] = &[
    "Apple",
    "Google",
    "Huawei",
    "Lenovo",
    "LG",
    "Microsoft",
    "Nokia",
    "OnePlus",
    "Samsung",
    "Sony",
    "Xiaomi",
];
#[rustfmt::skip]
const LANGUAGES: &[&str] = &[
    "Ada", "C", "C#", "C++", "Clojure", "COBOL", "Dart", "Elixir", "Erlang", "F#", "Fortran", "Go", "Haskell", "Java",
    "JavaScript", "Julia", "Kotlin", "Lisp", "Lua", "OCaml", "Pascal", "Perl", "PHP", "Prolog", "Python", "R", "Ruby", "Rust",
    "Scala", "Scheme", "Smalltalk", "SQL", "Swift", "TypeScript", "Zig",
];
#[rustfmt::skip]
const CREATORS: &[&str] = &[
    "Alan Kay", "Anders Hejlsberg", "Bjarne Stroustrup", "Brendan Eich", "Dennis Ritchie", "Grace Hopper", "Graydon Hoare",
    "Guido van Rossum", "James Gosling", "John Backus", "John McCarthy", "Larry Wall", "Martin Odersky", "Niklaus Wirth",
    "Rasmus Lerdorf", "Robin Milner", "Yukihiro Matsumoto",
];
const EXTENSIONS: &[&str] = &[
    "avi", "csv", "docx", "flac", "gif", "html", "jpg", "json", "mp3", "mp4", "odt", "pdf", "png", "txt",
    "wav", "xlsx", "zip",
];
#[rustfmt::skip]
const MIME_TYPES: &[&str] = &[
    "application/json", "application/pdf", "application/xml", "application/zip", "audio/flac", "audio/mpeg", "image/gif",
    "image/jpeg", "image/png", "image/svg+xml", "text/css", "text/csv", "text/html", "text/plain", "video/mp4", "video/mpeg",
];
