import { Ajv, type ErrorObject } from 'ajv';
import { createYamlLocator } from './locate-in-yaml.ts';
import { notRenderable } from './not-renderable.ts';
import { readPlainYaml } from './read-plain-yaml.ts';
import { quoteKey } from './read-yaml-mapping.ts';

/** The fields of a `kustomization.yaml` that are rendered. */
export interface ReadableKustomization {
  namespace?: string;
  /** Names of files beside it. */
  resources: string[];
  labels: { pairs: Record<string, string>; includeTemplates?: boolean }[];
  images: { name: string; newName?: string; newTag?: string; digest?: string }[];
  replicas: { name: string; count: number }[];
}

const FILE = 'kustomization.yaml';
const OTHER_NAMES = ['kustomization.yml', 'Kustomization'];

/** @throws UserError `overlay-not-renderable` naming the field that is not rendered here */
export function readKustomization(files: Readonly<Record<string, string>>): ReadableKustomization {
  const other = OTHER_NAMES.find((name) => Object.hasOwn(files, name));
  if (other) throw notRenderable(other, 'it has another name', `"${FILE}"`);
  const text = Object.hasOwn(files, FILE) ? files[FILE] : undefined;
  if (text === undefined) throw notRenderable(FILE, 'it is absent', 'one in the directory of the server');
  const [value, second] = readPlainYaml(text, FILE);
  if (value === undefined || second !== undefined) throw notRenderable(FILE, 'it is not one document', 'one');
  if (!isReadable(value)) throw refusal(isReadable.errors?.[0], text);
  return { ...value, labels: value.labels ?? [], images: value.images ?? [], replicas: value.replicas ?? [] };
}

type Written = Pick<ReadableKustomization, 'namespace' | 'resources'> & Partial<ReadableKustomization>;

const TEXT = { type: 'string', minLength: 1 };
const isReadable = new Ajv().compile<Written>({
  type: 'object',
  additionalProperties: false,
  required: ['resources'],
  properties: {
    apiVersion: { const: 'kustomize.config.k8s.io/v1beta1' },
    kind: { const: 'Kustomization' },
    namespace: TEXT,
    resources: listOf({ type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*\\.ya?ml$' }),
    labels: listOf(
      mapping(['pairs'], {
        pairs: { type: 'object', additionalProperties: { type: 'string' } },
        includeSelectors: { const: false },
        includeTemplates: { type: 'boolean' },
      }),
    ),
    images: listOf(mapping(['name'], { name: TEXT, newName: TEXT, newTag: TEXT, digest: TEXT })),
    replicas: listOf(mapping(['name', 'count'], { name: TEXT, count: { type: 'integer', minimum: 0 } })),
  },
});

function listOf(items: object): object {
  return { type: 'array', minItems: 1, items };
}

function mapping(required: string[], properties: object): object {
  return { type: 'object', additionalProperties: false, required, properties };
}

function refusal(error: ErrorObject | undefined, text: string): Error {
  const at = error?.instancePath.slice(1).replaceAll('/', '.') ?? '';
  const where = at === '' ? '' : ` in ${quoteKey(at)}`;
  // A list has items by number; no field that is read has a name that is one.
  const steps = at === '' ? [] : at.split('.').map((step) => (/^[0-9]+$/.test(step) ? Number(step) : step));
  const locate = createYamlLocator(text);
  if (error?.keyword === 'additionalProperties') {
    const name = String(error.params.additionalProperty);
    return notRenderable(
      FILE,
      `it uses the field ${quoteKey(name)}${where}`,
      'only resources, images, replicas, labels and namespace',
      locate({ document: 0, path: [...steps, name], part: 'key' }).line,
    );
  }
  const expected =
    steps[0] === 'resources' && steps.length === 2
      ? 'the name of a file beside it: folders and addresses are not followed'
      : 'the form that mcp-hosting writes';
  return notRenderable(FILE, `a value${where} is of another form`, expected, locate({ document: 0, path: steps }).line);
}
