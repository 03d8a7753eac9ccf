//! Keeps watch over child processes: when this process ends, however it ends, so do they.
//! It does not know what they do.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

/// A watch that holds a group of processes. It waits for the end of a pipe whose other end this
/// process alone has, and then kills the group, itself included.
#[derive(Debug)]
pub struct Keeper {
    watch: Child,
    variables: Vec<(String, String)>,
}

impl Default for Keeper {
    fn default() -> Self {
        Keeper::new()
    }
}

impl Keeper {
    /// A watch over nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let mut bash = Command::new("bash");
        bash.args(["-c", "read -r _; kill -KILL -- -$$"])
            .process_group(0);
        let watch = bash
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Keeper {
            watch: watch.expect("bash is there"),
            variables: Vec::new(),
        }
    }

    /// Gives a variable to all processes from now on.
    pub fn tell(&mut self, name: &str, value: impl Into<String>) {
        self.variables.push((name.to_owned(), value.into()));
    }

    /// A command whose process the watch will hold.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.process_group(i32::try_from(self.watch.id()).expect("a process id"));
        command.envs(self.variables.iter().cloned());
        command
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        self.watch.wait().ok();
    }
}
