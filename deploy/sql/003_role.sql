-- The service's rights, as a group role. Safe to run again.
--
-- A login of your own joins it:      CREATE ROLE handler_a LOGIN PASSWORD '…' IN ROLE dataactions_service;
-- What lookups may read:             GRANT SELECT ON customers TO dataactions_service;
-- What transactions may change:      GRANT SELECT, UPDATE (status, updated_at) ON customers TO dataactions_service;
-- It can add audit rows, and neither read, change nor remove them. Whoever may write a DataActionConfig can use every right
-- granted here: give it only what tenants may reach.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dataactions_service') THEN
    CREATE ROLE dataactions_service NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
  END IF;
END
$$;

REVOKE ALL ON audit_log FROM PUBLIC;
REVOKE ALL ON audit_log FROM dataactions_service;
GRANT INSERT (tenant_id, customer_ids, action, request_id, source, outcome, context) ON audit_log TO dataactions_service;
