import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { COMMANDS, SHELLS } from '../../src/commands/command-table.ts';
import { flagOf, OPTIONS } from '../../src/config/options.ts';
import { codeOf } from '../code-of.ts';
import { runArguments } from './command-run.ts';

const place = { env: {}, platform: 'linux', home: '/home/kim' } as const;

async function completeInBash(...words: string[]): Promise<string[]> {
  const { stdout } = await runArguments(['completion', 'bash'], { place });
  const list = words.map((word) => `'${word}'`).join(' ');
  const ask = `COMP_WORDS=(mcp-connect ${list}); COMP_CWORD=${words.length}; _mcp_connect; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-c', `${stdout}\n${ask}`], { encoding: 'utf8' })
    .trim()
    .split('\n');
}

test.each([
  [['se'], ['setup']],
  [
    ['setup', 'hello-q7m2d4', '--client', 'vs'],
    ['vscode', 'vscode-insiders'],
  ],
  [['setup', 'x', '--dr'], ['--dry-run']],
  [['x-k3v9x2', '--transport', 'w'], ['websocket']],
  [['completion', 'po'], ['powershell']],
  [
    ['list', '--'],
    ['--json', '--help'],
  ],
])('bash completes %j with %j', async (words, wanted) => {
  expect(await completeInBash(...words)).toEqual(wanted);
});

test.each(SHELLS.map((shell) => [shell]))('script of %s has every command and option', async (shell) => {
  const { stdout } = await runArguments(['completion', shell], { place });

  for (const command of Object.keys(COMMANDS)) expect(stdout).toContain(command);
  for (const option of Object.keys(OPTIONS)) expect(stdout).toContain(flagOf(option).slice(2));
});

test('unknown shell is refused', async () => {
  expect(await codeOf(() => runArguments(['completion', 'tcsh'], { place }))).toBe('shell-unknown');
});
