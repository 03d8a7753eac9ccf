-- group_id: the group in which a refused entry came; null if it came alone.
ALTER TABLE quarantine ADD COLUMN group_id BLOB;
