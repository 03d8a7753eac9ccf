//! The plan of the day as the story has it: who stops where, at what time, and what is sold there.
//! It does not know how a visit goes.

/// What is sold at a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoryTrade {
    /// Nothing.
    Nothing,
    /// So many products.
    Products(usize),
    /// As much of each as so many cents pay for, without tax.
    For(&'static [i128]),
}

/// One stop of a rep.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    /// The rep.
    pub(crate) who: &'static str,
    /// Which of the territory's stores.
    pub(crate) place: usize,
    /// The minute of the day.
    pub(crate) minute: u32,
    /// Its place in the rep's route; none if nobody planned it.
    pub(crate) route: Option<u8>,
    /// What is sold.
    pub(crate) trade: StoryTrade,
}

const fn stop(
    who: &'static str,
    place: usize,
    minute: u32,
    route: Option<u8>,
    trade: StoryTrade,
) -> Stop {
    Stop {
        who,
        place,
        minute,
        route,
        trade,
    }
}

/// A time of day as the minute that it is.
const fn at(hour: u32, minute: u32) -> u32 {
    hour * 60 + minute
}

/// The store in which two reps count one shelf, and the one whose credit two reps use up, among the
/// shared ones.
pub(crate) const JOINT: usize = 6;
pub(crate) const REFUSING: usize = 8;

/// The first visit, which is told step by step.
pub(crate) const FIRST: Stop = stop("Ann", 0, at(8, 10), Some(1), StoryTrade::Products(2));

/// The others until noon, by the clock.
pub(crate) const MORNING: &[Stop] = &[
    stop("Ben", 1, at(8, 15), Some(1), StoryTrade::Products(2)),
    stop("Cem", 0, at(8, 20), Some(1), StoryTrade::Products(2)),
    stop("Ann", 2, at(9, 20), Some(2), StoryTrade::Products(3)),
    stop("Ben", 3, at(9, 30), Some(2), StoryTrade::Nothing),
    stop("Cem", 1, at(9, 50), Some(2), StoryTrade::Products(1)),
    stop("Ann", 4, at(10, 35), Some(3), StoryTrade::Nothing),
    stop("Ben", 5, at(10, 40), None, StoryTrade::Products(2)),
    stop("Cem", 2, at(11, 20), Some(3), StoryTrade::Nothing),
];

/// The one at noon.
pub(crate) const NOON: Stop = stop("Ann", JOINT, at(12, 5), Some(4), StoryTrade::Products(2));

/// Those after noon. Together the orders at one store go beyond its credit of 500 dollars; without
/// Ben's second line they do not. Prices are below 20 dollars and taxes between 4 and 8.5 per cent,
/// whatever products are imported.
pub(crate) const AFTERNOON: &[Stop] = &[
    stop("Cem", 3, at(13, 10), Some(4), StoryTrade::Products(2)),
    stop("Ben", 7, at(13, 30), Some(3), StoryTrade::Products(1)),
    stop(
        "Ann",
        REFUSING,
        at(13, 50),
        Some(6),
        StoryTrade::For(&[30_000]),
    ),
    stop(
        "Ben",
        REFUSING,
        at(14, 40),
        None,
        StoryTrade::For(&[16_000, 12_000]),
    ),
    stop("Cem", 4, at(14, 50), None, StoryTrade::Nothing),
    stop("Ann", 10, at(15, 5), Some(5), StoryTrade::Products(2)),
    stop("Ben", 9, at(15, 50), Some(4), StoryTrade::Nothing),
    stop("Ann", 12, at(16, 20), None, StoryTrade::Nothing),
    stop("Cem", 5, at(16, 35), Some(5), StoryTrade::Products(3)),
    stop("Ben", 11, at(17, 0), None, StoryTrade::Nothing),
];

/// The one that comes to nothing.
pub(crate) const CALLED_OFF: Stop = stop("Ben", 13, at(17, 30), Some(5), StoryTrade::Nothing);

/// All of them.
pub(crate) fn stops() -> impl Iterator<Item = &'static Stop> {
    [&FIRST]
        .into_iter()
        .chain(MORNING)
        .chain([&NOON])
        .chain(AFTERNOON)
        .chain([&CALLED_OFF])
}

/// Visits that are made.
pub(crate) fn visits() -> usize {
    stops().count() - 1
}
