//! Breakthrough: the website and back office of a grassroots political party.
//!
//! One room a folder, lowest first: a room uses `kit` and the rooms above it in this list, never one below.

pub mod kit;
