import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openSession, post, readAnswer } from '../mcp-client.ts';
import {
  CAPABILITIES_KEY,
  LOG_LEVEL_KEY,
  type ModernClient,
  modernClient,
  SERVER_INFO_KEY,
  VERSION_KEY,
} from '../modern-client.ts';
import { verifies } from '../verifies.ts';
import { killStarted, startWrapper, type WrapperProcess } from '../wrapper-process.ts';

describe.each([
  ['legacy', []],
  ['modern', ['--modern']],
])('with a %s child', (_era, flags) => {
  let wrapper: WrapperProcess;
  let client: ModernClient;

  beforeAll(async () => {
    wrapper = await startWrapper({ flags });
    client = modernClient(wrapper.url, { id: 7 });
  });

  afterAll(killStarted);

  test.each([VERSION_KEY, CAPABILITIES_KEY])(
    verifies('meta-required', 'A request without %s is refused with 400 and -32602'),
    async (key) => {
      const answer = await client.request('tools/list', {}, { meta: { [key]: undefined } });

      expect(answer).toMatchObject({ status: 400, last: { id: 7, error: { code: -32602 } } });
    },
  );

  test(
    verifies('meta-required', 'A request with a modern header and no _meta is refused with 400 and -32602'),
    async () => {
      const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' };

      const answer = await readAnswer(
        await post(wrapper.url, { jsonrpc: '2.0', id: 7, method: 'tools/list' }, headers),
      );

      expect(answer).toMatchObject({ status: 400, last: { id: 7, error: { code: -32602 } } });
    },
  );

  test(verifies('meta-client-info-optional', 'A request without clientInfo is served'), async () => {
    expect((await client.request('tools/list')).last.result.tools.length).toBeGreaterThan(0);
  });

  test(verifies('version-unsupported', 'An unknown version is refused with the versions supported'), async () => {
    const version = '2099-01-01';
    const options = { meta: { [VERSION_KEY]: version }, headers: { 'mcp-protocol-version': version } };

    const answer = await client.request('tools/list', {}, options);
    const { last } = await client.request('server/discover');

    expect(answer).toMatchObject({
      status: 400,
      last: { id: 7, error: { code: -32022, data: { requested: version } } },
    });
    const supported = answer.last.error?.data?.supported;
    expect(supported).toContain('2026-07-28');
    expect(last.result.supportedVersions).toEqual(expect.arrayContaining(supported as string[]));
  });

  test(verifies('version-both-eras', 'Both eras are served on one endpoint at once'), async () => {
    const [legacy, modern] = await Promise.all([
      openSession(wrapper.url).then((session) => session.call('echo', { message: 'legacy' })),
      client.text('echo', { message: 'modern' }),
    ]);

    expect([legacy, modern]).toEqual(['legacy', 'modern']);
  });

  test(
    verifies('discover-implemented', 'server/discover gives versions, capabilities and the name of the child'),
    async () => {
      const { status, last } = await client.request('server/discover');

      expect(status).toBe(200);
      expect(last.result).toMatchObject({
        resultType: 'complete',
        capabilities: { tools: { listChanged: true }, resources: { subscribe: true }, prompts: {} },
        _meta: { [SERVER_INFO_KEY]: { name: 'fixture', version: '1' } },
      });
      expect(last.result.supportedVersions).toContain('2026-07-28');
    },
  );

  test(verifies('discover-capabilities', 'What server/discover does not declare is not served'), async () => {
    const { last } = await client.request('server/discover');
    const completion = await client.request('completion/complete', {
      ref: { type: 'ref/prompt', name: 'greet' },
      argument: { name: 'a', value: 'b' },
    });

    expect(last.result.capabilities.completions).toBeUndefined();
    expect(completion).toMatchObject({ status: 404, last: { error: { code: -32601 } } });
  });

  test.each(['unknown/method', 'tools/unknown', 'constructor'])(
    verifies('method-not-found-404', 'Method %s is answered with 404 and -32601'),
    async (method) => {
      expect(await client.request(method)).toMatchObject({ status: 404, last: { id: 7, error: { code: -32601 } } });
    },
  );

  test.each(['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe'])(
    verifies('method-removed-404', 'Former method %s is unknown to a modern request'),
    async (method) => {
      const answer = await client.request(method, { uri: 'test://a', level: 'debug' });

      expect(answer).toMatchObject({ status: 404, last: { id: 7, error: { code: -32601 } } });
    },
  );

  test(
    verifies(['meta-server-info', 'rpc-result-type'], 'Every result names the server and its own type'),
    async () => {
      for (const method of ['tools/list', 'resources/list', 'prompts/list', 'server/discover']) {
        const { last } = await client.request(method);
        expect(last.result).toMatchObject({
          resultType: 'complete',
          _meta: { [SERVER_INFO_KEY]: { name: 'fixture' } },
        });
      }
      const { last } = await client.call('echo', { message: 'hi' });
      expect(last.result).toMatchObject({ resultType: 'complete', _meta: { [SERVER_INFO_KEY]: { name: 'fixture' } } });
    },
  );

  test(verifies('meta-stateless', 'Capabilities of one request do not count for the next'), async () => {
    const requests = { form: { method: 'elicitation/create', params: { message: '?', requestedSchema: {} } } };
    await client.call('need', { requests }, { capabilities: { elicitation: {} } });

    const { last } = await client.call('need', { requests });

    expect(last.result?.resultType).not.toBe('input_required');
  });

  test(verifies('meta-trace-context', 'Trace context reaches the child'), async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

    const inBody = JSON.parse(await client.text('seen', {}, { meta: { traceparent, tracestate: 'a=b' } }));
    const inHeader = JSON.parse(await client.text('seen', {}, { headers: { traceparent, tracestate: 'a=b' } }));

    expect(inBody).toMatchObject({ traceparent, tracestate: 'a=b' });
    expect(inHeader.traceparent.slice(0, 35)).toBe(traceparent.slice(0, 35));
  });

  test(verifies('meta-log-level', 'Log messages come only from the level asked for on'), async () => {
    const levels = ['debug', 'info', 'warning', 'error'];
    const logged = async (meta: Record<string, unknown>): Promise<unknown[]> => {
      const { messages } = await client.call('log', { levels }, { meta });
      return messages.filter(({ method }) => method === 'notifications/message').map(({ params }) => params?.level);
    };

    expect(await logged({})).toEqual([]);
    expect(await logged({ [LOG_LEVEL_KEY]: 'warning' })).toEqual(['warning', 'error']);
    expect(await logged({ [LOG_LEVEL_KEY]: 'debug' })).toEqual(levels);
  });

  test(verifies('meta-log-level-invalid', 'An unknown log level is refused'), async () => {
    const { last } = await client.call('log', { levels: [] }, { meta: { [LOG_LEVEL_KEY]: 'loud' } });

    expect(last.error?.code).toBe(-32602);
  });

  test(verifies('rpc-id-echoed', 'Every kind of id comes back unchanged'), async () => {
    for (const id of [0, -1, '0', '', 'ž🐴', Number.MAX_SAFE_INTEGER]) {
      expect((await client.call('echo', { message: 'hi' }, { id })).last.id).toStrictEqual(id);
      expect((await client.request('unknown/method', {}, { id })).last.id).toStrictEqual(id);
    }
  });

  test(verifies('rpc-id-valid', 'A request with the id null is refused'), async () => {
    expect(await client.request('tools/list', {}, { id: null })).toMatchObject({
      status: 400,
      last: { error: { code: -32600 } },
    });
  });

  test(verifies('rpc-unique-ids', 'Calls with one id at once get their own answers'), async () => {
    const names = Array.from({ length: 20 }, (_, i) => `call ${i}`);

    expect(await Promise.all(names.map((message) => client.text('echo', { message })))).toEqual(names);
  });

  test(verifies(['rpc-error-codes', 'resource-not-found'], 'An unknown resource is -32602 with its URI'), async () => {
    const { last } = await client.request('resources/read', { uri: 'test://none' });

    expect(last.error).toMatchObject({ code: -32602, data: { uri: 'test://none' } });
  });

  test.each([-32002, -32042, -32099, -32030])(
    verifies('rpc-error-codes', 'Code %i of the child does not reach a modern client'),
    async (code) => {
      const { last } = await client.call('fail', { error: { code, message: 'no' } });

      const isReserved = Number(last.error?.code) <= -32023 && Number(last.error?.code) >= -32099;
      expect(last.error?.message).toBe('no');
      expect([-32002, -32042]).not.toContain(last.error?.code);
      expect(isReserved).toBe(false);
    },
  );

  test(verifies('rpc-error-shape', 'An error of the child keeps its code, message and data'), async () => {
    const error = { code: 4711, message: 'own', data: { more: ['x'] } };

    expect((await client.call('fail', { error })).last.error).toEqual(error);
  });

  test(
    verifies(['cache-hints', 'cache-ttl-not-negative'], 'Lists, reads and discover carry caching hints'),
    async () => {
      const requests: [string, Record<string, unknown>][] = [
        ['tools/list', {}],
        ['resources/list', {}],
        ['resources/templates/list', {}],
        ['prompts/list', {}],
        ['resources/read', { uri: 'test://a' }],
        ['server/discover', {}],
      ];
      for (const [method, params] of requests) {
        const { ttlMs, cacheScope } = (await client.request(method, params)).last.result;
        expect(Number.isInteger(ttlMs) && ttlMs >= 0).toBe(true);
        expect(['public', 'private']).toContain(cacheScope);
      }
    },
  );

  test(verifies('cache-scope-private', 'What the child did not call public is private'), async () => {
    const { last } = await client.request('resources/read', { uri: 'test://a' });

    expect(last.result.cacheScope).toBe(flags.includes('--modern') ? 'public' : 'private');
  });
});
