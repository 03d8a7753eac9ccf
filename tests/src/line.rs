//! The line between one phone and the server: it carries calls, and breaks as a test or a seed
//! says. It does not know what is in a body.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::rc::Rc;

use outfield_core::sync::carrier::{TakePiece, is_ours};
use outfield_core::sync::{Call, Carrier, CarryError, Reply};

use crate::Server;
use crate::server::ServerAnswer;

/// Bytes of an answer that arrive at once.
const PIECE_BYTES: usize = 600;

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The request never arrives.
    RequestLost,
    /// The server does it, and the answer never arrives.
    AnswerLost,
    /// The request arrives twice; the second answer comes back.
    Twice,
    /// The answer breaks off after so many bytes (of a longer answer; else after all of it), with
    /// an error.
    Cut(usize),
    /// The same, as if the answer ended there.
    Short(usize),
    /// The request is under way for so many milliseconds, and so is the answer.
    Delayed(i64),
    /// The phone hears nothing; the request arrives after the next one.
    Late,
    /// The server has no time, and asks to wait so many milliseconds.
    Busy(u64),
    /// A guest network's page answers with this status, and the request never arrives.
    Portal(u16),
}

/// What such a page says.
const PORTAL_PAGE: &[u8] = b"<html><title>Welcome!</title>Free for 30 minutes</html>";

/// What a test does at the moment of a call.
type Between = Box<dyn FnOnce()>;
/// Who listens to a call and its answer where they leave the server.
type Ear = Box<dyn FnMut(&Call, &ServerAnswer)>;

/// The line of one phone.
pub struct PhoneLine {
    server: Rc<Server>,
    faults: RefCell<VecDeque<(&'static str, Fault)>>,
    between: RefCell<Option<(&'static str, Between)>>,
    calls: RefCell<Vec<&'static str>>,
    late: RefCell<Vec<Call>>,
    ear: RefCell<Option<Ear>>,
    fired: RefCell<Vec<Fault>>,
    cut: Cell<bool>,
}

impl PhoneLine {
    /// A line that works.
    #[must_use]
    pub fn new(server: &Rc<Server>) -> PhoneLine {
        PhoneLine {
            server: Rc::clone(server),
            faults: RefCell::default(),
            between: RefCell::default(),
            calls: RefCell::default(),
            late: RefCell::default(),
            ear: RefCell::default(),
            fired: RefCell::default(),
            cut: Cell::new(false),
        }
    }

    /// The next call whose path ends like this goes wrong; an empty ending fits every call.
    pub fn fault(&self, ending: &'static str, fault: Fault) {
        self.faults.borrow_mut().push_back((ending, fault));
    }

    /// Something happens just before the server gets the next call whose path ends like this.
    pub fn before(&self, ending: &'static str, work: impl FnOnce() + 'static) {
        self.between.replace(Some((ending, Box::new(work))));
    }

    /// From now on everything works, and what was to happen does not.
    pub fn mend(&self) {
        self.faults.borrow_mut().clear();
        self.between.take();
        self.cut.set(false);
    }

    /// From now on nothing gets through, until it is mended.
    pub fn cut(&self) {
        self.cut.set(true);
    }

    /// From now on this hears every call that the server answers.
    pub fn heard_by(&self, ear: impl FnMut(&Call, &ServerAnswer) + 'static) {
        self.ear.replace(Some(Box::new(ear)));
    }

    /// The faults that came about since somebody asked last.
    pub fn fired(&self) -> Vec<Fault> {
        self.fired.take()
    }

    /// The paths that were called since somebody asked last.
    pub fn calls(&self) -> Vec<&'static str> {
        self.calls.take()
    }

    fn next_fault(&self, path: &str) -> Fault {
        let mut faults = self.faults.borrow_mut();
        let found = faults.iter().position(|(ending, _)| path.ends_with(ending));
        found
            .and_then(|index| faults.remove(index))
            .map_or(Fault::None, |(_, fault)| fault)
    }

    /// The server's answer; none if it was killed meanwhile.
    fn ask(&self, call: &Call) -> Option<ServerAnswer> {
        let answer = self.server.answer(call)?;
        if let Some(ear) = self.ear.borrow_mut().as_mut() {
            ear(call, &answer);
        }
        Some(answer)
    }

    fn happen(&self, path: &str) {
        let due = self
            .between
            .borrow_mut()
            .take_if(|(ending, _)| path.ends_with(*ending));
        if let Some((_, work)) = due {
            work();
        }
    }
}

impl Carrier for PhoneLine {
    fn carry(&self, call: &Call, take: TakePiece<'_>) -> Result<Reply, CarryError> {
        self.calls.borrow_mut().push(call.path);
        self.happen(call.path);
        let lost = |what: &str| Err(CarryError(format!("the {what} was lost")));
        let reply = |status| {
            Ok(Reply {
                status,
                retry_after_ms: None,
            })
        };
        if self.cut.get() {
            return lost("request");
        }
        let fault = self.next_fault(call.path);
        if fault != Fault::None {
            self.fired.borrow_mut().push(fault);
        }
        match fault {
            Fault::RequestLost => return lost("request"),
            Fault::Busy(ms) => {
                return Ok(Reply {
                    status: 429,
                    retry_after_ms: Some(ms),
                });
            }
            Fault::Portal(status) => {
                is_ours(false, status)?;
                let _ = take(status, PORTAL_PAGE);
                return reply(status);
            }
            Fault::Late => {
                self.late.borrow_mut().push(call.clone());
                return lost("request");
            }
            Fault::Twice => drop(self.ask(call)),
            Fault::Delayed(ms) => self.server.clock().advance(ms),
            Fault::None | Fault::AnswerLost | Fault::Cut(_) | Fault::Short(_) => {}
        }
        let answer = self.ask(call);
        for late in self.late.take() {
            self.ask(&late);
        }
        let Some(answer) = answer else {
            return lost("answer");
        };
        if let Fault::Delayed(ms) = fault {
            self.server.clock().advance(ms);
        }
        let (keep, end) = match fault {
            Fault::AnswerLost => (0, lost("answer")),
            Fault::Cut(bytes) => (bytes % (answer.body.len() + 1), lost("rest of the answer")),
            Fault::Short(bytes) => (bytes % (answer.body.len() + 1), reply(answer.status)),
            Fault::None
            | Fault::Twice
            | Fault::Delayed(_)
            | Fault::RequestLost
            | Fault::Late
            | Fault::Busy(_)
            | Fault::Portal(_) => (answer.body.len(), reply(answer.status)),
        };
        for piece in answer.body[..keep].chunks(PIECE_BYTES) {
            if self.cut.get() {
                return lost("rest of the answer");
            }
            if let ControlFlow::Break(()) = take(answer.status, piece) {
                return reply(answer.status);
            }
        }
        end
    }
}
