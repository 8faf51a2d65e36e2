#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { readSecret } from './read-secret.ts';
import { runCli } from './run-cli.ts';
import { describeTerminal } from './terminal.ts';

const interrupted = new AbortController();
process.once('SIGINT', () => {
  interrupted.abort();
  // Following a log ends by itself; anything else is ended as a shell expects of an interrupted program.
  if (!process.argv.includes('--follow')) process.exit(130);
});
// `mcp-hosting logs ID | head` closes the pipe: there is nobody left to write for.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await runCli(process.argv.slice(2), {
  terminal: describeTerminal(process, process.env),
  env: process.env,
  cwd: process.cwd(),
  now: () => new Date(),
  ...(process.stdin.isTTY ? { confirm } : {}),
  readSecret: (question) => readSecret(question, { input: process.stdin, output: process.stderr }),
  signal: interrupted.signal,
});

async function confirm(question: string): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await prompt.question(question)).trim());
  } finally {
    prompt.close();
  }
}
