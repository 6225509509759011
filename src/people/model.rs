//! What an officer asks a list of people for.

use std::{fmt, str::FromStr};

use uuid::Uuid;

use super::{
    condition::{Condition, Segment},
    words::Words,
};
use crate::{
    accounts::{Scope, Standing},
    kit::paging,
    membership::Status,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Everyone who is or was a member, or is becoming one.
    Members,
    Supporters,
    /// Everybody we know by name, found by words.
    Everybody,
}

impl List {
    pub fn path(self) -> &'static str {
        match self {
            Self::Members => "/admin/members",
            Self::Supporters => "/admin/supporters",
            Self::Everybody => "/admin/search",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Members => "Members",
            Self::Supporters => "Supporters",
            Self::Everybody => "Search",
        }
    }

    pub fn code(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Supporters => "supporters",
            Self::Everybody => "everybody",
        }
    }

    /// The list of that code, of those that filters are kept for.
    pub fn read(code: &str) -> Option<Self> {
        [Self::Members, Self::Supporters].into_iter().find(|list| list.code() == code)
    }

    pub fn states(self) -> &'static [State] {
        match self {
            Self::Members => &[
                State::Now,
                State::Is(Status::Active),
                State::Is(Status::Grace),
                State::Is(Status::Pending),
                State::Is(Status::Suspended),
                State::Is(Status::Ended),
                State::Everyone,
            ],
            Self::Supporters => &[State::Now, State::Others],
            Self::Everybody => &[State::Now],
        }
    }

    pub fn sorts(self) -> &'static [Sort] {
        match self {
            Self::Members => &[
                Sort::Name,
                Sort::Newest,
                Sort::Oldest,
                Sort::Status,
                Sort::Region,
                Sort::Rate,
                Sort::LastPayment,
            ],
            Self::Supporters => &[Sort::Name, Sort::Newest, Sort::Oldest, Sort::Region],
            Self::Everybody => &[Sort::Name],
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Members who count as such today; confirmed supporters.
    #[default]
    Now,
    Is(Status),
    Everyone,
    /// Known to us and neither member nor supporter: donors, unconfirmed sign-ups, those who stopped.
    Others,
}

impl State {
    pub fn code(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Is(status) => status.code(),
            Self::Everyone => "everyone",
            Self::Others => "others",
        }
    }

    pub fn words(self, list: List) -> &'static str {
        match (self, list) {
            (Self::Now, List::Members) => "Members now",
            (Self::Now, List::Supporters) => "Supporters now",
            (Self::Now, List::Everybody) => "Everybody",
            (Self::Is(status), _) => status.name(),
            (Self::Everyone, _) => "Everyone, past and present",
            (Self::Others, _) => "Others we know",
        }
    }

    fn conditions(self, list: List) -> Vec<Condition> {
        match (self, list) {
            (_, List::Everybody) | (Self::Everyone, List::Members) => Vec::new(),
            (Self::Now, List::Members) => vec![Condition::Standing(vec![Standing::Member])],
            (Self::Others, _) => vec![Condition::Standing(vec![Standing::None]), Condition::NoMembership],
            (_, List::Supporters) => vec![Condition::Standing(vec![Standing::Supporter])],
            (Self::Is(status), List::Members) => vec![Condition::Status(vec![status])],
        }
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let all = List::Members.states().iter().chain(List::Supporters.states());
        all.copied()
            .find(|state| state.code() == code)
            .ok_or_else(|| "Choose a state from the list".to_owned())
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    #[default]
    Name,
    Newest,
    Oldest,
    /// Those first that somebody should look at.
    Status,
    Region,
    Rate,
    LastPayment,
}

impl Sort {
    pub fn code(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::Status => "status",
            Self::Region => "region",
            Self::Rate => "rate",
            Self::LastPayment => "last_payment",
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Newest => "Joined, newest first",
            Self::Oldest => "Joined, longest first",
            Self::Status => "Status",
            Self::Region => "Region",
            Self::Rate => "Rate",
            Self::LastPayment => "Last payment",
        }
    }

    /// Whether the order tells no more than people agreed to share with the organisers of their region.
    pub fn is_shared(self) -> bool {
        matches!(self, Self::Name | Self::Region)
    }
}

impl FromStr for Sort {
    type Err = String;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        List::Members
            .sorts()
            .iter()
            .copied()
            .find(|sort| sort.code() == code)
            .ok_or_else(|| "Choose an order from the list".to_owned())
    }
}

/// One question to a list.
#[derive(Clone, Debug)]
pub struct Search {
    pub list: List,
    pub words: Words,
    pub state: State,
    /// What else is asked. On the list of supporters, "joined" is since when we know somebody.
    pub conditions: Vec<Condition>,
    pub sort: Sort,
    pub place: Place,
}

/// Where in the list. A short list is paged by number, a long one by the last person on the page before: counting to
/// a far page costs more than the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Page(u32),
    After(Uuid),
}

impl Search {
    pub fn new(list: List) -> Self {
        Self {
            list,
            words: Words::default(),
            state: State::default(),
            conditions: Vec::new(),
            sort: Sort::default(),
            place: Place::Page(1),
        }
    }

    /// The people it asks for.
    pub fn segment(&self) -> Segment {
        let mut segment = Segment::default();
        if self.list == List::Members {
            segment = segment.and(Condition::HasMembership);
        }
        segment = self.state.conditions(self.list).into_iter().fold(segment, Segment::and);
        for condition in &self.conditions {
            segment = segment.and(match (self.list, condition) {
                (List::Supporters, Condition::JoinedFrom(day)) => Condition::KnownFrom(*day),
                (List::Supporters, Condition::JoinedTo(day)) => Condition::KnownTo(*day),
                (_, condition) => condition.clone(),
            });
        }
        if self.words.is_empty() { segment } else { segment.and(Condition::Words(self.words.clone())) }
    }

    /// Whether all are asked for who have a standing, perhaps in some regions: a number that is kept. Somebody counts
    /// who is in each of the sets.
    pub fn whole_list(&self) -> Option<(Standing, Vec<Vec<String>>)> {
        if !self.words.is_empty() || self.state != State::Now {
            return None;
        }
        let standing = match self.list {
            List::Members => Standing::Member,
            List::Supporters => Standing::Supporter,
            List::Everybody => return None,
        };
        let regions = self.conditions.iter().map(|condition| match condition {
            Condition::Region(regions) => {
                Some(regions.iter().map(|region| region.slug().to_owned()).collect())
            }
            _ => None,
        });
        Some((standing, regions.collect::<Option<_>>()?))
    }

    /// The address of another place in the same list.
    pub fn address(&self, path: &str, place: Place) -> String {
        let mut fields = self.fields();
        match place {
            Place::Page(0 | 1) => {}
            Place::Page(number) => fields.push(("page", number.to_string())),
            Place::After(id) => fields.push(("after", id.to_string())),
        }
        paging::address(path, &fields)
    }

    /// The address of the same list in another order.
    pub fn sorted(&self, sort: Sort) -> String {
        Self { sort, ..self.clone() }.address(self.list.path(), Place::Page(1))
    }

    /// What was asked for, as fields of a form; nothing that is the default.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = Vec::new();
        if !self.words.typed().is_empty() {
            fields.push(("q", self.words.typed().to_owned()));
        }
        if self.state != State::default() {
            fields.push(("state", self.state.code().to_owned()));
        }
        for condition in &self.conditions {
            // Brackets mark a name that comes more than once.
            let name = if matches!(condition, Condition::People(_)) { "person[]" } else { condition.name() };
            fields.extend(condition.values().into_iter().map(|value| (name, value)));
        }
        if self.sort != Sort::default() {
            fields.push(("sort", self.sort.code().to_owned()));
        }
        fields
    }

    /// What an officer of some regions may ask. People agreed that organisers have their name and email address: a
    /// filter, a count or an order by anything else would tell more.
    #[must_use]
    pub fn within(mut self, scope: &Scope) -> Self {
        if *scope == Scope::Everyone {
            return self;
        }
        self.conditions.retain(Condition::is_shared);
        let sort = if self.sort.is_shared() { self.sort } else { Sort::Name };
        Self { sort, state: State::Now, ..self }
    }

    pub fn is_filtered(&self) -> bool {
        self.fields().iter().any(|(name, _)| *name != "sort")
    }
}

/// The filter in words, for the page and the audit log: `Members now, in the North West, joined since 1 May 2026`.
impl fmt::Display for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.state.words(self.list))?;
        if !self.words.typed().is_empty() {
            write!(f, ", found by “{}”", self.words.typed())?;
        }
        self.conditions.iter().try_for_each(|condition| write!(f, ", {condition}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::places::Region;

    #[test]
    fn addresses_hold_what_was_asked_and_nothing_else() {
        let mut search = Search::new(List::Members);
        assert_eq!(search.address("/admin/members", Place::Page(1)), "/admin/members");
        search.words = Words::parse("ana & co");
        search.state = State::Is(Status::Grace);
        search.conditions.push(Condition::Region(vec![Region::NorthWest]));
        assert_eq!(
            search.address("/admin/members", Place::Page(2)),
            "/admin/members?q=ana+%26+co&state=grace&region=north-west&page=2"
        );
        assert_eq!(search.to_string(), "Payment overdue, found by “ana & co”, in the North West");
    }

    #[test]
    fn codes_are_read_back() {
        for list in [List::Members, List::Supporters] {
            for state in list.states() {
                assert_eq!(state.code().parse(), Ok(*state));
            }
            for sort in list.sorts() {
                assert_eq!(sort.code().parse(), Ok(*sort));
            }
        }
    }
}
