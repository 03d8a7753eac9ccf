-- What shows that the server said something. mark: the first eight bytes of the hash of a head, of a fact, or of a row's values.
-- tick: the server's clock when a row became so.
CREATE TABLE seal (record BLOB NOT NULL, mark INTEGER NOT NULL, seal BLOB NOT NULL, tick INTEGER, PRIMARY KEY (record, mark)) WITHOUT ROWID;

-- What was held of a bucket and was not told when the bucket came anew: the server may have lost it.
-- vals, seal, tick: of a row that was told otherwise, as it was here.
CREATE TABLE doubt (record BLOB PRIMARY KEY, object TEXT NOT NULL, version INTEGER NOT NULL, vals BLOB, seal BLOB, tick INTEGER) WITHOUT ROWID;

-- What was told before there were seals comes once more, with them.
UPDATE bucket SET cursor = 0;
