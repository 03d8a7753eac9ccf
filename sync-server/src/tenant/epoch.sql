-- The lives of this tenant: each begins where what was accepted before it may be lost. epoch: as devices are told it. tick: none of this life is at or below it.
CREATE TABLE epoch (number INTEGER PRIMARY KEY, epoch INTEGER NOT NULL UNIQUE, began_at INTEGER NOT NULL, tick INTEGER NOT NULL, reason TEXT NOT NULL);
INSERT INTO epoch SELECT 1, CAST(value AS INTEGER), 0, 0, 'founded' FROM meta WHERE key = 'epoch';
DELETE FROM meta WHERE key = 'epoch';
