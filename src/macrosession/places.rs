//! SOURCE and TARGET: two folders or two files.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use super::{
    page_file::Pages,
    tree::{Identity, Tree, identity_of},
};
use crate::{
    failure::{Failure, OrFail, Result, Status},
    lock::{LockFile, host_name},
};

/// Where templates are read and pages written.
#[derive(Debug)]
pub struct Places {
    /// The folder of all templates; that of the one template.
    pub source: Tree,
    /// What messages call that folder.
    pub shown: PathBuf,
    /// The one template and its page, where SOURCE and TARGET are files.
    pub single: Option<Single>,
    target: Option<Target>,
}

/// One template and its page, each in its folder.
#[derive(Debug)]
pub struct Single {
    /// The template's name in its folder.
    pub template: PathBuf,
    /// SOURCE as it was given.
    pub shown: PathBuf,
    /// The page's name in its folder.
    pub page: PathBuf,
}

#[derive(Debug)]
struct Target {
    folder: PathBuf,
    shown: PathBuf,
    page: Option<PathBuf>,
}

impl Places {
    /// Looks at SOURCE and TARGET; makes nothing. Without TARGET there is nowhere to write.
    ///
    /// # Errors
    /// [`Status::BadData`] if SOURCE cannot be read, [`Status::Usage`] if TARGET is of another kind,
    /// [`Status::CannotCreate`] if it is of no kind that can be replaced.
    pub fn find(source: &Path, target: Option<&Path>) -> Result<Self> {
        let seen = fs::metadata(source)
            .or_fail(Status::BadData, || format!("cannot read {} (SOURCE)", source.display()))?;
        if seen.is_dir() {
            return Self::folders(source, target);
        }
        if !seen.is_file() {
            let message = format!("{} (SOURCE) is neither a folder nor a file", source.display());
            return Err(Failure::new(Status::BadData, message));
        }
        Self::files(source, target)
    }

    fn folders(source: &Path, target: Option<&Path>) -> Result<Self> {
        let target = target.map(|target| match fs::metadata(target) {
            Ok(seen) if !seen.is_dir() => Err(Failure::new(
                Status::Usage,
                format!(
                    "{} (SOURCE) is a folder: {} (TARGET) must be one, too",
                    source.display(),
                    target.display()
                ),
            )),
            _ => Ok(Target { folder: target.to_owned(), shown: target.to_owned(), page: None }),
        });
        Ok(Self {
            source: open(source)?,
            shown: source.to_owned(),
            single: None,
            target: target.transpose()?,
        })
    }

    fn files(source: &Path, target: Option<&Path>) -> Result<Self> {
        // A link that is named itself is followed, wherever it leads.
        let real = source
            .canonicalize()
            .or_fail(Status::BadData, || format!("cannot read {} (SOURCE)", source.display()))?;
        let target = target.map(|target| page_file(source, &real, target)).transpose()?;
        let name = |path: &Path| PathBuf::from(path.file_name().unwrap_or_default());
        let page = target.as_ref().and_then(|target| target.page.clone());
        let single = Single {
            template: name(&real),
            shown: source.to_owned(),
            page: page.unwrap_or_else(|| name(&real).with_extension("php")),
        };
        let folder = real.parent().unwrap_or(Path::new("/"));
        let shown = source.parent().unwrap_or(Path::new("")).to_owned();
        Ok(Self { source: open(folder)?, shown, single: Some(single), target })
    }

    /// What messages call a template.
    pub fn shown(&self, template: &Path) -> PathBuf {
        match &self.single {
            Some(single) if single.template == template => single.shown.clone(),
            _ => self.shown.join(template),
        }
    }

    /// The folder of the pages, if it is there, for a run that writes nothing.
    pub fn pages_to_read(&self) -> Option<Pages> {
        let target = self.target.as_ref()?;
        Some(Pages::new(Tree::open(&target.folder).ok()?, target.shown.clone(), ""))
    }

    /// The folder of the pages, which is made if it is missing, and the lock that keeps other runs out of it: one for
    /// each TARGET, so that several sites of a host may be compiled at once.
    ///
    /// # Errors
    /// [`Status::CannotCreate`] if there can be no such folder, and those of [`LockFile::take`].
    pub fn pages_to_write(&self, lock_dir: &Path) -> Result<(Pages, LockFile)> {
        let target = self.target.as_ref().ok_or_else(|| {
            Failure::new(Status::Usage, "TARGET is missing: where are the pages to be written?")
        })?;
        let what = || format!("cannot make the folder {} (TARGET)", target.folder.display());
        let made = DirBuilder::new().recursive(true).mode(0o755).create(&target.folder);
        made.or_fail(Status::CannotCreate, what)?;
        let real = target.folder.canonicalize().or_fail(Status::CannotCreate, what)?;
        let tree = Tree::open(&target.folder).or_fail(Status::CannotCreate, what)?;
        let real = target.page.as_ref().map_or(real.clone(), |page| real.join(page));
        let digest = |text: &[u8]| xxhash_rust::xxh3::xxh3_64(text);
        let lock = LockFile::take(
            lock_dir,
            &format!("macrosession-compile-{:016x}", digest(real.as_os_str().as_encoded_bytes())),
        )?;
        // Another host may write to the same disk, and has a lock of its own.
        let job = [host_name().as_bytes(), real.as_os_str().as_encoded_bytes()].join(&b'\0');
        Ok((Pages::new(tree, target.shown.clone(), &format!("{:016x}", digest(&job))), lock))
    }

    /// Which folder of SOURCE holds no templates since it is TARGET.
    pub fn not_walked(&self) -> Option<Identity> {
        self.target.as_ref().and_then(|target| identity_of(&target.folder).ok())
    }
}

fn open(folder: &Path) -> Result<Tree> {
    Tree::open(folder).or_fail(Status::BadData, || format!("cannot read {} (SOURCE)", folder.display()))
}

/// TARGET where SOURCE is a file. A link stays a link: the file that it leads to is replaced.
fn page_file(source: &Path, real_source: &Path, target: &Path) -> Result<Target> {
    let ends_as_folder = target.as_os_str().as_encoded_bytes().ends_with(b"/");
    let place = match fs::metadata(target) {
        Ok(seen) if seen.is_file() => target.canonicalize().unwrap_or_else(|_| target.to_owned()),
        Ok(seen) if !seen.is_dir() => {
            let message =
                format!("{} (TARGET) is a device or a pipe: no page can take its place", target.display());
            return Err(Failure::new(Status::CannotCreate, message));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && !ends_as_folder => {
            if fs::symlink_metadata(target).is_ok() {
                let message = format!("{} (TARGET) is a link to nothing; remove it", target.display());
                return Err(Failure::new(Status::CannotCreate, message));
            }
            target.to_owned()
        }
        Err(error) if !ends_as_folder => {
            return Err(error)
                .or_fail(Status::CannotCreate, || format!("cannot write {} (TARGET)", target.display()));
        }
        _ => {
            let (source, target) = (source.display(), target.display());
            let message =
                format!("{source} (SOURCE) is a file: {target} (TARGET) must be one, too, and is a folder");
            return Err(Failure::new(Status::Usage, message));
        }
    };
    if place == real_source {
        let message =
            format!("{} is SOURCE and TARGET: a page cannot take its template's place", source.display());
        return Err(Failure::new(Status::Usage, message));
    }
    let page = place.file_name().map(PathBuf::from).ok_or_else(|| {
        Failure::new(Status::Usage, format!("{} (TARGET) is no name of a file", target.display()))
    })?;
    let folder =
        |path: &Path| path.parent().filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_owned);
    let shown = target.parent().unwrap_or(Path::new("")).to_owned();
    Ok(Target { folder: folder(&place).unwrap_or_else(|| PathBuf::from(".")), shown, page: Some(page) })
}
