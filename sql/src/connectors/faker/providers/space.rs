//! `Space`: the sky, and what flies there.

use crate::connectors::faker::catalog::{Method, Provider};
use crate::connectors::faker::generator::append;

pub(super) const PROVIDER: Provider = Provider {
    class: "Space",
    methods: &[
        Method::words(
            &["planet", "planets"],
            &["Mercury", "Venus", "Earth", "Mars", "Jupiter", "Saturn", "Uranus", "Neptune"],
        ),
        Method::words(&["moon", "moons"], MOONS),
        Method::words(&["star", "stars"], STARS),
        Method::words(&["starCluster"], STAR_CLUSTERS),
        Method::words(&["constellation"], CONSTELLATIONS),
        Method::words(&["galaxy", "galaxies"], GALAXIES),
        Method::words(&["nebula", "nebulae"], NEBULAE),
        Method::words(
            &["nasaSpaceCraft"],
            &["Orion", "Mercury", "Gemini", "Apollo", "Skylab", "Space Shuttle"],
        ),
        Method::words(&["agency"], AGENCIES),
        Method::words(&["agencyAbbreviation", "agencyAbv"], AGENCY_ABBREVIATIONS),
        Method::words(&["company"], COMPANIES),
        Method::words(&["launchVehicle"], LAUNCH_VEHICLES),
        Method::words(&["meteorite"], METEORITES),
        Method::text(&["distanceMeasurement"], |random, out| {
            let (distance, unit) =
                (random.between(10, 99), random.word(&["light years", "AU", "parsecs", "kiloparsecs"]));
            append(out, format_args!("{distance} {unit}"));
        }),
    ],
};

#[rustfmt::skip]
const MOONS: &[&str] = &[
    "Moon", "Phobos", "Deimos", "Io", "Europa", "Ganymede", "Callisto", "Amalthea", "Mimas", "Enceladus", "Tethys", "Dione",
    "Rhea", "Titan", "Hyperion", "Iapetus", "Phoebe", "Miranda", "Ariel", "Umbriel", "Titania", "Oberon", "Triton", "Nereid",
    "Charon",
];
#[rustfmt::skip]
const STARS: &[&str] = &[
    "Sun", "Achernar", "Aldebaran", "Algol", "Altair", "Antares", "Arcturus", "Barnard's Star", "Bellatrix", "Betelgeuse",
    "Canopus", "Capella", "Castor", "Deneb", "Epsilon Eridani", "Fomalhaut", "Groombridge 34", "Luyten 726-8A", "Mira",
    "Polaris", "Pollux", "Procyon A", "Proxima Centauri", "Regulus", "Rigel", "Rigil Kentaurus", "Ross 128", "Sirius A",
    "Spica", "Tau Ceti", "Vega", "Wolf 359",
];
#[rustfmt::skip]
const STAR_CLUSTERS: &[&str] = &[
    "Beehive Cluster", "Butterfly Cluster", "Double Cluster", "Hyades", "Jewel Box", "Messier 13", "Messier 92",
    "Omega Centauri", "Pleiades", "Ptolemy Cluster", "Wild Duck Cluster",
];
#[rustfmt::skip]
const CONSTELLATIONS: &[&str] = &[
    "Andromeda", "Aquarius", "Aquila", "Aries", "Auriga", "Boötes", "Cancer", "Canis Major", "Capricornus", "Cassiopeia",
    "Centaurus", "Cepheus", "Crux", "Cygnus", "Draco", "Gemini", "Hercules", "Hydra", "Leo", "Libra", "Lyra", "Orion",
    "Pegasus", "Perseus", "Pisces", "Sagittarius", "Scorpius", "Taurus", "Ursa Major", "Ursa Minor", "Virgo",
];
#[rustfmt::skip]
const GALAXIES: &[&str] = &[
    "Milky Way", "Andromeda", "Black Eye Galaxy", "Bode's Galaxy", "Cartwheel Galaxy", "Cigar Galaxy", "Large Magellanic Cloud",
    "Pinwheel Galaxy", "Small Magellanic Cloud", "Sombrero Galaxy", "Sunflower Galaxy", "Triangulum", "Whirlpool Galaxy",
];
#[rustfmt::skip]
const NEBULAE: &[&str] = &[
    "Boomerang Nebula", "Cat's Eye Nebula", "Crab Nebula", "Dumbbell Nebula", "Eagle Nebula", "Eskimo Nebula", "Helix Nebula",
    "Horsehead Nebula", "Lagoon Nebula", "Orion Nebula", "Ring Nebula", "Rosette Nebula", "Tarantula Nebula", "Veil Nebula",
];
#[rustfmt::skip]
const AGENCIES: &[&str] = &[
    "National Aeronautics and Space Administration", "European Space Agency", "Japan Aerospace Exploration Agency",
    "Indian Space Research Organisation", "China National Space Administration", "Canadian Space Agency",
    "German Aerospace Center", "Italian Space Agency", "National Centre for Space Studies", "UK Space Agency",
];
const AGENCY_ABBREVIATIONS: &[&str] =
    &["NASA", "ESA", "JAXA", "ISRO", "CNSA", "CSA", "DLR", "ASI", "CNES", "UKSA"];
#[rustfmt::skip]
const COMPANIES: &[&str] = &[
    "Arianespace", "Axiom Space", "Blue Origin", "Boeing", "Firefly Aerospace", "Isar Aerospace", "Lockheed Martin",
    "Northrop Grumman", "Rocket Lab", "Sierra Space", "SpaceX", "United Launch Alliance", "Virgin Galactic",
];
#[rustfmt::skip]
const LAUNCH_VEHICLES: &[&str] = &[
    "Antares", "Ariane 5", "Ariane 6", "Atlas V", "Delta IV Heavy", "Electron", "Falcon 9", "Falcon Heavy", "H-IIA",
    "Long March 5", "New Glenn", "Proton", "PSLV", "Saturn V", "Soyuz", "Vega", "Vulcan Centaur",
];
#[rustfmt::skip]
const METEORITES: &[&str] = &[
    "Allende", "Campo del Cielo", "Cape York", "Chelyabinsk", "Hoba", "Murchison", "Nakhla", "Orgueil", "Sikhote-Alin",
    "Tagish Lake", "Willamette", "Winchcombe",
];
