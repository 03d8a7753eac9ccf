-- The files of this device; each lies beside the database under its hash. state: 0 no record names it yet, 1 it is to be sent,
-- 2 the server has it, 3 the server does not take it. sent: bytes that the server has, as far as is known here; at: when it came.
CREATE TABLE blob (hash BLOB PRIMARY KEY, bytes INTEGER NOT NULL, media TEXT NOT NULL, state INTEGER NOT NULL, sent INTEGER NOT NULL,
  at INTEGER NOT NULL, code TEXT, message TEXT) WITHOUT ROWID;
CREATE INDEX blob_waiting ON blob (at) WHERE state = 1;
