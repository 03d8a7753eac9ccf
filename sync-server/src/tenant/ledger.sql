-- The ledger: immutable. phase 0 post, 1 hold, 2 capture, 3 release, 4 resume; quantity an exact decimal above 0;
-- a pot is the id of its row and a field of it, nothing where it lies outside; held_*: what it is set aside for.
CREATE TABLE movement (id BLOB PRIMARY KEY, tick INTEGER NOT NULL, source BLOB NOT NULL, posting TEXT NOT NULL, line TEXT NOT NULL,
  phase INTEGER NOT NULL, from_row BLOB, from_path TEXT, to_row BLOB, to_path TEXT, held_for BLOB, held_by TEXT, held_line TEXT,
  quantity TEXT NOT NULL, unit TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX movement_from ON movement (from_row, from_path, tick);
CREATE INDEX movement_to ON movement (to_row, to_path, tick);
CREATE INDEX movement_source ON movement (source);
CREATE INDEX movement_held ON movement (held_for);

-- What the server wrote: the history of what has no history. before, after: JSON objects of the values that changed, by path;
-- by: the person it was written for, nothing for whoever runs the server.
CREATE TABLE journal (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, by BLOB, cause TEXT NOT NULL, object TEXT NOT NULL,
  record BLOB NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL);
CREATE INDEX journal_record ON journal (record, number);
