import { afterEach, expect, test } from '@jest/globals';
import { killStarted, startConnect } from './connect-process.ts';

afterEach(killStarted);

test.each([
  [['--help'], {}, 0],
  [['--version'], {}, 0],
  [['--nonsense'], {}, 2],
  [['one', 'two'], {}, 2],
  [['hello-q7m2d4'], {}, 2],
  [[], {}, 2],
  [['hello-q7m2d4'], { MCP_CONNECT_CONFIG: '/nonexistent' }, 2],
])('mcp-connect %j with %j exits with %i', async (args, env, code) => {
  const run = startConnect(args, env as Record<string, string>);

  expect(await run.exited).toBe(code);
  expect(run.stdout() === '').toBe(code !== 0);
  expect(run.stderr() === '').toBe(code === 0);
});
