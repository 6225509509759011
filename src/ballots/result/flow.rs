//! The drawing of a count.

use std::fmt::Write as _;

use super::count::{Count, milli, plain_milli};

/// The votes' way through the rounds, from left to right: a bar for each candidate in each round, bands between them.
pub struct Flow {
    pub width: u32,
    pub height: u32,
    pub bars: Vec<Bar>,
    pub bands: Vec<Band>,
    pub labels: Vec<(u32, u32, String)>,
}

pub struct Bar {
    pub x: u32,
    pub y: u32,
    pub height: u32,
    /// Which of eight looks.
    pub look: usize,
    pub title: String,
}

pub struct Band {
    pub path: String,
    pub look: usize,
    pub moved: bool,
}

const BAR: u32 = 14;
const STEP: u32 = 150;
const GAP: u32 = 10;
const TOP: u32 = 28;
const TALL: u64 = 320;
const LOOKS: usize = 8;

impl Flow {
    pub fn of(count: &Count) -> Self {
        let names: Vec<String> = count
            .stages
            .iter()
            .take(1)
            .flat_map(|stage| &stage.tally)
            .map(|it| it.candidate.clone())
            .collect();
        let total = count
            .stages
            .first()
            .map_or(1, |stage| stage.tally.iter().map(|it| milli(&it.votes)).sum::<u64>());
        let total = total.max(1);
        let scale = |votes: u64| u32::try_from(votes.saturating_mul(TALL) / total).unwrap_or_default();
        // Where each candidate's bar begins in each round, top down in one order, so that bands cross little.
        let columns: Vec<Vec<(u32, u32)>> = count
            .stages
            .iter()
            .map(|stage| {
                let mut y = TOP;
                names
                    .iter()
                    .map(|name| {
                        let height = scale(stage.votes_of(name));
                        let place = (y, height);
                        y += if height > 0 { height + GAP } else { 0 };
                        place
                    })
                    .collect()
            })
            .collect();
        let x = |column: usize| u32::try_from(column).unwrap_or_default() * STEP;
        let mut flow = Self { width: 0, height: 0, bars: Vec::new(), bands: Vec::new(), labels: Vec::new() };
        for (column, (stage, places)) in count.stages.iter().zip(&columns).enumerate() {
            flow.labels.push((x(column), 12, format!("Round {}", stage.number)));
            for (at, ((y, height), name)) in places.iter().zip(&names).enumerate() {
                if *height == 0 {
                    continue;
                }
                let title =
                    format!("{name}: {} in round {}", plain_milli(stage.votes_of(name)), stage.number);
                flow.bars.push(Bar { x: x(column), y: *y, height: *height, look: at % LOOKS, title });
                flow.height = flow.height.max(y + height);
            }
        }
        for column in 1..columns.len() {
            flow.bands_between(&columns[column - 1], &columns[column], x(column - 1) + BAR, x(column));
        }
        // With room for the words over the last.
        flow.width = x(columns.len().saturating_sub(1)) + STEP;
        flow.height += 8;
        flow
    }

    /// Votes that stay go straight over; what a candidate gains comes from those who lose, in their shares.
    fn bands_between(&mut self, before: &[(u32, u32)], after: &[(u32, u32)], left: u32, right: u32) {
        let mut lost: Vec<(usize, u32, u32)> = Vec::new();
        let mut gained: Vec<(usize, u32, u32)> = Vec::new();
        for (at, ((y, height), (then_y, then_height))) in before.iter().zip(after).enumerate() {
            let stays = (*height).min(*then_height);
            if stays > 0 {
                self.band((left, *y), (right, *then_y), stays, stays, at % LOOKS, false);
            }
            if *height > stays {
                lost.push((at, y + stays, height - stays));
            }
            if *then_height > stays {
                gained.push((at, then_y + stays, then_height - stays));
            }
        }
        let all: u32 = lost.iter().map(|(_, _, height)| height).sum();
        for (from, mut y, height) in lost {
            for (_, then_y, then_height) in &mut gained {
                let takes = (u64::from(*then_height) * u64::from(height) / u64::from(all.max(1)))
                    .try_into()
                    .unwrap_or(*then_height);
                if takes > 0 {
                    self.band((left, y), (right, *then_y), takes, takes, from % LOOKS, true);
                    y += takes;
                    *then_y += takes;
                }
            }
        }
    }

    fn band(&mut self, from: (u32, u32), to: (u32, u32), height: u32, then: u32, look: usize, moved: bool) {
        let middle = u32::midpoint(from.0, to.0);
        let mut path = String::new();
        // Writing into a string cannot fail.
        let _ = write!(
            path,
            "M{} {}C{middle} {} {middle} {} {} {}v{then}C{middle} {} {middle} {} {} {}z",
            from.0,
            from.1,
            from.1,
            to.1,
            to.0,
            to.1,
            to.1 + then,
            from.1 + height,
            from.0,
            from.1 + height
        );
        self.bands.push(Band { path, look, moved });
    }
}
