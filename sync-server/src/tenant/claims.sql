-- numbers: a JSON object, the numbers and names behind a refusal; null if there are none.
ALTER TABLE verdict ADD COLUMN numbers TEXT;

-- told: the tick that the server was at when the device last greeted it. What it says that it holds is no later.
ALTER TABLE installation ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
UPDATE installation SET told = tick;

-- known: what imports knew of a document's history when they said its fields; what people wrote since competes with the next.
ALTER TABLE imported ADD COLUMN known BLOB;

-- What a request over HTTP was answered, by the key under which its sender sends it again. request: the hash of what it asked.
CREATE TABLE answered (user BLOB NOT NULL, key TEXT NOT NULL, request BLOB NOT NULL, answer TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (user, key)) WITHOUT ROWID;
CREATE INDEX answered_at ON answered (at);

-- How far series of human numbers were given: in the transaction of the record, never computed from records.
CREATE TABLE number_series (series TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;

CREATE INDEX author_user ON author (user);
