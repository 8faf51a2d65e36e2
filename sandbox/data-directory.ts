import { existsSync } from 'node:fs';
import { access, constants, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../src/domain/user-error.ts';
import { makeFolder } from '../src/make-folder.ts';
import { endLeftovers } from './end-leftovers.ts';
import { readProcessStart } from './kubernetes/kubelet/process-identity.ts';

/** The directory of one running sandbox: a second one on it is refused, a dead one's claim is taken over. */
export interface DataDirectory {
  path: string;
  release(): Promise<void>;
}

const CLAIM_FILE = 'sandbox.pid';
/** Only a directory with this file is ever emptied by `--fresh`. */
const MARK_FILE = 'README';
const MARK = 'State of an mcp-hosting sandbox. `npm start -- --fresh` forgets it.\n';

/**
 * Makes the directory when it is absent and claims it for this process. What a killed sandbox left running on it is ended.
 * @throws UserError when a running sandbox holds it, or when it holds files of somebody else.
 */
export async function claimDataDirectory(path: string, options: { fresh: boolean }): Promise<DataDirectory> {
  await makeDirectory(path);
  await refuseForeign(path);
  await refuseRunning(path);
  await endLeftovers(path);
  if (options.fresh)
    for (const name of await readdir(path)) await rm(join(path, name), { recursive: true, force: true });
  await writeFile(join(path, MARK_FILE), MARK);
  const claim = join(path, CLAIM_FILE);
  await writeFile(claim, JSON.stringify({ pid: process.pid, startTime: readProcessStart(process.pid) }));
  return { path, release: () => rm(claim, { force: true }) };
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await makeFolder(path, { mode: 0o700 });
    await access(path, constants.W_OK);
  } catch (cause) {
    const { code = 'it cannot be made' } = cause as NodeJS.ErrnoException;
    throw new UserError(
      'sandbox-data-unusable',
      `Cannot use "${path}" for the sandbox: ${code}, expected a directory that can be made and written to`,
      'Choose another with --data-dir.',
      { cause },
    );
  }
}

async function refuseForeign(path: string): Promise<void> {
  const names = await readdir(path);
  if (names.length === 0 || existsSync(join(path, MARK_FILE))) return;
  throw new UserError(
    'sandbox-data-foreign',
    `Cannot use "${path}" for the sandbox: it holds other files, expected an empty directory or a sandbox's own`,
    'Choose another with --data-dir.',
  );
}

async function refuseRunning(path: string): Promise<void> {
  const text = await readFile(join(path, CLAIM_FILE), 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const claim = parseClaim(text);
  if (!claim || claim.pid === process.pid || readProcessStart(claim.pid) !== claim.startTime) return;
  throw new UserError(
    'sandbox-running',
    `Cannot start the sandbox: process ${claim.pid} runs one in "${path}", expected it stopped`,
    'Stop it, or choose another with --data-dir and --port.',
  );
}

function parseClaim(text: string): { pid: number; startTime: string } | undefined {
  try {
    const claim: unknown = JSON.parse(text);
    if (typeof claim !== 'object' || claim === null) return undefined;
    const { pid, startTime } = claim as { pid?: unknown; startTime?: unknown };
    return typeof pid === 'number' && typeof startTime === 'string' ? { pid, startTime } : undefined;
  } catch {
    return undefined;
  }
}
