# shellcheck shell=bash
# What there is in the chroot, so that what packages leave behind can be told.

: "${root:?}"

# Files that any installation and removal changes: dpkg's and apt's own notes, logs, copies of the lists of users.
NOTES='^(/proc|/run|/tmp|/root|/var/(log|cache|backups)|/var/lib/(apt|dpkg)|/etc/(passwd|group|shadow|gshadow|subuid|subgid)-)(/|$)'

# remember_state FILE
remember_state() {
    {
        in_chroot find / -xdev -regextype posix-extended -regex "$NOTES" -prune \
            -o -printf '%p %y %m %u:%g %l\n' | sort
        in_chroot getent passwd | sort
        in_chroot getent group | sort
        in_chroot cat /etc/shadow /etc/gshadow | sort
        # Of what was installed, dpkg remembers nothing.
        # shellcheck disable=SC2016 # dpkg's own variables
        in_chroot dpkg-query --show --showformat '${Package} ${Status}\n' | sort
    } >"$1"
}

# assert_same_state BEFORE AFTER
assert_same_state() {
    diff "$1" "$2" >&2 || fail "the packages left something behind: see above"
}
