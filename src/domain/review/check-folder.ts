import type { OverlayEntry } from './overlay-entry.ts';
import type { ReviewProblem } from './review-problem.ts';

/** Files of one folder; the bot writes ten at most. */
const FILES_MAX = 30;

/** All files of one folder together; the bot writes about 10 KB. */
const FOLDER_CHARS_MAX = 262_144;

/** What is wrong with a folder whatever its files say: links, submodules, folders, names that a reader would not expect. */
export function checkFolder(folder: string, entries: readonly OverlayEntry[]): ReviewProblem[] {
  const problem = (name: string, state: string, expected: string, level: ReviewProblem['level'] = 'failure') => ({
    path: name === '' ? folder : `${folder}/${name}`,
    line: 1,
    endLine: 1,
    level,
    message: `Cannot deploy ${name === '' ? folder : name}: ${state}, expected ${expected}`,
  });
  return [
    ...(entries.length > FILES_MAX ? [problem('', `it holds ${entries.length} files`, `${FILES_MAX} at most`)] : []),
    ...(charsOf(entries) > FOLDER_CHARS_MAX ? [problem('', 'its files are over 256 KiB together', 'less')] : []),
    ...entries.flatMap((entry) => {
      const fault = KINDS[entry.kind] ?? nameFault(entry.name);
      return fault ? [problem(entry.name, ...fault)] : [];
    }),
  ];
}

/** Such a folder is not read any further. */
export function isOversized(entries: readonly OverlayEntry[]): boolean {
  return entries.length > FILES_MAX || charsOf(entries) > FOLDER_CHARS_MAX;
}

function charsOf(entries: readonly OverlayEntry[]): number {
  return entries.reduce((sum, entry) => sum + (entry.kind === 'text' ? entry.text.length : 0), 0);
}

type Fault = [state: string, expected: string, level?: ReviewProblem['level']];

const KINDS: Partial<Record<OverlayEntry['kind'], Fault>> = {
  link: ['it is a symbolic link', 'a file'],
  submodule: ['it is a submodule', 'a file'],
  folder: ['it is a folder', 'files alone: kustomize would read manifests from it'],
  binary: ['it is binary', 'YAML'],
  large: ['it is over 64 KiB, its folder over 256 KiB, or all of the pull request over 6 MiB', 'less'],
};

function nameFault(name: string): Fault | undefined {
  // Argo CD reads `.argocd-source.yaml`, which overrides images and parameters beside what is rendered here.
  if (name.startsWith('.')) return ['its name begins with a dot, as files that steer Argo CD do', 'no such file'];
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(name))
    return ['its name is not plain', 'lower case letters, digits, "-", "." and "_"'];
  if (!/\.ya?ml$/.test(name)) return ['it is no manifest and has no effect', 'YAML files alone', 'warning'];
  return undefined;
}
