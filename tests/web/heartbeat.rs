//! Pages that stay open, in a real browser whose clock the test moves: that nothing is sent is seen without waiting.

use serde_json::json;

use crate::{
    site::{PASSWORD, Site},
    support::{Browser, until},
    traces::{TRACES, count},
    visitor::Visitor,
};

/// A clock that stands still until `pass` moves it, and the status of each beat: null as long as there is no answer.
const CLOCK: &str = "{
    let now = 1800000000000;
    let last = 0;
    const timers = new Map();
    Date.now = () => now;
    window.setTimeout = (call, delay) => { timers.set(++last, { call, at: now + delay }); return last; };
    window.clearTimeout = timer => { timers.delete(timer); };
    window.pass = seconds => {
        const end = now + 1000 * seconds;
        for (;;) {
            const due = [...timers].filter(([, timer]) => timer.at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
            if (!due) break;
            timers.delete(due[0]);
            now = due[1].at;
            due[1].call();
        }
        now = end;
    };
    window.beats = [];
    const real = window.fetch;
    window.fetch = (...request) => {
        const index = beats.push(null) - 1;
        const answer = real(...request);
        answer.then(({ status }) => { beats[index] = status; }, () => { beats[index] = 0; });
        return answer;
    };
}";

/// A site with traces.
fn site() -> Site {
    let mut site = Site::start();
    site.user("Zoé", "Martin", "zoe@exemple.fr");
    site.set(|settings| settings.more = TRACES.to_owned());
    site
}

/// A browser in which Zoé has logged in; its clock stands in the pages that are opened next.
fn browser(site: &Site) -> Browser {
    let browser = Browser::start();
    browser.open(&format!("{}login.php", site.php.url()));
    browser.type_into("#email", "zoe@exemple.fr");
    browser.type_into("#mot_de_passe", PASSWORD);
    browser.press("main button");
    browser.prepare(CLOCK);
    browser
}

fn open(site: &Site, browser: &Browser) {
    browser.open(&format!("{}accueil.php", site.php.url()));
}

/// Lets time pass on the page; how many beats it has sent since it was opened.
#[track_caller]
fn pass(browser: &Browser, seconds: u32) -> u64 {
    browser.script(&format!("pass({seconds})"));
    sent(browser)
}

#[track_caller]
fn sent(browser: &Browser) -> u64 {
    browser.script("return beats.length").as_u64().unwrap()
}

/// The answers, when all have come.
#[track_caller]
fn answers(browser: &Browser) -> serde_json::Value {
    until("the answers", || browser.script("return !beats.includes(null)") == true);
    browser.script("return beats")
}

/// The same session without a browser.
fn copy(site: &Site, browser: &Browser) -> Visitor {
    let mut copy = site.visitor();
    copy.cookie = Some(format!("etuservices={}", browser.cookie("etuservices")));
    copy
}

#[test]
fn an_open_page_beats_until_nobody_has_touched_it_for_the_cap() {
    let site = site();
    let browser = browser(&site);
    open(&site, &browser);
    assert_eq!(pass(&browser, 599), 0);
    assert_eq!(pass(&browser, 1), 1);
    assert_eq!(pass(&browser, 3000), 6);
    assert_eq!(pass(&browser, 86_400), 6, "nobody is there any more");
    assert_eq!(answers(&browser), json!([204, 204, 204, 204, 204, 204]));
    // Whatever shows that somebody is there again lets the beat come that is due, and then as many as at first.
    browser.script("document.body.style.minHeight = '9000px'");
    let touches: [fn(&Browser); 3] = [
        |browser| browser.point(200, 300),
        |browser| browser.key("a"),
        |browser| drop(browser.script("scrollTo(0, 500)")),
    ];
    for touch in touches {
        let before = sent(&browser);
        touch(&browser);
        until("the beat that is due", || sent(&browser) > before);
        assert_eq!(pass(&browser, 599), before + 1);
        assert_eq!(pass(&browser, 86_400), before + 7);
    }
    // Whoever does something meanwhile is there from then on.
    open(&site, &browser);
    assert_eq!(pass(&browser, 3000), 5);
    browser.point(300, 200);
    assert_eq!(pass(&browser, 3600), 11);
    assert_eq!(pass(&browser, 86_400), 11);
    answers(&browser);
    assert_eq!(browser.complaints(), Vec::<String>::new());
    site.assert_silent();
}

#[test]
fn a_hidden_page_sends_nothing_and_makes_up_for_one_beat_when_it_is_seen() {
    let site = site();
    let browser = browser(&site);
    open(&site, &browser);
    browser.hide();
    assert_eq!(pass(&browser, 599), 0);
    browser.show();
    assert_eq!(sent(&browser), 0, "it is not due yet");
    browser.hide();
    assert_eq!(pass(&browser, 1801), 0, "it is hidden");
    browser.show();
    until("the beat that is due", || sent(&browser) == 1);
    assert_eq!(pass(&browser, 599), 1);
    assert_eq!(pass(&browser, 601), 3, "it goes on");
    // To be seen is not to be touched.
    browser.hide();
    assert_eq!(pass(&browser, 86_400), 3);
    browser.show();
    assert_eq!(pass(&browser, 1200), 3);
    assert_eq!(answers(&browser), json!([204, 204, 204]));
}

#[test]
fn a_page_that_is_left_or_closed_sends_nothing_more() {
    let site = site();
    let browser = browser(&site);
    open(&site, &browser);
    let first = browser.tab();
    assert_eq!(pass(&browser, 599), 0);
    // The next page's time begins anew.
    open(&site, &browser);
    assert_eq!(pass(&browser, 599), 0);
    browser.open_tab();
    let other = browser.tab();
    browser.go_to_tab(&first);
    browser.close_tab();
    browser.go_to_tab(&other);
    // PHP answers one request after the other: what was sent before has been answered when this page is there.
    open(&site, &browser);
    assert_eq!(count(&site, "keepalive"), 0);
    site.assert_silent();
}

#[test]
fn two_tabs_are_one_reader() {
    let site = site();
    let browser = browser(&site);
    open(&site, &browser);
    pass(&browser, 600);
    assert_eq!(answers(&browser), json!([204]));
    browser.open_tab();
    browser.prepare(CLOCK);
    open(&site, &browser);
    pass(&browser, 600);
    assert_eq!(answers(&browser), json!([204]));
    assert_eq!(count(&site, "keepalive"), 1);
    site.rewind(&copy(&site, &browser), "beat", 600);
    pass(&browser, 600);
    answers(&browser);
    assert_eq!(count(&site, "keepalive"), 2);
    site.assert_silent();
}

#[test]
fn an_open_page_is_silent_for_ever_when_its_user_has_left() {
    let site = site();
    let browser = browser(&site);
    open(&site, &browser);
    copy(&site, &browser).log_out();
    assert_eq!(pass(&browser, 600), 1);
    assert_eq!(answers(&browser), json!([403]));
    assert_eq!(pass(&browser, 3000), 1);
    browser.point(200, 300);
    browser.key("a");
    assert_eq!(pass(&browser, 3000), 1);
    assert_eq!(count(&site, "keepalive"), 0);
}

#[test]
fn a_beat_that_does_not_come_through_is_followed_by_others() {
    let mut site = site();
    let browser = browser(&site);
    open(&site, &browser);
    let away = "'database' => ['socket' => '/nonexistent/socket'],";
    site.set(|settings| settings.more = format!("{TRACES} {away}"));
    pass(&browser, 600);
    assert_eq!(answers(&browser), json!([503]));
    site.set(|settings| settings.more = TRACES.to_owned());
    // As if the network were away.
    browser.script("window.online = fetch; window.fetch = () => { beats.push(0); return Promise.reject(new TypeError()) }");
    pass(&browser, 600);
    browser.script("window.fetch = online");
    pass(&browser, 600);
    assert_eq!(answers(&browser), json!([503, 0, 204]));
    assert_eq!(count(&site, "keepalive"), 1);
    let complaints = browser.complaints();
    assert!(complaints.iter().all(|complaint| complaint.contains("status of 503")), "{complaints:?}");
}

#[test]
fn beats_come_by_themselves() {
    let mut site = site();
    site.set(|settings| settings.more = format!("{TRACES} 'heartbeat_seconds' => 1,"));
    let browser = Browser::start();
    browser.open(&format!("{}login.php", site.php.url()));
    browser.type_into("#email", "zoe@exemple.fr");
    browser.type_into("#mot_de_passe", PASSWORD);
    browser.press("main button");
    until("the second beat", || count(&site, "keepalive") > 1);
    assert_eq!(browser.complaints(), Vec::<String>::new());
    site.assert_silent();
}
