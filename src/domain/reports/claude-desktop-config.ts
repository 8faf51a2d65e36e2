/** How a person's client starts mcp-connect: from npm, where nothing need be installed before. */
const PUBLISHED_LAUNCHER: readonly string[] = ['npx', '-y', '@mcpeverything/connect'];

export interface ConnectOptions {
  /** The name under which the client shows the server. */
  name: string;
  serverId: string;
  endpointUrl: string;
  /** Absent for a public server. */
  key?: string;
  /** argv that starts mcp-connect; default: from npm. */
  launcher?: readonly string[];
}

/** What goes into `claude_desktop_config.json`, as a plain object. */
export function claudeDesktopConfig(options: ConnectOptions): object {
  const [command, ...args] = options.launcher ?? PUBLISHED_LAUNCHER;
  return {
    mcpServers: {
      [options.name]: {
        command,
        args: [...args, options.serverId],
        env: {
          MCP_CONNECT_URL: options.endpointUrl,
          ...(options.key === undefined ? {} : { MCP_CONNECT_KEY: options.key }),
        },
      },
    },
  };
}
