import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { proposeScaffold, scaffoldPaths } from '../domain/scaffold/propose-scaffold.ts';
import type { Files } from '../domain/scaffold/render-scaffold.ts';
import { parseScaffoldRecord, SCAFFOLD_RECORD } from '../domain/scaffold/scaffold-record.ts';
import { UserError } from '../domain/user-error.ts';
import { makeFolder } from '../make-folder.ts';
import type { BootstrapResult } from './bootstrap-command.ts';
import type { CliContext } from './cli-context.ts';
import { type BootstrapRequest, completeBootstrap } from './complete-bootstrap.ts';

/** Writes the scaffold to a folder, merged with what is there; needs no GitHub. */
export async function bootstrapDirectory(
  { cwd }: CliContext,
  request: BootstrapRequest & { directory: string },
): Promise<BootstrapResult> {
  const directory = resolve(cwd, request.directory);
  const { [SCAFFOLD_RECORD]: recordText } = await readFiles(directory, [SCAFFOLD_RECORD]);
  const record = parseScaffoldRecord(recordText);
  const complete = completeBootstrap(request, record);
  const before = await readFiles(directory, scaffoldPaths({ ...complete, record }));
  const { files: after, conflicts } = proposeScaffold({ ...complete, record, present: before });
  if (request.dryRun) return { before, after, conflicts };
  const changed = await writeChanges(directory, before, after);
  return { before, after, conflicts, ...(changed ? { written: `written to ${directory}` } : {}) };
}

async function readFiles(directory: string, paths: readonly string[]): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const path of paths) {
    try {
      files[path] = utf8.decode(await readFile(join(directory, path)));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') throw unusable(join(directory, path), code, error);
    }
  }
  return files;
}

/** Strict, or the bytes of another encoding would be lost when the file is written again. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The record comes last: after a crash, the next run merges with what the run before recorded. */
async function writeChanges(directory: string, before: Files, after: Files): Promise<boolean> {
  const gone = Object.keys(before).filter((path) => !Object.hasOwn(after, path));
  const changed = Object.keys(after).filter((path) => before[path] !== after[path]);
  const inOrder = changed.toSorted(
    (left, right) => Number(left === SCAFFOLD_RECORD) - Number(right === SCAFFOLD_RECORD),
  );
  for (const path of gone) await onDisk(join(directory, path), (file) => rm(file));
  for (const path of inOrder) {
    await onDisk(join(directory, path), async (file) => {
      await makeFolder(dirname(file));
      await writeFile(file, after[path] ?? '');
    });
  }
  return gone.length + changed.length > 0;
}

async function onDisk(file: string, work: (file: string) => Promise<void>): Promise<void> {
  try {
    await work(file);
  } catch (error) {
    throw unusable(file, (error as NodeJS.ErrnoException).code, error);
  }
}

function unusable(file: string, code: string | undefined, cause: unknown): UserError {
  const found = code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8' : (code ?? 'it cannot be used');
  return new UserError(
    'output-unusable',
    `Cannot write the scaffold: ${file}: ${found}, expected a folder of plain files`,
    'Choose another folder with --output, or make it readable, writable and UTF-8.',
    { cause },
  );
}
