import { expect, test } from '@jest/globals';
import { useTestPostgres } from './test-postgres.ts';

const tests = useTestPostgres();

test('what is seen again keeps its time; what was away begins anew', async () => {
  const { postgres } = await tests.open();
  const at = (minute: number) => new Date(Date.UTC(2026, 10, 22, 12, minute));

  await postgres.driftLog.observe(['a', 'b'], at(0));
  const second = await postgres.driftLog.observe(['a', 'c'], at(10));
  const third = await postgres.driftLog.observe(['a', 'b'], at(20));
  const none = await postgres.driftLog.observe([], at(30));

  expect([...second].sort()).toEqual([
    ['a', at(0)],
    ['c', at(10)],
  ]);
  expect([...third].sort()).toEqual([
    ['a', at(0)],
    ['b', at(20)],
  ]);
  expect(none.size).toBe(0);
});
