import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type ModernClient, modernClient } from '../modern-client.ts';
import { verifies } from '../verifies.ts';
import { killStarted, startWrapper } from '../wrapper-process.ts';

const FORM = { method: 'elicitation/create', params: { message: 'Name?', requestedSchema: { type: 'object' } } };
const SAMPLE = { method: 'sampling/createMessage', params: { messages: [], maxTokens: 1 } };
const ROOTS = { method: 'roots/list', params: {} };
const ALL = { elicitation: {}, sampling: {}, roots: {} };
const ACCEPTED = { action: 'accept', content: { name: 'Ada' } };

/** `inputRequests` under the names that the wrapper, or a modern child, gave them. */
type InputRequests = Record<string, { method: string; params: object }>;

describe.each([
  ['legacy', []],
  ['modern', ['--modern']],
])('with a %s child', (_era, flags) => {
  let client: ModernClient;

  beforeAll(async () => {
    const { url } = await startWrapper({ flags });
    client = modernClient(url, { capabilities: ALL });
  });

  afterAll(killStarted);

  test(
    verifies(['mrtr-input-required', 'http-no-requests'], 'Requests of the child become one input_required result'),
    async () => {
      const { status, messages } = await client.call('need', {
        requests: { form: FORM, sample: SAMPLE, roots: ROOTS },
      });

      expect(status).toBe(200);
      expect(messages).toHaveLength(1);
      const { resultType, inputRequests, requestState } = messages[0]?.result ?? {};
      expect(resultType).toBe('input_required');
      expect(
        Object.values(inputRequests as InputRequests)
          .map(({ method }) => method)
          .sort(),
      ).toEqual(['elicitation/create', 'roots/list', 'sampling/createMessage']);
      expect(Object.values(inputRequests as InputRequests)).toContainEqual(FORM);
      expect(typeof requestState).toBe('string');
    },
  );

  test(verifies('mrtr-resumes', 'The retry goes on where the call waited, through several rounds'), async () => {
    const args = { requests: { form: FORM }, later: { sample: SAMPLE } };
    const first = (await client.call('need', args)).last.result;
    const second = (await client.call('need', args, { id: 2, more: answer(first, ACCEPTED) })).last.result;

    const said = { role: 'assistant', model: 'm', content: { type: 'text', text: 'hello' } };
    const third = (await client.call('need', args, { id: 3, more: answer(second, said) })).last;

    expect(second.resultType).toBe('input_required');
    expect(methodsOf(second)).toEqual(['sampling/createMessage']);
    expect(second.requestState).not.toBe(first.requestState);
    expect(third).toMatchObject({ id: 3, result: { resultType: 'complete' } });
    const heard = Object.values(JSON.parse(third.result.content[0].text));
    expect(heard).toEqual([expect.objectContaining(ACCEPTED), expect.objectContaining(said)]);
  });

  test(verifies('mrtr-supported-requests', 'Lists are never answered with input_required'), async () => {
    for (const method of ['tools/list', 'prompts/list', 'resources/list', 'server/discover']) {
      expect((await client.request(method)).last.result.resultType).toBe('complete');
    }
  });

  test(
    verifies(['mrtr-undeclared', 'meta-missing-capability'], 'What the client cannot do is not asked of it'),
    async () => {
      for (const capabilities of [{}, { sampling: {} }]) {
        const answer = await client.call('need', { requests: { form: FORM }, strict: true }, { capabilities });

        expect(answer).toMatchObject({
          status: 400,
          last: { id: 1, error: { code: -32021, data: { requiredCapabilities: { elicitation: {} } } } },
        });
      }
    },
  );

  test.each(['', 'x', 'none', 'x'.repeat(100_000)])(
    verifies('mrtr-state-integrity', 'A changed requestState is refused (%#)'),
    async (suffix) => {
      const args = { requests: { form: FORM } };
      const { result } = (await client.call('need', args)).last;
      const tampered =
        suffix === 'none' ? 'none' : suffix === '' ? flip(result.requestState) : result.requestState + suffix;

      const { last } = await client.call('need', args, {
        more: { ...answer(result, ACCEPTED), requestState: tampered },
      });

      expect(last.error?.code).toBe(-32602);
    },
  );

  test(verifies('mrtr-extra-ignored', 'Responses that nobody asked for are ignored'), async () => {
    const args = { requests: { form: FORM } };
    const { result } = (await client.call('need', args)).last;
    const more = answer(result, ACCEPTED);

    const { last } = await client.call('need', args, {
      more: { ...more, inputResponses: { ...more.inputResponses, stranger: ACCEPTED } },
    });

    expect(last.result.resultType).toBe('complete');
  });

  test(verifies('mrtr-missing-asked-again', 'Responses that are missing are asked for again'), async () => {
    const args = { requests: { form: FORM, roots: ROOTS } };
    const { result } = (await client.call('need', args)).last;
    const [form = ''] = Object.entries(result.inputRequests as InputRequests).flatMap(([key, { method }]) =>
      method === FORM.method ? [key] : [],
    );

    const some = { requestState: result.requestState, inputResponses: { [form]: ACCEPTED } };
    const again = (await client.call('need', args, { more: some })).last.result;
    const done = (await client.call('need', args, { more: answer(again, { roots: [] }) })).last.result;

    expect(again.resultType).toBe('input_required');
    expect(methodsOf(again)).toEqual(['roots/list']);
    expect(done.resultType).toBe('complete');
  });

  test.each([[null], [7], ['text'], [[ACCEPTED]], [{ form: 7 }]])(
    verifies('mrtr-invalid-responses', 'inputResponses %j do not complete the call'),
    async (inputResponses) => {
      const args = { requests: { form: FORM } };
      const { result } = (await client.call('need', args)).last;

      const { last } = await client.call('need', args, { more: { requestState: result.requestState, inputResponses } });

      expect(last.result?.resultType ?? 'error').not.toBe('complete');
    },
  );
});

/** A modern child makes its own state, and has to guard it by itself. */
describe('state that the wrapper makes', () => {
  afterEach(killStarted);

  test(verifies('mrtr-state-request', 'A requestState is refused on another request'), async () => {
    const { url } = await startWrapper();
    const client = modernClient(url, { capabilities: ALL });
    const { result } = (await client.call('need', { requests: { form: FORM } })).last;

    const other = await client.call('echo', { message: 'hi' }, { more: answer(result, ACCEPTED) });
    const changed = await client.call('need', { requests: { form: SAMPLE } }, { more: answer(result, ACCEPTED) });

    expect([other.last.error?.code, changed.last.error?.code]).toEqual([-32602, -32602]);
  });

  test(verifies('mrtr-state-principal', 'A requestState of another principal is refused'), async () => {
    const keys = ['first', 'second'];
    const hashes = keys.map((key) => createHash('sha256').update(key).digest('hex')).join(',');
    const { url } = await startWrapper({ env: { MCP_WRAPPER_KEY_SHA256: hashes } });
    const [first, second] = keys.map((key) =>
      modernClient(url, { capabilities: ALL, headers: { authorization: `Bearer ${key}` } }),
    ) as [ModernClient, ModernClient];
    const args = { requests: { form: FORM } };
    const { result } = (await first.call('need', args)).last;

    const stolen = await second.call('need', args, { more: answer(result, ACCEPTED) });
    const own = await first.call('need', args, { more: answer(result, ACCEPTED) });

    expect(stolen.last.error?.code).toBe(-32602);
    expect(own.last.result.resultType).toBe('complete');
  });

  test(
    verifies(['mrtr-state-expiry', 'mrtr-abandoned'], 'A call whose client stays away is cancelled in the child'),
    async () => {
      const { url } = await startWrapper({ args: ['--input-wait-ms', '300'] });
      const client = modernClient(url, { capabilities: ALL });
      const args = { requests: { form: FORM } };
      const { result } = (await client.call('need', args)).last;

      while (!(await client.text('received')).includes('notifications/cancelled'));
      const late = await client.call('need', args, { more: answer(result, ACCEPTED) });

      expect(result.resultType).toBe('input_required');
      expect(late.last.error?.code).toBe(-32602);
    },
  );
});

describe('calls that are held', () => {
  afterEach(killStarted);

  test(verifies('mrtr-abandoned', 'A call whose server went while its client was away is let go in time'), async () => {
    const { url, logged } = await startWrapper({ args: ['--input-wait-ms', '300'] });
    const client = modernClient(url, { capabilities: ALL });
    const need = (): ReturnType<ModernClient['call']> => client.call('need', { requests: { form: FORM } });
    // As many as one principal may have.
    for (let held = 0; held < 100; held++) await need();
    await client.call('die');
    await logged('Child ready', 2);

    while ((await need()).last.result?.resultType !== 'input_required');
  }, 20_000);

  test('A retry that is sent twice is answered twice: the newest goes on', async () => {
    const { url } = await startWrapper();
    const client = modernClient(url, { capabilities: ALL });
    const args = { ...FORM, gated: true };
    const { result } = (await client.call('ask', args)).last;
    const retry = { more: answer(result, ACCEPTED) };

    const first = client.call('ask', args, { id: 'first', ...retry });
    while (!(await client.text('received')).includes('from-server'));
    const second = client.call('ask', args, { id: 'second', ...retry });
    const replaced = (await first).last;
    await client.text('open');

    expect(replaced).toMatchObject({ id: 'first', error: { code: -32603 } });
    expect((await second).last).toMatchObject({ id: 'second', result: { resultType: 'complete' } });
  });
});

/** The parameters of a retry, with one response to every request. */
function answer(
  result: { inputRequests: InputRequests; requestState?: string },
  response: object,
): { inputResponses: Record<string, object>; requestState?: string } {
  const inputResponses = Object.fromEntries(Object.keys(result.inputRequests).map((key) => [key, response]));
  return { inputResponses, ...(result.requestState !== undefined && { requestState: result.requestState }) };
}

function methodsOf({ inputRequests }: { inputRequests: InputRequests }): string[] {
  return Object.values(inputRequests).map(({ method }) => method);
}

/** One character in the middle is another one. */
function flip(state: string): string {
  const middle = Math.floor(state.length / 2);
  return `${state.slice(0, middle)}${state[middle] === 'a' ? 'b' : 'a'}${state.slice(middle + 1)}`;
}
