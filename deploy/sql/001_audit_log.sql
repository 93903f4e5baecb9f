-- The audit log: one row for each answered request. Safe to run again.
--
-- customer_ids: the keys asked for, as text; empty where an action has none.
-- source: the slowest part that was needed (memory, redis, database; cxone for calls to its API). outcome: answered or rolled_back.
-- context: the request's own `context`, so that an auditor can tie a lookup to a contact.
CREATE TABLE IF NOT EXISTS audit_log (
  id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id    text        NOT NULL,
  customer_ids text[]      NOT NULL,
  action       text        NOT NULL,
  request_id   text        NOT NULL,
  source       text        NOT NULL,
  outcome      text        NOT NULL,
  context      jsonb       NOT NULL DEFAULT '{}',
  created_at   timestamptz NOT NULL DEFAULT now()
)
-- A row of fifty UUIDs has a little more than the 2 kB from which on PostgreSQL tries to compress it, in vain, and then moves its ids to a
-- second table: half of what the row costs. So a row stays whole while a page has room for it.
WITH (toast_tuple_target = 8160);

-- Small, and cheap to keep up while rows arrive in the order of their time: "what happened between … and …".
CREATE INDEX IF NOT EXISTS audit_log_created_at ON audit_log USING brin (created_at);
