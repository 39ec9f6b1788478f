# shellcheck shell=bash
# A later version of the packages, whose sample configuration and cron file have changed.

: "${root:?}" "${work:?}"

upgrade_packages() {
    local package tree=$work/later
    rm -rf "$tree" "$root"/tmp/*.deb
    for package in target/debian/*.deb; do
        dpkg-deb --raw-extract "$package" "$tree"
        sed -i 's/^Version: .*/Version: 99.0-1/' "$tree/DEBIAN/control"
        for file in etc/sessionstat/sessionstat.toml usr/share/sessionstat/sessionstat.toml etc/cron.d/sessionstat; do
            [ ! -f "$tree/$file" ] || echo '# Of the later version.' >>"$tree/$file"
        done
        dpkg-deb --root-owner-group --build "$tree" "$root/tmp/later-$(basename "$package")" >/dev/null
        rm -rf "$tree"
    done
    cp -p "$root/etc/sessionstat/sessionstat.toml" "$work/edited.toml"
    # As unattended-upgrades and most administrators do; dpkg would ask otherwise.
    quietly in_chroot sh -c 'apt-get install --yes --no-install-recommends \
        -o Dpkg::Options::=--force-confold /tmp/later-*.deb'
}

assert_upgraded() {
    cmp --silent "$work/edited.toml" "$root/etc/sessionstat/sessionstat.toml" ||
        fail "the upgrade has changed the configuration that the administrator edited"
    assert_is /etc/sessionstat/sessionstat.toml 'regular file 640 root:sessionstat'
    [ -f "$root/etc/sessionstat/sessionstat.toml.dpkg-dist" ] || fail "the new sample is not beside the configuration"
    grep -q '# Of the later version.' "$root$CRON" || fail "the upgrade has not changed the cron file, which nobody edited"
    silently as sessionstat epn-ingest
    # A right that the administrator has taken or given stays as it is.
    in_chroot chgrp root /etc/sessionstat/sessionstat.toml
    quietly in_chroot dpkg-reconfigure sessionstat
    assert_is /etc/sessionstat/sessionstat.toml 'regular file 640 root:root'
}
