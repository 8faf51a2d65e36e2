import { describe, expect, test } from '@jest/globals';
import { parseBenchArguments } from '../../../bench/bench-arguments.ts';

describe('parseBenchArguments', () => {
  test('measures everything when nothing is said', () => {
    expect(parseBenchArguments([])).toEqual({
      kind: 'run',
      settings: {
        scenarios: ['wrapper', 'sessions', 'soak', 'connect', 'applications'],
        rounds: 3,
        seconds: 6,
        concurrencies: [1, 16, 64],
        soakRequests: 1_000_000,
        soakSessions: 10_000,
        json: false,
        strict: false,
      },
    });
  });

  test('takes scenarios and options in any order', () => {
    const parsed = parseBenchArguments(['--rounds', '1', 'soak', '--concurrency', '1,8', '--json', '--strict']);

    expect(parsed).toMatchObject({
      kind: 'run',
      settings: { scenarios: ['soak'], rounds: 1, concurrencies: [1, 8], json: true, strict: true },
    });
  });

  test.each([
    { argv: ['fast'], message: '"fast" is no scenario, expected wrapper, sessions, soak, connect, applications.' },
    { argv: ['--rounds', '0'], message: '--rounds is "0", expected a whole number from 1 to 1000.' },
    { argv: ['--seconds', 'x'], message: '--seconds is "x", expected a number from 0.1 to 3600.' },
    { argv: ['--concurrency', '1,,64'], message: '--concurrency is "", expected a whole number from 1 to 1000.' },
  ])('names what is wrong with $argv', ({ argv, message }) => {
    expect(parseBenchArguments(argv)).toEqual({ kind: 'problem', message });
  });

  test('names an option it does not know', () => {
    expect(parseBenchArguments(['--fast'])).toMatchObject({
      kind: 'problem',
      message: expect.stringContaining("'--fast'"),
    });
  });

  test('explains itself', () => {
    expect(parseBenchArguments(['--help'])).toEqual({ kind: 'help' });
  });
});
