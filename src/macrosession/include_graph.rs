//! Which template includes which, directly or not: what must be compiled again when one changes, and who includes
//! himself.
//!
//! All of it takes a time that grows with the number of templates and of their includes, and no stack: chains and
//! circles may be as long as they like.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use petgraph::{
    algo::kosaraju_scc,
    graph::{DiGraph, NodeIndex},
};
use xxhash_rust::xxh3::Xxh3;

use super::{
    header::{Digest, Included},
    language::lexer::IncludeForm,
    tree::without_dots,
    walk::{page_of, with_end},
};

/// How many includes are followed to tell the way round; of longer circles, the beginning is told.
const MOST_FOLLOWED: usize = 500;
/// How many names of a way round are told.
const MOST_NAMES: usize = 20;

/// A template as others see it.
#[derive(Debug)]
pub struct Node {
    /// From the folder of all templates on.
    pub path: PathBuf,
    /// The digest of its content; none if it cannot be read.
    pub content: Option<Digest>,
    /// What it includes.
    pub includes: Vec<Included>,
}

/// The templates and their includes.
#[derive(Debug)]
pub struct IncludeGraph {
    graph: DiGraph<(), ()>,
    paths: Vec<PathBuf>,
    /// Which template makes a page.
    pages: HashMap<PathBuf, usize>,
    /// By template: its circle, or itself alone.
    component: Vec<usize>,
    /// By component: the digest of all that it includes, and of itself.
    closure: Vec<Digest>,
    /// By component: how many templates.
    size: Vec<usize>,
}

/// The page that is meant by an include in the template `path`; nothing if it is above the folder of all pages.
pub fn page_meant(path: &Path, form: IncludeForm, name: &[u8]) -> Option<PathBuf> {
    let name = Path::new(OsStr::from_bytes(name));
    // A name such as `/x.php` after `__DIR__` means the page's own folder, too.
    let name = name.strip_prefix("/").unwrap_or(name);
    match form {
        IncludeForm::Fond => without_dots(&with_end(name.to_owned(), ".php")),
        IncludeForm::Php => without_dots(&path.parent().unwrap_or(Path::new("")).join(name)),
    }
}

impl IncludeGraph {
    /// Looks at all templates. What none of them makes counts as missing.
    pub fn new(nodes: Vec<Node>) -> Self {
        let pages: HashMap<_, _> =
            (0..).zip(&nodes).map(|(index, node)| (page_of(&node.path), index)).collect();
        let mut graph = DiGraph::with_capacity(nodes.len(), nodes.len());
        for _ in &nodes {
            graph.add_node(());
        }
        let mut missing: Vec<Vec<Vec<u8>>> = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            let (mut met, mut absent) = (HashSet::new(), Vec::new());
            for include in &node.includes {
                let page = page_meant(&node.path, include.form, &include.name);
                match page.as_ref().and_then(|page| pages.get(page)) {
                    Some(&other) if met.insert(other) => {
                        graph.add_edge(NodeIndex::new(index), NodeIndex::new(other), ());
                    }
                    Some(_) => {}
                    None => absent.push(page.map_or_else(|| include.name.clone(), bytes_of)),
                }
            }
            missing.push(absent);
        }
        let mut found = Self {
            component: vec![0; nodes.len()],
            closure: Vec::new(),
            size: Vec::new(),
            paths: Vec::new(),
            pages,
            graph,
        };
        // Each component comes after those that it includes.
        for members in kosaraju_scc(&found.graph) {
            found.close(&members, &nodes, &missing);
        }
        found.paths = nodes.into_iter().map(|node| node.path).collect();
        found
    }

    fn close(&mut self, members: &[NodeIndex], nodes: &[Node], missing: &[Vec<Vec<u8>>]) {
        let number = self.closure.len();
        for member in members {
            self.component[member.index()] = number;
        }
        let mut own: Vec<_> = members.iter().map(|member| &nodes[member.index()]).collect();
        own.sort_by(|one, other| one.path.cmp(&other.path));
        let mut absent: Vec<_> = members.iter().flat_map(|member| &missing[member.index()]).collect();
        absent.sort();
        absent.dedup();
        let included = members.iter().flat_map(|&member| self.graph.neighbors(member));
        let included = included.map(|other| self.component[other.index()]);
        let mut included: Vec<_> =
            included.filter(|&other| other != number).map(|other| self.closure[other]).collect();
        included.sort_unstable();
        included.dedup();

        let mut digest = Digester::default();
        digest.number(own.len());
        for node in own {
            digest.text(node.path.as_os_str().as_bytes());
            digest
                .text(node.content.map(Digest::to_le_bytes).as_ref().map_or(&[][..], |content| &content[..]));
        }
        digest.number(absent.len());
        absent.iter().for_each(|name| digest.text(name));
        included.iter().for_each(|closure| digest.text(&closure.to_le_bytes()));
        self.closure.push(digest.digest());
        self.size.push(members.len());
    }

    /// The digest of a template's content and of all that it includes, directly or not.
    pub fn closure(&self, template: usize) -> Digest {
        self.closure[self.component[template]]
    }

    /// How the `template` comes back to itself by an include of it, as in `b.html, c.html, a.html`; nothing if it does
    /// not.
    pub fn way_round(&self, template: usize, form: IncludeForm, name: &[u8]) -> Option<Vec<String>> {
        let first = *self.pages.get(&page_meant(&self.paths[template], form, name)?)?;
        if self.component[first] != self.component[template] {
            return None;
        }
        let mut way = self.way(first, template);
        way.truncate(MOST_NAMES);
        let mut names: Vec<_> = way.iter().map(|&index| self.paths[index].display().to_string()).collect();
        if way.last() != Some(&template) {
            names.push("...".to_owned());
            names.push(self.paths[template].display().to_string());
        }
        Some(names)
    }

    /// How many templates the circle has in which `template` lies.
    pub fn circle(&self, template: usize) -> usize {
        self.size[self.component[template]]
    }

    /// The shortest way, both ends with it; its beginning alone if it is long.
    fn way(&self, from: usize, to: usize) -> Vec<usize> {
        let mut came_from = HashMap::from([(from, from)]);
        let mut waiting = VecDeque::from([from]);
        let mut followed = 0;
        while let Some(here) = waiting.pop_front().filter(|&here| here != to && followed < MOST_FOLLOWED) {
            for next in self.graph.neighbors(NodeIndex::new(here)).take(MOST_FOLLOWED) {
                followed += 1;
                let next = next.index();
                if self.component[next] == self.component[to] && !came_from.contains_key(&next) {
                    came_from.insert(next, here);
                    waiting.push_back(next);
                }
            }
            if came_from.contains_key(&to) {
                break;
            }
        }
        let Some(&before) = came_from.get(&to) else { return vec![from] };
        let mut way = vec![to];
        let mut here = before;
        while way.last() != Some(&from) {
            way.push(here);
            here = came_from.get(&here).copied().unwrap_or(from);
        }
        way.reverse();
        way
    }
}

fn bytes_of(path: PathBuf) -> Vec<u8> {
    path.as_os_str().as_bytes().to_vec()
}

/// Makes one digest of several texts; where one ends and the next begins counts.
#[derive(Default)]
pub struct Digester(Xxh3);

impl Digester {
    /// Adds a text.
    pub fn text(&mut self, text: &[u8]) {
        self.number(text.len());
        self.0.update(text);
    }

    /// Adds a number.
    pub fn number(&mut self, number: usize) {
        self.0.update(&(number as u64).to_le_bytes());
    }

    /// The digest of all that was added.
    pub fn digest(&self) -> Digest {
        self.0.digest128()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn node(path: &str, content: u128, includes: &[&str]) -> Node {
        let form = |name: &&str| if name.ends_with(".php") { IncludeForm::Php } else { IncludeForm::Fond };
        let include = |name: &&str| Included { form: form(name), name: name.as_bytes().to_vec() };
        Node { path: path.into(), content: Some(content), includes: includes.iter().map(include).collect() }
    }

    fn closures(nodes: Vec<Node>) -> Vec<Digest> {
        let count = nodes.len();
        let graph = IncludeGraph::new(nodes);
        (0..count).map(|index| graph.closure(index)).collect()
    }

    /// Which of the templates are to be compiled again if they become `after`.
    fn changed(before: Vec<Node>, after: Vec<Node>) -> Vec<bool> {
        closures(before).iter().zip(closures(after)).map(|(one, other)| *one != other).collect()
    }

    #[test]
    fn a_change_reaches_all_that_include_it_and_nobody_else() {
        let site = |content| {
            vec![
                node("index.html", 1, &["inc/head", "inc/foot.php"]),
                node("inc/head.html", 2, &["inc/menu"]),
                node("inc/menu.html", content, &[]),
                node("inc/foot.html", 4, &["./menu.php"]),
                node("other.html", 5, &["menu", "../inc/menu"]),
            ]
        };
        assert_eq!(changed(site(3), site(33)), [true, true, true, true, false]);
        assert_eq!(changed(site(3), site(3)), [false; 5]);
    }

    #[test]
    fn what_comes_and_goes_is_a_change() {
        let without = || vec![node("a.html", 1, &["b"]), node("c.html", 3, &["d"])];
        let with = || [without(), vec![node("b.html", 2, &[])]].concat_nodes();
        assert_eq!(changed(without(), with()), [true, false]);
        let mut unreadable = with();
        unreadable[2].content = None;
        assert_eq!(changed(with(), unreadable), [true, false, true]);
    }

    trait ConcatNodes {
        fn concat_nodes(self) -> Vec<Node>;
    }

    impl ConcatNodes for [Vec<Node>; 2] {
        fn concat_nodes(self) -> Vec<Node> {
            self.into_iter().flatten().collect()
        }
    }

    #[test]
    fn all_of_a_circle_changes_together() {
        let site = |content| {
            vec![
                node("a.html", 1, &["b"]),
                node("b.html", 2, &["a", "c"]),
                node("c.html", content, &["b"]),
                node("user.html", 4, &["a"]),
                node("self.html", 5, &["self"]),
            ]
        };
        assert_eq!(changed(site(3), site(33)), [true, true, true, true, false]);
        let graph = IncludeGraph::new(site(3));
        let way = |from: usize, name: &str| graph.way_round(from, IncludeForm::Fond, name.as_bytes());
        assert_eq!(way(0, "b").unwrap(), ["b.html", "a.html"]);
        assert_eq!(way(1, "c").unwrap(), ["c.html", "b.html"]);
        assert_eq!(way(4, "self").unwrap(), ["self.html"]);
        assert_eq!(way(3, "a"), None);
        assert_eq!(way(1, "nothing"), None);
    }

    #[test]
    fn names_mean_pages_as_spip_and_php_find_them() {
        let meant = |form, name: &str| {
            let page = page_meant(Path::new("rub/a.html"), form, name.as_bytes());
            page.map(|page| page.display().to_string())
        };
        assert_eq!(meant(IncludeForm::Fond, "inc/b").as_deref(), Some("inc/b.php"));
        assert_eq!(meant(IncludeForm::Fond, "inc/b.c").as_deref(), Some("inc/b.c.php"));
        assert_eq!(meant(IncludeForm::Fond, "../b"), None);
        assert_eq!(meant(IncludeForm::Php, "b.php").as_deref(), Some("rub/b.php"));
        assert_eq!(meant(IncludeForm::Php, "/b.php").as_deref(), Some("rub/b.php"));
        assert_eq!(meant(IncludeForm::Php, "../x/./b.php").as_deref(), Some("x/b.php"));
        assert_eq!(meant(IncludeForm::Php, "../../b.php"), None);
    }

    #[test]
    fn long_chains_and_circles_take_a_moment_and_no_stack() {
        let count = 100_000;
        for is_circle in [false, true] {
            let begun = Instant::now();
            let next =
                |index: usize| if index + 1 < count { Some(index + 1) } else { is_circle.then_some(0) };
            let nodes = |last: u128| {
                let one = |index: usize| {
                    let include = next(index).map(|next| format!("t{next}"));
                    let content = if index + 1 == count { last } else { 0 };
                    node(
                        &format!("t{index}.html"),
                        content,
                        &include.iter().map(String::as_str).collect::<Vec<_>>(),
                    )
                };
                (0..count).map(one).collect::<Vec<_>>()
            };
            assert!(changed(nodes(1), nodes(2)).into_iter().all(|changed| changed));
            let graph = IncludeGraph::new(nodes(1));
            let way = |index: usize| {
                graph.way_round(index, IncludeForm::Fond, format!("t{}", index + 1).as_bytes())
            };
            for index in (0..count - 1).step_by(100) {
                assert_eq!(way(index).is_some(), is_circle);
            }
            if is_circle {
                assert_eq!(way(0).unwrap(), ["t1.html", "...", "t0.html"]);
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
        }
    }

    #[test]
    fn many_templates_that_all_include_each_other_take_a_moment() {
        let names: Vec<String> = (0..700).map(|index| format!("t{index}")).collect();
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        let graph =
            IncludeGraph::new(names.iter().map(|name| node(&format!("{name}.html"), 0, &all)).collect());
        assert_eq!(graph.circle(0), 700);
        assert_eq!(graph.way_round(0, IncludeForm::Fond, b"t699").unwrap().last().unwrap(), "t0.html");
    }
}
