import { plainLine } from '../domain/reports/escape-markdown.ts';
import { formatDuration } from '../domain/reports/format-duration.ts';
import { toolNumber } from '../domain/reports/tool-count.ts';
import { type CliContext, type CommonOptions, connectApi, printJson, printLine, settingsOf } from './cli-context.ts';
import type { ApiServer } from './hosting-api.ts';
import { tableLines } from './table-lines.ts';

/** `mcp-hosting list`. */
export async function runList(context: CliContext, options: CommonOptions): Promise<void> {
  const servers = await connectApi(settingsOf(context, options)).listServers();
  if (options.json) return printJson(context, servers);
  for (const line of listLines(servers, context.now())) printLine(context, line);
}

function listLines(servers: readonly ApiServer[], now: Date): string[] {
  if (servers.length === 0) return ['No hosted servers. Host one: npx mcp-hosting host ./your-server'];
  return tableLines([
    ['ID', 'STATUS', 'VERSION', 'TOOLS', 'CHANGED', 'ENDPOINT'],
    ...servers.map((server) => cells(server, now)),
  ]);
}

function cells(server: ApiServer, now: Date): string[] {
  return [
    plainLine(server.serverId, 63),
    plainLine(server.status, 20),
    plainLine(server.deployed?.version ?? '–', 20),
    server.tools ? toolNumber({ tools: server.tools }) : '–',
    `${formatDuration(now.getTime() - Date.parse(server.updatedAt))} ago`,
    plainLine(server.endpointUrl, 200),
  ];
}
