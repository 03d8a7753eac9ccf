//! Every limit by name, with its unit. Both phone and server hold to them.

/// Operations in one change.
pub const CHANGE_OPERATIONS_MAX: u64 = 10_000;
/// Bytes of one change, before and after inflating, and of one fact.
pub const CHANGE_BYTES_MAX: usize = 64 * 1024;
/// Operations in all changes of one push.
pub const PUSH_OPERATIONS_MAX: u64 = 50_000;
/// Entries in one push.
pub const PUSH_ENTRIES_MAX: usize = 100;
/// Bytes of all entries in one push.
pub const PUSH_BYTES_MAX: usize = 256 * 1024;
/// Entries of one group: what one command writes becomes true together or not at all.
pub const GROUP_ENTRIES_MAX: usize = 50;
/// Bytes of one saved document.
pub const DOCUMENT_BYTES_MAX: usize = 256 * 1024;
/// Bytes of a saved document from which the app should warn.
pub const DOCUMENT_BYTES_WARN: usize = 64 * 1024;
/// Bytes that all of one saved document may inflate to. Its values are among them, and go beside it
/// in one frame.
pub const DOCUMENT_INFLATED_BYTES_MAX: usize = 2 * DOCUMENT_BYTES_MAX;
/// Changes of one document that may compete at a time: as many as one change can join, and one
/// frame can show.
pub const HEADS_MAX: usize = 100;
/// Milliseconds by which the clock of a device may be ahead of the server's: a day.
pub const CLOCK_AHEAD_MAX_MS: i64 = 24 * 3_600_000;
/// Operations in one saved document: what 256 KiB can honestly hold, with room.
pub const DOCUMENT_OPERATIONS_MAX: u64 = 500_000;
/// Highest operation counter and sequence number that a change may carry.
pub const COUNTER_MAX: u64 = 1 << 30;
/// Changes kept in a document's tail before they are folded into its blob.
pub const TAIL_CHANGES_MAX: usize = 16;
/// The highest number that an outbox may give out.
pub const OUTBOX_NUMBER_MAX: u64 = 1 << 48;
/// Bytes of one frame on the wire.
pub const FRAME_BYTES_MAX: usize = 1024 * 1024;
/// Frames of one body that is read as a whole. A frame of few bytes takes hundreds once it is read.
pub const FRAMES_MAX: usize = 1_000;
/// Bytes of one request body after inflating.
pub const REQUEST_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Buckets one device may follow.
pub const BUCKETS_MAX: usize = 64;
/// Fields of one object, those of its lines included.
pub const FIELDS_MAX: usize = 200;
/// Bytes of one text value.
pub const TEXT_BYTES_MAX: usize = 8 * 1024;
/// Bytes of one line id.
pub const LINE_ID_BYTES_MAX: usize = 80;
/// How long a log remembers that a record left a bucket, in milliseconds: 180 days.
pub const REMOVALS_KEPT_MS: i64 = 180 * 24 * 60 * 60 * 1000;
/// How long a closed document's history stays on a device, in milliseconds: seven days.
pub const CLOSED_KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// Lines of one record, removed ones included.
pub const LINES_MAX: usize = 2_000;
/// Lines of one order: as many as fit one frame once they are confirmed, each with the story of its
/// price.
pub const ORDER_LINES_MAX: usize = 500;
/// How deep the parts of a condition lie in each other, the outermost counted.
pub const CONDITION_DEPTH_MAX: usize = 8;
/// Tests in one condition.
pub const CONDITION_TESTS_MAX: usize = 50;
/// Words of one list in a condition.
pub const CONDITION_WORDS_MAX: usize = 50;
/// References that one path of a condition follows.
pub const CONDITION_HOPS_MAX: usize = 3;
/// Days that a condition looks back: a hundred years.
pub const CONDITION_DAYS_MAX: u32 = 36_525;
/// Bytes of one query as JSON, its cursor included.
pub const QUERY_BYTES_MAX: usize = 128 * 1024;
/// Records of one page of an answer if nobody says how many.
pub const QUERY_PAGE: usize = 50;
/// Records of one page of an answer at most.
pub const QUERY_PAGE_MAX: usize = 1_000;
/// Fields that a query orders by.
pub const QUERY_ORDER_MAX: usize = 3;
/// Bytes of the words that a query searches.
pub const QUERY_SEARCH_BYTES_MAX: usize = 200;
/// Letters of a cursor: two for each byte of the values that a query orders by, and of what is
/// around them.
pub const CURSOR_LETTERS_MAX: usize = 2 * (QUERY_ORDER_MAX * TEXT_BYTES_MAX + 128);
/// Records of an object up to which any query may look at each of them, and matches up to which
/// they are counted.
pub const QUERY_SCAN_MAX: usize = 10_000;

/// Postings of one object.
pub const POSTS_MAX: usize = 50;

const _: () = assert!(ORDER_LINES_MAX <= LINES_MAX);
const _: () = assert!(CURSOR_LETTERS_MAX < QUERY_BYTES_MAX && QUERY_BYTES_MAX < REQUEST_BYTES_MAX);
const _: () = assert!(QUERY_PAGE_MAX < QUERY_SCAN_MAX);
const _: () = assert!(CHANGE_BYTES_MAX < PUSH_BYTES_MAX && PUSH_BYTES_MAX < REQUEST_BYTES_MAX);
// A group is never cut, so one fits a push.
const _: () = assert!(1 < GROUP_ENTRIES_MAX && GROUP_ENTRIES_MAX <= PUSH_ENTRIES_MAX);
const _: () = assert!(PUSH_ENTRIES_MAX < FRAMES_MAX && BUCKETS_MAX < FRAMES_MAX);
// What is left is for the lengths and kinds of the values.
const _: () = assert!(DOCUMENT_BYTES_MAX + DOCUMENT_INFLATED_BYTES_MAX <= FRAME_BYTES_MAX * 3 / 4);
const _: () = assert!((HEADS_MAX + 1) * TEXT_BYTES_MAX < FRAME_BYTES_MAX * 9 / 10);
