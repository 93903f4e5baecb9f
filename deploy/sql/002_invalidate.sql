-- Tells every handler which cached rows a change made stale. Safe to run again.
--
-- A table takes part with three triggers (see sample/customers.sql):
--   CREATE TRIGGER … AFTER INSERT ON t REFERENCING NEW TABLE AS new_rows
--     FOR EACH STATEMENT EXECUTE FUNCTION dataactions_invalidate('tenant column', 'key column' [, 'action' …]);
--   … AFTER UPDATE ON t REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows …
--   … AFTER DELETE ON t REFERENCING OLD TABLE AS old_rows …
-- Without actions, all lookups of the tenant forget these keys.
--
-- Payload on channel dataactions_invalidate: {"tenantId": "…", "keys": ["…"], "actions": ["…"]}. More than 1,000 keys of a
-- tenant in one statement, or keys too long for a payload (8,000 bytes): without "keys", which means all of them. Rows without
-- a tenant, or whose tenant is longer than a tenant id may be (63), are nobody's: they are left out, and never fail a change.
-- "origin", of at most 63 characters, is for the handlers alone, each of which knows its own transactions by it: every handler acts on
-- a payload without it.
CREATE OR REPLACE FUNCTION dataactions_invalidate() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  columns  text := format('%I::text AS tenant, %I::text AS key', TG_ARGV[0], TG_ARGV[1]);
  actions  jsonb := to_jsonb(TG_ARGV[2:]);
  rows_of  text;
  changed  record;
  tenants  text[];
  ids      text[];
  changes  refcursor;
  affected record;
  payload  jsonb;
BEGIN
  rows_of := CASE TG_OP
    WHEN 'INSERT' THEN format('SELECT %s FROM new_rows', columns)
    WHEN 'DELETE' THEN format('SELECT %s FROM old_rows', columns)
    ELSE format('SELECT %s FROM new_rows UNION ALL SELECT %s FROM old_rows', columns, columns)
  END;
  FOR changed IN EXECUTE rows_of || ' LIMIT 3' LOOP
    tenants := array_append(tenants, changed.tenant);
    ids := array_append(ids, changed.key);
  END LOOP;
  IF tenants IS NULL THEN
    RETURN NULL;
  END IF;
  -- Nearly every change is of one row, its old self and its new one: to plan the query for many takes longer than all the rest.
  IF cardinality(tenants) = 1 OR (cardinality(tenants) = 2 AND tenants[1] = tenants[2] AND ids[1] = ids[2]) THEN
    OPEN changes FOR SELECT tenants[1] AS tenant, to_jsonb(ids[1:1]) AS keys WHERE length(tenants[1]) <= 63 AND ids[1] IS NOT NULL;
  ELSE
    OPEN changes FOR EXECUTE format(
      'SELECT tenant, CASE WHEN count(*) OVER (PARTITION BY tenant) > 10 THEN NULL ELSE keys END AS keys
       FROM (SELECT tenant, chunk, to_jsonb(array_agg(key)) AS keys
             FROM (SELECT tenant, key, (row_number() OVER (PARTITION BY tenant ORDER BY key) - 1) / 100 AS chunk
                   FROM (SELECT DISTINCT tenant, key FROM (%s) AS r WHERE length(tenant) <= 63 AND key IS NOT NULL) AS d) AS n
             GROUP BY tenant, chunk) AS c', rows_of);
  END IF;
  LOOP
    FETCH changes INTO affected;
    EXIT WHEN NOT FOUND;
    payload := jsonb_build_object('tenantId', affected.tenant);
    IF jsonb_array_length(actions) > 0 THEN
      payload := payload || jsonb_build_object('actions', actions);
    END IF;
    IF affected.keys IS NOT NULL AND octet_length((payload || jsonb_build_object('keys', affected.keys))::text) < 7900 THEN
      payload := payload || jsonb_build_object('keys', affected.keys);
    END IF;
    PERFORM pg_notify('dataactions_invalidate', payload::text);
  END LOOP;
  CLOSE changes;
  RETURN NULL;
END
$$;
