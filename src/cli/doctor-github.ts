import { probeAddress } from '../adapters/network/probe-address.ts';
import { readAppManifest } from '../app-manifest.ts';
import { diagnoseAppRights, diagnoseWebhook } from '../domain/doctor/diagnose-app.ts';
import { diagnoseBot } from '../domain/doctor/diagnose-bot.ts';
import { diagnoseDeliveries } from '../domain/doctor/diagnose-deliveries.ts';
import { diagnosePolicy, diagnoseRepository, REPOSITORY_PATHS } from '../domain/doctor/diagnose-repository.ts';
import { broken, type Diagnosis } from '../domain/doctor/diagnosis.ts';
import { fullName } from '../domain/repository.ts';
import { proposeScaffold, scaffoldPaths } from '../domain/scaffold/propose-scaffold.ts';
import { diffScaffold } from '../domain/scaffold/scaffold-diff.ts';
import { parseScaffoldRecord, SCAFFOLD_RECORD } from '../domain/scaffold/scaffold-record.ts';
import { WEBHOOK_PATH } from '../inbound/register-webhooks.ts';
import { completeBootstrap } from './complete-bootstrap.ts';
import type { DoctorPlace } from './doctor-place.ts';
import type { DoctorPolicy } from './doctor-policy.ts';
import type { DoctorCheck } from './run-checks.ts';

/** Of the API, which refuses whoever has no token. */
const API_PATH = '/api/hosting/servers';

export function githubChecks(place: DoctorPlace, policy: DoctorPolicy): DoctorCheck[] {
  const { inspection } = policy;
  return [
    { name: 'github-app', title: 'GitHub App', run: () => checkApp(place, policy) },
    { name: 'webhook', title: 'Webhook address', run: () => checkWebhook(place, policy) },
    { name: 'bot', title: 'Bot from outside', run: () => checkBot(place, policy) },
    {
      name: 'deliveries',
      title: 'Webhook deliveries',
      run: async () => diagnoseDeliveries(await inspection.deliveries(), place.now()),
    },
    { name: 'installation', title: 'App installation', run: () => checkInstallation(place, policy) },
    { name: 'repository', title: 'Deployments repository', run: () => checkRepository(place, policy) },
    { name: 'policy', title: 'Policy', run: async () => diagnosePolicy(await policy.text()).diagnosis },
  ];
}

async function checkApp(place: DoctorPlace, { inspection }: DoctorPolicy): Promise<Diagnosis> {
  const { slug, owner, permissions, events } = await inspection.app();
  const fix = `Open ${settingsUrl(place, { owner, slug })}/permissions, set it, and accept it in each installation.`;
  const problems = diagnoseAppRights({ actual: { permissions, events }, wanted: readAppManifest(), fix });
  return { found: `${slug}, ${Object.keys(permissions).length} permissions, ${events.length} events`, problems };
}

async function checkWebhook(place: DoctorPlace, { inspection }: DoctorPolicy): Promise<Diagnosis> {
  const [settings, app] = await Promise.all([inspection.webhook(), inspection.app()]);
  return diagnoseWebhook({ settings, path: WEBHOOK_PATH, settingsUrl: settingsUrl(place, app) });
}

/** By the address that GitHub has: what does not reach the bot there, reaches it nowhere. */
async function checkBot({ timeoutMs }: DoctorPlace, { inspection }: DoctorPolicy): Promise<Diagnosis> {
  const { url } = await inspection.webhook();
  if (url === undefined || !URL.canParse(url)) return { found: 'no webhook address', problems: [] };
  const address = new URL(API_PATH, url);
  return diagnoseBot({ address: address.href, answer: await probeAddress(address, timeoutMs / 2) });
}

/** Where an organisation's App is set up; of a person's, GitHub leads on from there. */
function settingsUrl({ config }: DoctorPlace, { owner, slug }: { owner: string; slug: string }): string {
  return `${config.githubWebUrl}/organizations/${owner}/settings/apps/${slug}`;
}

async function checkInstallation({ config }: DoctorPlace, { installation }: DoctorPolicy): Promise<Diagnosis> {
  const repository = config.deploymentsRepository;
  const { permissions, events, isSuspended, settingsUrl: url } = await installation();
  const fix = `Open ${url} and accept the permissions that the App asks for.`;
  const problems = diagnoseAppRights({ actual: { permissions, events }, wanted: readAppManifest(), fix });
  const suspended = isSuspended ? [broken('The installation is suspended.', `Open ${url} and unsuspend it.`)] : [];
  return { found: `on ${fullName(repository)}`, problems: [...suspended, ...problems] };
}

async function checkRepository(
  { config }: DoctorPlace,
  { inspection, installation }: DoctorPolicy,
): Promise<Diagnosis> {
  const repository = config.deploymentsRepository;
  const { id } = await installation();
  const first = await inspection.files(id, repository, [...REPOSITORY_PATHS, SCAFFOLD_RECORD]);
  const record = parseScaffoldRecord(first?.[SCAFFOLD_RECORD]);
  if (!record) return diagnoseRepository({ repository, files: first, outdated: undefined });
  // Where Argo CD clones from was decided by the last run; here it makes no difference.
  const gitUrl = cloneBaseUrl(record.files['argocd/applicationset.yaml'], config.githubWebUrl);
  const request = { repository, given: {}, dryRun: true, settings: { githubUrl: config.githubApiUrl, gitUrl } };
  const complete = completeBootstrap(request, record);
  const present = (await inspection.files(id, repository, scaffoldPaths({ ...complete, record }))) ?? {};
  const { files, conflicts } = proposeScaffold({ ...complete, record, present });
  const paths = diffScaffold(present, files).map(({ path }) => path);
  return diagnoseRepository({ repository, files: first, outdated: { paths, conflicts, from: record.version } });
}

function cloneBaseUrl(applicationSet: string | undefined, fallback: string): string {
  return /repoURL: (https?:\/\/\S+?)\/[^/\s]+\/[^/\s]+\.git$/m.exec(applicationSet ?? '')?.[1] ?? fallback;
}
