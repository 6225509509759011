//! `breakthrough check`: what is missing or wrong, with the remedy.

use std::process::ExitCode;

use chrono::Datelike;
use sqlx::PgPool;

use crate::{
    admin,
    audit::{self, Seal},
    kit::{
        app::App, clock::Clock, config::Config, db, mail::Mailer, random::Random, stripe::Stripe,
        working_days,
    },
};

pub(super) async fn check(pool: &PgPool, config: &Config, seal: Option<Seal>) -> anyhow::Result<ExitCode> {
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
            let is_new_enough = db::is_new_enough(&mut connection).await?;
            say(is_new_enough, "Postgres 15 or newer", "use a newer server");
            let current = db::is_current(&mut connection).await.unwrap_or(false);
            say(current, "schema up to date", "run `breakthrough migrate`");
            if current {
                let app =
                    App::without_settings(config.clone(), pool.clone(), Clock::system(), Random::system())?;
                match admin::log::of_chain(&audit::check(&app, &mut connection, seal).await?) {
                    Ok(found) => say(true, &format!("audit log: {found}"), ""),
                    Err(found) => say(false, "audit log", &found),
                }
                if !config.is_development() && audit::may_be_changed(&mut connection).await? {
                    println!(
                        "note    the site works as a role that could change the audit log: see “Deploy” in README.md"
                    );
                }
            }
        }
        Err(error) => say(false, "database", &format!("{error}; check DATABASE_URL and that Postgres runs")),
    }
    if Clock::system().today().year() >= working_days::KNOWN_UNTIL {
        println!(
            "note    bank holidays are known to the end of {}: a newer version of the site knows more. Until then Direct Debits are announced three working days sooner",
            working_days::KNOWN_UNTIL
        );
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
