import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** Where the present version of the files is; its link is swapped, so that readers see all of one version or the next. */
const DATA_LINK = '..data';
/** Readable for a container's user, whoever that is. */
const FILE_MODE = 0o644;
const DIR_MODE = 0o755;

/** Brings a volume's directory to these files as the kubelet does: a new folder, then one rename of `..data`. */
export function writeSecretFiles(dir: string, files: ReadonlyMap<string, Buffer>): void {
  mkdirSync(dir, { recursive: true, mode: DIR_MODE });
  if (isSame(dir, files)) return;
  const version = mkdtempSync(join(dir, `..${new Date().toISOString().replaceAll(/\W/g, '_')}.`));
  chmodSync(version, DIR_MODE);
  for (const [name, bytes] of files) writeFileSync(join(version, name), bytes, { mode: FILE_MODE });
  const name = version.slice(dir.length + 1);
  symlinkSync(name, join(dir, '..data_tmp'));
  renameSync(join(dir, '..data_tmp'), join(dir, DATA_LINK));
  for (const entry of readdirSync(dir)) {
    const isGone = entry.startsWith('..') ? entry !== DATA_LINK && entry !== name : !files.has(entry);
    if (isGone) rmSync(join(dir, entry), { recursive: true, force: true });
  }
  for (const file of files.keys()) {
    if (!isThere(join(dir, file))) symlinkSync(`${DATA_LINK}/${file}`, join(dir, file));
  }
}

function isSame(dir: string, files: ReadonlyMap<string, Buffer>): boolean {
  const data = join(dir, DATA_LINK);
  if (!isThere(data)) return false;
  const present = readdirSync(data);
  return (
    present.length === files.size && present.every((name) => files.get(name)?.equals(readFileSync(join(data, name))))
  );
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
