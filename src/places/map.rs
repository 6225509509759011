//! The map of the regions: one hexagon for each of the 650 seats in Parliament, so that a region's size on the
//! map is the number of its people and not of its fields.
//!
//! For a page's SVG: `<svg viewBox="{{ map::view_box() }}">` and one `<path d="{{ shape.path }}">` for each
//! shape, coloured by a class. The paths are plain fills, with a gap between hexagons and no strokes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::LazyLock;

use serde::Deserialize;

use super::Region;

/// One region's hexagons, in the units of [`view_box`].
#[derive(Debug)]
pub struct RegionShape {
    pub region: Region,
    /// For the `d` of a `<path>`.
    pub path: String,
    /// The middle of a hexagon well inside the region, for a label or a number.
    pub label_at: (i32, i32),
    pub seats: u16,
}

/// The regions in the order of [`Region::ALL`].
pub fn regions() -> &'static [RegionShape] {
    &MAP.shapes
}

/// For the `viewBox` of the `<svg>`: `0 0 WIDTH HEIGHT`.
pub fn view_box() -> &'static str {
    &MAP.view_box
}

// Sizes in whole units keep the paths short: a hexagon is 12 wide and 13 high, very nearly regular, and 2 apart.
const ACROSS: i32 = 14;
const DOWN: i32 = 12;
const WIDTH: i32 = 12;
const HEIGHT: i32 = 13;
/// From the upper left corner anticlockwise to the top; filling closes it.
const HEXAGON: &str = "v7l6 3 6-3v-7l-6-3";
const CORNER: i32 = 3;
/// Another hexagon within this distance (three rows) counts as a neighbour when a place for the label is sought.
const NEARBY: i32 = 42;

struct Map {
    shapes: Vec<RegionShape>,
    view_box: String,
}

static MAP: LazyLock<Map> = LazyLock::new(|| draw(&seats(include_str!("data/constituencies_2024.csv"))));

#[derive(Deserialize)]
struct Seat {
    region: String,
    hex_q: i32,
    hex_r: i32,
}

/// Where each region's hexagons begin (the upper left of their boxes), from top to bottom and left to right.
type Boxes = BTreeMap<Region, BTreeSet<(i32, i32)>>;

fn seats(table: &str) -> Boxes {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let mut boxes = Boxes::new();
    for seat in reader.deserialize::<Seat>().flatten() {
        if let Some(region) = Region::named(&seat.region) {
            // Rows count upwards in the table and downwards on the screen; odd rows stand half a hexagon further right.
            let indent = seat.hex_r.rem_euclid(2) * ACROSS / 2;
            boxes.entry(region).or_default().insert((-seat.hex_r * DOWN, seat.hex_q * ACROSS + indent));
        }
    }
    boxes
}

fn draw(boxes: &Boxes) -> Map {
    let all = || boxes.values().flatten();
    let left = all().map(|(_, x)| *x).min().unwrap_or(0);
    let top = all().map(|(y, _)| *y).min().unwrap_or(0);
    let right = all().map(|(_, x)| *x).max().unwrap_or(0) + WIDTH - left;
    let bottom = all().map(|(y, _)| *y).max().unwrap_or(0) + HEIGHT - top;
    let shapes = Region::ALL.into_iter().map(|region| {
        let own: Vec<(i32, i32)> =
            boxes.get(&region).into_iter().flatten().map(|(y, x)| (x - left, y - top)).collect();
        RegionShape {
            region,
            path: path(&own),
            label_at: label_at(&own),
            seats: u16::try_from(own.len()).unwrap_or(u16::MAX),
        }
    });
    Map { shapes: shapes.collect(), view_box: format!("0 0 {right} {bottom}") }
}

fn path(own: &[(i32, i32)]) -> String {
    let mut path = String::new();
    let mut pen = (0, 0);
    for (x, y) in own {
        let start = (*x, y + CORNER);
        let (right, down) = (start.0 - pen.0, start.1 - pen.1);
        // Writing to a string cannot fail. A minus separates numbers as well as a space does.
        let _ = write!(path, "m{right}{}{down}{HEXAGON}", if down < 0 { "" } else { " " });
        pen = (start.0 + WIDTH / 2, start.1 - CORNER);
    }
    path
}

/// The hexagon with the most others of its region around it, and of those the nearest to the region's middle.
fn label_at(own: &[(i32, i32)]) -> (i32, i32) {
    let count = i32::try_from(own.len()).unwrap_or(i32::MAX).max(1);
    let middle =
        (own.iter().map(|(x, _)| x).sum::<i32>() / count, own.iter().map(|(_, y)| y).sum::<i32>() / count);
    let apart = |a: (i32, i32), b: (i32, i32)| (a.0 - b.0).pow(2) + (a.1 - b.1).pow(2);
    let best = own.iter().max_by_key(|here| {
        let around = own.iter().filter(|other| apart(**here, **other) <= NEARBY.pow(2)).count();
        (around, -apart(**here, middle))
    });
    best.map_or((0, 0), |(x, y)| (x + WIDTH / 2, y + HEIGHT / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seat_stands_on_the_map() {
        let seats: Vec<(Region, u16)> = regions().iter().map(|shape| (shape.region, shape.seats)).collect();
        assert_eq!(seats.iter().map(|(region, _)| *region).collect::<Vec<_>>(), Region::ALL);
        // The allocation of the 2023 reviews of constituencies.
        assert_eq!(
            seats.iter().map(|(_, count)| *count).collect::<Vec<_>>(),
            [27, 73, 54, 47, 57, 61, 75, 91, 58, 57, 32, 18]
        );
    }

    #[test]
    fn each_path_draws_its_seats_inside_the_view_box() {
        let size: Vec<i32> = view_box().split(' ').map(|number| number.parse().unwrap()).collect();
        let mut taken = std::collections::HashSet::new();
        for shape in regions() {
            let mut pen = (0, 0);
            for hexagon in shape.path.split('m').skip(1) {
                let start = hexagon.strip_suffix(HEXAGON).unwrap();
                let at = start[1..].find([' ', '-']).unwrap() + 1;
                let right: i32 = start[..at].parse().unwrap();
                let down: i32 = start[at..].trim().parse().unwrap();
                pen = (pen.0 + right, pen.1 + down);
                assert!(pen.0 >= 0 && pen.0 + WIDTH <= size[2], "{}", shape.region);
                assert!(pen.1 >= CORNER && pen.1 - CORNER + HEIGHT <= size[3], "{}", shape.region);
                assert!(taken.insert(pen), "two seats in one place");
                pen = (pen.0 + WIDTH / 2, pen.1 - CORNER);
            }
        }
        assert_eq!(taken.len(), 650);
        let length: usize = regions().iter().map(|shape| shape.path.len()).sum();
        assert!(length < 15_000, "{length}");
    }

    #[test]
    fn labels_stand_inside_their_own_region_and_north_is_up() {
        let label = |region: Region| regions().iter().find(|shape| shape.region == region).unwrap().label_at;
        assert!(label(Region::Scotland).1 < label(Region::NorthWest).1);
        assert!(label(Region::NorthWest).1 < label(Region::SouthWest).1);
        assert!(label(Region::Wales).0 < label(Region::EastOfEngland).0);
        assert!(label(Region::NorthernIreland).0 < label(Region::NorthEast).0);
        let boxes = seats(include_str!("data/constituencies_2024.csv"));
        for (region, own) in boxes {
            let own: Vec<(i32, i32)> = own.into_iter().map(|(y, x)| (x, y)).collect();
            let (x, y) = label_at(&own);
            assert!(own.contains(&(x - WIDTH / 2, y - HEIGHT / 2)), "{region}");
        }
    }
}
