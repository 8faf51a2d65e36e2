import base from '../../jest.config.js';

/** Against the cluster that KUBECONFIG names: only when it is asked for, one test after the other. */
export default {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/cluster/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
};
