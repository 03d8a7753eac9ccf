-- What a phone alone keeps: work the server has not judged, and work it refused.
CREATE TABLE outbox (number INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, object TEXT NOT NULL, record BLOB NOT NULL, hash BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL, command TEXT NOT NULL, actor BLOB NOT NULL, at INTEGER NOT NULL, knew INTEGER NOT NULL);
CREATE INDEX outbox_record ON outbox (record);

CREATE TABLE attention (number INTEGER PRIMARY KEY, object TEXT NOT NULL, record BLOB NOT NULL, hash BLOB NOT NULL, command TEXT NOT NULL, bytes BLOB NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, fields TEXT NOT NULL, at INTEGER NOT NULL);
