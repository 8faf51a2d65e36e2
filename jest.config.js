import { availableParallelism } from 'node:os';

/** TypeScript runs by Node's own type stripping, so nothing is transformed. */
export default {
  transform: {},
  extensionsToTreatAsEsm: ['.ts'],
  testMatch: [
    '<rootDir>/test/**/*.test.ts',
    '<rootDir>/wrapper/test/**/*.test.ts',
    '<rootDir>/connect/test/**/*.test.ts',
  ],
  /** test/cluster has a configuration of its own: a cluster is touched only when it is asked for. */
  testPathIgnorePatterns: ['/node_modules/', '/.mcp-hosting(?:-cluster)?/', '/test/cluster/'],
  modulePathIgnorePatterns: ['<rootDir>/.mcp-hosting(?:-cluster)?/'],
  /** The end-to-end tests mostly wait for processes, so two cores carry three files at once. */
  maxWorkers: Math.max(3, availableParallelism() - 1),
  /**
   * Modules of files that are done stay in the process. A process this large is replaced: to start a child, of which the
   * tests start thousands, takes the longer the more memory its parent has (2 ms at 50 MB, 17 ms at 450 MB).
   */
  workerIdleMemoryLimit: '500MB',
  /** Tests of one file that run at once (`test.concurrent`): they wait for builds, pods and people, each for its own. */
  maxConcurrency: 5,
  /** Bounds a test that hangs; no test is decided by how long it takes. */
  testTimeout: 240_000,
};
