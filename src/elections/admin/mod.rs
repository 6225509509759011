//! The returning officer's pages: posts, and the elections for them.

pub mod elections;
pub mod offices;
pub mod posts;

pub const PATH: &str = "/admin/elections";
