# shellcheck shell=bash
# What there is after the installation.

: "${root:?}" "${work:?}"

install_packages() {
    cp target/debian/*.deb "$root/tmp/"
    # The chroot has what the packages say that they need: apt finds that nothing else is missing.
    quietly in_chroot sh -c 'apt-get install --yes --no-install-recommends /tmp/*.deb'
    grep -q "^0 upgraded, 2 newly installed, 0 to remove" "$work/said" || fail "the packages need more than they say"
    ! grep -iE 'warning|error|cannot' "$work/said" >&2 || fail "the installation complains: see above"
}

# assert_is FILE TYPE-AND-RIGHTS: as stat tells them.
assert_is() {
    local is
    is=$(in_chroot stat --format '%F %a %U:%G' "$1")
    [ "$is" = "$2" ] || fail "$1 is: $is, not: $2"
}

assert_installed() {
    local command
    assert_is /etc/sessionstat 'directory 755 root:root'
    assert_is /etc/sessionstat/sessionstat.toml 'regular file 640 root:sessionstat'
    assert_is /etc/cron.d/sessionstat 'regular file 644 root:root'
    assert_is /var/spool/sessionstat 'directory 700 root:root'
    for command in config.php ratelimit-check.toml stats-report.toml; do
        assert_is /etc/sessionstat-web/$command 'regular file 640 root:www-data'
    done
    for command in sbin/samba-snapshot sbin/epn-ingest sbin/session-aggregate sbin/macrosession-compile \
        bin/ratelimit-check bin/stats-report; do
        in_chroot /usr/$command --version >/dev/null
    done
    in_chroot getent passwd sessionstat | grep -q ':/nonexistent:/usr/sbin/nologin$' ||
        fail "the user sessionstat can log in, or has a home"
    # Timers are there, and the administrator's choice.
    [ -f "$root/lib/systemd/system/sessionstat-samba-snapshot.timer" ] || fail "no timer of samba-snapshot"
    [ -z "$(find "$root/etc/systemd" -name '*sessionstat*')" ] || fail "a timer is enabled"
}
