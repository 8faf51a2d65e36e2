import { readSandboxSettings, type SettingsSource } from './settings.ts';

/**
 * The variables that the bot was started with: its own where this runs beside it or where somebody exported them, else
 * those of the sandbox that runs here.
 * @throws UserError `settings-missing` where `--data-dir` names no running sandbox
 */
export function readBotEnvironment(
  source: Omit<SettingsSource, 'dataDir'> & { dataDir: string | undefined },
): NodeJS.ProcessEnv {
  const { env, cwd, dataDir } = source;
  if (dataDir === undefined && env.APP_ID) return env;
  const sandbox = readSandboxSettings({ env, cwd, ...(dataDir === undefined ? {} : { dataDir }) });
  const variables = sandbox?.botEnvironment;
  return typeof variables === 'object' && variables !== null ? (variables as NodeJS.ProcessEnv) : env;
}
