//! People, places and things of well-known stories, one class each.

use crate::connectors::faker::catalog::{Method, Provider};

pub(super) const HARRY_POTTER: Provider = Provider {
    class: "HarryPotter",
    methods: &[
        Method::words(&["character", "characters"], POTTER_CHARACTERS),
        Method::words(&["spell", "spells"], POTTER_SPELLS),
        Method::words(&["location", "locations"], POTTER_LOCATIONS),
        Method::words(&["house", "houses"], &["Gryffindor", "Hufflepuff", "Ravenclaw", "Slytherin"]),
        Method::words(&["book", "books"], POTTER_BOOKS),
    ],
};

pub(super) const HITCHHIKERS_GUIDE: Provider = Provider {
    class: "HitchhikersGuideToTheGalaxy",
    methods: &[
        Method::words(&["character", "characters"], GUIDE_CHARACTERS),
        Method::words(&["location", "locations"], GUIDE_LOCATIONS),
        Method::words(&["starship", "starships"], GUIDE_STARSHIPS),
        Method::words(&["planet", "planets"], GUIDE_PLANETS),
        Method::words(&["specie", "species"], GUIDE_SPECIES),
    ],
};

pub(super) const RICK_AND_MORTY: Provider = Provider {
    class: "RickAndMorty",
    methods: &[
        Method::words(&["character", "characters"], RICK_CHARACTERS),
        Method::words(&["location", "locations"], RICK_LOCATIONS),
    ],
};

pub(super) const DR_WHO: Provider = Provider {
    class: "DrWho",
    methods: &[
        Method::words(&["theDoctor", "theDoctors"], DOCTORS),
        Method::words(&["character"], WHO_CHARACTERS),
        Method::words(&["villain", "villains"], WHO_VILLAINS),
        Method::words(&["species", "specie"], WHO_SPECIES),
    ],
};

pub(super) const STAR_WARS: Provider = Provider {
    class: "StarWars",
    methods: &[
        Method::words(&["character", "characters"], STAR_WARS_CHARACTERS),
        Method::words(&["planet", "planets"], STAR_WARS_PLANETS),
        Method::words(&["vehicle", "vehicles"], STAR_WARS_VEHICLES),
        Method::words(
            &["droid", "droids"],
            &["2-1B", "4-LOM", "BB-8", "C-3PO", "IG-88", "K-2SO", "L3-37", "R2-D2", "R5-D4"],
        ),
    ],
};

pub(super) const LORD_OF_THE_RINGS: Provider = Provider {
    class: "LordOfTheRings",
    methods: &[
        Method::words(&["character", "characters"], RINGS_CHARACTERS),
        Method::words(&["location", "locations"], RINGS_LOCATIONS),
    ],
};

#[rustfmt::skip]
const POTTER_CHARACTERS: &[&str] = &[
    "Albus Dumbledore", "Alastor Moody", "Bellatrix Lestrange", "Cedric Diggory", "Cho Chang", "Dobby", "Dolores Umbridge",
    "Draco Malfoy", "Fawkes", "Filius Flitwick", "Fleur Delacour", "Fred Weasley", "George Weasley", "Ginny Weasley",
    "Gilderoy Lockhart", "Harry Potter", "Hedwig", "Hermione Granger", "Horace Slughorn", "Luna Lovegood", "Minerva McGonagall",
    "Nagini", "Neville Longbottom", "Nymphadora Tonks", "Remus Lupin", "Ron Weasley", "Rubeus Hagrid", "Severus Snape",
    "Sirius Black", "Sybill Trelawney", "Tom Riddle", "Vernon Dursley", "Viktor Krum", "Zacharias Smith",
];
#[rustfmt::skip]
const POTTER_SPELLS: &[&str] = &[
    "Accio", "Aguamenti", "Alohomora", "Aparecium", "Avada Kedavra", "Crucio", "Diffindo", "Episkey", "Evanesco",
    "Expecto Patronum", "Expelliarmus", "Finite Incantatem", "Impedimenta", "Imperio", "Incendio", "Legilimens", "Levicorpus",
    "Lumos", "Muffliato", "Nox", "Obliviate", "Petrificus Totalus", "Protego", "Reducto", "Reparo", "Riddikulus",
    "Sectumsempra", "Sonorus", "Stupefy", "Wingardium Leviosa",
];
#[rustfmt::skip]
const POTTER_LOCATIONS: &[&str] = &[
    "Azkaban", "Borgin and Burkes", "Diagon Alley", "Flourish and Blotts", "Forbidden Forest", "Godric's Hollow", "Great Hall",
    "Gringotts", "Hogsmeade", "Hogwarts", "Honeydukes", "King's Cross", "Knockturn Alley", "Little Whinging", "Malfoy Manor",
    "Ministry of Magic", "Ollivanders", "Privet Drive", "Shrieking Shack", "St Mungo's", "The Burrow", "Three Broomsticks",
];
#[rustfmt::skip]
const POTTER_BOOKS: &[&str] = &[
    "Harry Potter and the Philosopher's Stone", "Harry Potter and the Chamber of Secrets",
    "Harry Potter and the Prisoner of Azkaban", "Harry Potter and the Goblet of Fire",
    "Harry Potter and the Order of the Phoenix", "Harry Potter and the Half-Blood Prince",
    "Harry Potter and the Deathly Hallows",
];
#[rustfmt::skip]
const GUIDE_CHARACTERS: &[&str] = &[
    "Agrajag", "Arthur Dent", "Bowerick Wowbagger", "Deep Thought", "Disaster Area", "Eddie", "Fenchurch", "Ford Prefect",
    "Gag Halfrunt", "Hotblack Desiato", "Humma Kavula", "Lunkwill", "Fook", "Marvin", "Max Quordlepleen", "Oolon Colluphid",
    "Prosser", "Prostetnic Vogon Jeltz", "Random Dent", "Roosta", "Slartibartfast", "Tricia McMillan", "Trillian", "Vroomfondel",
    "Zaphod Beeblebrox", "Zarniwoop",
];
#[rustfmt::skip]
const GUIDE_LOCATIONS: &[&str] = &[
    "29 Arlington Avenue", "Arthur's House", "Barnard's Star", "Cottington", "Evildrome Boozarama", "Horse and Groom",
    "Horsehead Nebula", "Islington", "Lamuella", "Lord's Cricket Ground", "Milliways", "Rickmansworth", "Stavromula Beta",
    "Total Perspective Vortex", "Ursa Minor",
];
#[rustfmt::skip]
const GUIDE_STARSHIPS: &[&str] = &[
    "Billion Year Bunker", "Bistromath", "Black Stunt Ship", "Golgafrinchan Ark Fleet Ship B", "Heart of Gold",
    "Krikkit One", "RW6", "Starship Titanic", "Vogon Constructor Fleet", "Xaxisian Battle Cruiser",
];
#[rustfmt::skip]
const GUIDE_PLANETS: &[&str] = &[
    "Allosimanius Syneca", "Bartledan", "Bethselamin", "Damogran", "Earth", "Frogstar World B", "Golgafrincham",
    "Han Wavel", "Jaglan Beta", "Kakrafoon", "Krikkit", "Magrathea", "Santraginus V", "Traal", "Viltvodle VI", "Vogsphere",
];
#[rustfmt::skip]
const GUIDE_SPECIES: &[&str] = &[
    "Babel fish", "Belcerebon", "Betelgeusian", "Dentrassi", "Dolphin", "Golgafrinchan", "Grebulon", "Hooloovoo", "Human",
    "Jatravartid", "Krikkiter", "Magrathean", "Ravenous Bugblatter Beast of Traal", "Vogon", "White mouse",
];
#[rustfmt::skip]
const RICK_CHARACTERS: &[&str] = &[
    "Abradolf Lincler", "Beth Smith", "Birdperson", "Dr. Wong", "Ethan", "Evil Morty", "Gearhead", "Jerry Smith", "Jessica",
    "King Jellybean", "Krombopulos Michael", "Morty Smith", "Mr. Goldenfold", "Mr. Meeseeks", "Noob-Noob",
    "Pickle Rick", "Rick Sanchez", "Scary Terry", "Scroopy Noopers", "Sleepy Gary", "Snuffles", "Squanchy",
    "Summer Smith", "Supernova", "Tammy Guetermann", "Tiny Rick", "Unity", "Zeep Xanflorp",
];
#[rustfmt::skip]
const RICK_LOCATIONS: &[&str] = &[
    "Anatomy Park", "Arbolez Mentorosos", "Bird World", "Blips and Chitz", "Citadel of Ricks", "Cronenberg World",
    "Dimension 35-C", "Dimension C-132", "Dimension C-137", "Dorian 5", "Dwarf Terrace-9", "Earth", "Froopyland", "Gazorpazorp",
    "Glaagablaaga", "Interdimensional Customs", "Planet Squanch", "Pluto", "St. Gloopy Noops Hospital", "Zigerion's Base",
];
#[rustfmt::skip]
const DOCTORS: &[&str] = &[
    "First Doctor", "Second Doctor", "Third Doctor", "Fourth Doctor", "Fifth Doctor", "Sixth Doctor", "Seventh Doctor",
    "Eighth Doctor", "Ninth Doctor", "Tenth Doctor", "Eleventh Doctor", "Twelfth Doctor", "Thirteenth Doctor",
    "Fourteenth Doctor", "Fifteenth Doctor",
];
#[rustfmt::skip]
const WHO_CHARACTERS: &[&str] = &[
    "Ace", "Amy Pond", "Bill Potts", "Brigadier Lethbridge-Stewart", "Captain Jack Harkness", "Clara Oswald", "Donna Noble",
    "Graham O'Brien", "Jamie McCrimmon", "Jo Grant", "K-9", "Leela", "Martha Jones", "Mickey Smith", "Missy", "Nardole",
    "River Song", "Romana", "Rory Williams", "Rose Tyler", "Ryan Sinclair", "Sarah Jane Smith", "Susan Foreman", "Yasmin Khan",
];
#[rustfmt::skip]
const WHO_VILLAINS: &[&str] = &[
    "Autons", "Cybermen", "Daleks", "Davros", "Ice Warriors", "Omega", "Sontarans", "Sutekh", "The Great Intelligence",
    "The Master", "The Rani", "The Silence", "Weeping Angels", "Yeti", "Zygons",
];
#[rustfmt::skip]
const WHO_SPECIES: &[&str] = &[
    "Adipose", "Auton", "Cyberman", "Dalek", "Human", "Ice Warrior", "Judoon", "Ood", "Raxacoricofallapatorian", "Silurian",
    "Slitheen", "Sontaran", "Time Lord", "Zygon",
];
#[rustfmt::skip]
const STAR_WARS_CHARACTERS: &[&str] = &[
    "Admiral Ackbar", "Ahsoka Tano", "Anakin Skywalker", "Boba Fett", "Cassian Andor", "Chewbacca", "Count Dooku", "Darth Maul",
    "Darth Vader", "Finn", "Grogu", "Han Solo", "Jabba the Hutt", "Jyn Erso", "Kylo Ren", "Lando Calrissian", "Leia Organa",
    "Luke Skywalker", "Mace Windu", "Obi-Wan Kenobi", "Padmé Amidala", "Poe Dameron", "Qui-Gon Jinn", "Rey", "Yoda",
];
#[rustfmt::skip]
const STAR_WARS_PLANETS: &[&str] = &[
    "Alderaan", "Bespin", "Coruscant", "Crait", "Dagobah", "Endor", "Geonosis", "Hoth", "Jakku", "Jedha", "Kamino", "Kashyyyk",
    "Mandalore", "Mustafar", "Naboo", "Scarif", "Tatooine", "Utapau", "Yavin 4",
];
#[rustfmt::skip]
const STAR_WARS_VEHICLES: &[&str] = &[
    "A-wing", "AT-AT", "AT-ST", "B-wing", "Landspeeder", "Millennium Falcon", "Podracer", "Slave I", "Speeder Bike",
    "Star Destroyer", "TIE Fighter", "TIE Interceptor", "Tantive IV", "X-wing", "Y-wing",
];
#[rustfmt::skip]
const RINGS_CHARACTERS: &[&str] = &[
    "Aragorn", "Arwen", "Bilbo Baggins", "Boromir", "Denethor", "Elrond", "Éomer", "Éowyn", "Faramir", "Frodo Baggins",
    "Galadriel", "Gandalf", "Gimli", "Gollum", "Legolas", "Meriadoc Brandybuck", "Peregrin Took", "Samwise Gamgee", "Saruman",
    "Sauron", "Théoden", "Tom Bombadil", "Treebeard",
];
#[rustfmt::skip]
const RINGS_LOCATIONS: &[&str] = &[
    "Bag End", "Barad-dûr", "Bree", "Edoras", "Fangorn", "Gondor", "Helm's Deep", "Isengard", "Lothlórien", "Minas Morgul",
    "Minas Tirith", "Mirkwood", "Mordor", "Moria", "Mount Doom", "Rivendell", "Rohan", "The Shire", "Weathertop",
];
