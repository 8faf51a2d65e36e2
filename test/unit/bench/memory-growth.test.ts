import { describe, expect, test } from '@jest/globals';
import { growthOverLastHalf } from '../../../bench/memory-growth.ts';

describe('growthOverLastHalf', () => {
  test('does not count what grows while the process warms up', () => {
    const samples = [50, 80, 100, 100, 100, 100].map((memoryMb, index) => ({ requests: (index + 1) * 1000, memoryMb }));

    expect(growthOverLastHalf(samples)).toBeCloseTo(0);
  });

  test('is the growth in percent of the memory', () => {
    const samples = Array.from({ length: 101 }, (_, index) => ({ requests: index * 10, memoryMb: 100 + index }));

    // From 150 to 200 MB, around 175 MB.
    expect(growthOverLastHalf(samples)).toBeCloseTo((50 / 175) * 100);
  });

  test('has no number for a soak that did not run', () => {
    expect(growthOverLastHalf([])).toBeNaN();
  });
});
