# shellcheck shell=bash
# The packages go.

: "${root:?}" "${work:?}"

remove_packages() {
    # What the administrator and this test have added outside of the packages' folders.
    rm -f "$root/usr/bin/smbstatus" "$root"/tmp/*.deb
    touch "$root/run/lock/sessionstat-epn-ingest.lock"
    quietly in_chroot apt-get remove --yes sessionstat sessionstat-web
}

assert_removed() {
    assert_is /etc/sessionstat/sessionstat.toml 'regular file 640 root:root'
    [ -f "$root/etc/sessionstat-web/config.php" ] || fail "the removal has taken the configuration of the pages"
    [ -f "$root$CRON" ] || fail "the removal has taken the cron file"
    # Lines whose command is gone say nothing.
    every_minute >"$work/every-minute"
    run_cron "$work/every-minute"
    [ ! -s "$root/tmp/mail" ] || fail "cron mails about commands that are not installed: $(cat "$root/tmp/mail")"
}

purge_packages() {
    quietly in_chroot apt-get purge --yes sessionstat sessionstat-web
    ! find "$root/run/lock" -name 'sessionstat*' | grep . >&2 || fail "the purge leaves locks: see above"
}
