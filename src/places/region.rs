//! The nations and regions of the United Kingdom, as elections and statistics divide it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::kit::codes::stored_as_text;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Nation {
    England,
    Scotland,
    Wales,
    NorthernIreland,
}

impl Nation {
    pub const ALL: [Self; 4] = [Self::England, Self::Scotland, Self::Wales, Self::NorthernIreland];

    pub fn name(self) -> &'static str {
        match self {
            Self::England => "England",
            Self::Scotland => "Scotland",
            Self::Wales => "Wales",
            Self::NorthernIreland => "Northern Ireland",
        }
    }

    /// For the database: `northern-ireland`.
    pub fn code(self) -> &'static str {
        match self {
            Self::England => "england",
            Self::Scotland => "scotland",
            Self::Wales => "wales",
            Self::NorthernIreland => "northern-ireland",
        }
    }
}

impl FromStr for Nation {
    type Err = String;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|nation| nation.code() == code)
            .ok_or_else(|| format!("`{code}` is no nation"))
    }
}

impl fmt::Display for Nation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Region {
    NorthEast,
    NorthWest,
    YorkshireAndTheHumber,
    EastMidlands,
    WestMidlands,
    EastOfEngland,
    London,
    SouthEast,
    SouthWest,
    Scotland,
    Wales,
    NorthernIreland,
}

impl Region {
    pub const ALL: [Self; 12] = [
        Self::NorthEast,
        Self::NorthWest,
        Self::YorkshireAndTheHumber,
        Self::EastMidlands,
        Self::WestMidlands,
        Self::EastOfEngland,
        Self::London,
        Self::SouthEast,
        Self::SouthWest,
        Self::Scotland,
        Self::Wales,
        Self::NorthernIreland,
    ];

    /// For addresses and the database: `north-west`.
    pub fn slug(self) -> &'static str {
        match self {
            Self::NorthEast => "north-east",
            Self::NorthWest => "north-west",
            Self::YorkshireAndTheHumber => "yorkshire-and-the-humber",
            Self::EastMidlands => "east-midlands",
            Self::WestMidlands => "west-midlands",
            Self::EastOfEngland => "east-of-england",
            Self::London => "london",
            Self::SouthEast => "south-east",
            Self::SouthWest => "south-west",
            Self::Scotland => "scotland",
            Self::Wales => "wales",
            Self::NorthernIreland => "northern-ireland",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::NorthEast => "North East",
            Self::NorthWest => "North West",
            Self::YorkshireAndTheHumber => "Yorkshire and the Humber",
            Self::EastMidlands => "East Midlands",
            Self::WestMidlands => "West Midlands",
            Self::EastOfEngland => "East of England",
            Self::London => "London",
            Self::SouthEast => "South East",
            Self::SouthWest => "South West",
            Self::Scotland => "Scotland",
            Self::Wales => "Wales",
            Self::NorthernIreland => "Northern Ireland",
        }
    }

    /// In a sentence: "members in the North West".
    pub fn in_words(self) -> String {
        match self {
            Self::NorthEast
            | Self::NorthWest
            | Self::EastMidlands
            | Self::WestMidlands
            | Self::EastOfEngland
            | Self::SouthEast
            | Self::SouthWest => format!("the {}", self.name()),
            _ => self.name().to_owned(),
        }
    }

    pub fn nation(self) -> Nation {
        match self {
            Self::Scotland => Nation::Scotland,
            Self::Wales => Nation::Wales,
            Self::NorthernIreland => Nation::NorthernIreland,
            _ => Nation::England,
        }
    }

    /// By the name in official tables, which write some small words large.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|region| region.name().eq_ignore_ascii_case(name))
    }
}

impl FromStr for Region {
    type Err = String;

    fn from_str(slug: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|region| region.slug() == slug)
            .ok_or_else(|| format!("`{slug}` is no region"))
    }
}

stored_as_text!(Region, |region| region.slug());

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_slugs_are_read_back() {
        for region in Region::ALL {
            assert_eq!(region.slug().parse(), Ok(region));
            assert_eq!(serde_json::from_value::<Region>(region.slug().into()).unwrap(), region);
            assert_eq!(Region::named(&region.name().to_uppercase()), Some(region));
        }
        for nation in Nation::ALL {
            assert_eq!(nation.code().parse(), Ok(nation));
        }
        assert!("atlantis".parse::<Region>().is_err());
        assert!("".parse::<Nation>().is_err());
    }
}
