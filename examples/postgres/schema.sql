SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS guests (
  name text PRIMARY KEY,
  arrived timestamptz NOT NULL DEFAULT now()
);
