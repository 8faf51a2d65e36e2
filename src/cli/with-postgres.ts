import { createPostgres, type Postgres } from '../adapters/postgres/create-postgres.ts';
import { type CliContext, type CommonOptions, settingsOf } from './cli-context.ts';
import { requireSettings } from './settings.ts';

/** Work on the database itself, by who has its URL. @throws UserError `settings-missing`, `database-unreachable` */
export async function withPostgres(
  context: CliContext,
  options: CommonOptions,
  work: (postgres: Postgres) => Promise<void>,
): Promise<void> {
  const settings = settingsOf(context, options);
  const databaseUrl = context.env.DATABASE_URL || requireSettings(settings, ['databaseUrl']).databaseUrl;
  const silent = () => undefined;
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  const postgres = await createPostgres({ databaseUrl, log });
  try {
    await work(postgres);
  } finally {
    await postgres.close();
  }
}
