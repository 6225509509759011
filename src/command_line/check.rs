//! `breakthrough check`: what is missing or wrong, with the remedy.

use std::process::ExitCode;

use sqlx::PgPool;

use crate::kit::{config::Config, db, mail::Mailer, stripe::Stripe};

pub(super) async fn check(pool: &PgPool, config: &Config) -> anyhow::Result<ExitCode> {
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
