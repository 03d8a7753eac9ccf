-- What is set aside for records; on a phone it stays empty.
-- remaining, captured, released: exact decimals; posting: the posting that holds; line: of the record, or nothing.
CREATE TABLE hold (record BLOB NOT NULL, posting TEXT NOT NULL, line TEXT NOT NULL, object TEXT NOT NULL,
  pot BLOB NOT NULL, path TEXT NOT NULL, remaining TEXT NOT NULL, captured TEXT NOT NULL, released TEXT NOT NULL,
  PRIMARY KEY (record, posting, line, pot, path)) WITHOUT ROWID;
CREATE INDEX hold_pot ON hold (pot, path);

-- What this device asked of the server; answered: 1 once the verdict is here, until all is verified.
CREATE TABLE ask (record BLOB NOT NULL, verdict TEXT NOT NULL, object TEXT NOT NULL, since INTEGER NOT NULL,
  answered INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (record, verdict)) WITHOUT ROWID;

-- By how much pots move if that is granted.
CREATE TABLE pending (record BLOB NOT NULL, verdict TEXT NOT NULL, pot BLOB NOT NULL, path TEXT NOT NULL,
  object TEXT NOT NULL, delta TEXT NOT NULL, PRIMARY KEY (record, verdict, pot, path)) WITHOUT ROWID;
CREATE INDEX pending_pot ON pending (pot, path);
