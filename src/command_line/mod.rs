//! The command line: each arm delegates.
//!
//! A new command is a variant of [`Command`] and an arm of [`run`] or [`run_with`]; what it does stands in its room.
//! Results go to standard output, messages to standard error; 0 is success, 1 failure, 2 wrong usage.

mod check;
mod database;
mod serve;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::filter_fn, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use self::database::Database;
use crate::{
    accounts::{self, Access, Role, Rooms},
    audit::{Actor, Change, Seal},
    ballots::{counting, proof},
    demo, imports,
    kit::{
        app::App,
        clock::Clock,
        config::{Config, Environment, RawConfig},
        db,
        email_address::EmailAddress,
        person_name,
        progress::Progress,
        queue::Failure,
        random::Random,
    },
    payments,
    places::Region,
    site,
};

/// The website and back office of a grassroots political party.
#[derive(Parser)]
#[command(version)]
pub struct Arguments {
    #[command(flatten)]
    settings: RawConfig,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Web and worker in one process (the default); several may run against one database
    Serve {
        /// Leave the jobs to `breakthrough work`
        #[arg(long)]
        no_worker: bool,
        /// Do not load the demo party on the first start
        #[arg(long)]
        bare: bool,
    },
    /// The worker only
    Work,
    /// Bring the schema up to date; safe to run from several places at once
    Migrate {
        /// Also give this role what the site needs to work, and no more; it has to exist
        #[arg(long)]
        grant_to: Option<String>,
    },
    /// Load the demo party into an empty database
    Demo,
    /// Officers of the party
    Officer {
        #[command(subcommand)]
        command: OfficerCommand,
    },
    /// Bring what is here in line with another system
    Reconcile {
        #[command(subcommand)]
        command: ReconcileCommand,
    },
    /// Bring in what another system knew
    Import {
        #[command(subcommand)]
        command: ImportCommand,
    },
    /// Print method, path and access of every route
    Routes,
    /// Say what is missing or wrong in configuration and connections, with the remedy
    Check {
        /// The seal of the audit log from an officer's email, to compare with
        #[arg(long)]
        seal: Option<Seal>,
    },
    /// Count a ballot file; needs no database
    Count(counting::CountArgs),
    Verify(proof::VerifyArgs),
    /// Keys of secret ballots; needs no database and no network
    Ballot {
        #[command(subcommand)]
        command: proof::BallotCommand,
    },
}

#[derive(Subcommand)]
enum ReconcileCommand {
    /// Payments and subscriptions, without any webhook; running it twice changes nothing
    Stripe,
}

#[derive(Subcommand)]
enum ImportCommand {
    Members(imports::ImportMembers),
}

#[derive(Subcommand)]
enum OfficerCommand {
    /// Make an officer and print a one-time sign-in link
    Add {
        email: EmailAddress,
        #[arg(long, value_parser = |name: &str| person_name::judge(name).map(|()| name.to_owned()))]
        name: String,
        /// administrator, membership, treasurer, returning_officer, editor, communications, organiser
        #[arg(long, value_parser = |code: &str| code.replace('-', "_").parse::<Role>())]
        role: Role,
        /// An organiser's region, like north-west
        #[arg(long)]
        region: Option<Region>,
    },
}

/// Does what the arguments say; the exit code is the program's.
pub fn main(arguments: Arguments) -> ExitCode {
    // These depend on nothing but their files, so that anyone can repeat them anywhere.
    let command = match arguments.command {
        Some(Command::Count(count)) => return counting::command(&count),
        Some(Command::Verify(verify)) => return proof::verify_command(verify),
        Some(Command::Ballot { command }) => return proof::ballot_command(command),
        other => other.unwrap_or(Command::Serve { no_worker: false, bare: false }),
    };
    let config = match arguments.settings.check() {
        Ok(config) => config,
        Err(faults) => {
            for fault in faults {
                eprintln!("{fault}");
            }
            return ExitCode::FAILURE;
        }
    };
    start_logging(&config);
    // One TLS library for everything that speaks to the outside. It can be installed once only, and this is first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("The program could not start its threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(command, &arguments.settings, config)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start_logging(config: &Config) {
    let default = if config.is_development() {
        "warn,breakthrough=info"
    } else {
        "info,sqlx=warn,graphile_worker=warn"
    };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| default.into());
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let tells_no_secret = || filter_fn(|line| *line.level() <= deepest(line.target()));
    // Through the log as everything else, so that what must not be logged is not, and lines stay machine-readable.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a task panicked")));
    match config.environment {
        Environment::Development => {
            logs.with_target(false).compact().finish().with(tells_no_secret()).init();
        }
        Environment::Production => logs.json().finish().with(tells_no_secret()).init(),
    }
}

/// How much a part of the program may log, whatever `RUST_LOG` asks for: our own code logs no secrets, while what
/// speaks to mail servers, the database and Stripe writes whole letters, values and answers when it is asked for details.
fn deepest(target: &str) -> LevelFilter {
    match target.split("::").next().unwrap_or_default() {
        "breakthrough" => LevelFilter::TRACE,
        "tower_http" => LevelFilter::DEBUG,
        "sqlx" | "graphile_worker" => LevelFilter::WARN,
        _ => LevelFilter::INFO,
    }
}

async fn run(command: Command, settings: &RawConfig, config: Config) -> anyhow::Result<ExitCode> {
    if let Command::Routes = command {
        // Needs no database: the table is made of what is compiled in.
        let pool = db::pool("postgres://localhost/none", 1)?;
        print_routes(&App::without_settings(config, pool, Clock::system(), Random::system())?);
        return Ok(ExitCode::SUCCESS);
    }
    let database = Database::open(settings, &config).await?;
    let result = Box::pin(run_with(command, &database, config)).await;
    database.close().await?;
    result
}

async fn run_with(command: Command, database: &Database, config: Config) -> anyhow::Result<ExitCode> {
    let pool = database.pool.clone();
    if let Command::Check { seal } = command {
        return check::check(&pool, &config, seal).await;
    }
    let waiting = "the database does not answer; check DATABASE_URL and that Postgres runs";
    let is_asked = matches!(command, Command::Migrate { .. });
    // A role that may not change the schema can work with one that is current.
    let is_current = match pool.acquire().await {
        Ok(mut db) => db::is_current(&mut db).await.unwrap_or(false),
        Err(_) => false,
    };
    if is_asked || !is_current {
        db::migrate(&pool).await.context(waiting)?;
    }
    if let Command::Migrate { grant_to: Some(role) } = &command {
        db::grant(&pool, role).await.context("the role could not be given its rights")?;
    }
    let app = App::new(config, pool, Clock::system(), Random::system()).await?;
    match command {
        Command::Serve { no_worker, bare } => {
            // Not "has just been made": a start that was killed before the demo was in is finished by the next.
            if database.embedded.is_some() && app.config().is_development() && !bare {
                demo::install(&app, Rooms(site::ROOMS), demo::When::Empty).await?;
            }
            Box::pin(serve::serve(&app, !no_worker)).await?;
        }
        Command::Work => serve::work(&app).await?,
        Command::Demo => demo::install(&app, Rooms(site::ROOMS), demo::When::Asked).await?,
        Command::Officer { command: OfficerCommand::Add { email, name, role, region } } => {
            let mut change = Change::begin_alone(&app, Actor::System).await?;
            let (person, _) = accounts::find_or_add_person(&mut change, &email, &name).await?;
            accounts::add_officer(&mut change, person, role, region).await?;
            let link = accounts::issue_link(&mut change, person, "/admin", 2).await?;
            change.commit().await?;
            println!("{link}");
        }
        Command::Reconcile { command: ReconcileCommand::Stripe } => {
            let report =
                payments::reconcile(&app, &mut Progress::on_terminal()).await.map_err(Failure::into_error)?;
            println!("{report}");
        }
        Command::Import { command: ImportCommand::Members(asked) } => {
            return imports::command(&app, &asked).await;
        }
        Command::Migrate { .. }
        | Command::Routes
        | Command::Check { .. }
        | Command::Count(_)
        | Command::Verify(_)
        | Command::Ballot { .. } => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn print_routes(app: &App) {
    let mut lines: Vec<String> = site::table(app)
        .iter()
        .map(|line| {
            let access = match line.access {
                Access::Officer(permission) => format!("officer {permission:?}"),
                Access::Cached(tables) => [&["cached"], tables].concat().join(" "),
                other => format!("{other:?}").to_lowercase(),
            };
            format!("{:<5} {:<48} {access}", line.method, line.path)
        })
        .collect();
    lines.sort();
    for line in lines {
        println!("{line}");
    }
}
