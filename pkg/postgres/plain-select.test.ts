import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isPlainPlan, isPlainSelect } from './plain-select.ts';

const where = 'tenant_id = $1 AND id = ANY($2)';

for (const text of [
  `SELECT id, name, status, updated_at FROM customers WHERE ${where}`,
  `  select *\nfrom customers\twhere ${where}`,
  `SELECT c.id, "o"."total" FROM shop.customers AS c LEFT JOIN orders o ON o.customer_id = c.id WHERE c.tenant_id = $1 AND c.id = any ( $2 )`,
  `SELECT id, 'it''s' AS text, 12 AS number, $3 FROM t WHERE ${where} AND price >= 10 AND name <> 'x' AND old IS NOT NULL ORDER BY id DESC LIMIT 5`,
  `SELECT id FROM t WHERE ${where} AND name LIKE $3 AND at BETWEEN $4 AND $5`,
  `SELECT id, format, information, selected FROM t WHERE ${where}`,
]) {
  test(`plain: ${text}`, () => assert.ok(isPlainSelect(text)));
}

for (const [what, text] of Object.entries({
  'a function': `SELECT id, lower(name) AS name FROM t WHERE ${where}`,
  'a function in a condition': `SELECT id FROM t WHERE ${where} AND f(id)`,
  'a function with its name quoted': `SELECT id, "f"(id) FROM t WHERE ${where}`,
  'a function as a table': `SELECT k AS id FROM unnest($2) AS k, be($1)`,
  'an aggregate': `SELECT id, count(*) FROM t WHERE ${where} GROUP BY id`,
  'ANY of something else': 'SELECT id FROM t WHERE tenant_id = $1 AND id = ANY(f($2))',
  'ANY of a query': 'SELECT id FROM t WHERE tenant_id = $1 AND id = ANY(SELECT k FROM f($2))',
  'a function called any': `SELECT id, "any"($2) FROM t WHERE ${where}`,
  'a function called any in a schema': `SELECT id, public.any($2) FROM t WHERE ${where}`,
  'a name that ends with any': `SELECT id FROM t WHERE ${where} AND f$1any($2)`,
  'a space that is none to PostgreSQL': `SELECT id FROM t WHERE tenant_id = $1 AND id =\u00a0any($2)`,
  'a query in a query': `SELECT id, (SELECT max(id) FROM t) FROM t WHERE ${where}`,
  'a union': `SELECT id FROM t WHERE ${where} UNION SELECT id FROM u WHERE ${where}`,
  'a table in a union': `SELECT id FROM t WHERE ${where} UNION TABLE u`,
  'a WITH query': `WITH t AS (SELECT 1) SELECT id FROM t WHERE ${where}`,
  values: `VALUES ($1, $2)`,
  'a lock': `SELECT id FROM t WHERE ${where} FOR SHARE`,
  arithmetic: `SELECT id, 100 / a FROM t WHERE ${where}`,
  'a negative number': `SELECT id FROM t WHERE ${where} AND a > -1`,
  'a cast': `SELECT id, name::int FROM t WHERE ${where}`,
  'an operator of its own': `SELECT id FROM t WHERE ${where} AND a @> $3`,
  'a line comment': `SELECT id FROM t WHERE ${where} -- FOR SHARE`,
  'a comment': `SELECT id /* name */ FROM t WHERE ${where}`,
  'a text with a backslash': `SELECT id, E'\\'' FROM t WHERE ${where}`,
  'a text in dollars': `SELECT id, $a$ x $a$ FROM t WHERE ${where}`,
  'an element of a list': `SELECT id, $2[1] FROM t WHERE ${where}`,
  'a second statement': `SELECT id FROM t WHERE ${where}; SELECT 1`,
  'a name that is not ASCII': `SELECT ïd FROM t WHERE ${where}`,
  'a quoted name that is none': `SELECT "a b(" FROM t WHERE ${where}`,
  'no SELECT': `SELECTED id FROM t WHERE ${where}`,
  nothing: '',
})) {
  test(`not plain: ${what}`, () => assert.not(isPlainSelect(text)));
}

const ofParameters = [
  'Nested Loop',
  '  Output: ((given.n)::integer), ((r.id)::text), ((row_to_json(ROW(r.id, r.name)))::text)',
  '  ->  Function Scan on given',
  '        Function Call: unnest($0), unnest($1)',
  '        InitPlan 1 (returns $0)',
  '        InitPlan 2 (returns $1)',
];

for (const [what, lines] of Object.entries({
  'a scan': ['  ->  Index Scan using t_pkey on public.t', '        Index Cond: ((t.id = ANY (((given.p)::uuid[]))))'],
  'as later versions print what is apart': ['        Output: (InitPlan 1).col1, (hashed SubPlan 3).col1'],
  nothing: [],
})) {
  test(`a plain plan: ${what}`, () => assert.ok(isPlainPlan([...ofParameters, ...lines], 2)));
}

for (const [what, line] of Object.entries({
  'a function': '        Filter: (t.tenant_id = current_setting(x))',
  'a function with its schema': '        Output: public.f(t.id)',
  'a function of the same name as a harmless one': '        Output: app.unnest(t.id)',
  'a sample': '  ->  Sample Scan on public.t',
  'another server': '  ->  Foreign Scan on public.t',
  'a function with a quoted name': '        Output: "F"(t.id)',
  'what is worked out once': '        InitPlan 3 (returns $2)',
  'what is worked out once, as later versions print it': '        InitPlan 3',
  'a sub-query': '        SubPlan 1',
  'a CTE': '        CTE mine',
  'a lock': '  ->  LockRows',
})) {
  test(`not a plain plan: ${what}`, () => assert.not(isPlainPlan([...ofParameters, line], 2)));
}

test('a plan of which nothing is known is not plain', () => {
  assert.not(isPlainPlan([], 2));
  assert.not(isPlainPlan(ofParameters, 3));
});

test('looks at a long text once', () => {
  const names = Array.from({ length: 20_000 }, (_, n) => `column_${n}`).join(' ');
  assert.not(isPlainSelect(`SELECT ${names} (`));
  assert.ok(isPlainSelect(`SELECT ${names}`));
});

test.run();
