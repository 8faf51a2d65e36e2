import { type CliContext, type CommonOptions, printJson, printLine } from './cli-context.ts';
import { withPostgres } from './with-postgres.ts';

/** `mcp-hosting migrate`: what the bot does at its start too; as a step of its own, a failure keeps the old version up. */
export function runMigrate(context: CliContext, options: CommonOptions): Promise<void> {
  return withPostgres(context, options, async (postgres) => {
    await postgres.migrate();
    if (options.json) printJson(context, { migrated: true });
    else printLine(context, 'The database is up to date.');
  });
}
