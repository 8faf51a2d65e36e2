import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

const SCAFFOLD = fileURLToPath(new URL('../kustomize', import.meta.url));
/** What an operator applies by hand before Argo CD takes over. */
const FOLDERS = ['base', 'argocd'];

/** The Kubernetes objects of the scaffold, with its placeholders filled in. */
export async function readScaffoldObjects(values: Readonly<Record<string, string>>): Promise<object[]> {
  const objects: object[] = [];
  for (const folder of FOLDERS) {
    const names = (await readdir(join(SCAFFOLD, folder))).filter((name) => name.endsWith('.yaml'));
    for (const name of names.filter((each) => each !== 'kustomization.yaml').sort()) {
      const text = await readFile(join(SCAFFOLD, folder, name), 'utf8');
      const filled = text.replace(/__([A-Z][A-Z_]*[A-Z])__/g, (whole, key: string) => values[key] ?? whole);
      for (const document of parseAllDocuments(filled)) {
        const object: unknown = document.toJS();
        if (typeof object === 'object' && object !== null) objects.push(object);
      }
    }
  }
  return objects;
}
