import { parse } from 'yaml';
import { listTree, readObject } from '../git/objects.ts';
import { unprocessable } from '../github-error.ts';
import { gitDirOf, type Hub } from '../hub.ts';
import type { Repository } from '../store/entities.ts';

const FOLDER = '.github/workflows';

/** GitHub's limit on the inputs of a workflow_dispatch. */
const INPUTS_MAX = 25;

interface DispatchInput {
  required: boolean;
  default: string | null;
  options: string[] | null;
}

export interface WorkflowFile {
  path: string;
  name: string;
  runName: string | null;
  /** null: the workflow cannot be dispatched. */
  inputs: Record<string, DispatchInput> | null;
}

/** The workflow files on a commit, by path. */
export async function listWorkflowPaths(hub: Hub, repository: Repository, commit: string): Promise<string[]> {
  const folder = await readObject(gitDirOf(hub, repository), `${commit}:${FOLDER}`);
  if (folder?.type !== 'tree') return [];
  const entries = await listTree(gitDirOf(hub, repository), folder.oid);
  return entries
    .filter((entry) => entry.type === 'blob' && /\.ya?ml$/.test(entry.path))
    .map((entry) => `${FOLDER}/${entry.path}`);
}

/** @returns undefined where there is no such file; one that is no YAML mapping is a workflow without triggers */
export async function readWorkflow(
  hub: Hub,
  repository: Repository,
  commit: string,
  path: string,
): Promise<WorkflowFile | undefined> {
  const object = await readObject(gitDirOf(hub, repository), `${commit}:${path}`);
  return object?.type === 'blob' ? parseWorkflow(path, object.content.toString()) : undefined;
}

export function workflowId(hub: Hub, repository: Repository, path: string): number {
  const known = repository.workflows[path];
  if (known !== undefined) return known;
  const id = hub.store.nextId();
  repository.workflows[path] = id;
  hub.store.touch(repository);
  return id;
}

/** @throws GitHubError UNPROCESSABLE for inputs that the workflow does not know, lacks or forbids */
export function fillInputs(workflow: WorkflowFile, given: Record<string, string>): Record<string, string> {
  if (!workflow.inputs) throw unprocessable("Workflow does not have 'workflow_dispatch' trigger");
  if (Object.keys(given).length > INPUTS_MAX) throw unprocessable(`Too many inputs: at most ${INPUTS_MAX} are allowed`);
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(workflow.inputs ?? {}, name));
  if (unknown.length > 0) throw unprocessable(`Unexpected inputs provided: ${JSON.stringify(unknown)}`);
  const filled: Record<string, string> = {};
  for (const [name, input] of Object.entries(workflow.inputs)) {
    const value = given[name] ?? input.default;
    if (value === null && input.required) throw unprocessable(`Required input '${name}' not provided`);
    if (value !== null && input.options && !input.options.includes(value)) {
      throw unprocessable(`Provided value '${value}' for input '${name}' not in the list of allowed values`);
    }
    filled[name] = value ?? '';
  }
  return filled;
}

/** The run's name, with the few contexts that a run-name may use. */
export function renderRunName(template: string, values: Record<string, string>): string {
  return template.replaceAll(/\$\{\{\s*([\w.-]+)\s*\}\}/g, (_, name: string) => values[name] ?? '');
}

function parseWorkflow(path: string, text: string): WorkflowFile {
  const document = mapping(parseYaml(text));
  return {
    path,
    name: typeof document.name === 'string' ? document.name : path,
    runName: typeof document['run-name'] === 'string' ? document['run-name'] : null,
    inputs: parseTrigger(document.on),
  };
}

function parseTrigger(on: unknown): Record<string, DispatchInput> | null {
  if (on === 'workflow_dispatch' || (Array.isArray(on) && on.includes('workflow_dispatch'))) return {};
  if (!Object.hasOwn(mapping(on), 'workflow_dispatch')) return null;
  const inputs = mapping(mapping(mapping(on).workflow_dispatch).inputs);
  return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, parseInput(mapping(input))]));
}

function parseInput(input: Record<string, unknown>): DispatchInput {
  return {
    required: input.required === true,
    default: input.default === undefined || input.default === null ? null : String(input.default),
    options: input.type === 'choice' && Array.isArray(input.options) ? input.options.map(String) : null,
  };
}

function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function mapping(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
