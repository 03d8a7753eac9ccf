//! Where the story is told: lines to whoever reads the answer, and a bar below them to a person at
//! a terminal. It does not know the story.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use outfield_cli::print::OutputForm;

use crate::page::Teller;

/// Where the story is told: lines to whoever reads the answer, and a bar below them to a person at
/// a terminal.
pub(crate) struct Terminal {
    form: OutputForm,
    is_watched: bool,
    bar: RefCell<Option<ProgressBar>>,
}

/// How the bar looks.
const BAR: &str = "  {bar:30} {pos}/{len}  {wide_msg}";

impl Terminal {
    pub(crate) fn open(form: OutputForm) -> Terminal {
        let is_watched = !form.json && !form.quiet && io::stdout().is_terminal();
        Terminal {
            form,
            is_watched,
            bar: RefCell::new(None),
        }
    }

    fn bar(of: usize) -> ProgressBar {
        // It hides by itself where standard error is no terminal.
        let bar = ProgressBar::with_draw_target(Some(of as u64), ProgressDrawTarget::stderr());
        match ProgressStyle::with_template(BAR) {
            Ok(style) => bar.with_style(style.progress_chars("━╸─")),
            Err(_) => bar,
        }
    }
}

impl Teller for Terminal {
    fn line(&self, text: &str) {
        let tell = || tell(self.form, text);
        match self.bar.borrow().as_ref() {
            Some(bar) => bar.suspend(tell),
            None => tell(),
        }
    }

    fn progress(&self, done: usize, of: usize, now: &str) {
        if self.is_watched {
            let mut bar = self.bar.borrow_mut();
            let bar = bar.get_or_insert_with(|| Terminal::bar(of));
            bar.set_length(of as u64);
            bar.set_message(now.to_owned());
            bar.set_position(done as u64);
        }
    }

    fn rests(&self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn has_colour(&self) -> bool {
        // https://no-color.org
        self.is_watched && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
    }
}

/// Tells one line: beside the answer, where the answer is to stand alone.
fn tell(form: OutputForm, text: &str) {
    let line = format!("{text}\n");
    // A story that cannot be told is no reason to stop: what matters is the answer.
    if form.json {
        io::stderr().lock().write_all(line.as_bytes()).ok();
    } else if !form.quiet {
        let mut out = io::stdout().lock();
        out.write_all(line.as_bytes())
            .and_then(|()| out.flush())
            .ok();
    }
}
