-- What a bucket holds up to a sequence number, packed once for all devices: each part a zstd stream of frames in the order of their numbers, `first` to `last`.
CREATE TABLE base (bucket INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (bucket, first)) WITHOUT ROWID;

-- upto: up to here the log names each record once. floor: the highest number whose removal is forgotten; who stands below comes anew.
CREATE TABLE compacted (bucket INTEGER PRIMARY KEY, upto INTEGER NOT NULL, floor INTEGER NOT NULL);

-- When the server's clock of accepted work stood where, in milliseconds since 1970.
CREATE TABLE tick_at (tick INTEGER PRIMARY KEY, at INTEGER NOT NULL);
