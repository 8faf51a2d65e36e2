/** TypeScript runs by Node's own type stripping, so nothing is transformed. */
export default {
  transform: {},
  extensionsToTreatAsEsm: ['.ts'],
  testMatch: [
    '<rootDir>/test/**/*.test.ts',
    '<rootDir>/wrapper/test/**/*.test.ts',
    '<rootDir>/connect/test/**/*.test.ts',
  ],
  testPathIgnorePatterns: ['/node_modules/', '/.mcp-hosting/'],
  modulePathIgnorePatterns: ['<rootDir>/.mcp-hosting/'],
  testTimeout: 30_000,
};
