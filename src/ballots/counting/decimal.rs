//! Numbers of votes as people write them.

use std::fmt;

use super::Votes;

/// A number of votes with a fixed number of decimals, written exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// The number in units of the last decimal.
    pub units: Votes,
    /// How many decimals are written.
    pub places: usize,
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:0>width$}", self.units, width = self.places + 1);
        let (whole, decimals) = digits.split_at(digits.len() - self.places);
        let written = if decimals.is_empty() { whole.to_owned() } else { format!("{whole}.{decimals}") };
        f.pad(&written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_written_in_full() {
        let written = |units, places| Decimal { units, places }.to_string();
        assert_eq!(written(7, 0), "7");
        assert_eq!(written(0, 2), "0.00");
        assert_eq!(written(7, 2), "0.07");
        assert_eq!(written(10_758, 2), "107.58");
        assert_eq!(written(90_513_482, 5), "905.13482");
        assert_eq!(format!("{:>8}", Decimal { units: 150, places: 2 }), "    1.50");
    }
}
