//! The integration tests: one binary, one private Postgres, one database a test.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;
mod harness;
mod accounts;
mod attacks;
mod audit;
mod commands;
mod admin;
mod donations;
mod membership;
mod paying;
mod methods;
mod rates;
mod payments;
mod books;
mod lost_webhooks;
mod architecture;
mod economy;
mod page_cache;
mod refunds;
mod rooms;
mod routes;
mod secrecy;
mod columns;
mod content;
mod home;
mod mail;
mod newsletters;
mod outage;
mod imports;
mod people;
mod pictures;
mod queue;
mod supporters;
mod counting;
mod stripe_stand_in;
