//! Where the story takes place: processes, lines between phones and the server, and what all of
//! them answered. It does not know the story.

pub(crate) mod answer;
pub(crate) mod breaking_line;
mod chance;
mod end_signal;
mod folder;
pub(crate) mod line_state;
pub(crate) mod processes;
mod relay;
pub(crate) mod rep;
mod story_stage;

pub(crate) use story_stage::StoryStage;
