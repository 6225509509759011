//! How the terms of a motion and the name of a counting method are written in a manifest:
//! `{"base":"for_and_against","majority":{"at_least":"2/3"},"quorum":{"abstentions_count":true,"of":{"at_least":"1/5"}}}`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::hash::as_text;
use crate::ballots::counting::{self, Fraction, Threshold};

/// A share such as `2/3`.
struct Share(Fraction);

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Share {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split_once('/')
            .and_then(|(part, whole)| Fraction::new(part.parse().ok()?, whole.parse().ok()?))
            .map(Self)
            .ok_or("a share is written like 2/3 and at most one")
    }
}

as_text!(Share);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reach {
    MoreThan(Share),
    AtLeast(Share),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Quorum {
    of: Reach,
    abstentions_count: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Majority {
    Simple,
    Absolute,
    MoreThan(Share),
    AtLeast(Share),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "counting::Base", rename_all = "snake_case")]
enum Base {
    Cast,
    ForAndAgainst,
    Entitled,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Motion {
    quorum: Option<Quorum>,
    #[serde(with = "Base")]
    base: counting::Base,
    majority: Majority,
}

pub(super) mod motion {
    use super::{
        Deserialize, Deserializer, Majority, Motion, Quorum, Reach, Serialize, Serializer, Share, Threshold,
        counting,
    };

    pub fn serialize<S: Serializer>(motion: &counting::Motion, to: S) -> Result<S::Ok, S::Error> {
        let quorum = motion.quorum.map(|quorum| Quorum {
            of: match quorum.threshold {
                Threshold::MoreThan => Reach::MoreThan(Share(quorum.share)),
                Threshold::AtLeast => Reach::AtLeast(Share(quorum.share)),
            },
            abstentions_count: quorum.abstentions_count,
        });
        let majority = match motion.majority {
            counting::Majority::Simple => Majority::Simple,
            counting::Majority::Absolute => Majority::Absolute,
            counting::Majority::Fraction(share, Threshold::MoreThan) => Majority::MoreThan(Share(share)),
            counting::Majority::Fraction(share, Threshold::AtLeast) => Majority::AtLeast(Share(share)),
        };
        Motion { quorum, base: motion.base, majority }.serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<counting::Motion, D::Error> {
        let Motion { quorum, base, majority } = Motion::deserialize(from)?;
        let quorum = quorum.map(|quorum| {
            let (share, threshold) = match quorum.of {
                Reach::MoreThan(Share(share)) => (share, Threshold::MoreThan),
                Reach::AtLeast(Share(share)) => (share, Threshold::AtLeast),
            };
            counting::Quorum { share, threshold, abstentions_count: quorum.abstentions_count }
        });
        let majority = match majority {
            Majority::Simple => counting::Majority::Simple,
            Majority::Absolute => counting::Majority::Absolute,
            Majority::MoreThan(Share(share)) => counting::Majority::Fraction(share, Threshold::MoreThan),
            Majority::AtLeast(Share(share)) => counting::Majority::Fraction(share, Threshold::AtLeast),
        };
        Ok(counting::Motion { quorum, base, majority })
    }
}

/// The names of the command line, such as `scottish-stv`.
pub(super) mod method {
    use clap::ValueEnum as _;
    use serde::de::Error as _;

    use super::{Deserialize, Deserializer, Serializer, counting::Method};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
    pub fn serialize<S: Serializer>(method: &Method, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(method.to_possible_value().as_ref().map_or("", |value| value.get_name()))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Method, D::Error> {
        Method::from_str(&String::deserialize(from)?, false).map_err(D::Error::custom)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "counting::Decision", rename_all = "snake_case")]
pub(super) enum Decision {
    Carried,
    NotCarried,
    NoQuorum,
}
