//! Somebody who visits the site without a browser: sends exactly the bytes that a test wants.

use std::{fmt::Write, time::Duration};

use ureq::{
    Agent,
    http::{HeaderMap, Request},
};

/// What the site answered.
#[derive(Debug)]
pub struct Page {
    /// HTTP's.
    pub status: u16,
    /// All of them.
    pub headers: HeaderMap,
    /// The page itself.
    pub body: String,
}

impl Page {
    /// This page, if it has that status; else the test fails with what it says.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    /// A header's value; the empty text if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What a reader reads: no tags, one plain blank where there are some.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut in_tag = false;
        for character in self.body.chars() {
            match character {
                '<' => in_tag = true,
                '>' if in_tag => {
                    in_tag = false;
                    text.push(' ');
                }
                _ if !in_tag => text.push(character),
                _ => {}
            }
        }
        let entities = [
            ("&nbsp;", " "),
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&apos;", "'"),
            ("&#039;", "'"),
            ("&amp;", "&"),
        ];
        for (entity, character) in entities {
            text = text.replace(entity, character);
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ").replace(" .", ".").replace(" ,", ",")
    }

    /// That the reader reads this.
    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        let text = self.text();
        assert!(text.contains(words), "no \"{words}\" in: {text}");
        self
    }

    /// The message under a field, which the field has to name as its description.
    #[track_caller]
    pub fn error_of(&self, id: &str) -> String {
        let input = self.body.split("<input").find(|part| part.contains(&format!(" id=\"{id}\"")));
        let input = input.unwrap_or_else(|| panic!("no field {id} in: {}", self.body));
        let tag = input.split('>').next().unwrap();
        let described = tag.split("aria-describedby=\"").nth(1).unwrap_or_default();
        let names: Vec<&str> = described.split('"').next().unwrap().split(' ').collect();
        let own = format!("{id}-erreur");
        if !names.contains(&own.as_str()) {
            return String::new();
        }
        assert!(tag.contains("aria-invalid=\"true\""), "{tag}");
        let message = self.body.split(&format!("id=\"{own}\">")).nth(1).expect("the message that is named");
        let message = message.split("</p>").next().unwrap().replace(['\u{a0}', '\u{202f}'], " ");
        message.replace("&apos;", "'")
    }
}

/// A visitor with a jar for the cookie of the session.
pub struct Visitor {
    agent: Agent,
    url: String,
    /// `etuservices=...`, as it is sent back.
    pub cookie: Option<String>,
    /// The secret of the form that was seen last.
    pub token: Option<String>,
}

impl Visitor {
    /// Somebody new.
    pub fn new(url: &str) -> Self {
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .allow_non_standard_methods(true)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        Self { agent, url: url.to_owned(), cookie: None, token: None }
    }

    /// The id of the session, as the cookie has it.
    #[track_caller]
    pub fn session(&self) -> &str {
        self.cookie.as_deref().and_then(|cookie| cookie.strip_prefix("etuservices=")).expect("a session")
    }

    /// Asks for a page.
    #[track_caller]
    pub fn get(&mut self, page: &str) -> Page {
        self.send("GET", page, Vec::new(), &[])
    }

    /// Sends a form with the secret that the site gave for it.
    #[track_caller]
    pub fn post(&mut self, page: &str, fields: &[(&str, &[u8])]) -> Page {
        let token = self.secret();
        let fields: Vec<(&str, &[u8])> =
            fields.iter().copied().chain([("jeton", token.as_bytes())]).collect();
        self.post_exactly(page, &fields)
    }

    /// Sends these fields and no others.
    #[track_caller]
    pub fn post_exactly(&mut self, page: &str, fields: &[(&str, &[u8])]) -> Page {
        let mut body = String::new();
        for (name, value) in fields {
            let separator = if body.is_empty() { "" } else { "&" };
            let _ = write!(body, "{separator}{name}=");
            for byte in *value {
                let _ = write!(body, "%{byte:02X}");
            }
        }
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        self.send("POST", page, body.into_bytes(), &form)
    }

    /// Tries to log in.
    #[track_caller]
    pub fn log_in(&mut self, email: &str, password: &str) -> Page {
        self.post("login.php", &[("email", email.as_bytes()), ("mot_de_passe", password.as_bytes())])
    }

    /// Leaves.
    #[track_caller]
    pub fn log_out(&mut self) {
        self.post("deconnexion.php", &[]).expect(303);
    }

    /// Calls a service.
    #[track_caller]
    pub fn call(&mut self, service: &str, article: &str, quantity: &str) -> Page {
        let fields = [("service", service), ("article", article), ("quantite", quantity)];
        self.post("services.php", &fields.map(|(name, value)| (name, value.as_bytes())))
    }

    /// The secret of the visitor's forms, from a page that shows one.
    #[track_caller]
    fn secret(&mut self) -> String {
        if self.token.is_none() && self.get("login.php").status == 303 {
            self.get("accueil.php");
        }
        self.token.clone().expect("a form with a secret")
    }

    /// Sends any request.
    #[track_caller]
    pub fn send(&mut self, method: &str, page: &str, body: Vec<u8>, headers: &[(&str, &str)]) -> Page {
        let mut request = Request::builder().method(method).uri(format!("{}{page}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("Cookie", cookie);
        }
        let answer = if body.is_empty() && method != "POST" {
            self.agent.run(request.body(()).unwrap())
        } else {
            self.agent.run(request.body(body).unwrap())
        };
        let mut answer = answer.unwrap_or_else(|error| panic!("{method} {page}: {error}"));
        let bytes = answer.body_mut().read_to_vec().expect("the page");
        let page = Page {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: String::from_utf8(bytes).expect("UTF-8"),
        };
        self.remember(&page);
        page
    }

    fn remember(&mut self, page: &Page) {
        // The last one counts, as in browsers: an id may be given and then renewed.
        for cookie in page.headers.get_all("Set-Cookie") {
            let cookie = cookie.to_str().unwrap();
            self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
            self.token = None;
        }
        if let Some(rest) = page.body.split("name=\"jeton\" value=\"").nth(1) {
            self.token = Some(rest.split('"').next().unwrap().to_owned());
        }
    }
}
