import { createPostgres } from '../adapters/postgres/create-postgres.ts';
import { type CliContext, type CommonOptions, printJson, printLine, settingsOf } from './cli-context.ts';
import { requireSettings } from './settings.ts';

/** `mcp-hosting token create`: shows the token once; the database keeps its hash alone. */
export async function runTokenCreate(context: CliContext, options: CommonOptions & { name: string }): Promise<void> {
  const settings = settingsOf(context, options);
  const databaseUrl = context.env.DATABASE_URL || requireSettings(settings, ['databaseUrl']).databaseUrl;
  const silent = () => undefined;
  const postgres = await createPostgres({
    databaseUrl,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    poolMax: 1,
    lockConnectionsMax: 1,
  });
  try {
    const token = await postgres.apiTokens.create(options.name);
    if (options.json) printJson(context, { name: options.name, token });
    else printLine(context, token);
  } finally {
    await postgres.close();
  }
}
