# shellcheck shell=bash
# The Debian in which the packages are tried: no more than Debian's smallest, and what the packages depend on.

: "${root:?}" "${work:?}"

# What the packages need, in the first alternative of each; cron, which the first one recommends.
dependencies() {
    local package
    for package in target/debian/*.deb; do
        dpkg-deb --field "$package" Depends
    done | tr ',' '\n' | sed 's/|.*//; s/(.*//; s/[[:blank:]]//g' | grep -v '^sessionstat' | sort -u
    echo cron
}

# in_chroot COMMAND...: as root, with the environment of a login.
in_chroot() {
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        chroot "$root" "$@" </dev/null
}

# as USER COMMAND...: with next to no environment, from the folder /.
as() {
    local user=$1
    shift
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" \
        setpriv --reuid="$user" --regid="$user" --init-groups "$@" </dev/null
}

# quietly COMMAND...: shows what it says only if it fails.
quietly() {
    "$@" >"$work/said" 2>&1 || {
        cat "$work/said" >&2
        fail "failed: $*"
    }
}

unpack_debian() {
    local archive=$work/debian.tar wanted
    wanted="bookworm $(dependencies | tr '\n' ' ')"
    rm -rf "$root"
    if [ "$(cat "$work/debian.wanted" 2>/dev/null)" != "$wanted" ]; then
        step "Debian 12: fetching it (some minutes)"
        rm -f "$work/debian.wanted"
        quietly debootstrap --variant=minbase bookworm "$root" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}"
        # Nothing in it starts a service.
        printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
        chmod 755 "$root/usr/sbin/policy-rc.d"
        mount --types proc proc "$root/proc"
        # shellcheck disable=SC2046 # names without blanks
        quietly in_chroot apt-get install --yes --no-install-recommends $(dependencies)
        quietly in_chroot apt-get clean
        umount "$root/proc"
        tar --create --file "$archive" --directory "$root" --one-file-system .
        echo "$wanted" >"$work/debian.wanted"
    else
        mkdir "$root"
        tar --extract --file "$archive" --directory "$root"
    fi
}

enter_chroot() {
    mount --types proc proc "$root/proc"
    mount --types tmpfs -o mode=755 tmpfs "$root/run"
    # As systemd and sysvinit make it.
    mkdir -m 1777 "$root/run/lock"
}

leave_chroot() {
    local folder
    for folder in run/mysqld/mysqld.sock run/redis.sock run proc; do
        umount --lazy "$root/$folder" 2>/dev/null || true
    done
}
