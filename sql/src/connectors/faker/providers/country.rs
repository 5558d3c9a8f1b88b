//! `Country`, `Nation` and `Currency`: what ISO 3166 and ISO 4217 list, in part.

use crate::connectors::faker::catalog::{Method, Provider};
use crate::connectors::faker::random::Random;

pub(super) const COUNTRY: Provider = Provider {
    class: "Country",
    methods: &[
        Method::text(&["name"], |random, out| out.push_str(country(random).name)),
        Method::text(&["capital"], |random, out| out.push_str(country(random).capital)),
        Method::text(&["currency"], |random, out| out.push_str(currency(random).1)),
        Method::text(&["currencyCode"], |random, out| out.push_str(currency(random).0)),
        Method::text(&["countryCode2"], |random, out| out.extend(lower(country(random).code2))),
        Method::text(&["countryCode3"], |random, out| out.extend(lower(country(random).code3))),
    ],
};

pub(super) const NATION: Provider = Provider {
    class: "Nation",
    methods: &[
        Method::text(&["nationality"], |random, out| out.push_str(country(random).nationality)),
        Method::text(&["language"], |random, out| out.push_str(country(random).language)),
        Method::text(&["capitalCity"], |random, out| out.push_str(country(random).capital)),
        Method::text(&["isoCountry"], |random, out| out.push_str(country(random).code2)),
        Method::text(&["flag"], flag),
    ],
};

pub(super) const CURRENCY: Provider = Provider {
    class: "Currency",
    methods: &[
        Method::text(&["code"], |random, out| out.push_str(currency(random).0)),
        Method::text(&["name"], |random, out| out.push_str(currency(random).1)),
    ],
};

pub(super) const MONEY: Provider = Provider {
    class: "Money",
    methods: &[
        Method::text(&["currencyCode"], |random, out| out.push_str(currency(random).0)),
        Method::text(&["currency"], |random, out| out.push_str(currency(random).1)),
    ],
};

/// What is known of a country.
#[derive(Clone, Copy)]
pub(super) struct Country {
    /// In English.
    pub(super) name: &'static str,
    /// Two letters, upper case.
    pub(super) code2: &'static str,
    /// Three letters, upper case.
    pub(super) code3: &'static str,
    /// The capital.
    pub(super) capital: &'static str,
    /// How its people are called.
    pub(super) nationality: &'static str,
    /// What most of them speak.
    pub(super) language: &'static str,
}

/// One of the countries.
pub(super) fn country(random: &mut Random) -> Country {
    let none = ("", "", "", "", "", "");
    let (name, code2, code3, capital, nationality, language) =
        random.one_of(COUNTRIES).copied().unwrap_or(none);
    Country { name, code2, code3, capital, nationality, language }
}

fn currency(random: &mut Random) -> (&'static str, &'static str) {
    random.one_of(CURRENCIES).copied().unwrap_or_default()
}

fn lower(text: &'static str) -> impl Iterator<Item = char> {
    text.chars().map(|letter| letter.to_ascii_lowercase())
}

/// The emoji of a flag: the letters of the code as regional indicators.
fn flag(random: &mut Random, out: &mut String) {
    let indicator = |letter: char| char::from_u32(u32::from(letter) - u32::from('A') + 0x1f1e6);
    out.extend(country(random).code2.chars().filter_map(indicator));
}

#[rustfmt::skip]
const COUNTRIES: &[(&str, &str, &str, &str, &str, &str)] = &[
    ("Argentina", "AR", "ARG", "Buenos Aires", "Argentines", "Spanish"),
    ("Australia", "AU", "AUS", "Canberra", "Australians", "English"),
    ("Austria", "AT", "AUT", "Vienna", "Austrians", "German"),
    ("Bangladesh", "BD", "BGD", "Dhaka", "Bangladeshis", "Bengali"),
    ("Belgium", "BE", "BEL", "Brussels", "Belgians", "Dutch"),
    ("Brazil", "BR", "BRA", "Brasília", "Brazilians", "Portuguese"),
    ("Bulgaria", "BG", "BGR", "Sofia", "Bulgarians", "Bulgarian"),
    ("Canada", "CA", "CAN", "Ottawa", "Canadians", "English"),
    ("Chile", "CL", "CHL", "Santiago", "Chileans", "Spanish"),
    ("China", "CN", "CHN", "Beijing", "Chinese", "Mandarin Chinese"),
    ("Colombia", "CO", "COL", "Bogotá", "Colombians", "Spanish"),
    ("Croatia", "HR", "HRV", "Zagreb", "Croats", "Croatian"),
    ("Cuba", "CU", "CUB", "Havana", "Cubans", "Spanish"),
    ("Czechia", "CZ", "CZE", "Prague", "Czechs", "Czech"),
    ("Denmark", "DK", "DNK", "Copenhagen", "Danes", "Danish"),
    ("Egypt", "EG", "EGY", "Cairo", "Egyptians", "Arabic"),
    ("Estonia", "EE", "EST", "Tallinn", "Estonians", "Estonian"),
    ("Ethiopia", "ET", "ETH", "Addis Ababa", "Ethiopians", "Amharic"),
    ("Finland", "FI", "FIN", "Helsinki", "Finns", "Finnish"),
    ("France", "FR", "FRA", "Paris", "French", "French"),
    ("Germany", "DE", "DEU", "Berlin", "Germans", "German"),
    ("Ghana", "GH", "GHA", "Accra", "Ghanaians", "English"),
    ("Greece", "GR", "GRC", "Athens", "Greeks", "Greek"),
    ("Hungary", "HU", "HUN", "Budapest", "Hungarians", "Hungarian"),
    ("Iceland", "IS", "ISL", "Reykjavík", "Icelanders", "Icelandic"),
    ("India", "IN", "IND", "New Delhi", "Indians", "Hindi"),
    ("Indonesia", "ID", "IDN", "Jakarta", "Indonesians", "Indonesian"),
    ("Ireland", "IE", "IRL", "Dublin", "Irish", "English"),
    ("Israel", "IL", "ISR", "Jerusalem", "Israelis", "Hebrew"),
    ("Italy", "IT", "ITA", "Rome", "Italians", "Italian"),
    ("Jamaica", "JM", "JAM", "Kingston", "Jamaicans", "English"),
    ("Japan", "JP", "JPN", "Tokyo", "Japanese", "Japanese"),
    ("Kenya", "KE", "KEN", "Nairobi", "Kenyans", "Swahili"),
    ("Latvia", "LV", "LVA", "Riga", "Latvians", "Latvian"),
    ("Malaysia", "MY", "MYS", "Kuala Lumpur", "Malaysians", "Malay"),
    ("Mexico", "MX", "MEX", "Mexico City", "Mexicans", "Spanish"),
    ("Morocco", "MA", "MAR", "Rabat", "Moroccans", "Arabic"),
    ("Netherlands", "NL", "NLD", "Amsterdam", "Dutch", "Dutch"),
    ("New Zealand", "NZ", "NZL", "Wellington", "New Zealanders", "English"),
    ("Nigeria", "NG", "NGA", "Abuja", "Nigerians", "English"),
    ("Norway", "NO", "NOR", "Oslo", "Norwegians", "Norwegian"),
    ("Pakistan", "PK", "PAK", "Islamabad", "Pakistanis", "Urdu"),
    ("Peru", "PE", "PER", "Lima", "Peruvians", "Spanish"),
    ("Philippines", "PH", "PHL", "Manila", "Filipinos", "Filipino"),
    ("Poland", "PL", "POL", "Warsaw", "Poles", "Polish"),
    ("Portugal", "PT", "PRT", "Lisbon", "Portuguese", "Portuguese"),
    ("Romania", "RO", "ROU", "Bucharest", "Romanians", "Romanian"),
    ("Senegal", "SN", "SEN", "Dakar", "Senegalese", "French"),
    ("Serbia", "RS", "SRB", "Belgrade", "Serbs", "Serbian"),
    ("South Africa", "ZA", "ZAF", "Pretoria", "South Africans", "Zulu"),
    ("South Korea", "KR", "KOR", "Seoul", "Koreans", "Korean"),
    ("Spain", "ES", "ESP", "Madrid", "Spaniards", "Spanish"),
    ("Sweden", "SE", "SWE", "Stockholm", "Swedes", "Swedish"),
    ("Switzerland", "CH", "CHE", "Bern", "Swiss", "German"),
    ("Thailand", "TH", "THA", "Bangkok", "Thais", "Thai"),
    ("Turkey", "TR", "TUR", "Ankara", "Turks", "Turkish"),
    ("Ukraine", "UA", "UKR", "Kyiv", "Ukrainians", "Ukrainian"),
    ("United Kingdom", "GB", "GBR", "London", "British", "English"),
    ("United States", "US", "USA", "Washington, D.C.", "Americans", "English"),
    ("Uruguay", "UY", "URY", "Montevideo", "Uruguayans", "Spanish"),
    ("Vietnam", "VN", "VNM", "Hanoi", "Vietnamese", "Vietnamese"),
];

#[rustfmt::skip]
const CURRENCIES: &[(&str, &str)] = &[
    ("AED", "UAE Dirham"), ("ARS", "Argentine Peso"), ("AUD", "Australian Dollar"), ("BDT", "Bangladeshi Taka"),
    ("BGN", "Bulgarian Lev"), ("BRL", "Brazilian Real"), ("CAD", "Canadian Dollar"), ("CHF", "Swiss Franc"),
    ("CLP", "Chilean Peso"), ("CNY", "Chinese Yuan"), ("COP", "Colombian Peso"), ("CZK", "Czech Koruna"),
    ("DKK", "Danish Krone"), ("EGP", "Egyptian Pound"), ("ETB", "Ethiopian Birr"), ("EUR", "Euro"), ("FJD", "Fijian Dollar"),
    ("GBP", "Pound Sterling"), ("GHS", "Ghanaian Cedi"), ("HKD", "Hong Kong Dollar"), ("HUF", "Hungarian Forint"),
    ("IDR", "Indonesian Rupiah"), ("ILS", "Israeli New Shekel"), ("INR", "Indian Rupee"), ("ISK", "Icelandic Króna"),
    ("JMD", "Jamaican Dollar"), ("JPY", "Japanese Yen"), ("KES", "Kenyan Shilling"), ("KRW", "South Korean Won"),
    ("MAD", "Moroccan Dirham"), ("MGA", "Malagasy Ariary"), ("MXN", "Mexican Peso"), ("MYR", "Malaysian Ringgit"),
    ("MZN", "Mozambican Metical"), ("NGN", "Nigerian Naira"), ("NOK", "Norwegian Krone"), ("NZD", "New Zealand Dollar"),
    ("PEN", "Peruvian Sol"), ("PHP", "Philippine Peso"), ("PKR", "Pakistani Rupee"), ("PLN", "Polish Złoty"),
    ("RON", "Romanian Leu"), ("RSD", "Serbian Dinar"), ("SEK", "Swedish Krona"), ("SGD", "Singapore Dollar"),
    ("THB", "Thai Baht"), ("TND", "Tunisian Dinar"), ("TRY", "Turkish Lira"), ("TWD", "New Taiwan Dollar"),
    ("UAH", "Ukrainian Hryvnia"), ("USD", "US Dollar"), ("UYU", "Uruguayan Peso"), ("VND", "Vietnamese Đồng"),
    ("XOF", "West African CFA Franc"), ("ZAR", "South African Rand"),
];
