-- Files that are here, each in the folder of files under its hash. at: when it came.
CREATE TABLE blob (hash BLOB PRIMARY KEY, bytes INTEGER NOT NULL, media TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX blob_at ON blob (at);
-- Who brought all bytes of a file: nobody is given a file because they know its hash.
CREATE TABLE blob_holder (hash BLOB NOT NULL, user BLOB NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (hash, user)) WITHOUT ROWID;
CREATE INDEX blob_holder_user ON blob_holder (user, bytes);
-- Which records name a file, and who wrote that; bytes and media: as it was written.
CREATE TABLE blob_link (hash BLOB NOT NULL, record BLOB NOT NULL, user BLOB NOT NULL, object TEXT NOT NULL, bytes INTEGER NOT NULL,
  media TEXT NOT NULL, PRIMARY KEY (hash, record, user)) WITHOUT ROWID;
CREATE INDEX blob_link_user ON blob_link (hash, user);
