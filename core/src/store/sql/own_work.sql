-- What the device did itself and the server accepted, as it was in the outbox. seal: what shows that the server said so.
-- kept_from: when a verified sync first saw it here. due: the server may have lost it, and is yet to be asked.
CREATE TABLE own_work (number INTEGER PRIMARY KEY, kind INTEGER NOT NULL, object TEXT NOT NULL, record BLOB NOT NULL, hash BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL, actor BLOB NOT NULL, at INTEGER NOT NULL, seal BLOB, kept_from INTEGER, due INTEGER NOT NULL DEFAULT 0);
CREATE INDEX own_work_due ON own_work (number) WHERE due;
CREATE INDEX own_work_due_record ON own_work (record) WHERE due;
