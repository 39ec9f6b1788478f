//! How ratelimit-check is linked for glibc: it is started for every page of a site, so that what the dynamic linker has
//! to do at each start counts (docs/ratelimit-speed.md).

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|env| env == "gnu") {
        // Addresses are fixed now instead of at each start, and functions are looked up when they are first called.
        for argument in ["-no-pie", "-Wl,-z,lazy"] {
            println!("cargo::rustc-link-arg-bin=ratelimit-check={argument}");
        }
    }
}
