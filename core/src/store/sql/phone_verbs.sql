-- verb: the verb of its object by which an entry was done, if one was.
ALTER TABLE outbox ADD COLUMN verb TEXT;
-- numbers: a JSON object, the numbers and names behind the reason.
ALTER TABLE attention ADD COLUMN numbers TEXT NOT NULL DEFAULT '{}';

-- How far series of human numbers were given: in the transaction of the record, never computed from records.
CREATE TABLE number_series (series TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
