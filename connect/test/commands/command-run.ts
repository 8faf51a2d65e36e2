import { Readable } from 'node:stream';
import { parseCommandLine } from '../../src/command-line.ts';
import { runCommand } from '../../src/commands/run-command.ts';
import type { Place } from '../../src/config/config-path.ts';

export interface CommandRun {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command in this process, for a platform that need not be this one. */
export async function runArguments(
  args: readonly string[],
  { place, stdin = '' }: { place: Place; stdin?: string },
): Promise<CommandRun> {
  const line = parseCommandLine(args);
  if (line.kind !== 'command') throw new Error(`not a command: ${JSON.stringify(line)}`);
  let stdout = '';
  let stderr = '';
  const code = await runCommand({
    command: line.command,
    place,
    input: Readable.from(stdin === '' ? [] : [stdin]),
    mainPath: '/opt/connect/bin/mcp-connect.js',
    print: (text) => {
      stdout += text;
    },
    note: (text) => {
      stderr += text;
    },
    signal: new AbortController().signal,
  });
  return { code, stdout, stderr };
}
