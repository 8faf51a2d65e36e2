import { expect, test } from '@jest/globals';
import type { EventStream } from '../src/http/event-stream.ts';
import { SESSION_EVICT_IDLE_MS, SESSION_QUESTIONS_MAX, STORED_EVENT_BYTES_MAX } from '../src/limits.ts';
import type { ServerInstance } from '../src/sessions/server-instance.ts';
import type { Session } from '../src/sessions/session.ts';
import { SessionStore } from '../src/sessions/session-store.ts';

function createStore(sessionsMax: number): {
  open: () => Session | undefined;
  store: SessionStore;
  clock: { nowMs: number };
  removed: Session[];
} {
  const clock = { nowMs: 0 };
  const removed: Session[] = [];
  const onRemove = (session: Session): void => void removed.push(session);
  const nowMs = (): number => clock.nowMs;
  const store = new SessionStore({ sessionsMax, idleMs: 1_000_000, inputWaitMs: 1_000_000, nowMs, onRemove });
  const instance = { sessions: new Set() } as unknown as ServerInstance;
  const client = { principalId: 'public', protocolVersion: '2025-06-18', capabilities: {}, clientInfo: {}, instance };
  return { store, clock, removed, open: () => (store.hasRoom() ? store.create(client) : undefined) };
}

/** Stands for a GET stream. */
function collect(sent: string[]): EventStream {
  return {
    isOpen: true,
    end: () => {},
    prime: () => {},
    send: (text: string) => sent.push(text) > 0,
  } as unknown as EventStream;
}

test('full session store makes room by the session unused for longest, when it was unused for long enough', () => {
  const { store, clock, removed, open } = createStore(2);
  const [first, second] = [open(), open()];
  clock.nowMs = 1;
  store.use(first?.id ?? '', 'public');

  const tooEarly = open();
  clock.nowMs = SESSION_EVICT_IDLE_MS + 1;
  const inTime = open();

  expect(tooEarly).toBeUndefined();
  expect(inTime).toBeDefined();
  expect(removed).toEqual([second]);
});

test('full session store keeps sessions with open calls', () => {
  const { clock, open } = createStore(1);
  const session = open();
  if (session) session.callsInFlight = 1;

  clock.nowMs = SESSION_EVICT_IDLE_MS * 2;

  expect(open()).toBeUndefined();
});

test('session that was not used for long ends, also while its GET stream is open', () => {
  const { store, clock, removed, open } = createStore(2);
  const [idle, busy] = [open(), open()];
  idle?.standalone.attach(collect([]), { isPrimed: false });
  if (busy) busy.callsInFlight = 1;

  clock.nowMs = 1_000_000;
  store.removeExpired();

  expect(removed).toEqual([idle]);
});

test('session keeps a bounded number of notices for a client that does not listen', () => {
  const { open } = createStore(1);
  const session = open();
  const sent: string[] = [];
  for (let i = 0; i < 1000; i++) session?.deliver(`notice ${i}`);
  for (let i = 0; i < 1000; i++) session?.deliver('same');

  session?.standalone.attach(collect(sent), { isPrimed: false });

  expect(sent).toHaveLength(64);
  expect(sent.at(-1)).toBe('same');
});

test('events of all sessions together are bounded, and given back when a session ends', () => {
  const { store, open } = createStore(3);
  const [first, second] = [open(), open()];
  const message = 'x'.repeat(STORED_EVENT_BYTES_MAX / 4);
  for (const session of [first, second]) {
    session?.standalone.attach(collect([]), { isPrimed: false });
    for (let i = 0; i < 4; i++) session?.deliver(`${message}${i}`);
  }
  const late: string[] = [];

  second?.standalone.attach(collect(late), { isPrimed: false, after: 0 });
  if (first) store.remove(first);
  for (let i = 0; i < 3; i++) second?.deliver(`${message}${i}`);
  const again: string[] = [];
  second?.standalone.attach(collect(again), { isPrimed: false, after: 0 });

  expect(late.length).toBeLessThan(4);
  expect(again).toHaveLength(3);
});

test('what open calls say after their session has ended takes no place from others', () => {
  const { store, open } = createStore(3);
  const [ended, other] = [open(), open()];
  const before = ended?.openStream();
  if (ended) store.remove(ended);
  const message = 'x'.repeat(STORED_EVENT_BYTES_MAX / 2);
  for (const stream of [before, ended?.openStream()]) stream?.append(message);

  other?.deliver(message);
  const sent: string[] = [];
  other?.standalone.attach(collect(sent), { isPrimed: false });

  expect(sent).toHaveLength(1);
});

test('a session has a bounded number of questions to answer', () => {
  const session = createStore(1).open();
  const answers: object[] = [];
  const ask = (id: number): void =>
    session?.ask({ id, method: 'roots/list', params: undefined, answer: (body) => answers.push(body) });

  for (let id = 0; id < SESSION_QUESTIONS_MAX; id++) ask(id);
  const before = answers.length;
  ask(SESSION_QUESTIONS_MAX);
  session?.endQuestions();

  expect(before).toBe(0);
  expect(answers[0]).toMatchObject({ error: { message: 'Too many questions wait for this client' } });
  expect(answers).toHaveLength(SESSION_QUESTIONS_MAX + 1);
});
