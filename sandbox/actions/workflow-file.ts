import { parse } from 'yaml';
import { workflowInvalid, workflowUnsupported } from './workflow-error.ts';
import { evaluatePermissions, type Permissions } from './workflow-permissions.ts';

/** A step; texts may hold expressions. */
export interface WorkflowStep {
  id: string | null;
  name: string | null;
  if: string | undefined;
  env: Record<string, string>;
  workingDirectory: string | null;
  continueOnError: string;
  timeoutMinutes: number | null;
  action:
    | { kind: 'run'; script: string; shell: string | null }
    | { kind: 'uses'; uses: string; with: Record<string, string> };
}

export interface WorkflowJob {
  id: string;
  name: string | null;
  needs: string[];
  if: string | undefined;
  env: Record<string, string>;
  outputs: Record<string, string>;
  permissions: Permissions | null;
  concurrency: Concurrency | null;
  timeoutMinutes: number | null;
  body: { kind: 'steps'; steps: WorkflowStep[] } | { kind: 'call'; uses: string; with: Record<string, string> };
}

export interface Concurrency {
  group: string;
  cancelInProgress: string;
}

export interface WorkflowInput {
  required: boolean;
  default: string | null;
}

/** What a workflow file says, for `workflow_dispatch` and `workflow_call`. */
export interface Workflow {
  path: string;
  name: string | null;
  runName: string | null;
  env: Record<string, string>;
  permissions: Permissions | null;
  concurrency: Concurrency | null;
  dispatchInputs: Record<string, WorkflowInput> | null;
  callInputs: Record<string, WorkflowInput> | null;
  callOutputs: Record<string, string>;
  jobs: WorkflowJob[];
}

/** GitHub's own limit for a workflow file is 512 KB. */
const WORKFLOW_CHARACTERS_MAX = 512 * 1024;
const WORKFLOW_KEYS = ['name', 'run-name', 'on', 'env', 'permissions', 'concurrency', 'jobs', 'defaults'];
const JOB_KEYS = [
  'name',
  'needs',
  'if',
  'env',
  'outputs',
  'permissions',
  'concurrency',
  'timeout-minutes',
  'runs-on',
  'steps',
  'uses',
  'with',
  'secrets',
  'environment',
];
const STEP_KEYS = [
  'id',
  'name',
  'if',
  'env',
  'working-directory',
  'continue-on-error',
  'timeout-minutes',
  'run',
  'shell',
  'uses',
  'with',
];

/**
 * Parses a workflow file.
 *
 * @throws UserError `workflow-invalid` where GitHub would refuse it, `workflow-unsupported` for what the sandbox lacks
 */
export function parseWorkflow(path: string, text: string): Workflow {
  if (text.length > WORKFLOW_CHARACTERS_MAX) {
    throw workflowInvalid(path, `it has ${text.length} characters`, `at most ${WORKFLOW_CHARACTERS_MAX}`);
  }
  const root = asRecord(path, 'the file', parseYaml(path, text));
  assertKeys(`workflow "${path}"`, root, WORKFLOW_KEYS);
  const triggers = readTriggers(path, root.on);
  const call = optionalRecord(path, 'on.workflow_call', triggers.workflow_call);
  const dispatch = optionalRecord(path, 'on.workflow_dispatch', triggers.workflow_dispatch);
  const jobs = Object.entries(asRecord(path, 'jobs', root.jobs)).map(([id, job]) => parseJob(path, id, job));
  if (jobs.length === 0) throw workflowInvalid(path, 'it has no jobs', 'one at least');
  return {
    path,
    name: optionalText(root.name),
    runName: optionalText(root['run-name']),
    env: textRecord(path, 'env', root.env),
    permissions: evaluatePermissions(path, root.permissions),
    concurrency: readConcurrency(path, root.concurrency),
    dispatchInputs: dispatch && readInputs(path, dispatch.inputs),
    callInputs: call && readInputs(path, call.inputs),
    callOutputs: readOutputs(path, call?.outputs),
    jobs,
  };
}

function parseYaml(path: string, text: string): unknown {
  try {
    // The YAML 1.2 core schema reads the key `on` as text.
    return parse(text, { maxAliasCount: 0 });
  } catch (error) {
    throw workflowInvalid(path, `it is no YAML (${firstLine(error)})`, 'a workflow file');
  }
}

function readTriggers(path: string, on: unknown): Record<string, unknown> {
  if (typeof on === 'string') return { [on]: {} };
  if (Array.isArray(on)) return Object.fromEntries(on.map((event) => [String(event), {}]));
  const triggers = asRecord(path, 'on', on);
  return Object.fromEntries(Object.entries(triggers).map(([event, value]) => [event, value ?? {}]));
}

function parseJob(path: string, id: string, value: unknown): WorkflowJob {
  const where = `jobs.${id}`;
  if (!/^[A-Za-z_][\w-]*$/.test(id)) throw workflowInvalid(path, `job id "${id}"`, 'letters, digits, "-" and "_"');
  const job = asRecord(path, where, value);
  assertKeys(`job "${id}"`, job, JOB_KEYS);
  return {
    id,
    name: optionalText(job.name),
    needs: [job.needs ?? []].flat().map(String),
    if: optionalText(job.if) ?? undefined,
    env: textRecord(path, `${where}.env`, job.env),
    outputs: textRecord(path, `${where}.outputs`, job.outputs),
    permissions: evaluatePermissions(path, job.permissions),
    concurrency: readConcurrency(path, job.concurrency),
    timeoutMinutes: readMinutes(path, where, job['timeout-minutes']),
    body: parseBody(path, where, job),
  };
}

function parseBody(path: string, where: string, job: Record<string, unknown>): WorkflowJob['body'] {
  if (typeof job.uses === 'string') {
    if (job.steps !== undefined || job['runs-on'] !== undefined) {
      throw workflowInvalid(path, `${where} has "uses" beside "steps" or "runs-on"`, 'one of them');
    }
    return { kind: 'call', uses: job.uses, with: textRecord(path, `${where}.with`, job.with) };
  }
  if (job['runs-on'] === undefined) throw workflowInvalid(path, `${where} has no "runs-on"`, 'a runner label');
  if (!Array.isArray(job.steps) || job.steps.length === 0)
    throw workflowInvalid(path, `${where} has no steps`, 'one at least');
  return { kind: 'steps', steps: job.steps.map((step, index) => parseStep(path, `${where}.steps[${index}]`, step)) };
}

function parseStep(path: string, where: string, value: unknown): WorkflowStep {
  const step = asRecord(path, where, value);
  assertKeys(where, step, STEP_KEYS);
  const uses = optionalText(step.uses);
  const script = optionalText(step.run);
  if ((uses === null) === (script === null))
    throw workflowInvalid(path, `${where} has "run" and "uses", or neither`, 'one of them');
  return {
    id: optionalText(step.id),
    name: optionalText(step.name),
    if: optionalText(step.if) ?? undefined,
    env: textRecord(path, `${where}.env`, step.env),
    workingDirectory: optionalText(step['working-directory']),
    continueOnError: optionalText(step['continue-on-error']) ?? 'false',
    timeoutMinutes: readMinutes(path, where, step['timeout-minutes']),
    action:
      uses === null
        ? { kind: 'run', script: script ?? '', shell: optionalText(step.shell) }
        : { kind: 'uses', uses, with: textRecord(path, `${where}.with`, step.with) },
  };
}

function readInputs(path: string, value: unknown): Record<string, WorkflowInput> {
  const inputs = optionalRecord(path, 'inputs', value) ?? {};
  return Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => {
      const record = optionalRecord(path, `inputs.${name}`, input) ?? {};
      return [name, { required: record.required === true, default: optionalText(record.default) }];
    }),
  );
}

function readOutputs(path: string, value: unknown): Record<string, string> {
  const outputs = optionalRecord(path, 'outputs', value) ?? {};
  return Object.fromEntries(
    Object.entries(outputs).map(([name, output]) => {
      const record = asRecord(path, `outputs.${name}`, output);
      return [name, optionalText(record.value) ?? ''];
    }),
  );
}

function readConcurrency(path: string, value: unknown): Concurrency | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return { group: value, cancelInProgress: 'false' };
  const record = asRecord(path, 'concurrency', value);
  const group = optionalText(record.group);
  if (group === null) throw workflowInvalid(path, 'concurrency has no "group"', 'a name');
  return { group, cancelInProgress: optionalText(record['cancel-in-progress']) ?? 'false' };
}

function readMinutes(path: string, where: string, value: unknown): number | null {
  if (value === undefined) return null;
  if (typeof value === 'number' && value > 0) return value;
  throw workflowInvalid(path, `${where}.timeout-minutes is "${String(value)}"`, 'a positive number');
}

function assertKeys(what: string, record: Record<string, unknown>, known: readonly string[]): void {
  const unknown = Object.keys(record).find((key) => !known.includes(key));
  if (unknown !== undefined) throw workflowUnsupported(`"${unknown}" of ${what}`, `only ${known.join(', ')}`);
}

function asRecord(path: string, where: string, value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw workflowInvalid(path, `${where} is no mapping`, 'keys and values');
}

function optionalRecord(path: string, where: string, value: unknown): Record<string, unknown> | null {
  return value === undefined || value === null ? null : asRecord(path, where, value);
}

function textRecord(path: string, where: string, value: unknown): Record<string, string> {
  const record = optionalRecord(path, where, value) ?? {};
  return Object.fromEntries(Object.entries(record).map(([key, item]) => [key, optionalText(item) ?? '']));
}

function optionalText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
