import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createOwnNews } from './own-news.ts';

test('news of its own is old once the transaction is done, and not before', () => {
  const news = createOwnNews();
  const [first, second] = [news.begin(), news.begin()];
  assert.is.not(first.origin, second.origin);
  assert.equal(
    [first, second].map(({ origin }) => news.isOld(origin)),
    [false, false],
  );
  first.done();
  assert.equal(
    [first, second].map(({ origin }) => news.isOld(origin)),
    [true, false],
  );
});

test('a transaction is heard when all that it sent was, and not where it sent nothing', () => {
  const news = createOwnNews();
  const own = news.begin();
  assert.is(own.isHeard(), false);
  own.sends(3);
  own.sends(2);
  news.isOld(own.origin);
  assert.is(own.isHeard(), false);
  news.isOld(news.begin().origin);
  assert.is(own.isHeard(), false);
  news.isOld(own.origin);
  assert.is(own.isHeard(), true);
});

test('news of others, and of nobody in particular, is never old', () => {
  const [news, others] = [createOwnNews(), createOwnNews()];
  const [own, theirs] = [news.begin(), others.begin()];
  own.done();
  theirs.done();
  for (const origin of [undefined, '', theirs.origin, `x${own.origin}`]) assert.is(news.isOld(origin), false);
});

test('after a COMMIT that nobody answered, news of everything begun before is acted on', () => {
  const news = createOwnNews();
  const [doubtful, other] = [news.begin(), news.begin()];
  doubtful.doubtful();
  other.done();
  assert.equal(
    [doubtful, other].map(({ origin }) => news.isOld(origin)),
    [false, false],
  );
  const next = news.begin();
  next.done();
  assert.is(news.isOld(next.origin), true);
});

test('an origin fits the channel', () => {
  assert.ok(createOwnNews().begin().origin.length <= 63 - 20);
});

test.run();
