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
/// Operations in one saved document that can still be read.
pub const DOCUMENT_OPERATIONS_MAX: u64 = 500_000;
/// Operations with which a document's history is full: an order of 500 lines that is written over
/// ten times, with room. More take too long to read.
pub const DOCUMENT_OPERATIONS_FULL: u64 = 50_000;
/// Eighths of a history's room that one person may fill, and all persons; the last one is for the
/// office.
pub const PERSON_EIGHTHS: u64 = 6;
/// See [`PERSON_EIGHTHS`].
pub const DEVICES_EIGHTHS: u64 = 7;
/// Changes of one document by one person that may compete at a time.
pub const PERSON_HEADS_MAX: usize = 12;
/// Changes of one document by devices that may compete at a time; what is left is for the office.
pub const DEVICES_HEADS_MAX: usize = 88;
/// Steps of looking into histories for one push, each about a microsecond: where few bytes ask for
/// more, the rest waits for the next push, and what needs more alone is refused.
pub const PUSH_STEPS_MAX: u64 = 50_000;
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
/// Bytes of a greeting, frames that a later version may add to it included.
pub const GREETING_BYTES_MAX: usize = 128 * 1024;
/// Bytes of what a pull asks for.
pub const PULL_BYTES_MAX: usize = 256 * 1024;
/// Histories that a device asks for at a time; each is answered whole.
pub const NEEDS_MAX: usize = 100;
/// Values in all frames of one request, names and numbers counted one by one: each takes some fifty
/// bytes once it is read.
pub const CALL_ITEMS_MAX: usize = 100_000;
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
/// Bytes of what is frozen of an order: it must fit one frame, with what is written around it.
pub const FROZEN_BYTES_MAX: usize = FRAME_BYTES_MAX - 32 * 1024;
/// Taxes that one line may carry at a time.
pub const TAX_PARTS_MAX: usize = 8;
/// Lines of taxes of one class, those of other days included.
pub const TAX_PART_LINES_MAX: usize = 64;
/// How deep containers lie in each other: a bottle in a crate on a pallet, and one more.
pub const DEPOSIT_DEPTH_MAX: usize = 4;
/// Containers that come with one unit of a product.
pub const DEPOSIT_COUNT_MAX: i64 = 10_000;
/// Kinds of containers that come with one product, those that lie in others included.
pub const DEPOSIT_CONTAINERS_MAX: usize = 50;
/// Fees that may hold for one buyer at a time.
pub const FEES_MAX: usize = 50;
/// Fees of one tenant, those of other days and versions included.
pub const FEE_ROWS_MAX: usize = 500;
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

/// For how long a device keeps its own accepted work, in milliseconds: the server may lose it, and
/// the records may leave the device.
pub const OWN_WORK_KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// Records that a device offers at a time, for the server may have lost them; two frames each.
pub const OFFERS_MAX: usize = 400;
/// Records that a device gives back at a time, and their bytes.
pub const RETURNS_MAX: usize = 200;
/// Bytes of what a device gives back at a time; a single record may be as large as a frame.
pub const RETURN_BYTES_MAX: usize = 1024 * 1024;

/// Postings of one object.
pub const POSTS_MAX: usize = 50;

/// Bytes of one file as it is kept and sent.
pub const BLOB_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Bytes of a file that a device reads to make it smaller: the largest that cameras write.
pub const CAPTURE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Dots of a picture that a device reads; it takes up to four bytes for each.
pub const PICTURE_DOTS_MAX: u64 = 64_000_000;
/// Dots of the longer edge of a picture as it is kept.
pub const PICTURE_EDGE_MAX: u32 = 2_048;
/// Bytes of files that travel in one call, at first and at most; fewer where a line breaks often.
pub const PIECES_BYTES: u64 = 128 * 1024;
/// See [`PIECES_BYTES`].
pub const PIECES_BYTES_MAX: u64 = 512 * 1024;
/// See [`PIECES_BYTES`]: a line that breaks more often carries no files.
pub const PIECES_BYTES_MIN: u64 = 4 * 1024;
/// Files of which one call carries pieces.
pub const PIECES_MAX: usize = 16;

const _: () = assert!(PIECES_BYTES_MIN < PIECES_BYTES && PIECES_BYTES < PIECES_BYTES_MAX);
const _: () = assert!(PIECES_BYTES_MAX < FRAME_BYTES_MAX as u64);
const _: () = assert!(BLOB_BYTES_MAX < CAPTURE_BYTES_MAX && PIECES_MAX < FRAMES_MAX);
const _: () = assert!(ORDER_LINES_MAX <= LINES_MAX);
const _: () = assert!(PERSON_EIGHTHS < DEVICES_EIGHTHS && DEVICES_EIGHTHS < 8);
const _: () = assert!(PERSON_HEADS_MAX < DEVICES_HEADS_MAX && DEVICES_HEADS_MAX < HEADS_MAX);
const _: () = assert!(DOCUMENT_OPERATIONS_FULL < DOCUMENT_OPERATIONS_MAX);
const _: () = assert!(CURSOR_LETTERS_MAX < QUERY_BYTES_MAX && QUERY_BYTES_MAX < REQUEST_BYTES_MAX);
const _: () = assert!(QUERY_PAGE_MAX < QUERY_SCAN_MAX);
const _: () = assert!(CHANGE_BYTES_MAX < PUSH_BYTES_MAX && PUSH_BYTES_MAX < REQUEST_BYTES_MAX);
// A group is never cut, so one fits a push.
const _: () = assert!(1 < GROUP_ENTRIES_MAX && GROUP_ENTRIES_MAX <= PUSH_ENTRIES_MAX);
const _: () = assert!(PUSH_ENTRIES_MAX < FRAMES_MAX && BUCKETS_MAX < FRAMES_MAX);
const _: () = assert!(2 * OFFERS_MAX < FRAMES_MAX && 2 * RETURNS_MAX < FRAMES_MAX);
const _: () = assert!(RETURN_BYTES_MAX + FRAME_BYTES_MAX < REQUEST_BYTES_MAX);
// What is left is for the lengths and kinds of the values.
const _: () = assert!(DOCUMENT_BYTES_MAX + DOCUMENT_INFLATED_BYTES_MAX <= FRAME_BYTES_MAX * 3 / 4);
const _: () = assert!((HEADS_MAX + 1) * TEXT_BYTES_MAX < FRAME_BYTES_MAX * 9 / 10);
