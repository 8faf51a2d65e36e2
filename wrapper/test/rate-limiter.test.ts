import { expect, test } from '@jest/globals';
import { RateLimiter } from '../src/door/rate-limiter.ts';
import { Refusal } from '../src/http/refusal.ts';

const A = 'a';
const B = 'b';

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
  for (let i = 0; i < 60; i++) rates.take(A);

  const refused = refusalOf(() => rates.take(A));
  nowMs = 1_000;
  const later = refusalOf(() => rates.take(A));

  expect(refused?.headers).toEqual({ 'retry-after': '1' });
  expect(later).toBeUndefined();
  expect(refusalOf(() => rates.take(A))).toBeDefined();
});

test('rate limiter counts each principal by itself', () => {
  const rates = new RateLimiter({ perMinute: 1, nowMs: () => 0 });
  rates.take(A);

  expect(refusalOf(() => rates.take(B))).toBeUndefined();
});

test('rate limiter without a limit lets everything through', () => {
  const rates = new RateLimiter({ perMinute: 0, nowMs: () => 0 });

  expect(refusalOf(() => rates.take(A, 1_000_000))).toBeUndefined();
});

test('rate limiter lets a burst through at once, and says when as many are let through again', () => {
  let nowMs = 0;
  const rates = new RateLimiter({ perMinute: 60, burst: 5, nowMs: () => nowMs });
  rates.take(A, 5);

  const refused = refusalOf(() => rates.take(A, 4));
  nowMs = 3_600_000;

  expect(refused?.headers).toEqual({ 'retry-after': '4' });
  expect(refusalOf(() => rates.take(A, 5))).toBeUndefined();
  expect(refusalOf(() => rates.take(A))).toBeDefined();
});

test('rate limiter refuses no more of a batch than it took', () => {
  const rates = new RateLimiter({ perMinute: 10, nowMs: () => 0 });

  expect(refusalOf(() => rates.take(A, 11))).toBeDefined();
  expect(refusalOf(() => rates.take(A, 10))).toBeUndefined();
});

test('rate limiter remembers a bounded number of principals, those seen last', () => {
  const rates = new RateLimiter({ perMinute: 1, nowMs: () => 0, bucketsMax: 100 });
  for (let i = 0; i < 1_000; i++) rates.take(`p${i}`);

  expect(rates.size).toBe(100);
  expect(refusalOf(() => rates.take('p999'))).toBeDefined();
});
