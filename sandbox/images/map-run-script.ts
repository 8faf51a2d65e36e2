import { existsSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';

/** Directories of the machine that a command may name and that no image brings. */
const DEVICES = new Set(['dev', 'proc', 'sys']);
/** Directories where programs of the machine and files of the image stand side by side. */
const PROGRAMS = new Set(['bin', 'sbin', 'lib', 'lib64', 'usr']);
/** An absolute path at the begin of a word, after a quote, or after `=`, `:` and shell punctuation. */
const PATH_IN_SCRIPT = /(^|[\s='"(:;&|<>,`])(\/(?:[\w.@+%~-]+\/?)+)/g;

/**
 * Maps the absolute paths in a RUN command into the image's directory, as far as text shows them: there is no root of
 * its own to run in. Programs and devices of the machine stay. Commands relative to WORKDIR need no mapping.
 *
 * @param rootfs directory without characters that a shell reads
 */
export function mapRunScript(rootfs: string, script: string): string {
  return script.replace(PATH_IN_SCRIPT, (_match, before: string, path: string) => before + mapRunPath(rootfs, path));
}

/** The same for one argument of the exec form. */
export function mapRunArgument(rootfs: string, argument: string): string {
  return posix.isAbsolute(argument) ? mapRunPath(rootfs, argument) : argument;
}

function mapRunPath(rootfs: string, path: string): string {
  if (path === rootfs || path.startsWith(`${rootfs}/`)) return path;
  const normal = posix.normalize(path);
  const first = normal.split('/')[1] ?? '';
  if (first === '' || DEVICES.has(first)) return path;
  const mapped = join(rootfs, normal);
  if (PROGRAMS.has(first) && !existsSync(mapped) && isFile(normal)) return path;
  return mapped;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
