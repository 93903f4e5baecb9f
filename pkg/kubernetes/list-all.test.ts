import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kubernetesLimits } from '../process/limits.ts';
import { decode } from '../tenant/codec.ts';
import { type ApiResult, failed, succeeded } from './api-result.ts';
import { listAll } from './list-all.ts';
import { type ListItem, type ListPage, listPage } from './list-page.ts';
import { type PageQuery, secretsIn } from './resource.ts';

const items: readonly ListItem[] = Array.from({ length: 40 }, (_, at) => ({
  meta: { namespace: 'here', name: `${at}`, uid: `${at}`, resourceVersion: '1' },
  object: {},
}));

/** Pages of at most `mostItems`; more are too large. */
const serve = (mostItems: number, pageItems = Number.POSITIVE_INFINITY) => {
  const queries: PageQuery[] = [];
  const answer = async ({ limit, continueAt = '0' }: PageQuery): Promise<ApiResult<ListPage>> => {
    queries.push({ limit, continueAt });
    const end = Number(continueAt) + Math.min(limit, pageItems);
    const page = items.slice(Number(continueAt), end);
    if (page.length > mostItems) return failed('too_large');
    return succeeded({ resourceVersion: '7', items: page, ...(end < items.length && { continueAt: `${end}` }) });
  };
  const list = () =>
    listAll({
      client: { listPage: (_resource, query) => answer(query) },
      resource: secretsIn('here'),
      signal: new AbortController().signal,
      keep: ({ meta }) => meta.name,
    });
  return { queries, list };
};

test('pages that are too large are halved, and what was listed stays', async () => {
  const { queries, list } = serve(10);
  const listed = await list();
  assert.ok(listed.ok);
  assert.equal(
    listed.ok && listed.value.kept,
    items.map(({ meta }) => meta.name),
  );
  assert.equal(queries.map(({ limit }) => limit).slice(0, 7), [500, 250, 125, 62, 31, 15, 7]);
  assert.equal(queries.map(({ continueAt }) => continueAt).slice(6), ['0', '7', '14', '21', '28', '35']);
});

test('one object that is too large by itself is a failure', async () => {
  const { queries, list } = serve(0);
  assert.equal(await list(), failed('too_large'));
  assert.is(queries.at(-1)?.limit, 1);
});

test('a list that never ends is given up', async () => {
  let pages = 0;
  const endless = await listAll({
    client: {
      listPage: async () => {
        pages += 1;
        return succeeded({ resourceVersion: '1', items: [], continueAt: 'again' });
      },
    },
    resource: secretsIn('here'),
    signal: new AbortController().signal,
    keep: () => 0,
  });
  assert.equal(endless, failed('too_large'));
  assert.is(pages, kubernetesLimits.pagesMax);
});

test('a page is read from JSON and from instances alike', () => {
  const metadata = { uid: 'u', name: 'n', namespace: 'here', resourceVersion: '5', labels: {} };
  const object = { metadata, data: {} };
  const expected = { meta: { uid: 'u', name: 'n', namespace: 'here', resourceVersion: '5' }, object };
  const raw = decode(listPage, { metadata: { resourceVersion: '9', continue: 'more' }, items: [object] });
  assert.equal(raw, { ok: true, value: { resourceVersion: '9', continueAt: 'more', items: [expected] } });
  const instances = decode(listPage, { metadata: { resourceVersion: '9', _continue: 'more' }, items: [object] });
  assert.equal(instances, raw);
  const last = decode(listPage, { metadata: { resourceVersion: '9', continue: '' }, items: [] });
  assert.equal(last, { ok: true, value: { resourceVersion: '9', items: [] } });
});

test('a page without its version, or an item without its own, is refused', () => {
  const metadata = { uid: 'u', name: 'n', resourceVersion: '5' };
  for (const page of [
    null,
    {},
    { metadata: {}, items: [] },
    { metadata: { resourceVersion: '' }, items: [] },
    { metadata: { resourceVersion: '9' } },
    { metadata: { resourceVersion: '9' }, items: [{ metadata: { ...metadata, resourceVersion: undefined } }] },
    { metadata: { resourceVersion: '9' }, items: [{ metadata: { ...metadata, uid: '' } }] },
    { metadata: { resourceVersion: '9' }, items: [null] },
  ]) {
    assert.not(decode(listPage, page).ok, JSON.stringify(page));
  }
});

test.run();
