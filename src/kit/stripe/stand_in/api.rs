//! `/dev/stripe/v1`: the calls that the site makes, answered as Stripe would, each written down.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::fault::Fault;
use super::objects;
use super::params::Params;
use super::recording::Recorded;
use super::store::{self, Filter, Object};
use super::story::Stage;
use super::{BASE, StandIn};

/// Stripe's smallest payment in pounds, in pence.
const LEAST_AMOUNT: i64 = 30;

const HALF_AN_HOUR: i64 = 30 * 60;
const A_DAY: i64 = 24 * 60 * 60;

struct Call<'a> {
    method: &'a str,
    path: Vec<&'a str>,
    query: Params,
    form: Params,
}

pub(super) async fn call(
    State(stand_in): State<StandIn>,
    Path(path): Path<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = String::from_utf8_lossy(&body).into_owned();
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let target = uri.path_and_query().map_or("", |it| it.as_str()).trim_start_matches(BASE).to_owned();

    let result = stand_in.answer(&method, &path, uri.query().unwrap_or_default(), &headers, &body).await;
    let (status, answer, replayed) = match result {
        Ok((answer, replayed)) => (200, answer, replayed),
        Err(fault) => {
            if let Fault::Database(error) = &fault {
                tracing::error!(%error, "the stand-in for Stripe failed");
            }
            (fault.status(), fault.json(), false)
        }
    };
    let recorded = Recorded {
        at: stand_in.now(),
        method: method.as_str(),
        path: &target,
        headers: json!({
            "stripe-version": header("stripe-version"),
            "idempotency-key": header("idempotency-key"),
            "content-type": header("content-type"),
        }),
        body: &body,
        status,
        answer: &answer,
    };
    if let Err(error) = stand_in.record(recorded).await {
        tracing::error!(%error, "a call to the stand-in for Stripe was not written down");
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, axum::Json(answer)).into_response();
    if replayed {
        response.headers_mut().insert("idempotent-replayed", axum::http::HeaderValue::from_static("true"));
    }
    response
}

impl StandIn {
    /// The answer, and whether it is the one that an earlier call with the same key got.
    async fn answer(
        &self,
        method: &Method,
        path: &str,
        query: &str,
        headers: &HeaderMap,
        body: &str,
    ) -> Result<(Value, bool), Fault> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let key = header("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        if !(key.starts_with("sk_test_") || key.starts_with("rk_test_")) {
            return Err(Fault::Refused {
                status: 401,
                kind: "invalid_request_error",
                code: None,
                param: None,
                message: "Invalid API Key provided.".into(),
            });
        }
        if header("stripe-version") != Some(crate::kit::stripe::API_VERSION) {
            return Err(Fault::invalid(
                None,
                "The Stripe-Version header is missing or not the one this site was written for.",
            ));
        }
        let call = Call {
            method: method.as_str(),
            path: path.trim_end_matches('/').split('/').collect(),
            query: Params::parse(query.as_bytes())?,
            form: Params::parse(body.as_bytes())?,
        };
        let mut stage = self.stage().await?;
        if method != Method::POST {
            let answer = stage.answer(&call).await?;
            stage.commit().await?;
            return Ok((answer, false));
        }
        let key = header("idempotency-key").filter(|key| !key.is_empty() && key.len() <= 255);
        let key =
            key.ok_or_else(|| Fault::invalid(None, "This site sends an Idempotency-Key with every POST."))?;
        let fingerprint = format!("{path} {}", call.form.sorted());
        match store::lock_key(&mut stage.tx, key).await? {
            Some((before, answer)) if before == fingerprint => Ok((answer, true)),
            Some(_) => Err(Fault::Refused {
                status: 400,
                kind: "idempotency_error",
                code: None,
                param: None,
                message: format!(
                    "Keys for idempotent requests can only be used with the same parameters they were first used with. \
                     Try using a key other than '{key}' if you meant to execute a different request."
                ),
            }),
            None => {
                let answer = stage.answer(&call).await?;
                store::insert_key(&mut stage.tx, key, &fingerprint, &answer).await?;
                stage.commit().await?;
                Ok((answer, false))
            }
        }
    }
}

impl Stage {
    async fn answer(&mut self, call: &Call<'_>) -> Result<Value, Fault> {
        match (call.method, call.path.as_slice()) {
            ("POST", ["checkout", "sessions"]) => self.create_session(&call.form).await,
            ("GET", ["checkout", "sessions"]) => {
                call.query.only(&[
                    "customer",
                    "expand",
                    "limit",
                    "starting_after",
                    "status",
                    "subscription",
                ])?;
                self.list("checkout.session", "/v1/checkout/sessions", &call.query, true).await
            }
            ("GET", ["checkout", "sessions", id]) => Ok(self.session(id).await?.body),
            ("POST", ["checkout", "sessions", id, "expire"]) => Ok(self.expire(id).await?.body),
            ("GET", ["subscriptions"]) => {
                call.query.only(&["customer", "expand", "limit", "starting_after", "status"])?;
                self.list("subscription", "/v1/subscriptions", &call.query, true).await
            }
            ("GET", ["subscriptions", id]) => {
                let mut found = self.find("subscription", id).await?.body;
                if wants_method(&call.query, "") {
                    self.expand_methods([&mut found].into_iter()).await?;
                }
                Ok(found)
            }
            ("POST", ["subscriptions", id]) => {
                let mut changed = if call.form.get("cancel_at_period_end").is_some() {
                    call.form.only(&["cancel_at_period_end", "expand"])?;
                    let renews = call.form.need("cancel_at_period_end")? != "true";
                    self.set_renewal(id, renews).await?.body
                } else if let Some(method) = call.form.get("default_payment_method") {
                    call.form.only(&["default_payment_method", "expand"])?;
                    self.set_method(id, method).await?.body
                } else if call.form.map("metadata") != json!({}) {
                    call.form.only(&["expand", "metadata"])?;
                    self.set_metadata(id, &call.form.map("metadata")).await?.body
                } else if call.form.get("items[0][id]").is_none() && call.form.get("trial_end").is_some() {
                    call.form.only(&["expand", "proration_behavior", "trial_end"])?;
                    self.set_trial_end(id, call.form.need_whole("trial_end")?).await?.body
                } else {
                    self.set_price(id, &call.form).await?
                };
                if wants_method(&call.form, "") {
                    self.expand_methods([&mut changed].into_iter()).await?;
                }
                Ok(changed)
            }
            ("POST", ["customers", id]) => {
                call.form.only(&["email"])?;
                let mut customer = self.find("customer", id).await?;
                customer.body["email"] = json!(call.form.need("email")?);
                store::save(&mut self.tx, &customer).await?;
                Ok(customer.body)
            }
            ("GET", ["setup_intents", id]) => Ok(self.find("setup_intent", id).await?.body),
            ("GET", ["mandates", id]) => Ok(self.find("mandate", id).await?.body),
            ("DELETE", ["subscriptions", id]) => {
                call.form.only(&["cancellation_details", "invoice_now", "prorate"])?;
                Ok(self.cancel(id, "cancellation_requested", 404).await?.body)
            }
            ("GET", ["invoices"]) => {
                call.query.only(&[
                    "customer",
                    "expand",
                    "limit",
                    "starting_after",
                    "status",
                    "subscription",
                ])?;
                let payments = call.query.list("expand").iter().any(|field| field == "data.payments");
                self.list("invoice", "/v1/invoices", &call.query, payments).await
            }
            ("GET", ["invoices", id]) => {
                let mut invoice = self.find("invoice", id).await?.body;
                if !call.query.list("expand").iter().any(|field| field == "payments") {
                    without_payments(&mut invoice);
                }
                Ok(invoice)
            }
            ("GET", ["balance_transactions"]) => {
                call.query.only(&["expand", "limit", "starting_after"])?;
                let url = "/v1/balance_transactions";
                let mut list = self.list("balance_transaction", url, &call.query, true).await?;
                if call.query.list("expand").iter().any(|field| field == "data.source") {
                    self.with_whole(&mut list, "source").await?;
                }
                Ok(list)
            }
            ("GET", ["payment_intents", id]) => {
                call.query.only(&["expand"])?;
                let mut intent = self.find("payment_intent", id).await?.body;
                let wants_charge = call.query.list("expand").iter().any(|field| field == "latest_charge");
                if let (true, Some(charge)) = (wants_charge, intent["latest_charge"].as_str()) {
                    intent["latest_charge"] = self.find("charge", charge).await?.body;
                }
                Ok(intent)
            }
            ("GET", ["charges", id]) => Ok(self.find("charge", id).await?.body),
            ("GET", ["disputes"]) => {
                call.query.only(&["expand", "limit", "payment_intent", "starting_after"])?;
                self.list("dispute", "/v1/disputes", &call.query, true).await
            }
            ("GET", ["disputes", id]) => Ok(self.find("dispute", id).await?.body),
            ("GET", ["payouts", id]) => Ok(self.find("payout", id).await?.body),
            ("GET", ["refunds"]) => {
                call.query.only(&["expand", "limit", "payment_intent", "starting_after"])?;
                let mut list = self.list("refund", "/v1/refunds", &call.query, true).await?;
                let failure = "failure_balance_transaction";
                if call.query.list("expand").iter().any(|field| *field == format!("data.{failure}")) {
                    self.with_whole(&mut list, failure).await?;
                }
                Ok(list)
            }
            ("POST", ["refunds"]) => {
                call.form.only(&["amount", "expand", "metadata", "payment_intent", "reason"])?;
                let amount = call.form.get("amount").map(|_| call.form.need_whole("amount")).transpose()?;
                let intent = call.form.need("payment_intent")?;
                self.refund(intent, amount, call.form.get("reason"), &call.form.map("metadata")).await
            }
            (method, path) => Err(Fault::invalid_address(method, &path.join("/"))),
        }
    }

    async fn find(&mut self, kind: &str, id: &str) -> Result<Object, Fault> {
        let found = store::find(&mut self.tx, kind, id).await?;
        found.ok_or_else(|| Fault::missing(404, kind, "id", id))
    }

    async fn list(&mut self, kind: &str, url: &str, query: &Params, payments: bool) -> Result<Value, Fault> {
        let limit = query.get("limit").map_or(Ok(10), |_| query.need_whole("limit"))?.clamp(1, 100);
        let status = query.get("status");
        let filter = Filter {
            status: status.filter(|status| *status != "all"),
            customer: query.get("customer"),
            subscription: query.get("subscription"),
            payment_intent: query.get("payment_intent"),
            after: query.get("starting_after"),
            search: None,
            // Stripe leaves out ended subscriptions unless they are asked for.
            alive: kind == "subscription" && status.is_none(),
        };
        if let Some(after) = filter.after {
            let known = store::find(&mut self.tx, kind, after).await?.is_some();
            if !known {
                return Err(Fault::missing(400, kind, "starting_after", after));
            }
        }
        let mut found = store::list(&mut self.tx, kind, &filter, limit).await?;
        let more = i64::try_from(found.len()).is_ok_and(|count| count > limit);
        found.truncate(usize::try_from(limit).unwrap_or_default());
        let mut bodies: Vec<_> = found.into_iter().map(|object| object.body).collect();
        if !payments {
            bodies.iter_mut().for_each(without_payments);
        }
        if wants_method(query, "data.") {
            self.expand_methods(bodies.iter_mut()).await?;
        }
        Ok(json!({"object": "list", "data": bodies, "has_more": more, "url": url}))
    }

    /// What subscriptions are charged to, whole instead of by its id.
    async fn expand_methods(&mut self, subscriptions: impl Iterator<Item = &mut Value>) -> Result<(), Fault> {
        let wanted: Vec<_> = subscriptions.map(|it| &mut it["default_payment_method"]).collect();
        let ids: Vec<_> = wanted.iter().filter_map(|id| id.as_str()).collect();
        let found = store::find_all(&mut self.tx, &ids).await?;
        for id in wanted {
            if let Some(method) = found.iter().find(|method| *id == method.id.as_str()) {
                *id = method.body.clone();
            }
        }
        Ok(())
    }

    /// In place of the ids in a field, that which they name.
    async fn with_whole(&mut self, list: &mut Value, field: &str) -> Result<(), Fault> {
        let Some(listed) = list["data"].as_array_mut() else { return Ok(()) };
        let ids: Vec<_> = listed.iter().filter_map(|it| it[field].as_str()).collect();
        let named = store::find_all(&mut self.tx, &ids).await?;
        for it in listed {
            // What is not there stays away: most such fields are never null.
            if it[field].is_string() {
                let whole = named.iter().find(|whole| it[field] == whole.id.as_str());
                it[field] = whole.map_or(Value::Null, |whole| whole.body.clone());
            }
        }
        Ok(())
    }

    /// Stripe would begin another interval at once, charge for it, and credit what was paid: this site asks for
    /// neither, so what would is refused here.
    async fn set_price(&mut self, id: &str, form: &Params) -> Result<Value, Fault> {
        form.only(&["expand", "items", "proration_behavior", "trial_end"])?;
        if form.need("proration_behavior")? != "none" {
            return Err(Fault::invalid(Some("proration_behavior"), "The stand-in does not prorate."));
        }
        let price = |field: &str| format!("items[0][price_data]{field}");
        let interval = form.need(&price("[recurring][interval]"))?;
        if !["month", "year"].contains(&interval) || form.need(&price("[currency]"))? != "gbp" {
            return Err(Fault::invalid(Some("items"), "The stand-in knows pounds, a month or a year."));
        }
        let amount = form.need_whole(&price("[unit_amount]"))?;
        if amount < LEAST_AMOUNT {
            return Err(Fault::coded(400, "amount_too_small", None, "The amount must be at least £0.30."));
        }
        let trial_end = form.get("trial_end").map(|_| form.need_whole("trial_end")).transpose()?;
        let (item, product) = (form.need("items[0][id]")?, form.need(&price("[product]"))?);
        Ok(self.change_price(id, item, product, amount, interval, trial_end).await?.body)
    }

    /// A page that takes a card or account down for what a known customer pays later.
    async fn create_setup(&mut self, form: &Params) -> Result<Value, Fault> {
        form.only(&[
            "cancel_url",
            "customer",
            "locale",
            "metadata",
            "mode",
            "payment_method_types",
            "success_url",
        ])?;
        let customer = form.need("customer")?;
        let known = store::find(&mut self.tx, "customer", customer).await?;
        let known = known.ok_or_else(|| Fault::missing(400, "customer", "customer", customer))?;
        let id = self.stand_in.id("cs_test_");
        let body = objects::Session {
            id: &id,
            url: format!("{}{BASE}/pay/{id}", self.stand_in.public_url()),
            mode: "setup",
            amount: None,
            customer: Some(customer),
            email: None,
            success_url: form.need("success_url")?,
            cancel_url: form.get("cancel_url"),
            reference: None,
            metadata: &form.map("metadata"),
            methods: &methods(form)?,
            created: self.now(),
            expires_at: self.now() + A_DAY,
        }
        .json();
        let hidden = json!({"product_name": "How you pay", "email": known.text("/email")});
        let session = Object::new("checkout.session", body, hidden);
        store::save(&mut self.tx, &session).await?;
        Ok(session.body)
    }

    async fn create_session(&mut self, form: &Params) -> Result<Value, Fault> {
        form.only(&[
            "adaptive_pricing",
            "cancel_url",
            "client_reference_id",
            "customer",
            "customer_email",
            "expires_at",
            "line_items",
            "locale",
            "metadata",
            "mode",
            "payment_intent_data",
            "payment_method_types",
            "subscription_data",
            "success_url",
        ])?;
        let price = |field: &str| format!("line_items[0][price_data]{field}");
        let mode = form.need("mode")?;
        if mode == "setup" {
            return self.create_setup(form).await;
        }
        let interval = form.get(&price("[recurring][interval]"));
        let (child, other) = match (mode, interval) {
            ("subscription", Some("month" | "year")) => ("subscription_data", "payment_intent_data"),
            ("payment", None) => ("payment_intent_data", "subscription_data"),
            ("subscription" | "payment", _) => {
                return Err(Fault::invalid(
                    Some("line_items"),
                    format!("The line item's price does not fit `{mode}` mode."),
                ));
            }
            _ => {
                return Err(Fault::invalid(
                    Some("mode"),
                    "Invalid mode: must be one of payment, setup, or subscription",
                ));
            }
        };
        let child_metadata = form.map(&format!("{child}[metadata]"));
        if form.map(&format!("{other}[metadata]")) != Value::Object(Map::new()) {
            return Err(Fault::invalid(Some(other), format!("You can not pass `{other}` in `{mode}` mode.")));
        }
        if form.need(&price("[currency]"))? != "gbp" {
            return Err(Fault::invalid(Some("line_items"), "The stand-in knows pounds only."));
        }
        let quantity = form
            .get("line_items[0][quantity]")
            .map_or(Ok(1), |_| form.need_whole("line_items[0][quantity]"))?;
        let amount = form.need_whole(&price("[unit_amount]"))?.saturating_mul(quantity);
        if amount < LEAST_AMOUNT {
            return Err(Fault::coded(
                400,
                "amount_too_small",
                None,
                "The Checkout Session's total amount must be at least £0.30.",
            ));
        }
        let product_name = form.need(&price("[product_data][name]"))?;
        let (customer, email) = (form.get("customer"), form.get("customer_email"));
        if let Some(customer) = customer {
            if email.is_some() {
                return Err(Fault::invalid(
                    None,
                    "You may only specify one of these parameters: customer, customer_email.",
                ));
            }
            if store::find(&mut self.tx, "customer", customer).await?.is_none() {
                return Err(Fault::missing(400, "customer", "customer", customer));
            }
        }
        let methods = methods(form)?;
        let expires_at =
            form.get("expires_at").map_or(Ok(self.now() + A_DAY), |_| form.need_whole("expires_at"))?;
        if !(self.now() + HALF_AN_HOUR..=self.now() + A_DAY).contains(&expires_at) {
            return Err(Fault::invalid(
                Some("expires_at"),
                "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
            ));
        }
        let id = self.stand_in.id("cs_test_");
        let body = objects::Session {
            id: &id,
            url: format!("{}{BASE}/pay/{id}", self.stand_in.public_url()),
            mode,
            amount: Some(amount),
            customer,
            email,
            success_url: form.need("success_url")?,
            cancel_url: form.get("cancel_url"),
            reference: form.get("client_reference_id"),
            metadata: &form.map("metadata"),
            methods: &methods,
            created: self.now(),
            expires_at,
        }
        .json();
        let hidden = json!({
            "product_name": product_name, "interval": interval, "metadata": child_metadata, "email": email,
        });
        let session = Object::new("checkout.session", body, hidden);
        store::save(&mut self.tx, &session).await?;
        Ok(session.body)
    }
}

/// Whether a call asks for what subscriptions are charged to.
fn wants_method(params: &Params, prefix: &str) -> bool {
    params.list("expand").contains(&format!("{prefix}default_payment_method"))
}

/// How people may pay on a page. Stripe's own choice is cards.
fn methods(form: &Params) -> Result<Vec<String>, Fault> {
    let mut methods = form.list("payment_method_types");
    if methods.is_empty() {
        methods.push("card".into());
    }
    match methods.iter().find(|method| !["card", "bacs_debit"].contains(&method.as_str())) {
        Some(unknown) => Err(Fault::invalid(
            Some("payment_method_types"),
            format!("The stand-in does not know {unknown}."),
        )),
        None => Ok(methods),
    }
}

/// Stripe shows an invoice's payments only to those who ask.
fn without_payments(invoice: &mut Value) {
    if let Some(invoice) = invoice.as_object_mut() {
        invoice.remove("payments");
    }
}
