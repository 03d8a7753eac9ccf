-- heard_at: when the device last greeted the server, in milliseconds since 1970. issued: the highest outbox number that it said it gave out.
-- unsent_since: when it first said so of numbers that it has not sent; null if it has sent them.
ALTER TABLE installation ADD COLUMN heard_at INTEGER;
ALTER TABLE installation ADD COLUMN issued INTEGER NOT NULL DEFAULT 0;
ALTER TABLE installation ADD COLUMN unsent_since INTEGER;

-- What the office did, each entry bound to the one before it. by: a user's id, nothing for whoever runs the server; about: a JSON object;
-- hash: SHA-256 over the hash before it and all of the entry. Numbers have no gap.
CREATE TABLE audit (number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, by BLOB, act TEXT NOT NULL, about TEXT NOT NULL, hash BLOB NOT NULL);
