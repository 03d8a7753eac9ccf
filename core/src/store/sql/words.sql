-- Words come folded and parted by blanks (base/fold.rs), so that SQLite only parts them. Those that were here are entered anew.
DROP TABLE search;
DELETE FROM search_entry;
CREATE VIRTUAL TABLE search USING fts5 (words, content = '', contentless_delete = 1, prefix = '1 2 3', tokenize = 'ascii');
CREATE VIRTUAL TABLE search_term USING fts5vocab (search, 'instance');
