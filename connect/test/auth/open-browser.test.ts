import { describe, expect, test } from '@jest/globals';
import { checkOpenable, hasDisplay, openCommand } from '../../src/auth/open-browser.ts';

describe('openCommand', () => {
  test.each([
    ['linux', 'xdg-open', []],
    ['darwin', 'open', []],
    ['win32', 'rundll32', ['url.dll,FileProtocolHandler']],
  ] as const)('passes the URL on %s as one argument', (platform, command, before) => {
    const url = new URL('https://as.example/authorize?a=1&b=$(calc)&c="x" y');

    const opened = openCommand(platform, url);

    expect(opened.command).toBe(command);
    expect(opened.args).toEqual([...before, 'https://as.example/authorize?a=1&b=$(calc)&c=%22x%22%20y']);
  });
});

describe('checkOpenable', () => {
  test.each([
    'https://as.example/a',
    'http://127.0.0.1:1/a',
    'http://localhost/a',
    'http://as.localhost/',
    'http://[::1]/',
  ])('lets %s through', (url) => {
    expect(() => checkOpenable(new URL(url), false)).not.toThrow();
  });

  test.each([
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/html,x',
    'ms-msdt:/id',
    'http://as.example/',
    'http://127.0.0.1.example/',
    'https://user:word@as.example/',
  ])('refuses %s', (url) => {
    expect(() => checkOpenable(new URL(url), false)).toThrow('Cannot sign in');
  });

  test('lets http through where the network was said to be safe', () => {
    expect(() => checkOpenable(new URL('http://as.example/'), true)).not.toThrow();
    expect(() => checkOpenable(new URL('file:///etc/passwd'), true)).toThrow('Cannot sign in');
  });
});

describe('hasDisplay', () => {
  test.each([
    ['darwin', {}, true],
    ['win32', {}, true],
    ['linux', {}, false],
    ['linux', { DISPLAY: ':0' }, true],
    ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, true],
    ['linux', { DISPLAY: ':10', SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' }, false],
    ['darwin', { SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' }, false],
  ] as const)('on %s with %j is %s', (platform, env, expected) => {
    expect(hasDisplay(platform, env)).toBe(expected);
  });
});
