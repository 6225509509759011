//! Kinds of votes, as a form has them.

use crate::{
    ballots::{
        counting::{Base, Fraction, Majority, Method, Threshold},
        proof::Kind,
    },
    kit::codes::codes,
};

/// What is asked, as the form has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    Motion,
    Single,
    Approval,
    Ranked,
}
codes!(Asks { Motion = "motion", Single = "single", Approval = "approval", Ranked = "ranked" });

impl Asks {
    pub fn name(self) -> &'static str {
        match self {
            Self::Motion => "For, against or abstain",
            Self::Single => "Choose one",
            Self::Approval => "Choose any number",
            Self::Ranked => "Put in order",
        }
    }

    pub fn meaning(self) -> &'static str {
        match self {
            Self::Motion => "One proposal is carried or not",
            Self::Single => "Whatever has most votes wins, even without a majority",
            Self::Approval => "Whatever most people agree to wins",
            Self::Ranked => "Preferences are transferred, so that no vote is wasted",
        }
    }

    pub fn of(kind: &Kind) -> Self {
        match kind {
            Kind::Motion(_) => Self::Motion,
            Kind::Single { .. } => Self::Single,
            Kind::Approval { .. } => Self::Approval,
            Kind::Ranked { .. } => Self::Ranked,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    More,
    Half,
    ThreeFifths,
    TwoThirds,
}
codes!(Needs { More = "more", Half = "half", ThreeFifths = "three_fifths", TwoThirds = "two_thirds" });

impl Needs {
    pub fn name(self) -> &'static str {
        match self {
            Self::More => "More votes for than against",
            Self::Half => "More than half",
            Self::ThreeFifths => "Three fifths (60%) or more",
            Self::TwoThirds => "Two thirds or more",
        }
    }

    pub fn majority(self) -> Majority {
        let at_least = |part, whole| {
            Fraction::new(part, whole)
                .map_or(Majority::Absolute, |it| Majority::Fraction(it, Threshold::AtLeast))
        };
        match self {
            Self::More => Majority::Simple,
            Self::Half => Majority::Absolute,
            Self::ThreeFifths => at_least(3, 5),
            Self::TwoThirds => at_least(2, 3),
        }
    }

    pub fn of(majority: Majority) -> Self {
        [Self::More, Self::ThreeFifths, Self::TwoThirds]
            .into_iter()
            .find(|it| it.majority() == majority)
            .unwrap_or(Self::Half)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    ForAndAgainst,
    Cast,
    Entitled,
}
codes!(Of { ForAndAgainst = "for_and_against", Cast = "cast", Entitled = "entitled" });

impl Of {
    pub fn name(self) -> &'static str {
        match self {
            Self::ForAndAgainst => "of the votes for and against",
            Self::Cast => "of all votes cast, abstentions too",
            Self::Entitled => "of everybody who may vote",
        }
    }

    pub fn base(self) -> Base {
        match self {
            Self::ForAndAgainst => Base::ForAndAgainst,
            Self::Cast => Base::Cast,
            Self::Entitled => Base::Entitled,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    Scottish,
    Ers97,
    Meek,
    Irv,
}
codes!(Counts { Scottish = "scottish-stv", Ers97 = "ers97", Meek = "meek", Irv = "irv" });

impl Counts {
    pub fn name(self) -> &'static str {
        match self {
            Self::Scottish => "Single transferable vote, Scottish rules",
            Self::Ers97 => "Single transferable vote, ERS97 rules",
            Self::Meek => "Single transferable vote, Meek’s method",
            Self::Irv => "Alternative vote, for one place",
        }
    }

    pub fn method(self) -> Method {
        match self {
            Self::Scottish => Method::ScottishStv,
            Self::Ers97 => Method::Ers97,
            Self::Meek => Method::Meek,
            Self::Irv => Method::Irv,
        }
    }

    pub fn of(method: Method) -> Self {
        match method {
            Method::ScottishStv => Self::Scottish,
            Method::Ers97 => Self::Ers97,
            Method::Meek => Self::Meek,
            Method::Irv => Self::Irv,
        }
    }
}
