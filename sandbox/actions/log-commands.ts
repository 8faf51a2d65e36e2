import type { SecretMask } from './mask-secrets.ts';

const SHOWN: Record<string, string> = {
  error: '##[error]',
  warning: '##[warning]',
  notice: '##[notice]',
  debug: '##[debug]',
  group: '##[group]',
  endgroup: '##[endgroup]',
};

/**
 * Carries out the workflow commands in a line of output (`::error file=a::text`).
 *
 * @returns the line as the log shows it, or null where it is not shown
 */
export function readLogCommand(line: string, mask: SecretMask): string | null {
  const match = /^::([a-z-]+)(?:\s[^:]*)?::(.*)$/s.exec(line);
  const [, command = '', data = ''] = match ?? [];
  const message = data.replaceAll('%0A', '\n').replaceAll('%0D', '\r').replaceAll('%25', '%');
  if (command === 'add-mask') {
    mask.add(message);
    return null;
  }
  return Object.hasOwn(SHOWN, command) ? `${SHOWN[command]}${message.replaceAll(/\r?\n/g, ' ')}` : line;
}
