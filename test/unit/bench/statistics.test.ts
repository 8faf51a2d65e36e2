import { describe, expect, test } from '@jest/globals';
import { median, medianRatio, slope, summarizeLatencies } from '../../../bench/statistics.ts';

describe('summarizeLatencies', () => {
  test('takes the nearest rank, whatever the order', () => {
    const latenciesMs = Array.from({ length: 100 }, (_, index) => 100 - index);

    expect(summarizeLatencies(latenciesMs)).toEqual({ count: 100, p50Ms: 50, p99Ms: 99, maxMs: 100 });
  });

  test('gives no numbers when nothing was answered', () => {
    expect(summarizeLatencies([])).toEqual({
      count: 0,
      p50Ms: Number.NaN,
      p99Ms: Number.NaN,
      maxMs: Number.NaN,
    });
  });
});

describe('median', () => {
  test.each([
    { values: [3], expected: 3 },
    { values: [5, 1, 3], expected: 3 },
    { values: [4, 1, 3, 2], expected: 2.5 },
    { values: [Number.NaN, 2, 4], expected: 3 },
    { values: [], expected: Number.NaN },
    { values: [Number.NaN], expected: Number.NaN },
  ])('of $values is $expected', ({ values, expected }) => {
    expect(median(values)).toBe(expected);
  });
});

describe('medianRatio', () => {
  test('compares within a round, so a slow round does not count against either', () => {
    expect(medianRatio([300, 100, 90], [100, 50, 30])).toBe(3);
  });

  test('leaves out rounds the other did not finish', () => {
    expect(medianRatio([300, 100], [100])).toBe(3);
  });
});

describe('slope', () => {
  test('is the growth for each step of a line', () => {
    const points = [0, 1, 2, 3].map((x) => ({ x, y: 10 + 2 * x }));

    expect(slope(points)).toBeCloseTo(2);
  });

  test('needs two points', () => {
    expect(slope([{ x: 1, y: 1 }])).toBeNaN();
  });
});
