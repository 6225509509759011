//! Everything an operator sets: flags and environment variables of the same names, read once at the start.
//!
//! [`RawConfig`] is what was given; [`Config`] is what it means, checked. Production refuses to start with a
//! stand-in, a missing secret or an http address, and names each fault.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, ValueEnum};
use secrecy::{ExposeSecret, SecretString};

use super::{networks::Networks, random::Random};

#[derive(Args, Clone, Debug)]
pub struct RawConfig {
    /// Where the site runs: development has stand-ins and a demo party, production refuses both
    #[arg(long, env = "APP_ENV", value_enum, default_value = "development", global = true)]
    pub app_env: Environment,
    /// Address and port to listen on
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:8000", global = true)]
    pub listen: SocketAddr,
    /// The address people see [default: http://LISTEN]
    #[arg(long, env = "PUBLIC_URL", global = true)]
    pub public_url: Option<String>,
    /// Postgres 15 or newer; unset: a private one in DATA_DIR
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<SecretString>,
    /// The private Postgres, caught mail and the development secret
    #[arg(long, env = "DATA_DIR", default_value = "./var", global = true)]
    pub data_dir: PathBuf,
    /// 64 or more hex characters; made and kept in DATA_DIR in development
    #[arg(long, env = "SECRET_KEY", hide_env_values = true, global = true)]
    pub secret_key: Option<SecretString>,
    /// The key that the audit log is sealed with, if SECRET_KEY is not
    #[arg(long, env = "AUDIT_KEY", hide_env_values = true, global = true)]
    pub audit_key: Option<SecretString>,
    /// smtp://user:pass@host:port (?tls=required insists on encryption) or smtps://..; unset: mails are written to
    /// DATA_DIR/mail
    #[arg(long, env = "SMTP_URL", hide_env_values = true, global = true)]
    pub smtp_url: Option<SecretString>,
    /// The sender of every mail, like `Breakthrough <hello@example.org>`
    #[arg(long, env = "MAIL_FROM", global = true)]
    pub mail_from: Option<String>,
    /// Sign mails for this domain
    #[arg(long, env = "DKIM_DOMAIN", global = true)]
    pub dkim_domain: Option<String>,
    #[arg(long, env = "DKIM_SELECTOR", global = true)]
    pub dkim_selector: Option<String>,
    /// PEM file with the RSA key that signs mails
    #[arg(long, env = "DKIM_KEY_FILE", global = true)]
    pub dkim_key_file: Option<PathBuf>,
    /// Unset: a stand-in for Stripe, in development only
    #[arg(long, env = "STRIPE_SECRET_KEY", hide_env_values = true, global = true)]
    pub stripe_secret_key: Option<SecretString>,
    /// One secret, or two separated by a comma while one replaces the other
    #[arg(long, env = "STRIPE_WEBHOOK_SECRET", hide_env_values = true, global = true)]
    pub stripe_webhook_secret: Option<SecretString>,
    /// Stripe's own address unless set
    #[arg(long, env = "STRIPE_API_BASE", global = true)]
    pub stripe_api_base: Option<String>,
    /// Networks whose X-Forwarded-For is believed, like `10.0.0.0/8,127.0.0.1`; behind a proxy without it all visitors
    /// share one limit on tries
    #[arg(long, env = "TRUSTED_PROXIES", default_value = "", global = true)]
    pub trusted_proxies: String,
    /// `off` lifts the limits on tries, in development only
    #[arg(long, env = "DEV_RATE_LIMITS", value_enum, default_value = "on", global = true)]
    pub dev_rate_limits: Switch,
    /// Folder with Postgres' programs, if they are in an unusual place
    #[arg(long, env = "PG_BIN", global = true)]
    pub pg_bin: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Environment {
    Development,
    Production,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

/// What the settings mean. Cheap parts are cloned, secrets stay wrapped.
#[derive(Clone, Debug)]
pub struct Config {
    pub environment: Environment,
    pub listen: SocketAddr,
    /// Without a slash at the end.
    pub public_url: String,
    pub data_dir: PathBuf,
    pub secret_key: SecretString,
    pub audit_key: SecretString,
    pub mail: MailConfig,
    pub stripe: StripeConfig,
    pub trusted_proxies: Networks,
    pub rate_limits: Switch,
}

#[derive(Clone, Debug)]
pub struct MailConfig {
    pub from: String,
    pub transport: MailTransport,
    pub dkim: Option<DkimConfig>,
}

#[derive(Clone, Debug)]
pub enum MailTransport {
    Smtp {
        url: SecretString,
    },
    /// Development: one .eml a message in this folder, shown at /dev/mail.
    Folder(PathBuf),
}

#[derive(Clone, Debug)]
pub struct DkimConfig {
    pub domain: String,
    pub selector: String,
    pub key_file: PathBuf,
}

#[derive(Clone, Debug)]
pub struct StripeConfig {
    pub secret_key: SecretString,
    pub webhook_secrets: Vec<SecretString>,
    /// `None`: Stripe's own.
    pub api_base: Option<String>,
    /// The site plays Stripe itself, at /dev/stripe.
    pub stand_in: bool,
}

impl Config {
    pub fn is_development(&self) -> bool {
        self.environment == Environment::Development
    }

    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

impl RawConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// Every fault, each a sentence with its remedy.
    pub fn check(&self) -> Result<Config, Vec<String>> {
        self.clone().without_blanks().check_given()
    }

    /// A line of a settings file that is left blank says nothing.
    fn without_blanks(mut self) -> Self {
        let texts = [
            &mut self.public_url,
            &mut self.mail_from,
            &mut self.dkim_domain,
            &mut self.dkim_selector,
            &mut self.stripe_api_base,
        ];
        for text in texts {
            text.take_if(|text| text.trim().is_empty());
        }
        let secrets = [
            &mut self.database_url,
            &mut self.secret_key,
            &mut self.audit_key,
            &mut self.smtp_url,
            &mut self.stripe_secret_key,
            &mut self.stripe_webhook_secret,
        ];
        for secret in secrets {
            secret.take_if(|secret| secret.expose_secret().trim().is_empty());
        }
        for path in [&mut self.dkim_key_file, &mut self.pg_bin] {
            path.take_if(|path| path.as_os_str().is_empty());
        }
        self
    }

    fn check_given(&self) -> Result<Config, Vec<String>> {
        let mut faults = Vec::new();
        let production = self.app_env == Environment::Production;
        let public_url = self
            .public_url
            .clone()
            .unwrap_or_else(|| format!("http://{}", self.listen))
            .trim_end_matches('/')
            .to_owned();
        if production && (!is_https_host(&public_url) || !is_public(&public_url)) {
            faults.push(
                "PUBLIC_URL must be https:// and a public host in production, without a path; set it to the address people see."
                    .into(),
            );
        }
        let secret_key = match &self.secret_key {
            Some(key) => check_key("SECRET_KEY", key, production),
            None if production => {
                Err("SECRET_KEY is missing; make one with `openssl rand -hex 32` and keep it.".into())
            }
            None => self.development_secret(),
        };
        let audit_key = self.audit_key.as_ref().map(|key| check_key("AUDIT_KEY", key, production));
        let [secret_key, audit_key] = [secret_key.map(Some), audit_key.transpose()].map(|key| {
            key.unwrap_or_else(|fault| {
                faults.push(fault);
                None
            })
        });
        let secret_key = secret_key.unwrap_or_default();
        if production && self.database_url.is_none() {
            faults
                .push("DATABASE_URL is missing; production needs a Postgres 15 or newer of its own.".into());
        }
        let mail = self.check_mail(production, &mut faults);
        let stripe = self.check_stripe(production, &mut faults);
        if production && self.dev_rate_limits == Switch::Off {
            faults.push("DEV_RATE_LIMITS=off is for development; remove it.".into());
        }
        let trusted_proxies = self.trusted_proxies.parse::<Networks>().unwrap_or_else(|fault| {
            faults.push(format!("TRUSTED_PROXIES: {fault}"));
            Networks::default()
        });
        if production && trusted_proxies.holds_everybody() {
            faults.push(
                "TRUSTED_PROXIES believes everybody, so that limits on tries hold nobody; name the proxy's own network."
                    .into(),
            );
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Config {
            environment: self.app_env,
            listen: self.listen,
            public_url,
            data_dir: self.data_dir.clone(),
            audit_key: audit_key.unwrap_or_else(|| secret_key.clone()),
            secret_key,
            mail,
            stripe,
            trusted_proxies,
            rate_limits: self.dev_rate_limits,
        })
    }

    fn check_mail(&self, production: bool, faults: &mut Vec<String>) -> MailConfig {
        let transport = match &self.smtp_url {
            Some(url) => {
                let text = url.expose_secret();
                if !text.starts_with("smtp://") && !text.starts_with("smtps://") {
                    faults.push(
                        "SMTP_URL must look like smtp://user:password@host:587 or smtps://…:465.".into(),
                    );
                }
                MailTransport::Smtp { url: url.clone() }
            }
            None => {
                if production {
                    faults.push("SMTP_URL is missing; without it no mail leaves the site.".into());
                }
                MailTransport::Folder(self.data_dir.join("mail"))
            }
        };
        if production && self.mail_from.is_none() {
            faults.push(
                "MAIL_FROM is missing; set it to the party's sender, like `Party <hello@example.org>`."
                    .into(),
            );
        }
        let from = self.mail_from.clone().unwrap_or_else(|| "Breakthrough <hello@breakthrough.test>".into());
        if from.parse::<lettre::message::Mailbox>().is_err() {
            faults.push("MAIL_FROM must look like `Party <hello@example.org>`.".into());
        }
        let dkim = match (&self.dkim_domain, &self.dkim_selector, &self.dkim_key_file) {
            (None, None, None) => None,
            (Some(domain), Some(selector), Some(key_file)) => Some(DkimConfig {
                domain: domain.clone(),
                selector: selector.clone(),
                key_file: key_file.clone(),
            }),
            _ => {
                faults.push(
                    "DKIM_DOMAIN, DKIM_SELECTOR and DKIM_KEY_FILE go together; set all three or none.".into(),
                );
                None
            }
        };
        MailConfig { from, transport, dkim }
    }

    fn check_stripe(&self, production: bool, faults: &mut Vec<String>) -> StripeConfig {
        let webhook_secrets: Vec<SecretString> = self
            .stripe_webhook_secret
            .iter()
            .flat_map(|secrets| {
                secrets.expose_secret().split(',').map(|s| SecretString::from(s.trim().to_owned()))
            })
            .filter(|secret| !secret.expose_secret().is_empty())
            .collect();
        if production && self.stripe_api_base.as_ref().is_some_and(|base| !is_https_host(base)) {
            faults.push(
                "STRIPE_API_BASE must be https:// and a host in production; remove it to use Stripe's own."
                    .into(),
            );
        }
        let is_stand_in = |secret: &SecretString| secret.expose_secret() == STAND_IN_WEBHOOK_SECRET;
        if production && webhook_secrets.iter().any(is_stand_in) {
            faults.push(
                "STRIPE_WEBHOOK_SECRET is the stand-in's, which everybody knows; use the one that Stripe shows."
                    .into(),
            );
        }
        let is_odd = |secret: &SecretString| !is_stand_in(secret) && !is_like(secret, &["whsec_"]);
        if production && webhook_secrets.iter().any(is_odd) {
            faults.push("STRIPE_WEBHOOK_SECRET must begin with whsec_, as Stripe shows it, whole.".into());
        }
        if let Some(secret_key) = &self.stripe_secret_key {
            if production && secret_key.expose_secret() == STAND_IN_KEY {
                faults.push("STRIPE_SECRET_KEY is the stand-in's; use the one that Stripe shows.".into());
            } else if production && !is_like(secret_key, &["sk_live_", "rk_live_", "sk_test_", "rk_test_"]) {
                faults.push(
                    "STRIPE_SECRET_KEY must be a secret or restricted key, sk_live_… or rk_live_…, as Stripe shows it, whole."
                        .into(),
                );
            }
            if webhook_secrets.is_empty() {
                faults.push(
                    "STRIPE_WEBHOOK_SECRET is missing; it is shown beside the webhook endpoint at Stripe."
                        .into(),
                );
            }
            return StripeConfig {
                secret_key: secret_key.clone(),
                webhook_secrets,
                api_base: self.stripe_api_base.clone(),
                stand_in: false,
            };
        }
        if production {
            faults.push(
                "STRIPE_SECRET_KEY is missing; the stand-in for Stripe runs in development only.".into(),
            );
        }
        StripeConfig {
            secret_key: SecretString::from(STAND_IN_KEY),
            webhook_secrets: vec![SecretString::from(STAND_IN_WEBHOOK_SECRET)],
            api_base: Some(
                self.stripe_api_base.clone().unwrap_or_else(|| format!("http://{}/dev/stripe", self.listen)),
            ),
            stand_in: true,
        }
    }

    /// A secret that lasts as long as the data folder, so that a restart signs nobody out.
    fn development_secret(&self) -> Result<SecretString, String> {
        let path = self.data_dir.join("secret_key");
        if let Ok(key) = std::fs::read_to_string(&path)
            && is_secret(key.trim())
        {
            return Ok(SecretString::from(key.trim().to_owned()));
        }
        let key = hex::encode(Random::system().bytes::<32>());
        std::fs::create_dir_all(&self.data_dir).and_then(|()| std::fs::write(&path, &key)).map_err(
            |error| {
                format!("DATA_DIR: {} cannot be written ({error}); choose another folder.", path.display())
            },
        )?;
        Ok(SecretString::from(key))
    }
}

/// What the stand-in for Stripe works with; everybody can read it here.
const STAND_IN_KEY: &str = "sk_test_stand_in";
const STAND_IN_WEBHOOK_SECRET: &str = "whsec_stand_in";

/// Whether an address is a host by https, perhaps with a port and a slash at its end: no path, nobody's name before an @.
fn is_https_host(address: &str) -> bool {
    let host = address.strip_prefix("https://").map(|host| host.strip_suffix('/').unwrap_or(host));
    let (name, port) = host.map(|host| host.split_once(':').unwrap_or((host, "443"))).unwrap_or_default();
    let is_name = name.split('.').all(|part| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    });
    is_name && port.parse::<u16>().is_ok()
}

/// Whether other people's browsers could reach it: a name with a dot that is no number.
fn is_public(address: &str) -> bool {
    let host = address.trim_start_matches("https://").split([':', '/']).next().unwrap_or_default();
    let last = host.rsplit('.').next().unwrap_or_default();
    host.contains('.') && last != "localhost" && last.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Whether a secret of Stripe's begins as it should and is not cut short.
fn is_like(secret: &SecretString, begins: &[&str]) -> bool {
    const SHORTEST: usize = 16;
    let text = secret.expose_secret();
    begins.iter().filter_map(|begin| text.strip_prefix(begin)).any(|rest| rest.len() >= SHORTEST)
}

fn check_key(name: &str, key: &SecretString, production: bool) -> Result<SecretString, String> {
    let text = key.expose_secret();
    if !is_secret(text) {
        return Err(format!(
            "{name} must be 64 or more hex characters; make one with `openssl rand -hex 32`."
        ));
    }
    if production && is_guessable(text) {
        return Err(format!(
            "{name} repeats itself, so it can be guessed; make one with `openssl rand -hex 32`."
        ));
    }
    Ok(key.clone())
}

fn is_secret(key: &str) -> bool {
    key.len() >= 64 && key.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether a key of the right form was typed instead of drawn: a part repeated, counted up or down, or few figures.
fn is_guessable(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let repeats =
        (1..=key.len() / 2).any(|part| key.bytes().zip(key.bytes().skip(part)).all(|(a, b)| a == b));
    // 000102…1f, or every second byte downwards.
    let bytes = hex::decode(&key).unwrap_or_default();
    let mut steps = bytes.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]));
    let first = steps.next();
    let counts = steps.all(|step| Some(step) == first);
    // Of 64 drawn digits one is a third of the key less often than once in a billion keys.
    let is_monotonous =
        key.bytes().any(|digit| key.bytes().filter(|other| *other == digit).count() * 3 > key.len());
    let digits: std::collections::HashSet<_> = key.bytes().collect();
    repeats || counts || is_monotonous || digits.len() < 10
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn development() -> RawConfig {
        RawConfig {
            app_env: Environment::Development,
            listen: SocketAddr::from(([127, 0, 0, 1], 8000)),
            public_url: None,
            database_url: None,
            data_dir: std::env::temp_dir().join("breakthrough-unit-tests"),
            secret_key: Some("0123456789abcdef".repeat(4).into()),
            audit_key: None,
            smtp_url: None,
            mail_from: None,
            dkim_domain: None,
            dkim_selector: None,
            dkim_key_file: None,
            stripe_secret_key: None,
            stripe_webhook_secret: None,
            stripe_api_base: None,
            trusted_proxies: String::new(),
            dev_rate_limits: Switch::On,
            pg_bin: None,
        }
    }

    fn production() -> RawConfig {
        RawConfig {
            app_env: Environment::Production,
            secret_key: Some("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into()),
            public_url: Some("https://party.example.org/".into()),
            database_url: Some("postgres://party:x@localhost/party".into()),
            smtp_url: Some("smtp://localhost:587".into()),
            mail_from: Some("Party <hello@party.example>".into()),
            stripe_secret_key: Some("sk_live_0123456789abcdefghij".into()),
            stripe_webhook_secret: Some("whsec_0123456789abcdefold, whsec_0123456789abcdefnew,".into()),
            dkim_domain: Some(String::new()),
            stripe_api_base: Some(" ".into()),
            ..development()
        }
    }

    #[test]
    fn production_starts_with_everything_set() {
        let config = production().check().unwrap();
        assert_eq!(config.public_url, "https://party.example.org");
        let secrets: Vec<_> =
            config.stripe.webhook_secrets.iter().map(|s| s.expose_secret().to_owned()).collect();
        assert_eq!(secrets, ["whsec_0123456789abcdefold", "whsec_0123456789abcdefnew"]);
        assert!(config.mail.dkim.is_none() && config.stripe.api_base.is_none(), "a blank line says nothing");
        assert!(!config.stripe.stand_in);
    }

    type Fault = (&'static str, fn(&mut RawConfig));

    #[test]
    fn production_names_each_fault() {
        let faults: [Fault; 41] = [
            ("PUBLIC_URL", |s| s.public_url = Some("http://party.example.org".into())),
            ("PUBLIC_URL", |s| s.public_url = None),
            ("PUBLIC_URL", |s| s.public_url = Some("https://".into())),
            ("PUBLIC_URL", |s| s.public_url = Some("https://party.example.org/path".into())),
            ("PUBLIC_URL", |s| s.public_url = Some("https://me@party.example.org".into())),
            ("PUBLIC_URL", |s| s.public_url = Some("https://party.example.org:99999".into())),
            ("PUBLIC_URL", |s| s.public_url = Some("https://localhost".into())),
            ("PUBLIC_URL", |s| s.public_url = Some("https://127.0.0.1".into())),
            ("STRIPE_SECRET_KEY", |s| s.stripe_secret_key = Some("".into())),
            ("STRIPE_SECRET_KEY", |s| s.stripe_secret_key = Some("pk_live_0123456789abcdefghij".into())),
            ("STRIPE_SECRET_KEY", |s| s.stripe_secret_key = Some("sk_live_".into())),
            ("STRIPE_WEBHOOK_SECRET", |s| s.stripe_webhook_secret = Some("whsec_".into())),
            ("STRIPE_WEBHOOK_SECRET", |s| s.stripe_webhook_secret = Some("x".into())),
            ("TRUSTED_PROXIES", |s| s.trusted_proxies = "0.0.0.0/0".into()),
            ("TRUSTED_PROXIES", |s| s.trusted_proxies = "10.0.0.0/8,::/0".into()),
            ("STRIPE_API_BASE", |s| s.stripe_api_base = Some("https://".into())),
            ("STRIPE_API_BASE", |s| s.stripe_api_base = Some("https://evil.test@x".into())),
            ("STRIPE_API_BASE", |s| s.stripe_api_base = Some("https://api.stripe.com/v1?x".into())),
            ("DATABASE_URL", |s| s.database_url = None),
            ("SECRET_KEY", |s| s.secret_key = None),
            ("SECRET_KEY", |s| s.secret_key = Some("0".repeat(64).into())),
            ("SECRET_KEY", |s| s.secret_key = Some("deadbeef".repeat(8).into())),
            ("SECRET_KEY", |s| s.secret_key = Some("0123456789ABCDEF0123456789abcdef".repeat(2).into())),
            ("SECRET_KEY", |s| s.secret_key = Some(format!("{}0123456789", "a1".repeat(40)).into())),
            ("SECRET_KEY", |s| s.secret_key = Some("0123456789abcde".repeat(6).into())),
            ("SECRET_KEY", |s| s.secret_key = Some(hex::encode((0..32).collect::<Vec<u8>>()).into())),
            ("SECRET_KEY", |s| s.secret_key = Some("short".into())),
            ("AUDIT_KEY", |s| s.audit_key = Some("f".repeat(64).into())),
            ("AUDIT_KEY", |s| s.audit_key = Some("mine".into())),
            ("SMTP_URL", |s| s.smtp_url = None),
            ("SMTP_URL", |s| s.smtp_url = Some("localhost:25".into())),
            ("MAIL_FROM", |s| s.mail_from = None),
            ("MAIL_FROM", |s| s.mail_from = Some("nobody".into())),
            ("DKIM_SELECTOR", |s| s.dkim_domain = Some("party.example.org".into())),
            ("STRIPE_SECRET_KEY", |s| s.stripe_secret_key = None),
            ("STRIPE_WEBHOOK_SECRET", |s| {
                s.stripe_webhook_secret = Some("whsec_0123456789abcdefold,whsec_stand_in".into());
            }),
            ("STRIPE_SECRET_KEY", |s| s.stripe_secret_key = Some("sk_test_stand_in".into())),
            ("STRIPE_API_BASE", |s| s.stripe_api_base = Some("http://api.stripe.com".into())),
            ("STRIPE_WEBHOOK_SECRET", |s| s.stripe_webhook_secret = Some(" , ".into())),
            ("TRUSTED_PROXIES", |s| s.trusted_proxies = "everybody".into()),
            ("DEV_RATE_LIMITS", |s| s.dev_rate_limits = Switch::Off),
        ];
        let mut all = production();
        for (name, spoil) in faults {
            let mut settings = production();
            spoil(&mut settings);
            spoil(&mut all);
            let said = settings.check().unwrap_err();
            assert!(matches!(&said[..], [one] if one.contains(name)), "{name}: {said:?}");
        }
        // All at once, so that nobody starts it twelve times.
        assert_eq!(all.check().unwrap_err().len(), 12);
    }
}
