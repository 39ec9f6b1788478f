# shellcheck shell=bash
# The pages as PHP's user shows them, by the configuration of the package.

: "${root:?}" "${work:?}"

assert_pages() {
    local config=$root/etc/sessionstat-web pid url waited=0
    sql "ALTER USER sessionstat_web@localhost IDENTIFIED BY 'of the web' ACCOUNT UNLOCK"
    # What README.Debian asks for.
    sed -i "s/'password' => ''/'password' => 'of the web'/" "$config/config.php"
    sed -i 's|^#url = "redis.*|url = "redis+unix:///run/redis.sock"|' "$config/ratelimit-check.toml" "$config/stats-report.toml"
    sed -i 's|^#url = "mysql|url = "mysql|; s|^#password_file = "/etc/sessionstat-web/mysql|password_file = "/etc/sessionstat-web/mysql|' \
        "$config/stats-report.toml"
    printf 'secret of stats_report' >"$config/mysql.password"
    chmod 640 "$config/mysql.password"
    in_chroot chgrp www-data /etc/sessionstat-web/mysql.password

    [ "$(as www-data ratelimit-check --config /etc/sessionstat-web/ratelimit-check.toml --format text -- 42)" = 'allowed 9' ] ||
        fail "ratelimit-check does not answer PHP's user"
    ! as www-data cat /etc/sessionstat/sessionstat.toml 2>/dev/null || fail "pages can read the password of the commands"

    # The log of an earlier run has the port of that run.
    : >"$work/php.log"
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" setpriv --reuid=www-data --regid=www-data --init-groups \
        php -d session.save_path=/tmp -S 127.0.0.1:0 -t /usr/share/sessionstat/web </dev/null >"$work/php.log" 2>&1 &
    pid=$!
    until url=$(sed -n 's|.*Development Server (http://\(.*\)) started.*|\1|p' "$work/php.log") && [ -n "$url" ]; do
        waited=$((waited + 1))
        if [ $waited -gt 300 ] || ! kill -0 $pid 2>/dev/null; then
            cat "$work/php.log" >&2
            fail "PHP does not start"
        fi
        sleep 0.1
    done
    # A stranger registers, and is then at home: that needs the database. Logging in also needs Redis.
    php packaging/test/visitor.php "$url" >"$work/visitor" 2>&1 || {
        cat "$work/visitor" "$work/php.log" >&2
        fail "the pages do not work: see above"
    }
    kill $pid
    wait $pid 2>/dev/null || true
}
