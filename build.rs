//! Migrations are compiled in; without this line a new file among them would be missed.
fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
