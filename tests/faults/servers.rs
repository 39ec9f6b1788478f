//! The servers of one scene: of its own, so that they may be killed.

use std::sync::{Arc, Mutex};

use crate::{
    case::Scene,
    fault::Server,
    support::{
        Database, MariaDb, Redis, Tool,
        proxy::{Protocol, Proxy, Trouble},
    },
};

/// MariaDB and Redis, each where the scene needs it.
pub struct Servers {
    /// Before the server: it is dropped while that still runs.
    database: Option<Database>,
    pub mariadb: Option<Arc<Mutex<MariaDb>>>,
    pub redis: Option<Arc<Mutex<Redis>>>,
}

impl Servers {
    /// Servers that lose nothing that they have acknowledged, with the tables, unless they are what the scene is about.
    pub fn of(scene: Scene) -> Self {
        let mariadb = scene
            .has_mysql()
            .then(|| MariaDb::start_with(&["--innodb-flush-log-at-trx-commit=1".to_owned()]));
        let durable = ["--appendonly", "yes", "--appendfsync", "always"];
        let redis = scene.has_redis().then(|| Arc::new(Mutex::new(Redis::with(&durable))));
        let database = mariadb.as_ref().map(MariaDb::database);
        if let Some(database) = database.as_ref().filter(|_| scene != Scene::Tables) {
            Tool::new("epn-ingest").url(database).arg("--init-db").run().silent();
        }
        Self { database, mariadb: mariadb.map(|server| Arc::new(Mutex::new(server))), redis }
    }

    /// The database.
    #[track_caller]
    pub fn database(&self) -> &Database {
        self.database.as_ref().expect("a scene with MySQL")
    }

    /// A proxy before a server, on a Unix socket or on TCP.
    pub fn proxy(&self, server: Server, on_tcp: bool, troubles: Vec<Trouble>) -> Proxy {
        let start = if on_tcp { Proxy::on_tcp } else { Proxy::to };
        match server {
            Server::MySql => {
                let socket = self.mariadb.as_ref().expect("a scene with MySQL").lock().unwrap().socket();
                start(&socket, Protocol::MySql, troubles)
            }
            Server::Redis => {
                let socket = self.redis.as_ref().expect("a scene with Redis").lock().unwrap().socket();
                start(&socket, Protocol::Redis, troubles)
            }
        }
    }

    /// The command as it reaches its servers directly.
    pub fn direct(&self, tool: Tool) -> Tool {
        let tool = match &self.database {
            Some(database) => tool.url(database),
            None => tool,
        };
        match &self.redis {
            Some(redis) => tool.redis(&redis.lock().unwrap()),
            None => tool,
        }
    }

    /// The command as it reaches one of its servers through the proxy.
    pub fn through(&self, proxy: &Proxy, server: Server, tool: Tool) -> Tool {
        match server {
            Server::MySql => {
                let url = proxy.url(self.database(), &tool.account(self.database()));
                tool.env("SESSIONSTAT_MYSQL_URL", url)
            }
            Server::Redis => {
                let url = proxy.redis_url_of(&tool.name());
                tool.env("SESSIONSTAT_REDIS_URL", url)
            }
        }
    }

    /// Lets a server refuse to write, or to write again.
    pub fn read_only(&self, server: Server) -> Box<dyn Fn(bool) + Send> {
        match server {
            Server::MySql => {
                let url = self.database().url();
                Box::new(move |is_on| {
                    let mut conn = mysql::Conn::new(mysql::Opts::from_url(&url).unwrap()).unwrap();
                    let set = format!("SET GLOBAL read_only = {}", u8::from(is_on));
                    mysql::prelude::Queryable::query_drop(&mut conn, set).unwrap();
                })
            }
            Server::Redis => {
                let redis = Arc::clone(self.redis.as_ref().expect("a scene with Redis"));
                Box::new(move |is_on| {
                    let replicas = if is_on { "1" } else { "0" };
                    let _: String =
                        redis.lock().unwrap().ask(&["CONFIG", "SET", "min-replicas-to-write", replicas]);
                })
            }
        }
    }

    /// What kills a server (true) or starts it again, unless that is so already.
    pub fn kill(&self, server: Server) -> Box<dyn FnMut(bool) + Send> {
        let mut is_dead = false;
        let mut change = move |dies: bool| std::mem::replace(&mut is_dead, dies) != dies;
        match server {
            Server::MySql => {
                let mariadb = Arc::clone(self.mariadb.as_ref().expect("a scene with MySQL"));
                Box::new(move |dies| {
                    let mut mariadb = mariadb.lock().unwrap();
                    match (change(dies), dies) {
                        (true, true) => mariadb.kill(),
                        (true, false) => mariadb.restart(),
                        _ => {}
                    }
                })
            }
            Server::Redis => {
                let redis = Arc::clone(self.redis.as_ref().expect("a scene with Redis"));
                Box::new(move |dies| {
                    let mut redis = redis.lock().unwrap();
                    match (change(dies), dies) {
                        (true, true) => redis.kill(),
                        (true, false) => redis.restart(),
                        _ => {}
                    }
                })
            }
        }
    }
}
