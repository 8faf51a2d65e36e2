import { roleFromWord } from '../access/roles.ts';
import { notFound, unprocessable } from '../github-error.ts';
import type { Hub } from '../hub.ts';
import { addPersonToken, ensureAccount, ensureInstallation } from '../model/accounts.ts';
import { type Fields, readFields, readFlag, readText } from '../rest/fields.ts';
import type { RestAnswer } from '../rest/route.ts';
import type { Repository } from '../store/entities.ts';
import { SWITCHES_OFF } from '../webhooks/delivery-switches.ts';
import { checkPattern } from './check-pattern.ts';
import type { Fault, Faults } from './faults.ts';
import { parseFault } from './parse-fault.ts';
import type { RequestLog } from './request-log.ts';
import type { Violations } from './violations.ts';

export interface ControlParts {
  hub: Hub;
  requests: RequestLog;
  faults: Faults;
  violations: Violations;
}

export interface ControlCall {
  method: string;
  /** Behind `/_sandbox`. */
  path: string;
  query: URLSearchParams;
  body: Fields;
}

/** A long poll ends after this at the latest, in ms. */
const WAIT_MS_MAX = 60_000;

/** The switches of `README.md`, by method and path. @throws GitHubError for what cannot be done */
export async function answerControl(parts: ControlParts, call: ControlCall): Promise<RestAnswer> {
  const { hub, requests, violations } = parts;
  switch (`${call.method} ${call.path}`) {
    case 'GET /requests':
      return { status: 200, body: requests.report() };
    case 'DELETE /requests':
      requests.clear();
      return { status: 204 };
    case 'GET /violations':
      return { status: 200, body: violations.entries };
    case 'DELETE /violations':
      violations.clear();
      return { status: 204 };
    case 'POST /users':
      return { status: 201, body: addUser(hub, call.body) };
    case 'POST /protected-branches':
      return protectBranch(hub, call.body);
    case 'POST /installations':
      return install(hub, call.body);
    case 'DELETE /installations':
      return uninstall(hub, call.body);
    case 'GET /webhooks':
      return { status: 200, body: hub.webhooks.gate.state };
    case 'POST /webhooks':
      setSwitches(hub, call.body);
      return { status: 200, body: hub.webhooks.gate.state };
    default:
      return answerFaults(parts, call);
  }
}

async function answerFaults({ faults }: ControlParts, call: ControlCall): Promise<RestAnswer> {
  const [, collection, idText, verb] = call.path.split('/');
  if (collection !== 'faults') throw notFound();
  if (idText === undefined) {
    if (call.method === 'GET') return { status: 200, body: faults.list() };
    if (call.method === 'POST') return { status: 201, body: faults.add(parseFault(call.body)) };
    faults.clear();
    return { status: 204 };
  }
  const fault = faults.find(Number(idText));
  if (!fault) throw notFound();
  if (call.method === 'POST' && verb === 'release') faults.release(fault.id);
  const waitMs = Math.min(Number(call.query.get('wait_ms')) || 0, WAIT_MS_MAX);
  if (call.method === 'GET' && waitMs > 0) await faults.watch(() => isReached(fault, call.query.get('for')), waitMs);
  return { status: 200, body: fault };
}

/** `struck`: it has struck; `held`: it holds a request; `free`: it holds none any more. */
function isReached(fault: Fault, state: string | null): boolean {
  if (state === 'held') return fault.held > 0;
  return fault.struck > 0 && (state !== 'free' || fault.held === 0);
}

function addUser(hub: Hub, body: Fields) {
  const account = ensureAccount(hub.store, { login: readText(body, 'login') ?? '', type: 'User', now: hub.now() });
  if (account.type !== 'User') throw unprocessable(`${account.login} is no person`);
  for (const [name, word] of Object.entries(readFields(body, 'permissions') ?? {})) {
    const repository = requireRepository(hub, name);
    const role = roleFromWord(String(word));
    if (!role) throw unprocessable(`"${String(word)}" is no permission`);
    repository.collaborators[account.id] = role;
    hub.store.touch(repository);
  }
  return { login: account.login, id: account.id, token: addPersonToken(hub.store, account) };
}

function protectBranch(hub: Hub, body: Fields): RestAnswer {
  const repository = requireRepository(hub, readText(body, 'repository') ?? '');
  const branch = readText(body, 'branch') ?? repository.defaultBranch;
  const others = repository.protectedBranches.filter((one) => one !== branch);
  const isProtected = readFlag(body, 'protected') ?? true;
  const { [branch]: _, ...otherChecks } = repository.requiredChecks ?? {};
  const check = readText(body, 'requiredCheck');
  repository.requiredChecks = isProtected && check !== undefined ? { ...otherChecks, [branch]: check } : otherChecks;
  repository.protectedBranches = isProtected && check === undefined ? [...others, branch] : others;
  hub.store.touch(repository);
  return { status: 204 };
}

function install(hub: Hub, body: Fields): RestAnswer {
  const account = hub.store.accountByLogin(readText(body, 'account') ?? '');
  if (!account) throw notFound();
  const { permissions } = hub.app;
  const { id } = ensureInstallation(hub.store, { accountId: account.id, permissions, now: hub.now() });
  return { status: 201, body: { id } };
}

function uninstall(hub: Hub, body: Fields): RestAnswer {
  const account = hub.store.accountByLogin(readText(body, 'account') ?? '');
  const installation = hub.store.installations.find((one) => one.accountId === account?.id);
  if (!installation) throw notFound();
  hub.store.removeInstallation(installation.id);
  return { status: 204 };
}

/** What is not named is off. */
function setSwitches(hub: Hub, body: Fields): void {
  const drop = readText(body, 'drop') ?? null;
  if (drop !== null) checkPattern(drop);
  hub.webhooks.gate.set({
    ...SWITCHES_OFF,
    duplicate: readFlag(body, 'duplicate') ?? false,
    reversePairs: readFlag(body, 'reversePairs') ?? false,
    hold: readFlag(body, 'hold') ?? false,
    drop,
  });
}

function requireRepository(hub: Hub, fullName: string): Repository {
  const [owner = '', name = ''] = fullName.split('/');
  const repository = hub.store.repositoryByName(owner, name);
  if (!repository) throw notFound(`${fullName} does not exist`);
  return repository;
}
