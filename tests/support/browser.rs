//! A real browser, driven as WebDriver (W3C) says: Chromium through chromedriver.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;

use super::php::port_after;
use super::server::{Server, find_program};
use super::until;

/// The key under which WebDriver hands elements out.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A headless browser with an empty profile. It is gone with the value, or with the test process however that ends:
/// Chromium ends when the pipe to chromedriver does.
pub struct Browser {
    agent: Agent,
    session: String,
    pid: u32,
    /// Holds the driver's process, and the profile in its folder.
    driver: Server,
}

impl Browser {
    /// Starts a browser of the test's own.
    #[track_caller]
    pub fn start() -> Self {
        let driver =
            find_program(&["chromedriver"], "chromium-driver").unwrap_or_else(|missing| panic!("{missing}"));
        let chromium = find_program(&["chromium"], "chromium").unwrap_or_else(|missing| panic!("{missing}"));
        let mut server = Server::prepare("chromedriver");
        server.set_command(driver, vec!["--port=0".into()]);
        let log = server.folder().join("log");
        let port = || port_after(&log, "was started successfully on port ");
        server.start(|| port().is_some());
        let address = format!("http://127.0.0.1:{}/session", port().expect("the port of chromedriver"));
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": chromium, "args": arguments(&server.folder().join("profile"))},
        }}});
        let answer =
            said(agent.post(&address).send(capabilities.to_string())).expect("a session of Chromium");
        let id = answer["sessionId"].as_str().expect("the session's id");
        let pid = answer["capabilities"]["goog:processID"].as_u64().expect("the process of Chromium");
        let pid = pid.try_into().expect("a process id");
        Self { agent, session: format!("{address}/{id}"), pid, driver: server }
    }

    /// The process id of Chromium.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The browser's folder, which vanishes with it.
    pub fn folder(&self) -> &Path {
        self.driver.folder()
    }

    /// Opens a page and waits until it is there.
    #[track_caller]
    pub fn open(&self, url: &str) {
        self.post("url", &json!({"url": url})).expect("the page");
    }

    /// Types into the field that a CSS selector finds.
    #[track_caller]
    pub fn type_into(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.post(&format!("element/{element}/clear"), &json!({})).expect("an empty field");
        self.post(&format!("element/{element}/value"), &json!({"text": text})).expect("keys to be typed");
    }

    /// Presses the button or link that a CSS selector finds, and waits for the page that follows.
    #[track_caller]
    pub fn press(&self, selector: &str) {
        let old = self.element("html");
        let button = self.element(selector);
        self.post(&format!("element/{button}/click"), &json!({})).expect("a click");
        until("the next page", || {
            let gone = self.get(&format!("element/{old}/name")).is_err();
            gone && self.script("return document.readyState") == "complete"
        });
    }

    /// Whether a CSS selector finds something.
    pub fn has(&self, selector: &str) -> bool {
        self.post("element", &json!({"using": "css selector", "value": selector})).is_ok()
    }

    /// The text that a reader sees of what a CSS selector finds, with plain blanks.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        let element = self.element(selector);
        let text = self.get(&format!("element/{element}/text")).expect("a text");
        text.as_str().expect("a text").replace(['\u{a0}', '\u{202f}'], " ")
    }

    /// The HTTP status of the page.
    #[track_caller]
    pub fn status(&self) -> u64 {
        let status = self.script("return performance.getEntriesByType('navigation')[0].responseStatus");
        status.as_u64().expect("a status")
    }

    /// What a function body of JavaScript returns.
    #[track_caller]
    pub fn script(&self, body: &str) -> Value {
        self.post("execute/sync", &json!({"script": body, "args": []})).expect("a script's result")
    }

    /// Runs a script in each page of this tab that is opened from now on, before the page's own.
    #[track_caller]
    pub fn prepare(&self, script: &str) {
        let parameters = json!({"source": script});
        let body = json!({"cmd": "Page.addScriptToEvaluateOnNewDocument", "params": parameters});
        self.post("goog/cdp/execute", &body).expect("a script for pages to come");
    }

    /// The value of a cookie of the page, also of one that scripts do not get.
    #[track_caller]
    pub fn cookie(&self, name: &str) -> String {
        let cookie = self.get(&format!("cookie/{name}")).expect("the cookie");
        cookie["value"].as_str().expect("its value").to_owned()
    }

    /// Moves the pointer to a place of the page.
    #[track_caller]
    pub fn point(&self, x: u32, y: u32) {
        let movement = json!({"type": "pointerMove", "duration": 0, "x": x, "y": y});
        let mouse = json!({"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [movement]});
        self.post("actions", &json!({"actions": [mouse]})).expect("the pointer to move");
    }

    /// Presses and releases a key, which goes to what has the focus.
    #[track_caller]
    pub fn key(&self, key: &str) {
        let actions = ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key}));
        let keyboard = json!({"type": "key", "id": "keyboard", "actions": actions});
        self.post("actions", &json!({"actions": [keyboard]})).expect("a key");
    }

    /// Hides the page: its window becomes a symbol. Other tabs would not do; without a screen, all of them are seen.
    #[track_caller]
    pub fn hide(&self) {
        self.post("window/minimize", &json!({})).expect("a hidden window");
        until("the page to be hidden", || self.script("return document.visibilityState") == "hidden");
    }

    /// Shows it again.
    #[track_caller]
    pub fn show(&self) {
        self.post("window/rect", &json!({"width": 1200, "height": 900})).expect("a window");
        until("the page to be seen", || self.script("return document.visibilityState") == "visible");
    }

    /// The tab that commands go to.
    #[track_caller]
    pub fn tab(&self) -> String {
        self.get("window").expect("the tab").as_str().expect("its handle").to_owned()
    }

    /// Opens an empty tab and goes there.
    #[track_caller]
    pub fn open_tab(&self) {
        let tab = self.post("window/new", &json!({"type": "tab"})).expect("another tab");
        self.go_to_tab(tab["handle"].as_str().expect("its handle"));
    }

    /// Goes to a tab.
    #[track_caller]
    pub fn go_to_tab(&self, tab: &str) {
        self.post("window", &json!({"handle": tab})).expect("the tab");
    }

    /// Closes the tab; another one has to be gone to.
    #[track_caller]
    pub fn close_tab(&self) {
        said(self.agent.delete(format!("{}/window", self.session)).call()).expect("the tab to be closed");
    }

    /// The messages that the browser's console shows: what a page was refused, scripts that failed.
    #[track_caller]
    pub fn complaints(&self) -> Vec<String> {
        let entries = self.post("se/log", &json!({"type": "browser"})).expect("the console");
        let entries = entries.as_array().expect("a list");
        entries.iter().map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Shows pages as on a screen of that width, in colours for the `light` or the `dark`, without movement.
    #[track_caller]
    pub fn look(&self, width: u32, scheme: &str) {
        let screen = json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false});
        let media = json!({"features": [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]});
        for (command, parameters) in
            [("Emulation.setDeviceMetricsOverride", screen), ("Emulation.setEmulatedMedia", media)]
        {
            let body = json!({"cmd": command, "params": parameters});
            self.post("goog/cdp/execute", &body).expect("another look");
        }
    }

    #[track_caller]
    fn element(&self, selector: &str) -> String {
        let found = self.post("element", &json!({"using": "css selector", "value": selector}));
        let found = found.unwrap_or_else(|error| panic!("{selector}: {error}\nin: {}", self.source()));
        found[ELEMENT].as_str().expect("an element").to_owned()
    }

    fn source(&self) -> String {
        self.get("source").map_or_else(|error| error, |source| source.to_string())
    }

    fn get(&self, path: &str) -> Result<Value, String> {
        said(self.agent.get(format!("{}/{path}", self.session)).call())
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        said(self.agent.post(format!("{}/{path}", self.session)).send(body.to_string()))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.agent.delete(&self.session).call();
    }
}

/// Headless, without its sandbox (which root cannot have), and without calls to anywhere but the pages of the test.
fn arguments(profile: &Path) -> Vec<String> {
    let flags = [
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "disable-dev-shm-usage",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "remote-debugging-pipe",
        "window-size=1200,900",
    ];
    let flags = flags.iter().map(|flag| format!("--{flag}"));
    flags.chain([format!("--user-data-dir={}", profile.display())]).collect()
}

/// The value of an answer; its error else.
fn said(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value, String> {
    let mut answer = answer.map_err(|error| error.to_string())?;
    let status = answer.status();
    let body = answer.body_mut().read_to_string().map_err(|error| error.to_string())?;
    let mut body: Value = serde_json::from_str(&body).map_err(|error| format!("{error}: {body}"))?;
    if status.is_success() { Ok(body["value"].take()) } else { Err(body["value"]["message"].to_string()) }
}
