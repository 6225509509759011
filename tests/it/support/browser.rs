//! As much of a browser as the tests need: cookies, redirects, forms as they were rendered.

use std::{collections::BTreeMap, net::SocketAddr};

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, header, redirect::Policy};
use scraper::{ElementRef, Html, Selector};

#[derive(Clone)]
pub struct Browser {
    client: Client,
    base: String,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn new(address: SocketAddr) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { client, base: format!("http://{address}"), cookies: BTreeMap::new() }
    }

    /// Opens a page and follows redirects.
    pub async fn get(&mut self, path: &str) -> Page {
        let mut page = self.request(Method::GET, path, None).await;
        for _ in 0..5 {
            let Some(location) = page.location.clone() else { break };
            let path = location.strip_prefix(&self.base).unwrap_or(&location).to_owned();
            page = self.request(Method::GET, &path, None).await;
        }
        page
    }

    /// Opens a page again until it holds, for at most two seconds: it takes a moment until a page in memory is dropped.
    pub async fn soon(&mut self, path: &str, holds: impl Fn(&Page) -> bool) -> Page {
        for _ in 0..100 {
            let page = self.get_once(path).await;
            if holds(&page) {
                return page;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("{path} did not change within two seconds");
    }

    /// Opens a page and stays where it answers.
    pub async fn get_once(&mut self, path: &str) -> Page {
        self.request(Method::GET, path, None).await
    }

    /// Sends a form as the same site would, and follows the redirect.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = serde_html_form::to_string(fields).unwrap();
        let page = self.request(Method::POST, path, Some(body)).await;
        match page.location.clone() {
            Some(location) => {
                let path = location.strip_prefix(&self.base).unwrap_or(&location).to_owned();
                self.get(&path).await
            }
            None => page,
        }
    }

    pub async fn post_once(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = serde_html_form::to_string(fields).unwrap();
        self.request(Method::POST, path, Some(body)).await
    }

    /// A request to be changed and sent by hand, with this browser's cookies.
    pub fn raw(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request =
            self.client.request(method, format!("{}{path}", self.base)).header(header::ACCEPT, "text/html");
        if !self.cookies.is_empty() {
            request = request.header(header::COOKIE, self.cookie_header());
        }
        request
    }

    /// What this browser sends as `Cookie`.
    pub fn cookie_header(&self) -> String {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        cookies.join("; ")
    }

    pub fn forget_cookies(&mut self) {
        self.cookies.clear();
    }

    async fn request(&mut self, method: Method, path: &str, body: Option<String>) -> Page {
        let mut request = self.raw(method, path);
        if let Some(body) = body {
            request = request
                .header("sec-fetch-site", "same-origin")
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body);
        }
        let response = request.send().await.unwrap();
        self.keep_cookies(&response);
        Page::read(path.to_owned(), response).await
    }

    fn keep_cookies(&mut self, response: &Response) {
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

pub struct Page {
    pub path: String,
    pub status: StatusCode,
    pub headers: header::HeaderMap,
    pub body: String,
    pub location: Option<String>,
}

impl Page {
    async fn read(path: String, response: Response) -> Self {
        let status = response.status();
        let headers = response.headers().clone();
        let location = headers.get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned());
        Self { path, status, headers, location, body: response.text().await.unwrap() }
    }

    #[track_caller]
    pub fn expect_status(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{} answered: {}", self.path, self.words());
        self
    }

    /// The page's words, as they are read: tags gone, spaces folded.
    pub fn words(&self) -> String {
        let html = Html::parse_document(&self.body);
        let body = Selector::parse("body").unwrap();
        let text: String = html.select(&body).flat_map(|body| body.text()).collect::<Vec<_>>().join(" ");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    pub fn expect(&self, words: &str) -> &Self {
        assert!(
            self.words().contains(words),
            "{} ({}) does not say {words:?}: {}",
            self.path,
            self.status,
            self.words()
        );
        self
    }

    #[track_caller]
    pub fn expect_not(&self, words: &str) -> &Self {
        assert!(!self.words().contains(words), "{} says {words:?}: {}", self.path, self.words());
        self
    }

    /// The texts of everything a CSS selector finds.
    pub fn select(&self, selector: &str) -> Vec<String> {
        let html = Html::parse_document(&self.body);
        let selector = Selector::parse(selector).unwrap();
        html.select(&selector).map(words).collect()
    }

    /// Follows a link by its words.
    pub async fn follow(&self, browser: &mut Browser, words: &str) -> Self {
        let (texts, hrefs) = (self.select("main a[href]"), self.attributes("main a[href]", "href"));
        let at = texts.iter().position(|text| text == words);
        let at = at.unwrap_or_else(|| panic!("{} has no link {words:?}: {texts:?}", self.path));
        browser.get(&hrefs[at]).await
    }

    /// The table in the section with a label.
    #[track_caller]
    pub fn table(&self, label: &str) -> Table {
        Table::read(self, &format!("section[aria-label=\"{label}\"] table"))
    }

    /// The cells below a heading of the page's only table.
    #[track_caller]
    pub fn column(&self, heading: &str) -> Vec<String> {
        Table::read(self, "main table").column(heading)
    }

    /// One attribute of everything a CSS selector finds.
    pub fn attributes(&self, selector: &str, attribute: &str) -> Vec<String> {
        let html = Html::parse_document(&self.body);
        let selector = Selector::parse(selector).unwrap();
        html.select(&selector).filter_map(|element| element.attr(attribute).map(str::to_owned)).collect()
    }

    /// Every form on the page that is posted: its address and the names of its fields.
    pub fn posted_forms(&self) -> Vec<(String, Vec<String>)> {
        let html = Html::parse_document(&self.body);
        let selector = Selector::parse("form[method=post]").unwrap();
        let own = self.path.split('?').next().unwrap_or_default();
        html.select(&selector)
            .map(|form| (form.attr("action").unwrap_or(own).to_owned(), names(form)))
            .collect()
    }

    /// The form that posts to an address, with what stands in its fields.
    #[track_caller]
    pub fn form(&self, action: &str) -> Filled {
        let html = Html::parse_document(&self.body);
        let selector = Selector::parse("form").unwrap();
        let own = self.path.split('?').next().unwrap_or_default();
        let form = html.select(&selector).find(|form| form.attr("action").unwrap_or(own) == action);
        let form = form.unwrap_or_else(|| panic!("{} has no form for {action}: {}", self.path, self.words()));
        Filled {
            action: action.to_owned(),
            get: form.attr("method") != Some("post"),
            known: names(form),
            values: values(form),
        }
    }
}

/// A table as it is read: what stands below which heading, beside which name.
pub struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    #[track_caller]
    fn read(page: &Page, selector: &str) -> Self {
        let html = Html::parse_document(&page.body);
        let found = Selector::parse(selector).unwrap();
        let tables: Vec<_> = html.select(&found).collect();
        let [table] = tables[..] else { panic!("{} has {} of {selector}", page.path, tables.len()) };
        let texts = |of: ElementRef<'_>, selector: &str| -> Vec<String> {
            let selector = Selector::parse(selector).unwrap();
            of.select(&selector).map(words).collect()
        };
        let rows = Selector::parse("tbody tr").unwrap();
        Self {
            headings: texts(table, "thead th"),
            rows: table.select(&rows).map(|row| texts(row, "th, td")).collect(),
        }
    }

    #[track_caller]
    fn place(&self, heading: &str) -> usize {
        let place = self.headings.iter().position(|known| known == heading);
        place.unwrap_or_else(|| panic!("no column {heading:?} among {:?}", self.headings))
    }

    #[track_caller]
    pub fn column(&self, heading: &str) -> Vec<String> {
        let place = self.place(heading);
        self.rows.iter().map(|row| row[place].clone()).collect()
    }

    /// What stands below a heading in the row that begins with a name.
    #[track_caller]
    pub fn cell(&self, row: &str, heading: &str) -> &str {
        let found = self.rows.iter().find(|cells| cells[0] == row);
        let found = found.unwrap_or_else(|| panic!("no row {row:?} in {:?}", self.rows));
        &found[self.place(heading)]
    }
}

fn words(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn fields(form: ElementRef<'_>) -> Vec<ElementRef<'_>> {
    let selector = Selector::parse("input, textarea, select, button").unwrap();
    form.select(&selector).collect()
}

fn names(form: ElementRef<'_>) -> Vec<String> {
    fields(form).iter().filter_map(|field| field.attr("name").map(str::to_owned)).collect()
}

fn values(form: ElementRef<'_>) -> Vec<(String, String)> {
    let mut values = Vec::new();
    for field in fields(form) {
        let Some(name) = field.attr("name") else { continue };
        let kind = field.attr("type").unwrap_or("text");
        let value = match field.value().name() {
            "button" => None,
            "textarea" => Some(field.text().collect::<String>().trim_start_matches('\n').to_owned()),
            "select" => {
                let option = Selector::parse("option").unwrap();
                let options: Vec<_> = field.select(&option).collect();
                let chosen =
                    options.iter().find(|option| option.attr("selected").is_some()).or(options.first());
                chosen
                    .map(|option| option.attr("value").map_or_else(|| option.text().collect(), str::to_owned))
            }
            _ if kind == "submit" || kind == "button" => None,
            _ if kind == "checkbox" || kind == "radio" => {
                field.attr("checked").map(|_| field.attr("value").unwrap_or("on").to_owned())
            }
            _ => Some(field.attr("value").unwrap_or_default().to_owned()),
        };
        if let Some(value) = value {
            values.push((name.to_owned(), value));
        }
    }
    values
}

/// A form on its way.
#[derive(Clone)]
pub struct Filled {
    action: String,
    get: bool,
    known: Vec<String>,
    values: Vec<(String, String)>,
}

impl Filled {
    /// What stands in a field now.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Fills a field, or chooses a radio button. The field must be on the page.
    #[track_caller]
    pub fn fill(mut self, name: &str, value: &str) -> Self {
        assert!(self.known.iter().any(|known| known == name), "no field {name} among {:?}", self.known);
        self.values.retain(|(field, _)| field != name);
        self.values.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Ticks one more box of a name.
    #[track_caller]
    pub fn tick(mut self, name: &str, value: &str) -> Self {
        assert!(self.known.iter().any(|known| known == name), "no box {name} among {:?}", self.known);
        self.values.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Unticks every box of a name, or empties a field.
    #[must_use]
    pub fn clear(mut self, name: &str) -> Self {
        self.values.retain(|(field, _)| field != name);
        self
    }

    /// Chooses the button that sends the form.
    #[track_caller]
    pub fn press(self, name: &str, value: &str) -> Self {
        self.tick(name, value)
    }

    pub async fn submit(self, browser: &mut Browser) -> Page {
        let fields: Vec<_> =
            self.values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if self.get {
            let query = serde_html_form::to_string(&fields).unwrap();
            return browser.get(&format!("{}?{query}", self.action)).await;
        }
        browser.post(&self.action, &fields).await
    }

    /// Sends it and stays where it answers, redirect or not.
    pub async fn submit_once(self, browser: &mut Browser) -> Page {
        let fields: Vec<_> =
            self.values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        browser.post_once(&self.action, &fields).await
    }
}
