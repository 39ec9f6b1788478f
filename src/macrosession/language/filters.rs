//! Which names are filters (sections 6 and 9).

use std::{collections::HashSet, sync::LazyLock};

/// The filters that every template may use, as section 6 has them.
const TABLE: &str = "
    strlen mb_strlen strtoupper strtolower ucfirst lcfirst ucwords mb_strtoupper mb_strtolower trim nl2br
    substr mb_substr spip_substr str_pad concat plus moins mult div modulo
    intval floatval round floor ceil abs max min number_format
    sinon choixsivide oui replace match entites_html htmlspecialchars attribut_html textebrut supprimer_tags couper
    rawurlencode urlencode json_encode md5 sha1 affdate jour mois annee taille_en_octets
    table_valeur count parametre_url singulier_ou_pluriel";

/// The functions that no template may call: they run code or programs, reach files, other hosts or PHP's settings,
/// change the answer or the page around the macro, or call a function whose name is data. Section 9 names the first
/// six lines.
const FORBIDDEN: &str = "
    system exec shell_exec passthru popen proc_open pcntl_exec eval assert create_function
    call_user_func call_user_func_array include include_once require require_once
    file_get_contents file_put_contents fopen readfile unlink rename mail header phpinfo
    extract parse_str unserialize putenv ini_set dl ob_start
    array_map array_filter usort preg_replace_callback register_shutdown_function
    array_walk array_walk_recursive array_reduce uasort uksort array_udiff array_uintersect array_diff_ukey
    array_intersect_ukey preg_replace_callback_array forward_static_call forward_static_call_array
    iterator_apply register_tick_function call_user_method spl_autoload_register spl_autoload_call
    set_error_handler set_exception_handler header_register_callback ob_end_clean ob_end_flush ob_clean ob_flush
    ob_get_clean ob_get_flush flush output_add_rewrite_var output_reset_rewrite_vars
    proc_close proc_terminate proc_nice proc_get_status pcntl_fork pcntl_signal pcntl_alarm posix_kill posix_setuid
    posix_setgid posix_setsid posix_mkfifo apache_setenv apache_child_terminate virtual
    file fputs fwrite fputcsv fgets fgetc fread fpassthru ftruncate tmpfile tempnam touch copy link symlink readlink
    mkdir rmdir chmod chown chgrp lchown lchgrp umask chdir chroot opendir scandir dir glob is_file is_dir file_exists
    stat lstat realpath parse_ini_file parse_ini_string highlight_file show_source php_strip_whitespace
    highlight_string move_uploaded_file hash_file hash_hmac_file hash_update_file md5_file sha1_file
    get_headers getimagesize get_meta_tags gzfile gzopen readgzfile bzopen exif_read_data exif_thumbnail
    fileperms filesize filemtime fileatime filectime fileowner filegroup fileinode filetype is_readable is_writable
    is_writeable is_executable is_link gethostbynamel getmxrr dns_get_mx dns_check_record mysqli_real_connect dba_open
    odbc_connect ftp_ssl_connect snmpget spl_autoload openssl_pkey_get_private openssl_x509_parse setlocale
    date_default_timezone_set session_name session_create_id session_abort session_reset
    finfo_file mime_content_type imagecreatefromgif imagecreatefromjpeg imagecreatefrompng disk_free_space
    fsockopen pfsockopen stream_socket_client stream_socket_server stream_context_create stream_get_contents
    stream_wrapper_register stream_filter_register gethostbyname gethostbyaddr dns_get_record checkdnsrr
    curl_init curl_exec curl_multi_exec ftp_connect ssh2_connect ldap_connect imap_open socket_create
    mysqli_connect mysqli_query pg_connect pg_query sqlite_open simplexml_load_file simplexml_load_string
    dom_import_simplexml xmlwriter_open_uri libxml_set_external_entity_loader
    ini_alter ini_restore ini_get ini_get_all set_include_path set_time_limit ignore_user_abort error_reporting
    error_log openlog syslog mb_parse_str mb_send_mail getenv get_cfg_var phpversion phpcredits php_uname
    php_ini_loaded_file get_defined_vars get_defined_constants constant define debug_backtrace
    debug_print_backtrace var_dump var_export print_r debug_zval_dump
    setcookie setrawcookie header_remove headers_send http_response_code session_start session_destroy session_id
    session_unset session_regenerate_id session_write_close session_set_save_handler session_decode
    sleep usleep time_nanosleep exit die trigger_error user_error func_get_args
    opcache_compile_file opcache_reset opcache_invalidate apc_add apcu_store gc_disable
    settype";

fn words(of: &'static str) -> HashSet<&'static [u8]> {
    of.split_whitespace().map(str::as_bytes).collect()
}

/// Whether that is the name of a function, or `Class::NAME`.
pub fn is_name(name: &[u8]) -> bool {
    let is_label = |label: &[u8]| {
        label.first().is_some_and(|first| !first.is_ascii_digit())
            && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80)
    };
    match memchr::memmem::find(name, b"::") {
        Some(colons) => is_label(&name[..colons]) && is_label(&name[colons + 2..]),
        None => is_label(name),
    }
}

/// Whether no template may call it, in any letter case.
pub fn is_forbidden(name: &[u8]) -> bool {
    static WORDS: LazyLock<HashSet<&[u8]>> = LazyLock::new(|| words(FORBIDDEN));
    WORDS.contains(&name.to_ascii_lowercase()[..])
}

/// The filters that templates of a site may use.
#[derive(Debug)]
pub struct Filters(HashSet<Vec<u8>>);

impl Filters {
    /// The table, and the site's own.
    pub fn new(extra: &[String]) -> Self {
        let own = extra.iter().map(|name| name.to_ascii_lowercase().into_bytes());
        Self(words(TABLE).into_iter().map(<[u8]>::to_vec).chain(own).collect())
    }

    /// Whether a name is among them, in any letter case.
    pub fn has(&self, name: &[u8]) -> bool {
        self.0.contains(&name.to_ascii_lowercase())
    }

    /// All of them, in lower case.
    pub fn all(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_functions_are_forbidden_in_any_letter_case() {
        assert!(
            ["system", "SYSTEM", "File_Put_Contents", "eval"]
                .iter()
                .all(|name| is_forbidden(name.as_bytes()))
        );
        assert!(!is_forbidden(b"strlen"));
    }

    #[test]
    fn no_filter_of_the_table_is_forbidden() {
        assert!(!words(TABLE).into_iter().any(is_forbidden));
    }

    #[test]
    fn names_are_those_of_functions_and_static_methods() {
        for good in ["f", "_f1", "Class::method", "été"] {
            assert!(is_name(good.as_bytes()), "{good}");
        }
        for bad in ["", "1f", "===", "a b", "::f", "C::", "a::b::c", "\\system", "f()"] {
            assert!(!is_name(bad.as_bytes()), "{bad}");
        }
    }
}
