<?php

// Configuration of the web front end. Copy it to config.php in this folder, or anywhere else, named by the environment
// variable SESSIONSTAT_WEB_CONFIG (PHP-FPM: env[SESSIONSTAT_WEB_CONFIG] = /etc/sessionstat/web.php in the pool's file).
// The second is better where a password stands in it: outside of the web server's folders, readable by PHP only.
//
// Every key stands here with its default. Keys that are not known are refused.

return [
    // The database with the table `utilisateurs`. The account is that of etc/grants.sql.
    'database' => [
        // Unix socket; null: host and port are used.
        'socket' => '/run/mysqld/mysqld.sock',
        'host' => '127.0.0.1',
        'port' => 3306,
        'name' => 'sessionstat',
        'user' => 'sessionstat_web',
        'password' => '',
    ],

    // The programs, and the configuration file that each is given (null: the program's default). PHP's user must be
    // able to read these files.
    'ratelimit_check' => '/usr/local/bin/ratelimit-check',
    'ratelimit_config' => null,
    'stats_report' => '/usr/local/bin/stats-report',
    'stats_config' => null,

    // How programs are started: 'shell_exec' (faster) or 'proc_open' (no shell; what the programs write to standard
    // error comes into PHP's log; a program that hangs is ended).
    'launch' => 'shell_exec',
    // Longest wait for ratelimit-check and for stats-report in seconds. Kept by 'proc_open' only: with 'shell_exec', the
    // time limits in sessionstat.toml are the only ones.
    'check_seconds' => 2,
    'report_seconds' => 20,

    // Name of a rule of ratelimit-check ([ratelimit.rules.NAME]) that limits failed passwords by the visitor's address,
    // so that nobody can try passwords without end. null: no such limit. The address is what PHP calls REMOTE_ADDR:
    // behind a proxy, let the web server put the visitor's own address there first. What the visitor's browser says of
    // other addresses (X-Forwarded-For) is not looked at. It also limits how often somebody can ask at registration
    // whether an e-mail has an account.
    'password_rule' => null,
    // Name of a rule that limits failed passwords by account, from all addresses together. Whoever knows an e-mail can
    // keep its owner out with it for a while, so let it be a wider one. null: no such limit.
    'account_rule' => null,

    // Time zone of the times that pages show.
    'timezone' => 'Europe/Paris',
    // A visitor who does nothing for so many minutes has to log in again. No longer than session.gc_maxlifetime in
    // php.ini, after which Debian removes sessions: 24 minutes, unless it was changed.
    'idle_minutes' => 20,
    // Whether browsers send the session's cookie over https only. null: if this page came over https. true: always,
    // where a proxy takes https away before PHP.
    'secure_cookie' => null,

    // Whether the table `event_log` is told when a user logs in, looks at a page, still has it open and logs out:
    // session-aggregate makes time online of that. It is data about people, without addresses, and nothing deletes it:
    // README.md says how. Let [aggregate] sources be ["epn", "moodle"] then, or each stay counts twice among the
    // sessions: as a login and as time online.
    'traces' => false,
    // Where users are while they are on these pages: a number above 0, as Moodle has them for courses.
    'traces_course' => 1,
    // How often an open page says so, in seconds: [moodle] heartbeat_period. null or 0: never, and neither without
    // traces. It says so only while it can be seen, and keeps nobody logged in: after idle_minutes that is over.
    'heartbeat_seconds' => 600,
    // How long it goes on when the user touches nothing on it, in seconds: [moodle] inactivity_cap. null or 0: for ever.
    'heartbeat_cap_seconds' => 3600,

    // Whether the home page shows users the balances of the account in the public space (table `epn_user`) that has their
    // e-mail as its login, and how long they used machines this week. This site takes any e-mail at registration: true
    // only where nobody can register under somebody else's. The database's account needs two more rights then, of which
    // etc/grants.sql tells.
    'epn_account' => false,
];
