import { connectLauncher } from './connect-launcher.ts';

/** The line that puts a server into a person's MCP clients. The key is asked for: it is no argument, and in no history. */
export function connectCommand(serverId: string, endpointUrl: string): string {
  const launcher = connectLauncher() ?? ['npx', '-y', '@mcpeverything/connect'];
  return [...launcher, 'setup', serverId, '--url', endpointUrl].map(quoted).join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
