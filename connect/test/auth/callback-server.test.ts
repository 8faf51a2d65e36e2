import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { renderCallbackPage } from '../../src/auth/callback-page.ts';
import { type CallbackServer, startCallbackServer } from '../../src/auth/callback-server.ts';

let callbacks: CallbackServer | undefined;

afterEach(() => {
  callbacks?.close();
});

describe('the callback server', () => {
  test('waits past answers of other sign-ins', async () => {
    callbacks = await startCallbackServer({ preferredUri: undefined });
    const answer = callbacks.receive('right', new AbortController().signal);

    const wrong = await fetch(`${callbacks.redirectUri}?code=1&state=wrong`);
    const none = await fetch(`${callbacks.redirectUri}?code=1`);
    const elsewhere = await fetch(new URL('/favicon.ico', callbacks.redirectUri));
    const right = fetch(`${callbacks.redirectUri}?code=2&state=right`);
    const { params, finish } = await answer;
    finish({ title: 'Done', text: '<script>alert(1)</script>' });

    expect([wrong.status, none.status, elsewhere.status]).toEqual([400, 400, 404]);
    expect(params.get('code')).toBe('2');
    const page = await right;
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).toContain('&lt;script&gt;');
  });

  test('ends with its signal', async () => {
    callbacks = await startCallbackServer({ preferredUri: undefined });
    const ended = new AbortController();
    const answer = callbacks.receive('any', ended.signal);

    ended.abort(new Error('the end'));

    await expect(answer).rejects.toThrow('the end');
  });

  test('takes another port when the one of an earlier registration is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };

    callbacks = await startCallbackServer({ preferredUri: `http://127.0.0.1:${port}/callback` });

    expect(callbacks.redirectUri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    expect(new URL(callbacks.redirectUri).port).not.toBe(String(port));
    other.close();
  });
});

describe('the page after it', () => {
  test('escapes all that it is given', () => {
    const html = renderCallbackPage({ title: `<b>"&'`, text: '</p><img src=x onerror=alert(1)>' });

    expect(html).toContain('&lt;b&gt;&quot;&amp;&#39;');
    expect(html).not.toContain('<img');
  });
});
