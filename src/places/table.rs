//! Which region a postcode district lies in, or may lie in.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::{Postcode, Region};

/// The share of a district's postcodes, in thousandths, from which its region is taken as sure.
const SURE: u16 = 980;

/// What a postcode says about where somebody lives.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Certain {
        region: Region,
    },
    /// Ask. The choices stand with the likeliest first.
    Ambiguous {
        choices: Vec<Region>,
        /// They lie in different nations, so party law and elections hang on the answer.
        crosses_nations: bool,
    },
    /// A Channel Island, the Isle of Man, Gibraltar, or an address of the forces: no region of the United Kingdom.
    Abroad,
    /// Not in the tables: a new district, one that belongs to no place (`BX`), or a slip.
    Unknown,
}

/// A postcode that leaves the region open: people have to say which of `choices` it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct OpenRegion {
    /// The likeliest first.
    pub choices: Vec<Region>,
    words: &'static str,
}

/// The region of a postcode, or, where it leaves that open, what was `said` of it; none outside the United Kingdom. The
/// one place where this is decided.
///
/// # Errors
/// It is open, and nothing fitting was said: an answer from before the postcode was changed does not count.
pub fn region_of(postcode: &Postcode, said: Option<Region>) -> Result<Option<Region>, OpenRegion> {
    let (choices, words) = match locate(postcode) {
        Place::Certain { region } => return Ok(Some(region)),
        Place::Abroad => return Ok(None),
        Place::Ambiguous { choices, crosses_nations: true } => {
            (choices, "This postcode lies on a border. Choose the nation or region")
        }
        Place::Ambiguous { choices, crosses_nations: false } => {
            (choices, "This postcode lies in more than one region. Choose the right one")
        }
        Place::Unknown => {
            (Region::ALL.to_vec(), "We do not know this postcode. Check it, or choose the region")
        }
    };
    said.filter(|said| choices.contains(said)).map(Some).ok_or(OpenRegion { choices, words })
}

/// Reads the first half of the postcode only.
fn locate(postcode: &Postcode) -> Place {
    match postcode.area() {
        "GY" | "JE" | "IM" | "GX" | "BF" | "BFPO" => Place::Abroad,
        area => DISTRICTS
            .get(postcode.outward())
            .or_else(|| AREAS.get(area))
            .map_or(Place::Unknown, Shares::place),
    }
}

#[derive(Debug)]
struct Shares {
    /// The largest first, in thousandths.
    regions: Vec<(Region, u16)>,
    crosses_nations: bool,
}

impl Shares {
    fn place(&self) -> Place {
        match self.regions.as_slice() {
            // However small the part beyond a national border is, it is asked about.
            [(region, share), ..] if *share >= SURE && !self.crosses_nations => {
                Place::Certain { region: *region }
            }
            [] => Place::Unknown,
            several => Place::Ambiguous {
                choices: several.iter().map(|(region, _)| *region).collect(),
                crosses_nations: self.crosses_nations,
            },
        }
    }
}

/// The columns in use beside the first.
#[derive(Deserialize)]
struct Row<'r> {
    region: &'r str,
    share_in_region: &'r str,
    spans_nations: &'r str,
    #[serde(alias = "other_regions_or_note")]
    other_regions: &'r str,
}

static DISTRICTS: LazyLock<HashMap<String, Shares>> =
    LazyLock::new(|| read(include_str!("data/postcode_districts.csv")));
static AREAS: LazyLock<HashMap<String, Shares>> =
    LazyLock::new(|| read(include_str!("data/postcode_areas.csv")));

/// By the first column, the district's or area's name.
fn read(table: &str) -> HashMap<String, Shares> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let Ok(headers) = reader.headers().cloned() else { return HashMap::new() };
    let entry = |record: csv::StringRecord| {
        let row: Row<'_> = record.deserialize(Some(&headers)).ok()?;
        Some((record.get(0)?.to_owned(), shares(&row)?))
    };
    reader.records().flatten().filter_map(entry).collect()
}

/// Nothing for the areas that are not in the United Kingdom.
fn shares(row: &Row<'_>) -> Option<Shares> {
    let mut regions = vec![(Region::named(row.region)?, thousandths(row.share_in_region)?)];
    for other in row.other_regions.split(';').filter(|other| !other.is_empty()) {
        let (name, share) = other.split_once(':')?;
        regions.push((Region::named(name)?, thousandths(share)?));
    }
    regions.sort_by_key(|(_, share)| std::cmp::Reverse(*share));
    Some(Shares { regions, crosses_nations: row.spans_nations == "yes" })
}

/// `0.518` is 518; the tables give three decimals.
fn thousandths(share: &str) -> Option<u16> {
    let (whole, decimals) = share.split_once('.')?;
    if decimals.len() != 3 {
        return None;
    }
    whole.parse::<u16>().ok()?.checked_mul(1000)?.checked_add(decimals.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::places::Nation;

    fn at(postcode: &str) -> Place {
        locate(&postcode.parse().unwrap())
    }

    fn ask(choices: &[Region], crosses_nations: bool) -> Place {
        Place::Ambiguous { choices: choices.to_vec(), crosses_nations }
    }

    #[test]
    fn real_postcodes_are_placed() {
        use Region::{
            London, NorthEast, NorthWest, NorthernIreland, Scotland, SouthEast, SouthWest, Wales,
            WestMidlands,
        };
        let sure = |region| Place::Certain { region };
        for (postcode, place) in [
            ("M1 1AE", sure(NorthWest)),
            ("BL9 0ND", sure(NorthWest)),
            ("SW1A 0AA", sure(London)),
            ("EH1 1YZ", sure(Scotland)),
            ("CF10 3AT", sure(Wales)),
            ("BT1 5GS", sure(NorthernIreland)),
            ("BT99 1AA", sure(NorthernIreland)),
            ("CH4 7AA", ask(&[NorthWest, Wales], true)),
            ("HR3 5AA", ask(&[WestMidlands, Wales], true)),
            ("NP25 3AA", ask(&[Wales, WestMidlands, SouthWest], true)),
            ("SY13 1AA", ask(&[WestMidlands, Wales, NorthWest], true)),
            ("TD15 1AA", ask(&[NorthEast, Scotland], true)),
            ("GL16 7AA", ask(&[SouthWest, Wales], true)),
            ("BH24 1AA", ask(&[SouthEast, SouthWest], false)),
            ("JE2 3AB", Place::Abroad),
            ("GY1 1AA", Place::Abroad),
            ("IM1 1AA", Place::Abroad),
            ("GX11 1AA", Place::Abroad),
            ("BFPO 57", Place::Abroad),
            ("BF1 3AA", Place::Abroad),
            ("GIR 0AA", Place::Unknown),
            ("BX1 1LT", Place::Unknown),
            ("AA9 9AA", Place::Unknown),
        ] {
            assert_eq!(place, at(postcode), "{postcode}");
        }
    }

    #[test]
    fn an_answer_counts_only_where_the_postcode_leaves_it_open() {
        use Region::{London, NorthWest, SouthEast, Wales};
        let of = |postcode: &str, said| region_of(&postcode.parse().unwrap(), said);
        assert_eq!(of("BL9 0ND", None), Ok(Some(NorthWest)));
        assert_eq!(of("BL9 0ND", Some(Wales)), Ok(Some(NorthWest)), "left over from another postcode");
        assert_eq!(of("GX11 1AA", Some(Wales)), Ok(None));
        assert_eq!(of("CH4 7AA", Some(Wales)), Ok(Some(Wales)));
        assert_eq!(of("BX1 1LT", Some(London)), Ok(Some(London)));
        for (postcode, said, words, choices) in [
            ("CH4 7AA", None, "on a border", 2),
            ("CH4 7AA", Some(London), "on a border", 2),
            ("BH24 1AA", None, "more than one region", 2),
            ("BX1 1LT", None, "do not know", 12),
        ] {
            let open = of(postcode, said).unwrap_err();
            assert!(open.to_string().contains(words), "{postcode}: {open}");
            assert_eq!(open.choices.len(), choices, "{postcode}");
        }
        assert_eq!(of("BH24 1AA", None).unwrap_err().choices[0], SouthEast, "the likeliest first");
    }

    #[test]
    fn a_new_district_is_placed_by_its_area() {
        assert!(!DISTRICTS.contains_key("BL77"));
        assert_eq!(at("BL77 1AA"), Place::Certain { region: Region::NorthWest });
        assert!(!DISTRICTS.contains_key("CH98"), "the area CH lies on both sides of a border");
        assert_eq!(at("CH98 1AA"), ask(&[Region::NorthWest, Region::Wales], true));
    }

    #[test]
    fn every_row_is_read() {
        let rows = |table: &str| table.lines().count() - 1;
        assert_eq!((DISTRICTS.len(), rows(include_str!("data/postcode_districts.csv"))), (2867, 2867));
        assert_eq!(rows(include_str!("data/postcode_areas.csv")), 124);
        assert_eq!(AREAS.len(), 121, "all but Guernsey, Jersey and the Isle of Man");
        let asked = DISTRICTS.values().filter(|shares| matches!(shares.place(), Place::Ambiguous { .. }));
        let (across, within): (Vec<_>, Vec<_>) = asked.partition(|shares| shares.crosses_nations);
        assert_eq!(across.len(), 25);
        assert!(within.iter().all(|shares| shares.regions[0].1 < SURE && shares.regions.len() > 1));
    }

    #[test]
    fn the_mark_of_a_border_is_borne_out_by_the_choices() {
        for (name, shares) in DISTRICTS.iter().chain(AREAS.iter()) {
            let nations: std::collections::HashSet<Nation> =
                shares.regions.iter().map(|(region, _)| region.nation()).collect();
            assert_eq!(shares.crosses_nations, nations.len() > 1, "{name}");
        }
    }

    #[test]
    fn shares_are_read_without_rounding() {
        assert_eq!(thousandths("0.980"), Some(980));
        assert_eq!(thousandths("1.000"), Some(1000));
        for wrong in ["", "1", "0.98", "0.9800", "x.123", "0.-12", "70.000"] {
            assert_eq!(thousandths(wrong), None, "{wrong}");
        }
    }
}
