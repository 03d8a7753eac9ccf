-- told: of a document of which more is held than the server told, the newest changes that it told, ascending; null for all else.
ALTER TABLE doubt ADD COLUMN told BLOB;
