//! `Food`, `Beer` and `Coffee`.

use crate::connectors::faker::catalog::{Method, Provider};
use crate::connectors::faker::random::Random;

use super::name::join;

pub(super) const FOOD: Provider = Provider {
    class: "Food",
    methods: &[
        Method::words(&["dish"], DISHES),
        Method::words(&["fruit", "fruits"], FRUITS),
        Method::words(&["vegetable", "vegetables"], VEGETABLES),
        Method::words(&["spice", "spices"], SPICES),
        Method::text(&["ingredient", "ingredients"], |random, out| {
            let lists = [FRUITS, VEGETABLES, SPICES, STAPLES];
            let list = random.one_of(&lists).copied().unwrap_or(STAPLES);
            out.push_str(random.word(list));
        }),
        Method::words(&["sushi"], SUSHI),
        Method::text(&["measurement"], |random, out| {
            join(out, &[random.word(&["1/4", "1/3", "1/2", "1", "2", "3"]), " ", random.word(MEASURES)]);
        }),
    ],
};

pub(super) const BEER: Provider = Provider {
    class: "Beer",
    methods: &[
        Method::text(&["name"], beer_name),
        Method::words(&["brand"], BREWERIES),
        Method::words(&["style"], STYLES),
        Method::words(&["hop"], HOPS),
        Method::words(&["malt"], MALTS),
        Method::words(&["yeast"], YEASTS),
    ],
};

pub(super) const COFFEE: Provider = Provider {
    class: "Coffee",
    methods: &[
        Method::words(&["country"], COFFEE_COUNTRIES),
        Method::words(
            &["variety"],
            &["Bourbon", "Catuai", "Caturra", "Gesha", "Maragogype", "Pacamara", "SL28", "Typica"],
        ),
        Method::words(
            &["body"],
            &["big", "creamy", "full", "juicy", "round", "silky", "smooth", "tea-like", "watery"],
        ),
    ],
};

fn beer_name(random: &mut Random, out: &mut String) {
    join(out, &[random.word(BEER_ADJECTIVES), " ", random.word(BEER_NOUNS), " ", random.word(BEER_KINDS)]);
}

#[rustfmt::skip]
const DISHES: &[&str] = &[
    "Bibimbap", "Borscht", "Bouillabaisse", "Butter Chicken", "Caesar Salad", "Ceviche", "Chili con Carne", "Couscous",
    "Falafel", "Feijoada", "Fish and Chips", "Goulash", "Jollof Rice", "Kebab", "Lasagne", "Moussaka", "Pad Thai", "Paella",
    "Pancakes", "Pho", "Pierogi", "Pizza Margherita", "Poutine", "Ramen", "Ratatouille", "Risotto", "Tacos", "Wiener Schnitzel",
];
#[rustfmt::skip]
const FRUITS: &[&str] = &[
    "Apple", "Apricot", "Banana", "Blackberry", "Blueberry", "Cherry", "Fig", "Grape", "Grapefruit", "Guava", "Kiwi", "Lemon",
    "Lime", "Mango", "Melon", "Nectarine", "Orange", "Papaya", "Peach", "Pear", "Pineapple", "Plum", "Raspberry", "Strawberry",
];
#[rustfmt::skip]
const VEGETABLES: &[&str] = &[
    "Artichoke", "Asparagus", "Aubergine", "Beetroot", "Broccoli", "Cabbage", "Carrot", "Cauliflower", "Celery", "Cucumber",
    "Fennel", "Kale", "Leek", "Lettuce", "Okra", "Onion", "Parsnip", "Pea", "Potato", "Pumpkin", "Radish", "Spinach", "Tomato",
];
#[rustfmt::skip]
const SPICES: &[&str] = &[
    "Allspice", "Basil", "Bay Leaf", "Black Pepper", "Caraway", "Cardamom", "Chili", "Cinnamon", "Cloves", "Coriander",
    "Cumin", "Dill", "Ginger", "Nutmeg", "Oregano", "Paprika", "Rosemary", "Saffron", "Sage", "Thyme", "Turmeric", "Vanilla",
];
const STAPLES: &[&str] =
    &["Bread", "Butter", "Eggs", "Flour", "Honey", "Milk", "Olive Oil", "Rice", "Salt", "Sugar", "Tofu"];
const SUSHI: &[&str] =
    &["Ebi", "Hamachi", "Ikura", "Maguro", "Sake", "Tako", "Tamago", "Toro", "Unagi", "Uni"];
const MEASURES: &[&str] = &["cup", "gallon", "ounce", "pint", "quart", "tablespoon", "teaspoon"];
const BEER_ADJECTIVES: &[&str] =
    &["Amber", "Crooked", "Dancing", "Golden", "Hoppy", "Lazy", "Old", "Salty", "Smoky", "Wild"];
const BEER_NOUNS: &[&str] =
    &["Anchor", "Badger", "Bishop", "Fox", "Harbour", "Hen", "Mill", "Monk", "Raven", "Rooster"];
const BEER_KINDS: &[&str] =
    &["Ale", "Bock", "IPA", "Lager", "Pils", "Porter", "Stout", "Tripel", "Weissbier"];
#[rustfmt::skip]
const BREWERIES: &[&str] = &[
    "Asahi", "Augustiner", "Beck's", "Budvar", "Carlsberg", "Chimay", "Corona Extra", "Duvel", "Guinness", "Heineken",
    "Kirin", "Leffe", "Orval", "Paulaner", "Pilsner Urquell", "Red Stripe", "Sapporo", "Stella Artois", "Tiger", "Tsingtao",
];
#[rustfmt::skip]
const STYLES: &[&str] = &[
    "Amber Hybrid Beer", "Belgian Strong Ale", "Bock", "Dark Lager", "English Brown Ale", "German Wheat Beer", "India Pale Ale",
    "Light Lager", "Pilsner", "Porter", "Sour Ale", "Stout", "Vienna Lager",
];
#[rustfmt::skip]
const HOPS: &[&str] = &[
    "Amarillo", "Cascade", "Centennial", "Chinook", "Citra", "Columbus", "Fuggle", "Galaxy", "Hallertau", "Magnum", "Mosaic",
    "Nelson Sauvin", "Perle", "Saaz", "Simcoe", "Spalt", "Tettnang",
];
const MALTS: &[&str] = &[
    "Black malt",
    "Caramel",
    "Chocolate",
    "Munich",
    "Pale",
    "Roasted barley",
    "Rye malt",
    "Vienna",
    "Wheat",
];
#[rustfmt::skip]
const YEASTS: &[&str] = &[
    "1007 - German Ale", "1056 - American Ale", "1084 - Irish Ale", "1214 - Belgian Abbey", "1968 - London ESB",
    "2124 - Bohemian Lager", "2565 - Kölsch", "3068 - Weihenstephan Weizen",
];
#[rustfmt::skip]
const COFFEE_COUNTRIES: &[&str] =
    &["Brazil", "Burundi", "Colombia", "Costa Rica", "El Salvador", "Ethiopia", "Guatemala", "Honduras", "Kenya", "Rwanda", "Yemen"];
