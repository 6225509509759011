//! What any members' website needs and no party noun: configuration, the database, forms, pages, mail, jobs.
//!
//! A room takes from here what it needs and never the other way round; this folder knows nothing of the rooms.
//! Start with [`app`] (the state every handler gets), [`visit`] (who asks, and what the layout shows),
//! [`form`] (what was typed, and what is wrong with it) and [`db`] (one connection a request).
//! axum, sqlx, lettre and the Stripe crates are wrapped here so that rooms speak in their own words.

pub mod clock;
pub mod random;
pub mod networks;
pub mod config;
pub mod codes;
pub mod money;
pub mod dates;
pub mod working_days;
pub mod csv;
pub mod typed;
pub mod person_name;
pub mod email_address;
pub mod picture;
pub mod phone;
pub mod markdown;
pub mod error;
pub mod assets;
pub mod db;
pub mod settings;
pub mod address;
pub mod form;
pub mod flash;
pub mod visit;
pub mod paging;
pub mod cache;
pub mod csrf;
pub mod headers;
pub mod progress;
pub mod proxy;
pub mod rate_limit;
pub mod mail;
pub mod queue;
pub mod stripe;
pub mod app;
pub mod web;
