import { readFile, stat } from 'node:fs/promises';
import { UserError } from '../../src/domain/user-error.ts';

/** GitHub takes at most 1 MiB from a step. */
const FILE_BYTES_MAX = 1024 * 1024;

/** Reads what a step wrote to `$GITHUB_OUTPUT` or `$GITHUB_ENV`. @throws UserError `workflow-environment-file` */
export async function readEnvironmentFile(path: string): Promise<Record<string, string>> {
  const { size } = await stat(path);
  if (size > FILE_BYTES_MAX) throw fileError(`it has ${size} bytes`, `at most ${FILE_BYTES_MAX}`);
  return parseEnvironmentFile(await readFile(path, 'utf8'));
}

/** `name=value` lines, and `name<<DELIMITER` … `DELIMITER` for values of several lines. */
export function parseEnvironmentFile(text: string): Record<string, string> {
  const values: [string, string][] = [];
  const lines = text.split(/\r?\n/);
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    if (line === '') continue;
    const match = /^([^=<]+)(=|<<)(.*)$/s.exec(line);
    const [, name = '', operator, rest = ''] = match ?? [];
    if (operator === undefined) throw fileError(`line ${index + 1} is no assignment`, '"name=value"');
    if (operator === '=') {
      values.push([name, rest]);
      continue;
    }
    const end = lines.indexOf(rest, index + 1);
    if (end < 0 || rest === '')
      throw fileError(`line ${index + 1} has no end "${rest}"`, 'the delimiter on a line of its own');
    values.push([name, lines.slice(index + 1, end).join('\n')]);
    index = end;
  }
  return Object.fromEntries(values);
}

function fileError(actual: string, expected: string): UserError {
  return new UserError(
    'workflow-environment-file',
    `Cannot read the output of a step: ${actual}, expected ${expected}`,
    'Mend the command that writes to $GITHUB_OUTPUT or $GITHUB_ENV.',
  );
}
