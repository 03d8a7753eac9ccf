-- What is kept for the office is bounded by device: refused work, and the actors that it claims.
CREATE INDEX quarantine_device ON quarantine (device);
CREATE INDEX author_device ON author (device);
