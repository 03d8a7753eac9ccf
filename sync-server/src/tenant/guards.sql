-- Who left, when (milliseconds since 1970), and the clock of accepted work then.
CREATE TABLE leaver (user BLOB PRIMARY KEY, tick INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
-- When the office wanted a device emptied, and when it was.
ALTER TABLE installation ADD COLUMN wipe_at INTEGER;
ALTER TABLE installation ADD COLUMN wiped_at INTEGER;
