import { describe, expect, test } from '@jest/globals';
import { stateDirectory } from '../../src/auth/state-directory.ts';

describe('stateDirectory', () => {
  test.each([
    ['linux', {}, '/home/kim/.local/state/mcp-connect'],
    ['linux', { XDG_STATE_HOME: '/var/sam' }, '/var/sam/mcp-connect'],
    ['darwin', {}, '/home/kim/Library/Application Support/mcp-connect/state'],
    ['win32', { LOCALAPPDATA: '/c/Local' }, '/c/Local/mcp-connect/state'],
    ['win32', {}, '/home/kim/AppData/Local/mcp-connect/state'],
    ['darwin', { MCP_CONNECT_STATE: '/elsewhere' }, '/elsewhere'],
  ] as const)('on %s with %j is %s', (platform, env, expected) => {
    expect(stateDirectory({ env, platform, home: '/home/kim' })).toBe(expected);
  });
});
