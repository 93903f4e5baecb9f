-- Answers of transactions that came with an idempotency key, kept for 24 hours so that a repeat gets them and changes
-- nothing. Written in the transaction they tell of; older rows are removed by the handlers, in small batches. Safe to run again.
--
-- body_hash: SHA-256 of the request's body in hex; a repeat has to have the same. answer: null only while its transaction runs.
CREATE TABLE IF NOT EXISTS idempotency_keys (
  tenant_id  text        NOT NULL,
  action     text        NOT NULL,
  key        text        NOT NULL,
  body_hash  text        NOT NULL,
  answer     text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, action, key)
);

-- For those who remove what is too old.
CREATE INDEX IF NOT EXISTS idempotency_keys_created_at ON idempotency_keys (created_at);

REVOKE ALL ON idempotency_keys FROM PUBLIC;
REVOKE ALL ON idempotency_keys FROM dataactions_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO dataactions_service;
