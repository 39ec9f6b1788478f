# shellcheck shell=bash
# MariaDB and Redis of this host, where the chroot looks for them.

: "${root:?}" "${work:?}"

start_servers() {
    local folder
    servers=$(scripts/private-servers start)
    eval "$servers"
    folder=$SERVERS_FOLDER
    # As Debian's services have their sockets: any user may try to log in.
    chmod 777 "$folder/mariadb.sock" "$folder/redis.sock"
    mkdir "$root/run/mysqld"
    touch "$root/run/mysqld/mysqld.sock" "$root/run/redis.sock"
    mount --bind "$folder/mariadb.sock" "$root/run/mysqld/mysqld.sock"
    mount --bind "$folder/redis.sock" "$root/run/redis.sock"
}

# sql [STATEMENTS]: as the database's administrator; without them, from standard input.
sql() {
    mariadb --no-defaults --socket="$SERVERS_FOLDER/mariadb.sock" --user=root --skip-column-names --batch sessionstat \
        ${1:+--execute="$1"}
}

# The tables and the accounts, from what the package brought.
make_database() {
    in_chroot env SESSIONSTAT_MYSQL_URL='mysql://root@localhost/sessionstat?socket=/run/mysqld/mysqld.sock' \
        epn-ingest --init-db
    sql <"$root/usr/share/sessionstat/grants.sql"
    sql "INSERT INTO epn_room (name) VALUES ('Salle');
        INSERT INTO epn_computer (netbios_name, room_id) VALUES ('POSTE-1', 1);
        INSERT INTO epn_user (login, last_name, first_name, is_staff) VALUES ('zoe', 'Martin', 'Zoé', 0);"
}
