# shellcheck shell=bash
# The careful way: an account for each command, with the rights that grants.sql gives it and no more.

: "${root:?}"

# account NAME: unlocks it, with its password in a file for the user sessionstat, and a configuration that names both.
account() {
    local command=${1//_/-}
    sql "ALTER USER $1@localhost IDENTIFIED BY 'secret of $1' ACCOUNT UNLOCK"
    (umask 037 && printf 'secret of %s' "$1" >"$root/etc/sessionstat/$command.password")
    {
        sed -n '/^\[mysql\]/q; p' "$root/etc/sessionstat/sessionstat.toml"
        cat <<CONFIG
[mysql]
url = "mysql://$1@localhost/sessionstat?socket=/run/mysqld/mysqld.sock"
password_file = "/etc/sessionstat/$command.password"
[redis]
url = "redis+unix:///run/redis.sock"
[samba]
resolve = ["table"]
table = "/etc/sessionstat/workstations"
CONFIG
    } >"$root/etc/sessionstat/$command.toml"
    in_chroot chgrp sessionstat "/etc/sessionstat/$command.password"
}

# silently COMMAND...: it says nothing, as cron likes it.
silently() {
    local said
    said=$("$@" 2>&1) || fail "failed: $*: $said"
    [ -z "$said" ] || fail "not silent: $*: $said"
}

assert_accounts() {
    local name
    for name in samba_snapshot epn_ingest session_aggregate stats_report; do
        account $name
    done
    silently as root samba-snapshot --config /etc/sessionstat/samba-snapshot.toml
    silently as sessionstat epn-ingest --config /etc/sessionstat/epn-ingest.toml
    silently as sessionstat session-aggregate --config /etc/sessionstat/session-aggregate.toml
    as sessionstat stats-report overview runs --config /etc/sessionstat/stats-report.toml | grep -q samba-snapshot ||
        fail "stats-report does not know of the snapshots"
    as sessionstat macrosession-compile --config /etc/sessionstat/stats-report.toml --check \
        /usr/share/sessionstat/web/lib/templates ||
        fail "macrosession-compile finds fault with the template of the pages"
    # While the database is away, the snapshot waits where only root can look.
    umount "$root/run/mysqld/mysqld.sock"
    as root samba-snapshot --config /etc/sessionstat/samba-snapshot.toml 2>/dev/null ||
        fail "samba-snapshot fails without the database"
    assert_is /var/spool/sessionstat/samba-snapshot.spool 'regular file 600 root:root'
    ! as sessionstat ls /var/spool/sessionstat 2>/dev/null || fail "the user sessionstat can look into the spool"
    mount --bind "$SERVERS_FOLDER/mariadb.sock" "$root/run/mysqld/mysqld.sock"
    silently as root samba-snapshot --config /etc/sessionstat/samba-snapshot.toml
    [ ! -e "$root/var/spool/sessionstat/samba-snapshot.spool" ] || fail "the spool was not emptied"
}
