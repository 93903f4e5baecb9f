-- A customers table as the default action expects it, with sample rows of the quickstart's two tenants. For trying things
-- out; a real table only has to have the columns that the declared statements name.
CREATE TABLE customers (
  tenant_id  text        NOT NULL,
  id         uuid        NOT NULL,
  name       text        NOT NULL,
  status     text        NOT NULL CHECK (status IN ('active', 'inactive', 'blocked')),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);

CREATE TRIGGER customers_inserted AFTER INSERT ON customers REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION dataactions_invalidate('tenant_id', 'id');
CREATE TRIGGER customers_updated AFTER UPDATE ON customers REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION dataactions_invalidate('tenant_id', 'id');
CREATE TRIGGER customers_deleted AFTER DELETE ON customers REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION dataactions_invalidate('tenant_id', 'id');

-- What lookups read, and what the sample's transaction changes.
GRANT SELECT, UPDATE (status, updated_at) ON customers TO dataactions_service;

INSERT INTO customers (tenant_id, id, name, status, updated_at)
SELECT tenant.tenant_id,
       (tenant.prefix || lpad(n::text, 12, '0'))::uuid,
       (ARRAY['Ada', 'Grace', 'Alan', 'Edsger', 'Barbara', 'Donald', 'Radia', 'Leslie'])[n % 8 + 1] || ' '
         || (ARRAY['Lovelace', 'Hopper', 'Turing', 'Dijkstra', 'Liskov', 'Knuth', 'Perlman', 'Lamport'])[(n / 8) % 8 + 1] || ' ' || n,
       (ARRAY['active', 'active', 'active', 'inactive', 'blocked'])[n % 5 + 1],
       timestamptz '2026-01-01 00:00:00+00' + n * interval '1 minute'
FROM (VALUES ('acme', '00000000-0000-4000-8000-', 2000),
             ('11ef6a32-c573-6d80-b014-0242ac110004', '00000000-0000-4000-9000-', 1000)) AS tenant (tenant_id, prefix, customers),
     generate_series(1, tenant.customers) AS n;
