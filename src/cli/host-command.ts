import { resolve } from 'node:path';
import { claudeDesktopConfig } from '../domain/reports/claude-desktop-config.ts';
import { plainLine } from '../domain/reports/escape-markdown.ts';
import {
  type CliContext,
  type CommonOptions,
  connectApi,
  connectGitHub,
  printJson,
  printLine,
  progressTerminal,
  settingsOf,
} from './cli-context.ts';
import { connectLauncher } from './connect-launcher.ts';
import { type HostedDirectory, hostDirectory } from './host-directory.ts';
import { keepKeysIn } from './kept-keys.ts';
import { pullRequestName, toolNames } from './rollout-progress.ts';
import { requireSettings } from './settings.ts';
import { createStageLines } from './stage-lines.ts';

export interface HostCommandOptions extends CommonOptions {
  name?: string;
  owner?: string;
  private?: true;
  merge: boolean;
}

/** `mcp-hosting host DIR`. */
export async function runHost(context: CliContext, directory: string, options: HostCommandOptions): Promise<void> {
  const settings = requireSettings(settingsOf(context, options), ['githubToken', 'deploymentsRepository']);
  const api = connectApi(settings);
  const github = connectGitHub(settings);
  if (!github) throw new Error('A required token is not there');
  const lines = createStageLines({ terminal: progressTerminal(context, options) });
  try {
    const hosted = await hostDirectory(
      {
        directory: resolve(context.cwd, directory),
        ...(options.name === undefined ? {} : { name: options.name }),
        ...(options.owner === undefined ? {} : { owner: options.owner }),
        private: options.private ?? false,
        merge: options.merge,
        deploymentsRepository: settings.deploymentsRepository,
        githubToken: settings.githubToken,
        ...(settings.gitUrl ? { gitUrl: settings.gitUrl } : {}),
        ...(settings.keysFile ? { keptKeys: keepKeysIn(settings.keysFile) } : {}),
        api,
        github,
        env: context.env,
      },
      lines,
    );
    if (options.json) printJson(context, jsonOf(hosted));
    else for (const line of hostedLines(hosted)) printLine(context, line);
  } finally {
    lines.stop();
  }
}

/** What stands at the end of a hosting: where it is, its key, how to connect, what to do next. */
export function hostedLines(hosted: HostedDirectory): string[] {
  const { serverId } = hosted;
  if (hosted.state === 'waiting') {
    return [
      '',
      `${serverId} waits for someone who may merge ${pullRequestName(hosted.waitsFor ?? undefined)}: ${hosted.waitsFor?.url ?? ''}`,
      `Then it goes on by itself. Look at it: npx mcp-hosting status ${serverId}`,
    ];
  }
  const config = JSON.stringify(configOf(hosted), null, 2).split('\n');
  return [
    '',
    `${serverId} is running at ${hosted.endpointUrl}   (${keyWords(hosted)})`,
    plainLine(toolNames(hosted.rollout.verification ?? { tools: hosted.tools }), 400),
    '',
    'Claude Desktop: add to claude_desktop_config.json',
    ...config.map((line) => `  ${line}`),
    '',
    `Next: npx mcp-hosting logs ${serverId} · npx mcp-hosting stop ${serverId} · npx mcp-hosting list`,
  ];
}

function keyWords({ serverId, key, isPublic }: HostedDirectory): string {
  if (isPublic) return 'public: no key';
  return key === null ? `another key: npx mcp-hosting keys create ${serverId}` : `key ${key}`;
}

function configOf({ repository, serverId, endpointUrl, key, isPublic }: HostedDirectory): object {
  const launcher = connectLauncher();
  return claudeDesktopConfig({
    name: repository.name,
    serverId,
    endpointUrl,
    ...(isPublic ? {} : { key: key ?? '<an access key>' }),
    ...(launcher ? { launcher } : {}),
  });
}

function jsonOf(hosted: HostedDirectory): object {
  const { rollout, waitsFor, repository, isPublic: _, ...rest } = hosted;
  return {
    ...rest,
    repository: `${repository.owner}/${repository.name}`,
    waitsForUrl: waitsFor?.url ?? null,
    stages: rollout.stages,
    claudeDesktop: hosted.state === 'running' ? configOf(hosted) : null,
  };
}
