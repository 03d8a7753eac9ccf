-- Refresh tokens that were renewed and whose successors were used: whoever shows one has a copy. expires_at: when it may be forgotten.
CREATE TABLE spent (hash BLOB PRIMARY KEY, device BLOB NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX spent_device ON spent (device);
