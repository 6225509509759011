//! Breakthrough: the website and back office of a grassroots political party.
//!
//! One room a folder, lowest first: a room uses `kit` and the rooms listed before it, never a later one.
//! A test reads the imports and says which file breaks that.

/// What any members' website needs: database, forms, mail, jobs, pages.
pub mod kit;
/// Who did what to which record.
pub mod audit;
/// Postcodes, regions, nations.
pub mod places;
/// People, sign-in, sessions, consents, offices, guards.
pub mod accounts;
/// Pictures that officers upload and pages show.
pub mod pictures;
/// Pages, questions, people, allies, news, and how officers edit them; the settings.
pub mod content;
/// Regular and single payments, what Stripe tells of them, the books.
pub mod payments;
/// People who want news and to help, and pay nothing.
pub mod supporters;
/// Other parties: the list of them, and what members say of their own.
pub mod parties;
/// Members: joining, rates, states.
pub mod membership;
/// Finds, filters, counts and exports people, by typed conditions and within an officer's scope.
pub mod people;
/// Members from another system.
pub mod imports;
/// Two records of one person: found, merged, parted.
pub mod duplicates;
/// Single gifts.
pub mod donations;
/// Double entry: accounts, spending, closed months.
pub mod books;
/// News and campaign updates by email.
pub mod newsletters;
/// How members decide together: votes and their count.
pub mod ballots;
/// How members choose people for posts of the party.
pub mod elections;
/// The home page and the page of whoever signs in; they read many rooms.
pub mod home;
/// The officers' desk: overview, lists, search, audit log. Reads many rooms and owns none.
pub mod admin;
/// When what happens in one room matters to a higher room.
pub mod reactions;
/// The demo party.
pub mod demo;
/// The page a visitor sees when something went wrong.
pub mod error_page;
/// Routes, jobs and layers of all rooms, put together.
pub mod site;
/// The command line; the program is [`command_line::main`].
pub mod command_line;

#[cfg(test)]
mod every_mail;
