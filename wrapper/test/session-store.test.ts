import { expect, test } from '@jest/globals';
import { SESSION_EVICT_IDLE_MS } from '../src/limits.ts';
import type { Session } from '../src/sessions/session.ts';
import { SessionStore } from '../src/sessions/session-store.ts';

const CLIENT = { principal: 'public', protocolVersion: '2025-06-18' };

function createStore(sessionsMax: number): { store: SessionStore; clock: { nowMs: number }; removed: Session[] } {
  const clock = { nowMs: 0 };
  const removed: Session[] = [];
  const onRemove = (session: Session): void => void removed.push(session);
  const store = new SessionStore({ sessionsMax, idleMs: 1_000_000, nowMs: () => clock.nowMs, onRemove });
  return { store, clock, removed };
}

test('full session store makes room by the session unused for longest, when it was unused for long enough', () => {
  const { store, clock, removed } = createStore(2);
  const [first, second] = [store.create(CLIENT), store.create(CLIENT)];
  clock.nowMs = 1;
  store.use(first?.id ?? '', 'public');

  const tooEarly = store.create(CLIENT);
  clock.nowMs = SESSION_EVICT_IDLE_MS + 1;
  const inTime = store.create(CLIENT);

  expect(tooEarly).toBeUndefined();
  expect(inTime).toBeDefined();
  expect(removed).toEqual([second]);
});

test('full session store keeps sessions with open calls', () => {
  const { store, clock } = createStore(1);
  const session = store.create(CLIENT);
  if (session) session.callsInFlight = 1;

  clock.nowMs = SESSION_EVICT_IDLE_MS * 2;

  expect(store.create(CLIENT)).toBeUndefined();
});

test('session keeps a bounded number of notices for a client that does not listen', () => {
  const { store } = createStore(1);
  const session = store.create(CLIENT);
  const sent: string[] = [];
  for (let i = 0; i < 1000; i++) session?.deliver(`notice ${i}`);
  for (let i = 0; i < 1000; i++) session?.deliver('same');

  session?.attachStream({ isOpen: true, end: () => {}, send: (text: string) => sent.push(text) > 0 } as never);

  expect(sent).toHaveLength(64);
  expect(sent.slice(-2)).toEqual(['notice 999', 'same']);
});
