-- What phone and server both keep: documents with their accepted history, members of buckets, conflicts, search.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE descriptor (object TEXT PRIMARY KEY, version INTEGER NOT NULL, json TEXT NOT NULL) WITHOUT ROWID;

-- heads: 32 bytes each, ascending.
CREATE TABLE document (id BLOB PRIMARY KEY, object TEXT NOT NULL, blob BLOB NOT NULL, heads BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE document_tail (id BLOB NOT NULL, n INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (id, n)) WITHOUT ROWID;

-- cursor: on a phone the last operation taken in, on the server the last one logged. sum: 64 bits, as signed.
CREATE TABLE bucket (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, cursor INTEGER NOT NULL DEFAULT 0, sum INTEGER NOT NULL DEFAULT 0);

CREATE TABLE member (bucket INTEGER NOT NULL, id BLOB NOT NULL, object TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (bucket, id)) WITHOUT ROWID;
CREATE INDEX member_id ON member (id);

-- body: CBOR of the conflict, its sides with the value that shows first.
CREATE TABLE conflict (id BLOB PRIMARY KEY, object TEXT NOT NULL, record BLOB NOT NULL, path TEXT NOT NULL, state TEXT NOT NULL, provisional INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX conflict_record ON conflict (record);

CREATE TABLE search_entry (rowid INTEGER PRIMARY KEY, object TEXT NOT NULL, id BLOB NOT NULL UNIQUE);
CREATE VIRTUAL TABLE search USING fts5 (words, content = '', contentless_delete = 1, prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2');
