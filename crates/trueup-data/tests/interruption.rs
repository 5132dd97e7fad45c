//! What an interruption leaves behind: nothing. On its own, since the list of unfinished files is the process's.
#![allow(clippy::unwrap_used)]

use std::fs;

use trueup_data::write::{OutputSet, remove_unfinished, write_file};

#[test]
fn an_interruption_leaves_the_earlier_file_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let kept = dir.path().join("kept");
    write_file(&kept, b"before").unwrap();
    let mut set = OutputSet::new();
    set.create_dir(&dir.path().join("new/deep")).unwrap();
    set.add(&kept, b"after").unwrap();
    set.add(&dir.path().join("new/deep/a"), b"a").unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
    drop(remove_unfinished());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    assert_eq!(fs::read(&kept).unwrap(), b"before");
    drop(set);
    assert_eq!(fs::read(&kept).unwrap(), b"before");
}
