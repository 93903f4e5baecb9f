import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isOver, mayHold, type PacketPart, type Stage, stageAfter } from './transaction-stage.ts';

const refused = (state: string): Error => Object.assign(new Error('refused'), { code: state });
const gone = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });
const ended = refused('57P01');
const unique = refused('23505');
const cancelled = refused('57014');

/** Of three statements each, with BEGIN and COMMIT where they are named. */
const packets = {
  'BEGIN …': { begins: true, ends: 'not' },
  '…': { begins: false, ends: 'not' },
  '… COMMIT': { begins: false, ends: 'by_commit' },
  'BEGIN … COMMIT': { begins: true, ends: 'by_commit' },
  'all of it': { begins: false, ends: 'whole' },
} as const satisfies Record<string, Omit<PacketPart, 'length'>>;
type Packet = keyof typeof packets;
const length = 3;

const cases: readonly (readonly [what: string, packet: Packet, index: number, error: Error, stage: Stage])[] = [
  ['a statement is refused', 'BEGIN …', 2, unique, 'begun'],
  ['a statement is refused ahead of COMMIT, which is passed over', 'BEGIN … COMMIT', 1, unique, 'begun'],
  ['the first is refused ahead of COMMIT', '… COMMIT', 0, unique, 'begun'],
  ['COMMIT is refused', 'BEGIN … COMMIT', 2, unique, 'begun'],
  ['COMMIT is cancelled', 'BEGIN … COMMIT', 2, cancelled, 'committing'],
  ['COMMIT is cancelled when it is over', 'BEGIN … COMMIT', 3, cancelled, 'committing'],
  ['COMMIT is not answered', 'BEGIN … COMMIT', 2, gone, 'committing'],
  ['the session is ended during COMMIT', '… COMMIT', 2, ended, 'committing'],
  ['a statement is cancelled ahead of COMMIT', '… COMMIT', 1, cancelled, 'begun'],
  ['a statement is not answered', 'BEGIN …', 1, gone, 'begun'],
  ['a statement is not answered ahead of COMMIT', 'BEGIN … COMMIT', 1, gone, 'committing'],
  ['a later statement is not answered', '…', 0, gone, 'begun'],
  ['a later statement is refused', '…', 0, unique, 'begun'],
  ['BEGIN is refused', 'BEGIN …', 0, cancelled, 'waiting'],
  ['BEGIN is refused ahead of COMMIT', 'BEGIN … COMMIT', 0, cancelled, 'waiting'],
  ['BEGIN is not answered', 'BEGIN …', 0, gone, 'waiting'],
  ['BEGIN is not answered, nor COMMIT', 'BEGIN … COMMIT', 0, gone, 'committing'],
  ['the first is refused', 'all of it', 0, unique, 'rolled_back'],
  ['the last is cancelled', 'all of it', 2, cancelled, 'rolled_back'],
  ['its commit is refused', 'all of it', 3, unique, 'rolled_back'],
  ['its commit is cancelled', 'all of it', 3, cancelled, 'committing'],
  ['its time is over, and its session ended', 'all of it', 2, refused('25P04'), 'rolled_back'],
  ['the same by its commit', 'all of it', 3, refused('25P04'), 'committing'],
  ...['53100', '58030', 'XX000'].map(
    (state) => [`its commit ends the server, ${state}`, 'all of it', 3, refused(state), 'committing'] as const,
  ),
  ['a statement finds no space', 'all of it', 2, refused('53100'), 'rolled_back'],
  ['its commit is not answered', 'all of it', 3, gone, 'committing'],
  ['the session is ended during its commit', 'all of it', 3, ended, 'committing'],
  ['nothing is answered', 'all of it', 0, gone, 'committing'],
  ['a server that it asks is away', 'all of it', 1, refused('08001'), 'rolled_back'],
  ['its connection fails', 'all of it', 1, refused('08006'), 'committing'],
  ['nobody knows its end', 'all of it', 1, refused('40003'), 'committing'],
];

for (const [what, packet, index, error, stage] of cases) {
  test(`${packet}: ${what}: ${stage}`, () =>
    assert.is(stageAfter({ index, error }, { ...packets[packet], length }), stage));
}

test('what may hold is not over before somebody has said so', () => {
  const stages: readonly Stage[] = ['waiting', 'begun', 'committing', 'committed', 'rolled_back'];
  assert.equal(stages.filter(mayHold), ['committing', 'committed']);
  assert.equal(stages.filter(isOver), ['committed', 'rolled_back']);
});

test.run();
