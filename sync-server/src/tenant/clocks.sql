-- told_at: when the device was last told what it follows, by the server's clock. What it says later of an earlier day is not believed.
ALTER TABLE installation ADD COLUMN told_at INTEGER;
