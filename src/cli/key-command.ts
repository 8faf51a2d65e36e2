import { type CliContext, type CommonOptions, connectApi, printJson, printLine, settingsOf } from './cli-context.ts';

/** `mcp-hosting key ID`: the key alone on stdout, so that it can be piped. */
export async function runKey(context: CliContext, serverId: string, options: CommonOptions): Promise<void> {
  const key = await connectApi(settingsOf(context, options)).readKey(serverId);
  if (options.json) return printJson(context, { serverId, key });
  if (key === null) context.terminal.stderr.write(`${serverId} is public: it has no key.\n`);
  else printLine(context, key);
}
