import { stringify } from 'yaml';
import { createRunnerBench } from './runner-fixtures.ts';

/**
 * Runs a step that never ends, as a sandbox that is killed has one. Prints the bench's directory and the pids of the
 * step and of a process that it started.
 */
const bench = await createRunnerBench();
const script = `trap '' TERM HUP\nsleep 1000 &\necho "pids $$ $!"\nwhile true; do sleep 1; done`;
const workflow = { on: 'workflow_dispatch', jobs: { one: { 'runs-on': 'ubuntu-24.04', steps: [{ run: script }] } } };
const sha = await bench.commit('server', { '.github/workflows/mcp-hosting.yml': stringify(workflow) });
const run = bench.run(sha);
await run.saw(' pids ');
const pids = run.log
  .find((line) => line.includes(' pids '))
  ?.split(' pids ')[1]
  ?.split(' ')
  .map(Number);
process.stdout.write(`${JSON.stringify({ dir: bench.dir, pids })}\n`);
