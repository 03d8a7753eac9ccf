-- group_id, group_count: the group in which an entry goes, all of it or nothing, and how many it has; null for what goes alone.
ALTER TABLE outbox ADD COLUMN group_id BLOB;
ALTER TABLE outbox ADD COLUMN group_count INTEGER;
CREATE INDEX outbox_group ON outbox (group_id) WHERE group_id IS NOT NULL;
-- What was refused together is one thing to look at.
ALTER TABLE attention ADD COLUMN group_id BLOB;
CREATE INDEX attention_group ON attention (group_id) WHERE group_id IS NOT NULL;
