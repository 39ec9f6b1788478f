//! sessionstat(7) names every table, every key in Redis, every page and every account, and nothing that is not there.

use std::collections::BTreeSet;

use crate::{
    command::commands,
    page::Page,
    ratelimit, read,
    support::{MariaDb, Tool},
};

/// Tables of others that our commands read.
const OTHERS: [&str; 2] = ["usr_session", "logstore_standard_log"];

/// The page in both languages.
fn pages() -> Vec<Page> {
    let pages: Vec<Page> = Page::every().into_iter().filter(|page| page.about == "sessionstat").collect();
    let paths: Vec<&str> = pages.iter().map(|page| page.path.as_str()).collect();
    assert_eq!(paths, ["man/sessionstat.7", "man/fr/sessionstat.7"]);
    pages
}

/// Every table that the files of `etc/schema` make.
fn tables() -> BTreeSet<String> {
    let database = MariaDb::shared().database();
    Tool::new("epn-ingest").url(&database).arg("--init-db").run().silent();
    let rows = database.query("SHOW TABLES");
    let tables: BTreeSet<String> =
        rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
    assert!(tables.contains("users_temp") && tables.contains("sessionstat_run"), "{tables:?}");
    tables
}

/// The accounts that `etc/grants.sql` makes.
fn accounts() -> BTreeSet<String> {
    let file = read("etc/grants.sql");
    let made = file.split("\nCREATE USER IF NOT EXISTS '").skip(1);
    let accounts: BTreeSet<String> =
        made.map(|rest| rest.split('\'').next().unwrap_or_default().to_owned()).collect();
    assert!(accounts.contains("epn_ingest"), "{accounts:?}");
    accounts
}

/// The words of a page that are written as tables, accounts and keys of the configuration are: `epn_user`.
fn words(page: &Page) -> BTreeSet<&str> {
    let is_part = |character: char| character == '_' || character.is_ascii_alphanumeric();
    let words = page.lines.iter().flat_map(|line| line.split(|character| !is_part(character)));
    words
        .filter(|word| word.contains('_') && !word.chars().any(|letter| letter.is_ascii_uppercase()))
        .collect()
}

#[test]
fn every_table_is_on_the_page_and_no_other() {
    let tables = tables();
    for page in pages() {
        let part = page.part(&["TABLES"]);
        let tags = Page::tags(&part).into_iter().map(|tag| tag.strip_prefix(".B ").unwrap_or(tag).to_owned());
        let explained: Vec<String> = tags.collect();
        assert_eq!(explained.iter().cloned().collect::<BTreeSet<_>>(), tables, "{}", page.path);
        assert_eq!(explained.len(), tables.len(), "{} explains a table twice", page.path);
    }
}

#[test]
fn what_looks_like_a_table_an_account_or_a_setting_is_one() {
    let sample = read("etc/sessionstat.toml");
    let (tables, accounts) = (tables(), accounts());
    for page in pages() {
        let words = words(&page);
        for word in &words {
            let is_setting = || sample.contains(&format!("\n#{word} = "));
            let is_known =
                tables.contains(*word) || accounts.contains(*word) || OTHERS.contains(word) || is_setting();
            assert!(is_known, "{} speaks of {word}, which is not there", page.path);
        }
        for account in &accounts {
            assert!(words.contains(account.as_str()), "{} does not name the account {account}", page.path);
        }
    }
}

#[test]
fn every_key_in_redis_is_on_the_page() {
    let keys = ratelimit::keys();
    for page in pages() {
        let explained = ratelimit::explained_keys(&page, &["KEYS IN REDIS", "CLÉS DANS REDIS"]);
        assert_eq!(explained, keys, "{}", page.path);
    }
}

#[test]
fn every_command_is_told_and_every_page_leads_on() {
    /// `.BR name (1),` behind some heading, as `name (1)`.
    fn references(lines: &[&str]) -> BTreeSet<String> {
        let names = lines.iter().filter_map(|line| line.strip_prefix(".BR "));
        names.map(|name| name.trim_end_matches([',', '.']).to_owned()).collect()
    }
    let also = ["SEE ALSO", "VOIR AUSSI"];
    for folder in ["man", "man/fr"] {
        let pages = Page::all(folder);
        for page in &pages {
            let others = references(&page.part(&also));
            if page.about == "sessionstat" {
                let told = references(&page.part(&["COMMANDS", "COMMANDES"]));
                for other in pages.iter().filter(|other| other.path != page.path) {
                    let name = format!("{} ({})", other.about, other.section);
                    assert!(others.contains(&name), "{} does not lead to {name}", page.path);
                    let is_told = told.contains(&name) || !commands().contains(&other.about);
                    assert!(is_told, "{} does not tell what {name} does", page.path);
                }
            } else {
                assert!(others.contains("sessionstat (7)"), "{} does not lead to sessionstat(7)", page.path);
            }
        }
    }
}
