import { existsSync } from 'node:fs';

const SHELL = '/bin/sh';

/**
 * Waits for the wrapper and hands signals on. A shell's `wait` also takes the exit status of every orphan that was handed
 * to process 1. It returns early when a signal comes, so it is repeated while the wrapper is there.
 */
const SCRIPT = `
"$@" &
wrapper=$!
trap 'kill -TERM "$wrapper" 2>/dev/null' TERM INT HUP
while :; do
  wait "$wrapper"
  status=$?
  kill -0 "$wrapper" 2>/dev/null || exit "$status"
done
`;

/**
 * As process 1 of a container the wrapper would have to take the exit status of every orphan, which Node cannot: they
 * would stay as zombies until no process can be started any more. So it becomes a shell that does, with the wrapper as
 * its child. Does nothing elsewhere, in an image without a shell, or on a Node without `process.execve` (before 23.11).
 */
export function becomeInit({ pid, argv, env }: { pid: number; argv: readonly string[]; env: NodeJS.ProcessEnv }): void {
  if (pid !== 1 || !process.execve || !existsSync(SHELL)) return;
  process.execve(SHELL, ['sh', '-c', SCRIPT, 'mcp-wrapper', ...argv], definedOnly(env));
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
