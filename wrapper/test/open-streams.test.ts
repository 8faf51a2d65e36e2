import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { type Issuer, startIssuer } from './issuer.ts';
import { openSession } from './mcp-client.ts';
import { modernClient } from './modern-client.ts';
import { killStarted, startWrapper, type WrapperProcess } from './wrapper-process.ts';

const AUDIENCE = 'https://hello.mcp.example.com/mcp';
/** Clocks may differ by this much, so a token is good for that much longer. */
const LEEWAY_SECONDS = 30;
/** Far longer than it takes to open a stream of each kind. */
const OPENING_SECONDS = 8;
let issuer: Issuer;

beforeAll(async () => {
  issuer = await startIssuer({ audience: AUDIENCE });
});

afterEach(killStarted);
afterAll(() => issuer.close());

interface Streams {
  /** Resolves when the stream of the session, the subscription and the WebSocket have ended, with the close code. */
  ended: Promise<number>;
  socket: WebSocket;
}

/** One stream of each kind, which go on for as long as their credential is good. */
async function openEach({ url, origin }: WrapperProcess, credential: string): Promise<Streams> {
  const headers = { authorization: `Bearer ${credential}` };
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/mcp/stream`, 'mcp', { headers });
  const closed = once(socket, 'close').then(([code]) => code as number);
  await once(socket, 'open');
  const session = await (await openSession(url, headers)).listen();
  const params = { notifications: { toolsListChanged: true } };
  const subscription = await modernClient(url, { headers }).open('subscriptions/listen', params);
  const ends = [session, subscription].map(async (stream) => {
    while (!(await stream.next()).done);
  });
  return { socket, ended: Promise.all(ends).then(() => closed) };
}

test('streams of a key that is revoked end, and those of other keys go on', async () => {
  const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');
  const path = join(mkdtempSync(join(tmpdir(), 'mcp-wrapper-')), 'keys');
  writeFileSync(path, `${sha256('mcp_a')}\n${sha256('mcp_b')}\n`);
  const wrapper = await startWrapper({ args: ['--keys-file', path] });
  const revoked = await openEach(wrapper, 'mcp_a');
  const other = await openEach(wrapper, 'mcp_b');
  // They end with the wrapper, after the test.
  other.ended.catch(() => {});

  writeFileSync(path, `${sha256('mcp_b')}\n`);

  expect(await revoked.ended).toBe(1008);
  expect(other.socket.readyState).toBe(WebSocket.OPEN);
});

test('streams end when their token expires', async () => {
  const args = ['--public-url', AUDIENCE, '--oauth-issuer', issuer.url];
  const wrapper = await startWrapper({ args });
  const soon = Math.floor(Date.now() / 1000) - LEEWAY_SECONDS + OPENING_SECONDS;

  const { ended } = await openEach(wrapper, await issuer.token({ exp: soon }));

  expect(await ended).toBe(1008);
});
