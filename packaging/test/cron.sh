# shellcheck shell=bash
# Debian's cron runs the lines of the package.

: "${root:?}" "${work:?}"

CRON=/etc/cron.d/sessionstat

# Runs cron until a line at the end of FILE, which it takes as /etc/cron.d/sessionstat, has been run. If it does not like
# one line of a file, it runs none. What it mails is in /tmp/mail. At most a minute.
run_cron() {
    local waited=0 pid
    cp "$root$CRON" "$work/cron.d"
    { cat "$1"; echo '* * * * * root touch /tmp/cron-was-here'; } >"$work/cron.now"
    cp "$work/cron.now" "$root$CRON"
    rm -f "$root/tmp/cron-was-here" "$root/tmp/mail"
    printf '#!/bin/sh\nexec cat >>/tmp/mail\n' >"$root/usr/sbin/sendmail"
    chmod 755 "$root/usr/sbin/sendmail"
    touch "$root/tmp/mail"
    chmod 666 "$root/tmp/mail"
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" cron -f </dev/null >"$work/cron.log" 2>&1 &
    pid=$!
    until [ -e "$root/tmp/cron-was-here" ]; do
        waited=$((waited + 1))
        if [ $waited -gt 900 ] || ! kill -0 $pid 2>/dev/null; then
            cat "$work/cron.log" >&2
            fail "cron does not run the lines of $CRON"
        fi
        sleep 0.1
    done
    # Until the lines of this minute are done: each has a process of cron until its mail is sent.
    until ! pgrep --parent $pid >/dev/null; do
        sleep 0.1
    done
    kill $pid
    wait $pid || true
    rm "$root/usr/sbin/sendmail"
    cp "$work/cron.d" "$root$CRON"
}

# Cron takes the file as it is, and its lines do nothing, whenever they are run.
assert_unedited_is_silent() {
    { cat "$root$CRON" && every_minute | grep '^\*'; } >"$work/every-minute"
    run_cron "$work/every-minute"
    [ ! -s "$root/tmp/mail" ] || {
        cat "$root/tmp/mail" >&2
        fail "cron mails before there is a configuration: see above"
    }
}

# The file with every job run at every minute; two lines that run the same are one.
every_minute() {
    sed -E 's/^[0-9*][0-9*,/-]* +[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +/* * * * * /' "$root$CRON" | awk '!/^\*/ || !seen[$0]++'
}

configure_all_in_one() {
    sql "CREATE USER sessionstat@localhost IDENTIFIED BY 'one/for all';
        GRANT SELECT, INSERT, UPDATE, DELETE ON sessionstat.* TO sessionstat@localhost;"
    # The one file that an administrator edits.
    sed -i 's|^#url = "mysql://sessionstat@.*|url = "mysql://sessionstat:one%2Ffor%20all@localhost/sessionstat?socket=/run/mysqld/mysqld.sock"|
        s|^#url = "redis://127.*|url = "redis+unix:///run/redis.sock"|' "$root/etc/sessionstat/sessionstat.toml"
    # Samba: one connection.
    cat >"$root/usr/bin/smbstatus" <<'SMBSTATUS'
#!/bin/sh
cat <<'JSON'
{"timestamp": "2026-03-10T10:00:00.000000+0100", "version": "4.17.12-Debian",
 "smb_conf": "/etc/samba/smb.conf",
 "sessions": {"1": {"session_id": "1", "server_id": {"pid": "1", "task_id": "0", "vnn": "4294967295", "unique_id": "1"},
  "uid": 1001, "gid": 1001, "username": "zoe", "groupname": "zoe", "remote_machine": "192.0.2.7",
  "hostname": "ipv4:192.0.2.7:51000", "session_dialect": "SMB3_11"}}}
JSON
SMBSTATUS
    chmod 755 "$root/usr/bin/smbstatus"
    sed -i 's/^#resolve = .*/resolve = ["table"]/; s|^#table = |table = |' "$root/etc/sessionstat/sessionstat.toml"
    echo '192.0.2.7 POSTE-1' >"$root/etc/sessionstat/workstations"
}

assert_cron_runs_everything() {
    local command
    every_minute >"$work/every-minute"
    run_cron "$work/every-minute"
    for command in samba-snapshot epn-ingest session-aggregate stats-report; do
        [ "$(sql "SELECT COUNT(*) FROM sessionstat_run WHERE command = '$command' AND status = 0")" = 1 ] || {
            cat "$root/tmp/mail" >&2
            fail "cron's $command did not do its work: its mail is above"
        }
    done
    [ "$(sql 'SELECT login, machine FROM users_temp UNION SELECT login, machine FROM users_log')" = "$(printf 'zoe\tPOSTE-1')" ] ||
        fail "the snapshot is not in the database"
    if [ "$(grep -c '^Subject:' "$root/tmp/mail")" != 1 ] || ! grep -q '^OVERVIEW' "$root/tmp/mail"; then
        cat "$root/tmp/mail" >&2
        fail "cron mails something else than the one report: see above"
    fi
}
