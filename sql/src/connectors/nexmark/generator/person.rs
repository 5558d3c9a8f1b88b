//! Persons.

use super::{FIRST_ID, Generator, LEAD};
use crate::connectors::nexmark::event::Person;
use crate::connectors::nexmark::random::{Draw, Field};
use crate::connectors::nexmark::text::{length, padding, push_four_digits, push_letters, push_words};

const FIRST_NAMES: [&str; 11] =
    ["Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"];
const LAST_NAMES: [&str; 9] =
    ["Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"];
const CITIES: [&str; 10] = [
    "Phoenix",
    "Los Angeles",
    "San Francisco",
    "Boise",
    "Portland",
    "Bend",
    "Redmond",
    "Seattle",
    "Kent",
    "Cheyenne",
];
const STATES: [&str; 6] = ["AZ", "CA", "ID", "OR", "WA", "WY"];

/// Characters of a credit card's number: four groups of four digits with blanks between.
const CREDIT_CARD_LENGTH: usize = 19;

/// Only so many persons, those who came last, open auctions and bid.
const ACTIVE: i64 = 1000;

/// Fields of persons.
impl Generator {
    /// `person.id`: 1000 for the first person, then one more each.
    #[inline]
    pub fn person_id(&self, number: u64) -> i64 {
        FIRST_ID + self.proportions.persons_by(number) - 1
    }

    /// `person.name`: one of 11 first names and one of 9 last names.
    pub fn person_name(&self, number: u64, text: &mut String) {
        let (first, last) = self.names(number);
        text.push_str(first);
        text.push(' ');
        text.push_str(last);
    }

    /// `person.emailAddress`: 3 to 6 characters, `@`, 3 or 4 characters, `.com`; a blank may be among them.
    pub fn person_email_address(&self, number: u64, text: &mut String) {
        let (user, host, rest) = self.email_lengths(number);
        let mut words = rest.words();
        push_words(rest.words(), user, text);
        words.next();
        text.push('@');
        push_words(words, host, text);
        text.push_str(".com");
    }

    /// `person.creditCard`: four groups of four digits.
    pub fn person_credit_card(&self, number: u64, text: &mut String) {
        let mut draw = self.seed.draw(number, Field::PersonCreditCard);
        for group in 0..4 {
            if group > 0 {
                text.push(' ');
            }
            let (digits, rest) = draw.below(10_000);
            push_four_digits(digits as u32, text);
            draw = rest;
        }
    }

    /// `person.city`: one of 10.
    pub fn person_city(&self, number: u64) -> &'static str {
        self.seed.draw(number, Field::PersonCity).one_of(&CITIES).0
    }

    /// `person.state`: one of 6, which need not be the city's.
    pub fn person_state(&self, number: u64) -> &'static str {
        self.seed.draw(number, Field::PersonState).one_of(&STATES).0
    }

    /// `person.extra`: letters that make the person as large as `person.avg-size` says on average.
    pub fn person_extra(&self, number: u64, text: &mut String) {
        let (first, last) = self.names(number);
        let (user, host, _) = self.email_lengths(number);
        let size = 8
            + (first.len() + 1 + last.len())
            + (user + 1 + host + ".com".len())
            + CREDIT_CARD_LENGTH
            + self.person_city(number).len()
            + self.person_state(number).len();
        let draw = self.seed.draw(number, Field::PersonExtra);
        let (length, rest) = padding(draw, size as u64, self.person_average_size);
        push_letters(rest.words(), length, text);
    }

    pub(super) fn person(&self, number: u64) -> Person {
        let text = |field: fn(&Self, u64, &mut String)| {
            let mut text = String::new();
            field(self, number, &mut text);
            text
        };
        Person {
            id: self.person_id(number),
            name: text(Self::person_name),
            email_address: text(Self::person_email_address),
            credit_card: text(Self::person_credit_card),
            city: self.person_city(number),
            state: self.person_state(number),
            date_time: self.timestamp_millis(number),
            extra: text(Self::person_extra),
        }
    }

    /// Someone who is active at an event, or will be soon.
    #[inline]
    pub(super) fn active_person(&self, number: u64, draw: Draw) -> i64 {
        let persons = self.proportions.persons_by(number);
        let active = persons.min(ACTIVE);
        let (chosen, _) = draw.below((active + LEAD) as u64);
        FIRST_ID + persons - active + chosen as i64
    }

    #[inline]
    fn names(&self, number: u64) -> (&'static str, &'static str) {
        let (first, rest) = self.seed.draw(number, Field::PersonName).one_of(&FIRST_NAMES);
        (first, rest.one_of(&LAST_NAMES).0)
    }

    /// The lengths of the two random parts of the address, and what is left of the draw.
    #[inline]
    fn email_lengths(&self, number: u64) -> (usize, usize, Draw) {
        let (user, rest) = length(self.seed.draw(number, Field::PersonEmail), 7);
        let (host, rest) = length(rest, 5);
        (user, host, rest)
    }
}
