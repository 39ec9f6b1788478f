//! The files themselves.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    site::{Site, folder},
    support::Php,
};

/// Every PHP file of the site.
fn php_files() -> Vec<PathBuf> {
    fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "php") {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    collect(&folder(), &mut files);
    assert!(files.len() > 20, "{files:?}");
    files
}

#[test]
fn php_can_read_every_file() {
    for file in php_files() {
        let run =
            Command::new(Php::program()).args(["-d", "display_errors=1", "-l"]).arg(&file).output().unwrap();
        assert!(run.status.success(), "{}{}", file.display(), String::from_utf8_lossy(&run.stdout));
    }
}

#[test]
fn a_file_of_lib_shows_nothing_even_if_the_web_server_lets_it_through() {
    let site = Site::start();
    for file in php_files() {
        let page = file.strip_prefix(folder()).unwrap().to_str().unwrap().to_owned();
        if page.starts_with("lib/") || page == "config.sample.php" {
            assert_eq!(site.visitor().get(&page).body, "", "{page}");
        }
    }
}

#[test]
fn the_files_for_other_sites_need_no_newer_php_than_7_4() {
    // Words and types that came later.
    let code = "
        $file = $argv[1];
        $new = [T_MATCH, T_ATTRIBUTE, T_NULLSAFE_OBJECT_OPERATOR, T_ENUM, T_READONLY];
        foreach (PhpToken::tokenize(file_get_contents($file)) as $token) {
            in_array($token->id, $new, true) && print \"line {$token->line}: {$token->text}\\n\";
        }
        require $file;
        foreach (get_declared_classes() as $name) {
            $class = new ReflectionClass($name);
            if ($class->getFileName() !== realpath($file)) {
                continue;
            }
            foreach ($class->getMethods() as $method) {
                $typed = [[$method->name, $method->getReturnType()]];
                foreach ($method->getParameters() as $parameter) {
                    $typed[] = [$parameter->name, $parameter->getType()];
                    $parameter->isPromoted() && print \"$name: {$parameter->name} is promoted\\n\";
                }
                foreach ($typed as [$what, $type]) {
                    $isOld = $type === null || ($type instanceof ReflectionNamedType
                        && !in_array($type->getName(), ['mixed', 'static', 'never', 'false', 'true', 'null'], true));
                    $isOld || print \"$name: $what is $type\\n\";
                }
            }
        }";
    for file in ["lib/ratelimit.php", "lib/heartbeat.php", "lib/session_get.php"] {
        let run =
            Command::new(Php::program()).args(["-r", code, "--"]).arg(folder().join(file)).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&run.stdout), "", "{file}");
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    }
}

#[test]
fn the_sample_configuration_holds_the_defaults() {
    let code = "
        require 'lib/ratelimit.php'; require 'lib/config.php';
        $defaults = (new ReflectionClass('EtuServices\\Config'))->getConstants();
        $sample = require 'config.sample.php';
        assert($sample['database'] === $defaults['DATABASE']);
        unset($sample['database'], $defaults['DEFAULTS']['database']);
        assert($sample === $defaults['DEFAULTS']);
        putenv('SESSIONSTAT_WEB_CONFIG=config.sample.php');
        echo EtuServices\\Config::load()->dsn();";
    let run = Command::new(Php::program())
        .current_dir(folder())
        .args(["-d", "zend.assertions=1", "-d", "assert.exception=1", "-r", code])
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&run.stdout);
    let expected = "mysql:unix_socket=/run/mysqld/mysqld.sock;dbname=sessionstat;charset=utf8mb4";
    assert_eq!(printed, expected, "{}", String::from_utf8_lossy(&run.stderr));
}
