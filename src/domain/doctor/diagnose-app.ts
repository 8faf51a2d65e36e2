import { broken, type Diagnosis, type DoctorProblem } from './diagnosis.ts';

type Permissions = Readonly<Record<string, string | undefined>>;

/** Permissions and events, of the App, of an installation, or as `app.yml` wants them. */
export interface AppRights {
  permissions: Permissions;
  events: readonly string[];
}

/** Compares the App, or one installation of it, with `app.yml`. More than that is no problem of ours. */
export function diagnoseAppRights(options: { actual: AppRights; wanted: AppRights; fix: string }): DoctorProblem[] {
  const { actual, wanted, fix } = options;
  const permissions = Object.entries(wanted.permissions)
    .filter(([name, level]) => !covers(actual.permissions[name], level))
    .map(([name, level]) =>
      broken(`Permission "${name}" is ${shown(actual.permissions[name])}, expected "${level}".`, fix),
    );
  const events = wanted.events
    .filter((event) => !actual.events.includes(event))
    .map((event) => broken(`Event "${event}" is not subscribed to, expected it to be sent.`, fix));
  return [...permissions, ...events];
}

const LEVELS = ['read', 'write', 'admin'];

function covers(actual: string | undefined, wanted: string | undefined): boolean {
  return LEVELS.indexOf(actual ?? '') >= LEVELS.indexOf(wanted ?? '');
}

function shown(level: string | undefined): string {
  return level === undefined ? 'not granted' : `"${level}"`;
}

/** Where GitHub sends the App's webhooks, and how. */
export interface WebhookSettings {
  url: string | undefined;
  contentType: string | undefined;
  insecureSsl: boolean;
  hasSecret: boolean;
}

/** @param options.path where the bot listens for webhooks */
export function diagnoseWebhook(options: { settings: WebhookSettings; path: string; settingsUrl: string }): Diagnosis {
  const { settings, path, settingsUrl } = options;
  const { url, contentType, insecureSsl, hasSecret } = settings;
  const open = `Open ${settingsUrl} and `;
  const problems: DoctorProblem[] = [];
  const address = url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
  if (!address) {
    problems.push(
      broken('The App has no webhook address.', `${open}set "Webhook URL" to https://<host of the bot>${path}.`),
    );
  } else if (address.pathname !== path) {
    const found = `The webhook address ends in "${address.pathname}", expected "${path}".`;
    problems.push(broken(found, `${open}set "Webhook URL" to ${address.origin}${path}.`));
  }
  if (!hasSecret) {
    problems.push(
      broken('The App has no webhook secret, so no delivery is accepted.', `${open}set it to WEBHOOK_SECRET.`),
    );
  }
  if (contentType !== undefined && contentType !== 'json') {
    problems.push(broken(`Webhooks come as "${contentType}", expected "json".`, `${open}choose application/json.`));
  }
  if (insecureSsl) {
    problems.push({
      level: 'warning',
      problem: 'GitHub does not verify the certificate of the webhook address.',
      fix: `${open}enable SSL verification.`,
    });
  }
  return { found: url ?? 'no address', problems };
}
