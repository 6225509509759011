//! A vote for or against a motion, with abstentions.
//!
//! Three settings, each on its own: the quorum (did enough people take part), the base
//! (what the votes for are measured against) and the majority (how much of it they must
//! reach). All comparisons are products of whole numbers; nothing is divided.

use std::fmt;

/// The papers of a vote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MotionVotes {
    pub votes_for: u64,
    pub votes_against: u64,
    pub abstentions: u64,
    /// How many people were entitled to vote.
    pub entitled: u64,
}

impl MotionVotes {
    fn for_and_against(self) -> u128 {
        u128::from(self.votes_for) + u128::from(self.votes_against)
    }

    fn cast(self) -> u128 {
        self.for_and_against() + u128::from(self.abstentions)
    }
}

/// A share such as two thirds: at most one, and of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    numerator: u64,
    denominator: u64,
}

impl Fraction {
    pub const HALF: Self = Self { numerator: 1, denominator: 2 };

    /// None if the denominator is nought or the fraction more than one.
    pub fn new(numerator: u64, denominator: u64) -> Option<Self> {
        (denominator > 0 && numerator <= denominator).then_some(Self { numerator, denominator })
    }

    /// In whole percent, cut.
    pub fn percent(self) -> u64 {
        self.numerator.saturating_mul(100) / self.denominator
    }

    /// Whether `part` reaches this share of `whole`.
    fn reached(self, part: u128, whole: u128, threshold: Threshold) -> bool {
        // Both products stay below 2^64 times 2^66.
        let has = part.saturating_mul(u128::from(self.denominator));
        let needs = whole.saturating_mul(u128::from(self.numerator));
        match threshold {
            Threshold::MoreThan => has > needs,
            Threshold::AtLeast => has >= needs,
        }
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

/// Whether reaching a share exactly is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    MoreThan,
    AtLeast,
}

/// How many of those entitled must take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quorum {
    pub share: Fraction,
    pub threshold: Threshold,
    /// Whether people who abstain take part; usually they do.
    pub abstentions_count: bool,
}

/// What the votes for a motion are measured against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// All votes cast, abstentions too.
    Cast,
    /// The votes for and against; the usual base.
    ForAndAgainst,
    /// Everyone entitled to vote, whether they did or not.
    Entitled,
}

/// How much of the base the votes for must reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Majority {
    /// More votes for than against, whatever the base.
    Simple,
    /// More than half of the base.
    Absolute,
    /// The given share of the base.
    Fraction(Fraction, Threshold),
}

/// The terms on which a motion is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Motion {
    pub quorum: Option<Quorum>,
    pub base: Base,
    pub majority: Majority,
}

/// What a vote decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Carried,
    NotCarried,
    /// Too few took part, so that nothing is decided.
    NoQuorum,
}

impl Motion {
    /// Decides by these terms. None if more people voted than are entitled, which no count
    /// can put right. Nothing is carried by nobody: without a vote for it a motion fails.
    pub fn decide(&self, votes: MotionVotes) -> Option<Decision> {
        let entitled = u128::from(votes.entitled);
        if votes.cast() > entitled {
            return None;
        }
        if let Some(quorum) = self.quorum {
            let taking_part = if quorum.abstentions_count { votes.cast() } else { votes.for_and_against() };
            if !quorum.share.reached(taking_part, entitled, quorum.threshold) {
                return Some(Decision::NoQuorum);
            }
        }
        let base = match self.base {
            Base::Cast => votes.cast(),
            Base::ForAndAgainst => votes.for_and_against(),
            Base::Entitled => entitled,
        };
        let in_favour = u128::from(votes.votes_for);
        let reached = match self.majority {
            Majority::Simple => votes.votes_for > votes.votes_against,
            Majority::Absolute => Fraction::HALF.reached(in_favour, base, Threshold::MoreThan),
            Majority::Fraction(share, threshold) => share.reached(in_favour, base, threshold),
        };
        Some(if reached && in_favour > 0 { Decision::Carried } else { Decision::NotCarried })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Decision::{Carried, NoQuorum, NotCarried};

    const fn votes(votes_for: u64, votes_against: u64, abstentions: u64) -> MotionVotes {
        MotionVotes { votes_for, votes_against, abstentions, entitled: 100 }
    }

    fn fraction(numerator: u64, denominator: u64) -> Fraction {
        Fraction::new(numerator, denominator).unwrap()
    }

    #[test]
    fn base_and_majority_are_separate() {
        let two_thirds = fraction(2, 3);
        let at_least = Majority::Fraction(two_thirds, Threshold::AtLeast);
        let more_than = Majority::Fraction(two_thirds, Threshold::MoreThan);
        let cases = [
            (Base::ForAndAgainst, Majority::Simple, votes(11, 10, 50), Carried),
            (Base::ForAndAgainst, Majority::Simple, votes(10, 10, 50), NotCarried),
            (Base::Entitled, Majority::Simple, votes(2, 1, 0), Carried),
            (Base::ForAndAgainst, Majority::Absolute, votes(11, 10, 2), Carried),
            (Base::ForAndAgainst, Majority::Absolute, votes(10, 10, 0), NotCarried),
            (Base::Cast, Majority::Absolute, votes(11, 10, 1), NotCarried),
            (Base::Cast, Majority::Absolute, votes(12, 10, 1), Carried),
            (Base::Entitled, Majority::Absolute, votes(50, 0, 0), NotCarried),
            (Base::Entitled, Majority::Absolute, votes(51, 0, 0), Carried),
            (Base::ForAndAgainst, at_least, votes(20, 10, 5), Carried),
            (Base::ForAndAgainst, more_than, votes(20, 10, 5), NotCarried),
            (Base::ForAndAgainst, more_than, votes(21, 10, 5), Carried),
            (Base::ForAndAgainst, at_least, votes(19, 10, 0), NotCarried),
            (Base::Cast, at_least, votes(20, 10, 1), NotCarried),
            (Base::Cast, at_least, votes(22, 10, 1), Carried),
            (Base::Entitled, at_least, votes(66, 0, 0), NotCarried),
            (Base::Entitled, at_least, votes(67, 0, 0), Carried),
            (Base::Cast, Majority::Fraction(fraction(0, 1), Threshold::AtLeast), votes(0, 0, 0), NotCarried),
        ];
        for (base, majority, votes, decision) in cases {
            let motion = Motion { quorum: None, base, majority };
            assert_eq!(motion.decide(votes), Some(decision), "{base:?} {majority:?} {votes:?}");
        }
    }

    #[test]
    fn the_quorum_is_asked_first() {
        let motion = |threshold, abstentions_count| Motion {
            quorum: Some(Quorum { share: fraction(1, 5), threshold, abstentions_count }),
            base: Base::ForAndAgainst,
            majority: Majority::Simple,
        };
        let with = |threshold, count, v| motion(threshold, count).decide(v);
        assert_eq!(with(Threshold::AtLeast, true, votes(15, 4, 0)), Some(NoQuorum));
        assert_eq!(with(Threshold::AtLeast, true, votes(15, 4, 1)), Some(Carried));
        assert_eq!(with(Threshold::AtLeast, false, votes(15, 4, 1)), Some(NoQuorum));
        assert_eq!(with(Threshold::MoreThan, true, votes(15, 4, 1)), Some(NoQuorum));
        assert_eq!(with(Threshold::MoreThan, false, votes(5, 16, 0)), Some(NotCarried));
    }

    #[test]
    fn impossible_votes_and_fractions_are_refused() {
        let motion = Motion { quorum: None, base: Base::Cast, majority: Majority::Simple };
        assert_eq!(motion.decide(votes(60, 40, 0)), Some(Carried));
        assert_eq!(motion.decide(votes(60, 40, 1)), None);
        let biggest =
            MotionVotes { votes_for: u64::MAX - 1, votes_against: 1, abstentions: 0, entitled: u64::MAX };
        let all = Majority::Fraction(fraction(u64::MAX, u64::MAX), Threshold::AtLeast);
        let motion = Motion { quorum: None, base: Base::Entitled, majority: all };
        assert_eq!(motion.decide(biggest), Some(NotCarried));
        assert_eq!(Fraction::new(1, 0), None);
        assert_eq!(Fraction::new(4, 3), None);
        assert_eq!(fraction(2, 3).to_string(), "2/3");
    }
}
