//! What macrosession(7) and macrosession-compile(8) say of the language is what the compiler and the runtime do.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use sessionstat::macrosession::language::{Context, Rules, compile, filters::Filters, lexer};

use crate::{
    page::Page,
    read,
    support::{Php, Tool},
};

fn pages(about: &str) -> Vec<Page> {
    let pages: Vec<Page> = Page::every().into_iter().filter(|page| page.about == about).collect();
    assert_eq!(pages.len(), 2, "{about}");
    pages
}

/// The words behind each `.TP` of a part.
fn names(page: &Page, part: &[&str]) -> BTreeSet<String> {
    let tags = page.part(part);
    let tags = Page::tags(&tags).into_iter().filter_map(|tag| tag.split_once(' '));
    let words = tags.flat_map(|(_, names)| names.split(|character: char| ", \"".contains(character)));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The examples of a page, each with its lines.
fn examples(page: &Page) -> Vec<Vec<&str>> {
    let blocks = page.lines.split(|line| line == ".EX").skip(1);
    blocks.map(|block| block.iter().map(String::as_str).take_while(|line| *line != ".EE").collect()).collect()
}

/// What a template shows where PHP has done `before`, once compiled.
fn shown(template: &str, before: &str) -> String {
    let compiled = compile(template.as_bytes(), &Rules::default(), &Context::default());
    let page = compiled.page.unwrap_or_else(|| panic!("{template}: {:?}", compiled.diagnostics));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accueil.php");
    fs::write(&file, page.with_header("")).unwrap();
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/lib/macrosession.php");
    let script = before
        .replace("/usr/local/share/sessionstat/web/lib/macrosession.php", runtime.to_str().unwrap())
        .replace("/srv/www/pages/accueil.php", file.to_str().unwrap());
    let script = script.strip_prefix("<?php").unwrap();
    let run = Command::new(Php::program())
        .args(["-n", "-d", "display_errors=1", "-d", "error_reporting=-1", "-r", script])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&run.stderr), "", "{template}");
    String::from_utf8(run.stdout).unwrap()
}

#[test]
fn the_first_example_shows_what_the_page_says() {
    for page in pages("macrosession") {
        let examples: Vec<String> = examples(&page).iter().map(|lines| lines.join("\n") + "\n").collect();
        let [template, _, script, member, stranger, ..] = &examples[..] else { panic!("{}", page.path) };
        let with = |user: &str| script.replace("session_start();", &format!("$_SESSION = [{user}];"));
        let linda = "'user' => ['id_auteur' => 2, 'nom' => 'Linda', 'lus' => 9, 'statut' => '1comite']";
        assert_eq!(&shown(template, &with(linda)), member, "{}", page.path);
        assert_eq!(&shown(template, &with("")), stranger, "{}", page.path);
        let all = shown(template, &with(&linda.replace("1comite", "0minirezo")));
        assert!(all.starts_with(member.as_str()) && all.contains("article.php?id=5"), "{all}");
    }
}

#[test]
fn each_line_with_an_arrow_shows_what_is_behind_it() {
    for page in pages("macrosession") {
        let examples = examples(&page);
        let visitor = examples.iter().find(|lines| lines[0].starts_with("['id_auteur'")).unwrap().concat();
        let rows: Vec<(&str, &str)> = examples
            .iter()
            .flatten()
            .filter_map(|line| line.split_once(" ->"))
            .map(|(template, shown)| (template.trim_end(), shown.strip_prefix("  ").unwrap_or(shown)))
            .collect();
        assert!(rows.len() > 40, "{}", page.path);
        // One template for all, so that PHP starts once.
        let template: String = rows.iter().map(|(template, _)| format!("{template}\u{1e}")).collect();
        let before = "<?php require '/usr/local/share/sessionstat/web/lib/macrosession.php';";
        let before =
            format!("{before} Macrosession\\visitor({visitor}); include '/srv/www/pages/accueil.php';");
        let found = shown(&template, &before);
        assert_eq!(found.split_terminator('\u{1e}').count(), rows.len(), "{found}");
        for ((template, expected), found) in rows.iter().zip(found.split('\u{1e}')) {
            assert_eq!(found, *expected, "{}: {template}", page.path);
        }
    }
}

#[test]
fn filters_macros_and_functions_are_those_of_the_program() {
    let known = Filters::new(&[]);
    let filters: BTreeSet<String> =
        known.all().map(|name| String::from_utf8(name.to_vec()).unwrap()).collect();
    let macros: BTreeSet<String> = lexer::NAMES.iter().map(|(_, name)| name.as_text()).collect();
    // What the runtime's head tells sites to call, and what pages call.
    let runtime = read("web/lib/macrosession.php");
    let all = "#_SESSION{a}#_SESSION*{a}#_SESSION{a,trim}#_SESSION*{a,trim}#_SESSION{a,<,b}#_SESSION_SI{a}#_SESSION_FIN\
               #_AUTORISER_SI{a,b,url}#_AUTORISER_FIN";
    let page = compile(all.as_bytes(), &Rules::default(), &Context::default()).page.unwrap();
    let calls =
        runtime.split("*/").next().unwrap().to_owned() + str::from_utf8(&page.with_header("")).unwrap();
    let is_part = |character: char| character == '_' || character.is_ascii_lowercase();
    let functions =
        calls.split("Macrosession\\").skip(1).map(|rest| rest.split(|part| !is_part(part)).next());
    let functions: BTreeSet<String> =
        functions.flatten().filter(|name| !name.is_empty()).map(str::to_owned).collect();
    for page in pages("macrosession") {
        assert_eq!(names(&page, &["FILTERS", "FILTRES"]), filters, "{}", page.path);
        assert_eq!(names(&page, &["MACROS"]), macros, "{}", page.path);
        assert_eq!(names(&page, &["RUNTIME", "EXÉCUTION"]), functions, "{}", page.path);
    }
}

/// The kinds of errors and of warnings, by the list that the compiler has: `unclosed-if`.
fn kinds() -> [BTreeSet<String>; 2] {
    let kebab = |name: &str| {
        let parts = name.char_indices().map(|(at, letter)| match letter.is_ascii_uppercase() && at > 0 {
            true => format!("-{}", letter.to_ascii_lowercase()),
            false => letter.to_ascii_lowercase().to_string(),
        });
        parts.collect::<String>()
    };
    let source = read("src/macrosession/language/diagnostic.rs");
    let list = source.split("pub enum Kind {").nth(1).unwrap().split("\n}").next().unwrap();
    let all = list.lines().filter_map(|line| line.trim().strip_suffix(',')).map(kebab);
    let list = source.split("=> Severity::Warning").next().unwrap().rsplit("match self {").next().unwrap();
    let names = list.split(|character: char| !character.is_alphanumeric()).filter(|word| *word != "Self");
    let warnings: BTreeSet<String> = names.filter(|word| !word.is_empty()).map(kebab).collect();
    let errors: BTreeSet<String> = all.filter(|kind| !warnings.contains(kind)).collect();
    assert!(errors.contains("unclosed-if") && warnings.contains("unknown-macro"), "{errors:?} {warnings:?}");
    [errors, warnings]
}

#[test]
fn every_kind_and_key_of_a_diagnostic_is_explained() {
    let tool = Tool::new("macrosession-compile");
    let [template, page] = ["a.html", "a.php"].map(|name| tool.home().join(name));
    fs::write(&template, "#_SESSION_SI").unwrap();
    let run = tool.arg("--json").arg(template.to_str().unwrap()).arg(page.to_str().unwrap()).run().expect(1);
    let printed: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let keys: BTreeSet<String> = printed[0].as_object().unwrap().keys().cloned().collect();
    let [errors, warnings] = kinds();
    for page in pages("macrosession-compile") {
        let part = page.part(&["DIAGNOSTICS"]);
        let parts: Vec<BTreeSet<String>> = part
            .split(|line| line.starts_with(".SS "))
            .skip(1)
            .map(|part| Page::tags(part).into_iter().map(|tag| tag.strip_prefix(".B ").unwrap().to_owned()))
            .map(Iterator::collect)
            .collect();
        assert_eq!(parts, [keys.clone(), errors.clone(), warnings.clone()], "{}", page.path);
    }
}
