import { UserError } from '../user-error.ts';
import type { Files } from './render-scaffold.ts';
import type { GivenScaffoldOptions } from './scaffold-options.ts';

/** Where a deployments repository keeps what `mcp-hosting bootstrap` wrote last. */
export const SCAFFOLD_RECORD = '.mcp-hosting/scaffold.json';

/** What the last run wrote: the base of the next run's three-way merge. */
export interface ScaffoldRecord {
  /** Of mcp-hosting. */
  version: string;
  /** As they were given, in this run or an earlier one. */
  options: GivenScaffoldOptions;
  /** As they were rendered, before what people changed since. */
  files: Files;
}

/** The scaffold has some forty files of some kilobytes. */
const FILES_MAX = 500;
const RECORD_CHARS_MAX = 2_000_000;
const PATH = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/;

/** Defaults are not recorded, so that they follow the version and the other options. */
export function writeScaffoldRecord({ version, options, files }: ScaffoldRecord): string {
  const sorted = (mapping: object) =>
    Object.fromEntries(Object.entries(mapping).sort(([left], [right]) => (left < right ? -1 : 1)));
  return `${JSON.stringify({ version, options: sorted(options), files: sorted(files) }, null, 2)}\n`;
}

/**
 * @param text undefined where there is no such file: nothing was written yet
 * @throws UserError `scaffold-record-invalid`
 */
export function parseScaffoldRecord(text: string | undefined): ScaffoldRecord | undefined {
  if (text === undefined) return undefined;
  const value = text.length <= RECORD_CHARS_MAX ? parseJson(text) : undefined;
  if (!isMapping(value) || typeof value.version !== 'string' || !isMapping(value.options) || !isFiles(value.files)) {
    throw new UserError(
      'scaffold-record-invalid',
      `Cannot read "${SCAFFOLD_RECORD}": it is not what mcp-hosting wrote, expected its own record`,
      'Restore the file from the git history of the deployments repository, and run it again.',
    );
  }
  return { version: value.version.slice(0, 50), options: pickOptions(value.options), files: value.files };
}

const OPTION_TYPES: Readonly<Record<keyof Required<GivenScaffoldOptions>, 'string' | 'number' | 'boolean' | 'list'>> = {
  domain: 'string',
  route: 'string',
  implementation: 'string',
  gatewayClass: 'string',
  gatewayNamespace: 'string',
  ingressClass: 'string',
  proxyNamespaces: 'list',
  clusterIssuer: 'string',
  scaleToZero: 'boolean',
  autoscale: 'boolean',
  monitoring: 'boolean',
  monitoringNamespace: 'string',
  servers: 'number',
  merge: 'string',
  codeOwners: 'list',
  platformHost: 'string',
  image: 'string',
};

/** Options of the right type; their values are checked by `completeScaffoldOptions`, as those of the command line are. */
function pickOptions(value: Record<string, unknown>): GivenScaffoldOptions {
  const entries = Object.entries(OPTION_TYPES).flatMap(([name, type]) => {
    const option = value[name];
    const fits =
      type === 'list'
        ? Array.isArray(option) && option.every((each) => typeof each === 'string')
        : typeof option === type;
    return fits ? [[name, option] as const] : [];
  });
  return Object.fromEntries(entries) as GivenScaffoldOptions;
}

/** Whether a path stays inside the repository, and outside of git's own folder. */
function isInside(path: string): boolean {
  return PATH.test(path) && !path.split('/').some((part) => part === '.' || part === '..' || part === '.git');
}

function isFiles(value: unknown): value is Files {
  if (!isMapping(value)) return false;
  const entries = Object.entries(value);
  return entries.length <= FILES_MAX && entries.every(([path, text]) => isInside(path) && typeof text === 'string');
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
