//! The command line: each arm delegates.

use std::{future::Future, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context;
use breakthrough::{
    accounts::{self, Access, Role},
    audit::Actor,
    ballots::counting,
    demo,
    kit::{
        app::App,
        assets,
        clock::Clock,
        config::{Config, Environment, MailTransport, Settings},
        db::{
            self,
            embedded::{Embedded, Options},
        },
        email_address::EmailAddress,
        mail::Mailer,
        queue::Failure,
        random::Random,
        stripe::Stripe,
    },
    payments,
    places::Region,
    site,
};
use clap::{Parser, Subcommand};
use secrecy::ExposeSecret;
use sqlx::PgPool;
use tokio::{net::TcpListener, signal, sync::watch};

/// The website and back office of a grassroots political party.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
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
    Migrate,
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
    /// Print method, path and access of every route
    Routes,
    /// Say what is missing or wrong in configuration and connections, with the remedy
    Check,
    /// Count a ballot file; needs no database
    Count(counting::CountArgs),
}

#[derive(Subcommand)]
enum ReconcileCommand {
    /// Payments and subscriptions, without any webhook; running it twice changes nothing
    Stripe,
}

#[derive(Subcommand)]
enum OfficerCommand {
    /// Make an officer and print a one-time sign-in link
    Add {
        email: EmailAddress,
        #[arg(long)]
        name: String,
        /// administrator, membership, treasurer, returning_officer, editor, communications, organiser
        #[arg(long)]
        role: Role,
        /// An organiser's region, like north-west
        #[arg(long)]
        region: Option<Region>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // A count depends on nothing but its file, so that anyone can repeat it anywhere.
    if let Some(Command::Count(count)) = &arguments.command {
        return counting::command(count);
    }
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
    let command = arguments.command.unwrap_or(Command::Serve { no_worker: false, bare: false });
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
    match config.environment {
        Environment::Development => logs.with_target(false).compact().init(),
        Environment::Production => logs.json().init(),
    }
}

/// The database that the settings name, or the private one, running for as long as this value is kept.
struct Database {
    pool: PgPool,
    embedded: Option<Embedded>,
}

impl Database {
    async fn open(settings: &Settings, config: &Config) -> anyhow::Result<Self> {
        let embedded = match &settings.database_url {
            Some(_) => None,
            None => {
                let options = Options { binaries: settings.pg_bin.clone(), ..Options::default() };
                Some(Embedded::start_with(&config.data_dir, &options).await?)
            }
        };
        let url = match (&settings.database_url, &embedded) {
            (Some(url), _) => url.expose_secret().to_owned(),
            (None, Some(embedded)) => embedded.url().to_owned(),
            (None, None) => unreachable!("one of the two was just made"),
        };
        let pool = db::pool(&url, 20)
            .context("DATABASE_URL cannot be read; it looks like postgres://user:password@host/database")?;
        Ok(Self { pool, embedded })
    }

    async fn close(self) -> anyhow::Result<()> {
        self.pool.close().await;
        if let Some(embedded) = self.embedded {
            embedded.stop().await?;
        }
        Ok(())
    }
}

async fn run(command: Command, settings: &Settings, config: Config) -> anyhow::Result<ExitCode> {
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
    if let Command::Check = command {
        return check(&pool, &config).await;
    }
    let waiting = "the database does not answer; check DATABASE_URL and that Postgres runs";
    db::migrate(&pool).await.context(waiting)?;
    let app = App::new(config, pool, Clock::system(), Random::system()).await?;
    match command {
        Command::Serve { no_worker, bare } => {
            // Not "has just been made": a start that was killed before the demo was in is made good by the next.
            if database.embedded.is_some() && app.config().is_development() && !bare {
                load_demo(&app, Wanted::IfEmpty).await?;
            }
            Box::pin(serve(&app, !no_worker)).await?;
        }
        Command::Work => {
            tokio::spawn(db::listen(app.clone()));
            work_until(&app, stopped()).await?;
        }
        Command::Demo => load_demo(&app, Wanted::Surely).await?,
        Command::Officer { command: OfficerCommand::Add { email, name, role, region } } => {
            let mut tx = app.pool().begin().await?;
            let (person, _) = accounts::find_or_add_person(&app, &mut tx, &email, &name).await?;
            accounts::add_officer(&app, &mut tx, Actor::System, person, role, region).await?;
            let link = accounts::issue_link(&app, &mut tx, person, "/admin", 2).await?;
            tx.commit().await?;
            println!("{link}");
        }
        Command::Reconcile { command: ReconcileCommand::Stripe } => {
            let report = payments::reconcile(&app).await.map_err(Failure::into_error)?;
            println!("{report}");
        }
        Command::Migrate | Command::Routes | Command::Check | Command::Count(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    IfEmpty,
    Surely,
}

async fn load_demo(app: &App, wanted: Wanted) -> anyhow::Result<()> {
    let mut tx = app.pool().begin().await?;
    // Of two processes that start together one loads it.
    sqlx::query("select pg_advisory_xact_lock(7265003)").execute(&mut *tx).await?;
    if wanted == Wanted::IfEmpty && accounts::has_people(&mut tx).await? {
        return Ok(());
    }
    demo::load(app, &mut tx).await?;
    tx.commit().await?;
    Ok(())
}

fn print_routes(app: &App) {
    let mut lines: Vec<String> = site::table(app)
        .iter()
        .map(|line| {
            let access = match line.access {
                Access::Officer(permission) => format!("officer {permission:?}"),
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

async fn check(pool: &PgPool, config: &Config) -> anyhow::Result<ExitCode> {
    let mut faults = 0;
    let mut say = |good: bool, what: &str, remedy: &str| {
        if good {
            println!("ok      {what}");
        } else {
            faults += 1;
            println!("wrong   {what}: {remedy}");
        }
    };
    say(true, "configuration", "");
    match pool.acquire().await {
        Ok(mut connection) => {
            let version: i32 = sqlx::query_scalar("select current_setting('server_version_num')::int")
                .fetch_one(&mut *connection)
                .await?;
            say(version >= 150_000, "Postgres 15 or newer", "use a newer server");
            let current = db::is_current(&mut connection).await.unwrap_or(false);
            say(current, "schema up to date", "run `breakthrough migrate`");
        }
        Err(error) => say(false, "database", &format!("{error}; check DATABASE_URL and that Postgres runs")),
    }
    match Mailer::new(&config.mail)?.connect().await {
        Ok(line) => {
            line.close().await;
            say(true, "way out for mail", "");
        }
        Err(error) => say(
            false,
            "way out for mail",
            &format!("{error}; check SMTP_URL and that the server may be reached"),
        ),
    }
    if !config.stripe.stand_in {
        let stripe = &config.stripe;
        let stripe =
            Stripe::new(&stripe.secret_key, stripe.api_base.as_deref(), stripe.webhook_secrets.clone())?;
        // Asked for something that cannot be there, Stripe says "no such thing" to a good key and refuses a bad one.
        match stripe.find_subscription("sub_0").await {
            Err(error) if !error.is_missing() => {
                say(false, "Stripe", &format!("{error}; check STRIPE_SECRET_KEY"));
            }
            _ => say(true, "Stripe", ""),
        }
    }
    Ok(if faults == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn serve(app: &App, with_worker: bool) -> anyhow::Result<()> {
    let listener = TcpListener::bind(app.config().listen).await.with_context(|| {
        format!("{} is taken or not ours; choose another with --listen 127.0.0.1:8001", app.config().listen)
    })?;
    tokio::task::spawn_blocking(assets::warm_up);
    tokio::spawn(db::listen(app.clone()));
    let (stop, mut stopping) = watch::channel(false);
    let stop = Arc::new(stop);
    tokio::spawn({
        let stop = stop.clone();
        async move {
            stopped().await;
            let _ = stop.send(true);
        }
    });
    let mut worker_stopping = stopping.clone();
    let worker = async {
        if with_worker {
            work_until(app, async move {
                let _ = worker_stopping.wait_for(|stop| *stop).await;
            })
            .await
        } else {
            Ok(())
        }
    };
    let service = site::router(app)?.into_make_service_with_connect_info::<std::net::SocketAddr>();
    let web = async {
        axum::serve(listener, service)
            .with_graceful_shutdown(async move {
                let _ = stopping.wait_for(|stop| *stop).await;
            })
            .await
            .context("serving")
    };
    greet(app).await?;
    tokio::try_join!(web, worker)?;
    Ok(())
}

/// How long a worker that lost the database waits before it looks again.
const WORKER_PAUSE: Duration = Duration::from_secs(2);

/// Works off jobs until `stopped`. A worker ends when the database goes away; another begins once it is back.
async fn work_until(app: &App, stopped: impl Future<Output = ()>) -> anyhow::Result<()> {
    tokio::pin!(stopped);
    let mut worker = site::jobs().worker(app).await?;
    site::wake(app).await?;
    loop {
        let ended = {
            let running = worker.run();
            tokio::pin!(running);
            tokio::select! {
                ended = &mut running => ended,
                () = &mut stopped => {
                    app.stop();
                    worker.request_shutdown();
                    return running.await.context("the worker stopped");
                }
            }
        };
        let Err(error) = ended else { return Ok(()) };
        tracing::error!(%error, "the worker ended; another begins when the database answers");
        worker = loop {
            tokio::select! {
                () = tokio::time::sleep(WORKER_PAUSE) => {}
                () = &mut stopped => {
                    app.stop();
                    return Ok(());
                }
            }
            if let Ok(worker) = site::jobs().worker(app).await
                && site::wake(app).await.is_ok()
            {
                break worker;
            }
        };
    }
}

async fn greet(app: &App) -> anyhow::Result<()> {
    let config = app.config();
    eprintln!("\n  {} is open at {}\n", app.settings().site(app.clock().today()).name, config.public_url);
    if !config.is_development() {
        return Ok(());
    }
    let mut db = app.pool().acquire().await?;
    if demo::is_loaded(&mut db).await? {
        eprintln!(
            "  Sign in as alex@demo.test (officer), ana@demo.test (member) or sam@demo.test (supporter)."
        );
        eprintln!("  The password of all is: {}", demo::PASSWORD);
    } else if !accounts::has_people(&mut db).await? {
        eprintln!("  Nobody is in it yet. Make the first officer with:");
        eprintln!("  breakthrough officer add you@example.org --name \"Your Name\" --role administrator");
    }
    if let MailTransport::Folder(_) = config.mail.transport {
        eprintln!("  Mails: {}/dev/mail", config.public_url);
    }
    if config.stripe.stand_in {
        eprintln!("  Payments: {}/dev/stripe", config.public_url);
    }
    eprintln!("  Stop with Ctrl-C.\n");
    Ok(())
}

/// Ctrl-C, or the TERM that service managers send.
async fn stopped() {
    let terminated = async {
        match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = signal::ctrl_c() => {}
        () = terminated => {}
    }
}
