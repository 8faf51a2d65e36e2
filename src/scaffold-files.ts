import { readdirSync, readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const SCAFFOLD = fileURLToPath(new URL('../kustomize', import.meta.url));

/** The files of `kustomize/`, by path: what `renderScaffold` makes a deployments repository of. */
export function readScaffoldFiles(): Record<string, string> {
  const entries = readdirSync(SCAFFOLD, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    entries.map(({ parentPath, name }) => {
      const path = `${parentPath}${sep}${name}`;
      return [relative(SCAFFOLD, path).split(sep).join('/'), readFileSync(path, 'utf8')];
    }),
  );
}

/** The version of this package. */
export function readOwnVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
