-- What the server keeps beside documents and rows: the logs of the buckets, verdicts, and who may come in.

-- tick: the server's clock of accepted work, across all buckets. seq: dense within its bucket.
CREATE TABLE log (tick INTEGER PRIMARY KEY AUTOINCREMENT, bucket INTEGER NOT NULL, seq INTEGER NOT NULL, op INTEGER NOT NULL, object TEXT NOT NULL, id BLOB NOT NULL, hash BLOB);
CREATE UNIQUE INDEX log_bucket ON log (bucket, seq);
-- op 4: a record left a bucket.
CREATE INDEX log_left ON log (id, bucket, tick) WHERE op = 4;

-- Changes, apart from the log, so that they can be erased without breaking it.
CREATE TABLE payload (hash BLOB PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;

-- code: 'accepted', or why not. fields: a JSON array.
CREATE TABLE verdict (number INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE, record BLOB NOT NULL, device BLOB NOT NULL, actor BLOB, code TEXT NOT NULL, message TEXT NOT NULL, fields TEXT NOT NULL);

CREATE TABLE quarantine (hash BLOB PRIMARY KEY, device BLOB NOT NULL, object TEXT NOT NULL, record BLOB NOT NULL, bytes BLOB NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;

-- Which buckets a person followed; until: the tick at which it ended, null while it lasts.
CREATE TABLE follow (user BLOB NOT NULL, bucket TEXT NOT NULL, until INTEGER);
CREATE INDEX follow_user ON follow (user);

-- What the last import wrote, so that the next one leaves alone what people changed since.
CREATE TABLE imported (id BLOB PRIMARY KEY, vals BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE code (hash BLOB PRIMARY KEY, user BLOB NOT NULL, expires_at INTEGER NOT NULL, install TEXT, device BLOB, used_at INTEGER) WITHOUT ROWID;

-- replaces: the token that this one renewed; it ends when this one is first used.
CREATE TABLE credential (hash BLOB PRIMARY KEY, refreshes INTEGER NOT NULL, device BLOB NOT NULL, expires_at INTEGER NOT NULL, replaces BLOB) WITHOUT ROWID;
CREATE INDEX credential_device ON credential (device);

-- seen: the highest outbox number it pushed. tick: up to where it holds everything, by its own word. actor: its newest.
CREATE TABLE installation (device BLOB PRIMARY KEY, user BLOB NOT NULL, revoked_at INTEGER, seen INTEGER NOT NULL DEFAULT 0, tick INTEGER NOT NULL DEFAULT 0, actor BLOB) WITHOUT ROWID;

CREATE TABLE author (actor BLOB PRIMARY KEY, device BLOB, user BLOB) WITHOUT ROWID;
