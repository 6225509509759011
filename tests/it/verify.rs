//! Ballots that anyone can verify: whole bundles, every field of them changed, and the commands as people type them.

mod command;
mod forged;
mod made;
mod mutations;
mod second;

use std::{collections::BTreeMap, io};

use breakthrough::ballots::proof::{Asked, Files, Step, verify};

/// The files of a bundle, to be changed.
#[derive(Clone)]
struct Loose(BTreeMap<String, Vec<u8>>);

impl Files for Loose {
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.0.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Box<dyn io::BufRead + '_>> {
        let file = self.0.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(&file[..]))
    }
}

impl Loose {
    fn text(&self, name: &str) -> String {
        String::from_utf8(self.0[name].clone()).unwrap()
    }

    fn set(&mut self, name: &str, text: impl Into<Vec<u8>>) {
        self.0.insert(name.to_owned(), text.into());
    }
}

/// The step at which the files fail, or none.
fn fails(files: &Loose) -> Option<Step> {
    verify(files, &Asked::default(), |_, _| ()).err().map(|fault| fault.step)
}
