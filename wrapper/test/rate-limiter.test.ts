import { expect, test } from '@jest/globals';
import { RateLimiter } from '../src/door/rate-limiter.ts';
import { Refusal } from '../src/http/refusal.ts';

function refusalOf(act: () => void): Refusal | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof Refusal ? error : undefined;
  }
}

test('rate limiter lets a minute’s worth through at once, then as many as flow in', () => {
  let nowMs = 0;
  const rates = new RateLimiter({ perMinute: 60, nowMs: () => nowMs });
  for (let i = 0; i < 60; i++) rates.take('a');

  const refused = refusalOf(() => rates.take('a'));
  nowMs = 1_000;
  const later = refusalOf(() => rates.take('a'));

  expect(refused?.headers).toEqual({ 'retry-after': '1' });
  expect(later).toBeUndefined();
  expect(refusalOf(() => rates.take('a'))).toBeDefined();
});

test('rate limiter counts each principal by itself', () => {
  const rates = new RateLimiter({ perMinute: 1, nowMs: () => 0 });
  rates.take('a');

  expect(refusalOf(() => rates.take('b'))).toBeUndefined();
});

test('rate limiter without a limit lets everything through', () => {
  const rates = new RateLimiter({ perMinute: 0, nowMs: () => 0 });

  expect(refusalOf(() => rates.take('a', 1_000_000))).toBeUndefined();
});
