//! `breakthrough serve` and `breakthrough work`: the web server and the worker, until they are stopped.

use std::{future::Future, sync::Arc, time::Duration};

use anyhow::Context;
use tokio::{net::TcpListener, signal, sync::watch};

use crate::{
    accounts, demo,
    kit::{app::App, assets, config::MailTransport, db, web},
    site,
};

pub(super) async fn serve(app: &App, with_worker: bool) -> anyhow::Result<()> {
    let listener = TcpListener::bind(app.config().listen).await.with_context(|| {
        format!("{} is taken or not ours; choose another with --listen 127.0.0.1:8001", app.config().listen)
    })?;
    tokio::task::spawn_blocking(assets::warm_up);
    tokio::spawn(db::listen(app.clone()));
    let (stop, mut stopping) = watch::channel(false);
    let stop = Arc::new(stop);
    tokio::spawn({
        let (stop, stopped) = (stop.clone(), stopped());
        async move {
            stopped.await;
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
    let router = site::router(app)?;
    let web = async {
        let stop = async move {
            let _ = stopping.wait_for(|stop| *stop).await;
        };
        web::serve(app, listener, router, stop).await;
        Ok(())
    };
    greet(app).await?;
    tokio::try_join!(web, worker)?;
    Ok(())
}

pub(super) async fn work(app: &App) -> anyhow::Result<()> {
    let stopped = stopped();
    tokio::spawn(db::listen(app.clone()));
    work_until(app, stopped).await
}

/// For jobs that run when the process is asked to stop.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long a worker that lost the database waits before it looks again.
const WORKER_PAUSE: Duration = Duration::from_secs(2);

/// Processes jobs until `stopped`. A worker ends when the database goes away; another begins once it is back.
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
                    tokio::time::timeout(FAREWELL, running).await.unwrap_or(Ok(()))
                }
            }
        };
        if app.is_stopping() {
            // A job that took longer was broken off.
            worker.release().await?;
            return ended.context("the worker stopped");
        }
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
            if worker.release().await.is_ok()
                && let Ok(worker) = site::jobs().worker(app).await
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

/// Ctrl-C, or the TERM that service managers send. Either is waited for from this call on, not from the first look.
fn stopped() -> impl Future<Output = ()> {
    use signal::unix::{SignalKind, signal};
    let (interrupted, terminated) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        let came = async |signal: std::io::Result<signal::unix::Signal>| match signal {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        };
        tokio::select! {
            () = came(interrupted) => {}
            () = came(terminated) => {}
        }
    }
}
