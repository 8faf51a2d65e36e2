import { SetupError } from '../setup-error.ts';

/**
 * Headers as they are sent. `${NAME}` becomes the environment variable, so that no secret has to stand in arguments
 * that every user of this machine can list.
 * @param lines `Name: value` each
 * @throws SetupError header-variable-missing
 */
export function expandHeaders(lines: readonly string[], env: NodeJS.ProcessEnv): Record<string, string> {
  const pairs = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    return [
      name,
      line
        .slice(colon + 1)
        .trim()
        .replace(/\$\{(\w+)\}/g, (_, variable: string) => read(variable, name, env)),
    ];
  });
  return Object.fromEntries(pairs);
}

function read(variable: string, header: string, env: NodeJS.ProcessEnv): string {
  const value = env[variable];
  if (value && /^[\x20-\x7e]+$/.test(value)) return value;
  throw new SetupError(
    'header-variable-missing',
    `Cannot send the header ${header}: the environment variable ${variable} is ${value ? 'not plain text' : 'not set'}`,
    `Set ${variable} where mcp-connect is started; in a client's configuration that is "env".`,
  );
}
