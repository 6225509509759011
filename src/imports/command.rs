//! The command `breakthrough import members`.

use std::{
    fs::File,
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use super::{
    actions::{self, NotKept},
    file::Unreadable,
    model::{Field, Import, REPORT, Stage, faults, lines, number},
    report, sql,
};
use crate::{
    audit::{Actor, Change},
    kit::{app::App, csv, error::Error},
};

/// Wrong usage, and files that cannot be read as a list.
const WRONG: u8 = 2;

/// Members from another system, as CSV. Lines that cannot be imported go to standard output, with their number
/// and what is wrong in front, to be corrected and imported again
#[derive(Debug, clap::Args)]
pub struct ImportMembers {
    /// Columns are recognised by their headings: those of NationBuilder, CiviCRM, Mailchimp, Action Network and the template,
    /// and those that an officer matched by hand before
    file: PathBuf,
    /// Check every line and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command: 1 if no line of the file could be imported, 2 if it is not a list.
///
/// # Errors
/// The database is away.
pub async fn command(app: &App, asked: &ImportMembers) -> anyhow::Result<ExitCode> {
    let name = asked.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let refuse = |message: String| {
        eprintln!("{}: {message}", asked.file.display());
        Ok(ExitCode::from(WRONG))
    };
    let file = match open(&asked.file) {
        Ok(file) => file,
        Err(error) => return refuse(error.to_string()),
    };
    let mut change = Change::begin_alone(app, Actor::System).await?;
    let mut import = match actions::keep(&mut change, &name, None, file).await {
        Ok(import) => import,
        Err(NotKept::Unreadable(why)) => return refuse(why.to_string()),
        Err(NotKept::Error(error)) => return Err(error.into()),
    };
    let (system, columns) = actions::guess(&mut change, &import.heads).await?;
    let faults = faults(&columns);
    if !faults.is_empty() {
        let remedy =
            "Rename the headings to match the template, or match them once on the site under /admin/imports";
        return refuse(format!("{}. {remedy}.", faults.join(". ")));
    }
    let stage = if asked.dry_run { Stage::Trying } else { Stage::Running };
    actions::begin(&mut change, import.id, &columns, stage).await?;
    change.commit().await?;
    tell(&import, system, &columns);
    import.stage = stage;
    let mut tries = 0;
    while import.stage.is_busy() {
        match actions::step(app, import.id).await {
            Ok(after) => (import, tries) = (after, 0),
            // Somebody joined at this moment; the next look sees them.
            Err(Error::Conflict(_)) if tries < 3 => tries += 1,
            Err(error) => return Err(error.into()),
        }
        progress(&import);
    }
    let counts = import.counts;
    if counts.rejected > 0 {
        print_rejected(app, &import).await?;
    }
    // The file itself stays with whoever ran the command.
    let mut change = Change::begin_alone(app, Actor::System).await?;
    actions::empty(&mut change, import.id).await?;
    change.commit().await?;
    for line in report::sentences(&import) {
        eprintln!("{line}");
    }
    let took_none = counts.rejected == i64::from(import.lines);
    Ok(if took_none { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn open(path: &Path) -> Result<File, Unreadable> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() { Err(Unreadable::NotCsv) } else { Ok(file) }
}

fn tell(import: &Import, system: Option<&str>, columns: &[Option<Field>]) {
    eprintln!(
        "{}, with the same columns as {}. Dates are read day first.",
        lines(i64::from(import.lines)),
        system.unwrap_or("an earlier file")
    );
    let unread =
        import.heads.iter().zip(columns).filter(|(head, column)| column.is_none() && !head.is_empty());
    let unread: Vec<_> = unread.map(|(head, _)| head.as_str()).collect();
    if !unread.is_empty() {
        eprintln!("Not imported: {}.", unread.join(", "));
    }
}

/// Of the bar, in characters.
const WIDTH: usize = 30;

/// A bar where somebody looks at it.
fn progress(import: &Import) {
    let mut to = io::stderr();
    if !to.is_terminal() {
        return;
    }
    let (done, all) =
        (usize::try_from(import.done).unwrap_or(0), usize::try_from(import.lines).unwrap_or(1).max(1));
    let full = (done * WIDTH / all).min(WIDTH);
    let bar = format!("{}{}", "#".repeat(full), "-".repeat(WIDTH - full));
    let end = if import.stage.is_busy() { "" } else { "\n" };
    let _ = write!(
        to,
        "\r[{bar}] {} of {}{end}",
        number(i64::from(import.done)),
        number(i64::from(import.lines))
    );
}

async fn print_rejected(app: &App, import: &Import) -> anyhow::Result<()> {
    let mut db = app.pool().acquire().await?;
    let mut file = csv::File::new(REPORT.into_iter().chain(import.heads.iter().map(String::as_str)));
    let mut after = 0;
    let mut out = io::stdout().lock();
    loop {
        let rejected = sql::list_rejected(&mut db, import.id, after, 500).await?;
        for line in &rejected {
            report::row(&mut file, import, line);
        }
        out.write_all(file.take().as_bytes())?;
        let Some(last) = rejected.last() else { break };
        after = last.number;
    }
    Ok(out.flush()?)
}
