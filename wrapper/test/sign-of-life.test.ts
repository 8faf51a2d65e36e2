import { expect, test } from '@jest/globals';
import { SignOfLife } from '../src/child/sign-of-life.ts';

const LONG_MS = 60_000;
const server = {
  era: 'legacy',
  protocolVersion: '2025-11-25',
  serverInfo: { name: 'a', version: '1' },
  capabilities: {},
  instructions: undefined,
  listMethod: undefined,
  result: {},
} as const;

function create(): { life: SignOfLife; asked: string[] } {
  const asked: string[] = [];
  const request = (method: string): Promise<unknown> => {
    asked.push(method);
    return new Promise(() => {});
  };
  return { life: new SignOfLife({ request, client: { capabilities: {}, clientInfo: undefined } }), asked };
}

test('Callers at once share one question, and any line answers it', async () => {
  const { life, asked } = create();

  const both = [life.probe(server, LONG_MS), life.probe(server, LONG_MS)];
  life.hear();

  expect(await Promise.all(both)).toEqual([true, true]);
  expect(asked).toEqual(['ping']);
});

test('A server that says nothing shows no life', async () => {
  expect(await create().life.probe(server, 1)).toBe(false);
});

test('What a server that has gone was asked says nothing about the next one', async () => {
  const { life, asked } = create();
  const before = life.probe(server, LONG_MS);

  life.stop();
  expect(await before).toBe(false);
  const after = life.probe(server, LONG_MS);
  life.hear();

  expect(await after).toBe(true);
  expect(asked).toEqual(['ping', 'ping']);
});
