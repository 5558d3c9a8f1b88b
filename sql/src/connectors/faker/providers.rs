//! The classes of methods, one file each or one for a few that belong together.

mod address;
mod color;
mod commerce;
mod company;
mod country;
mod daily_life;
mod date;
mod fiction;
mod food;
mod hero;
mod internet;
mod lorem;
mod name;
mod number;
mod phone;
mod space;
mod technology;
mod text;
mod user_agent;

use super::catalog::Provider;

/// All of them, in the order in which they are listed.
#[rustfmt::skip]
pub(super) const PROVIDERS: &[&Provider] = &[
    &text::PROVIDER,
    &number::NUMBER, &number::BOOL, &number::OPTIONS,
    &date::DATE, &date::TIME,
    &name::PROVIDER, &address::PROVIDER, &phone::PROVIDER, &internet::PROVIDER,
    &commerce::PROVIDER, &company::PROVIDER, &lorem::PROVIDER, &color::PROVIDER,
    &country::COUNTRY, &country::NATION, &country::CURRENCY, &country::MONEY,
    &food::FOOD, &food::BEER, &food::COFFEE,
    &daily_life::JOB, &daily_life::STOCK, &daily_life::FINANCE, &daily_life::VEHICLE, &daily_life::WEATHER,
    &daily_life::ANIMAL, &daily_life::BOOK, &daily_life::MUSIC, &daily_life::UNIVERSITY, &daily_life::DEMOGRAPHIC,
    &technology::APP, &technology::DEVICE, &technology::PROGRAMMING_LANGUAGE, &technology::FILE, &technology::CODE,
    &technology::HASHING,
    &fiction::HARRY_POTTER, &fiction::HITCHHIKERS_GUIDE, &fiction::RICK_AND_MORTY, &fiction::DR_WHO,
    &fiction::STAR_WARS, &fiction::LORD_OF_THE_RINGS,
    &space::PROVIDER, &hero::SUPERHERO, &hero::GREEK_PHILOSOPHER,
];
