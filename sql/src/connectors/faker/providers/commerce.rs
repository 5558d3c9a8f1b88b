//! `Commerce`: things to sell.

use crate::connectors::faker::arguments::{Arguments, MAXIMUM_COUNT};
use crate::connectors::faker::catalog::{Method, Provider};
use crate::connectors::faker::error::ExpressionError;
use crate::connectors::faker::generator::Generator;
use crate::connectors::faker::random::Random;

use super::name::join;
use super::number::push_digits;

pub(super) const PROVIDER: Provider = Provider {
    class: "Commerce",
    methods: &[
        Method::text(&["productName"], product_name),
        Method::words(&["product"], PRODUCTS),
        Method::words(&["material"], MATERIALS),
        Method::text(&["department"], department),
        Method::words(&["brand"], BRANDS),
        Method::words(&["vendor"], VENDORS),
        Method::compiled(&["price"], "nothing or 'min','max'", price),
        Method::compiled(&["promotionCode"], "['digits']", promotion_code),
    ],
};

fn product_name(random: &mut Random, out: &mut String) {
    join(out, &[random.word(ADJECTIVES), " ", random.word(MATERIALS), " ", random.word(PRODUCTS)]);
}

/// One department, or two or three neighbours of the list, which is sorted.
fn department(random: &mut Random, out: &mut String) {
    let count = random.below(3) as usize + 1;
    let first = random.below((DEPARTMENTS.len() - count + 1) as u64) as usize;
    let departments = DEPARTMENTS.get(first..first + count).unwrap_or_default();
    for (index, department) in departments.iter().enumerate() {
        if index > 0 {
            out.push_str(if index + 1 == count { " & " } else { ", " });
        }
        out.push_str(department);
    }
}

/// From 0 to 100 by default, with two decimals.
fn price(arguments: &Arguments<'_>) -> Result<Generator, ExpressionError> {
    match arguments.list {
        [] => Ok(Generator::Decimal(2, 0.0, 100.0)),
        [least, most] => Ok(Generator::Decimal(2, least.number()?, most.number()?)),
        _ => Err(arguments.wrong_number()),
    }
}

fn promotion_code(arguments: &Arguments<'_>) -> Result<Generator, ExpressionError> {
    let digits = match arguments.list {
        [] => 6,
        [digits] => digits.count(MAXIMUM_COUNT)?,
        _ => return Err(arguments.wrong_number()),
    };
    let write = |random: &mut Random, parameters: [u64; 2], out: &mut String| {
        join(out, &[random.word(PROMOTION_ADJECTIVES), random.word(PROMOTION_NOUNS)]);
        push_digits(random, parameters, out);
    };
    Ok(Generator::Parameterized(write, [digits, 0]))
}

#[rustfmt::skip]
const ADJECTIVES: &[&str] = &[
    "Compact", "Durable", "Elegant", "Fantastic", "Foldable", "Gorgeous", "Handmade", "Handy", "Heavy Duty", "Incredible",
    "Intelligent", "Lightweight", "Luxurious", "Modern", "Practical", "Reliable", "Rustic", "Silent", "Sleek", "Small",
    "Sturdy", "Tasty", "Vintage", "Waterproof",
];
#[rustfmt::skip]
const MATERIALS: &[&str] = &[
    "Aluminum", "Bamboo", "Bronze", "Ceramic", "Concrete", "Copper", "Cork", "Cotton", "Felt", "Glass", "Granite", "Iron",
    "Leather", "Linen", "Marble", "Paper", "Plastic", "Rubber", "Silk", "Steel", "Wooden", "Wool",
];
#[rustfmt::skip]
const PRODUCTS: &[&str] = &[
    "Bag", "Bench", "Bottle", "Bowl", "Chair", "Clock", "Coat", "Computer", "Gloves", "Hat", "Keyboard", "Knife", "Lamp",
    "Mug", "Pants", "Pen", "Plate", "Shirt", "Shoes", "Sofa", "Table", "Towel", "Umbrella", "Wallet", "Watch",
];
#[rustfmt::skip]
const DEPARTMENTS: &[&str] = &[
    "Automotive", "Baby", "Beauty", "Books", "Clothing", "Computers", "Electronics", "Games", "Garden", "Grocery",
    "Health", "Home", "Jewelry", "Kids", "Movies", "Music", "Outdoors", "Pets", "Shoes", "Sports", "Tools", "Toys",
];
#[rustfmt::skip]
const BRANDS: &[&str] = &[
    "Adidas", "Apple", "Bosch", "Canon", "Dell", "Dyson", "IKEA", "Lego", "Levi's", "Nike", "Nintendo", "Patagonia",
    "Philips", "Puma", "Samsung", "Sony", "Swatch", "Yamaha",
];
#[rustfmt::skip]
const VENDORS: &[&str] = &[
    "Amazon", "Best Buy", "Carrefour", "Costco", "Decathlon", "eBay", "Etsy", "IKEA", "Rakuten", "Target", "Tesco", "Walmart",
    "Zalando",
];
const PROMOTION_ADJECTIVES: &[&str] = &[
    "Amazing",
    "Cool",
    "Fantastic",
    "Great",
    "Incredible",
    "Killer",
    "Premium",
    "Special",
    "Super",
    "Sweet",
];
const PROMOTION_NOUNS: &[&str] =
    &["Code", "Deal", "Discount", "Price", "Promo", "Promotion", "Sale", "Savings"];
