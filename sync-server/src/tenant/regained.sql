-- Rows that a device gave back after they were lost here. tick: as of when it was told them, by the clock of accepted work.
CREATE TABLE regained (record BLOB PRIMARY KEY, tick INTEGER NOT NULL) WITHOUT ROWID;
-- What was packed before there were seals is packed anew.
DELETE FROM base;
-- known: the tick that the file was at when the epoch began: what was told later is lost.
ALTER TABLE epoch ADD COLUMN known INTEGER NOT NULL DEFAULT 0;
