import { UserError } from './user-error.ts';

/** Longest name, as `env` in `.mcp-hosting.yml` has it. */
const NAME_CHARS_MAX = 128;

/** Linux takes `NAME=value` with its final NUL up to 128 KiB (MAX_ARG_STRLEN); a longer one keeps the pod from starting. */
const VARIABLE_BYTES_MAX = 128 * 1024;

/** Names in one request: as many as a server can declare. */
const SECRETS_MAX = 64;

/** Bytes of all values together: what Kubernetes takes of a Secret. */
export const SECRET_BYTES_MAX = 1024 * 1024;

/**
 * Refuses names that no declared variable can have and values that no environment can hold. Nothing that was given is
 * repeated in an error, also no name: whoever mixes the two up gives the value as one.
 * @throws UserError secret-name-invalid, secret-name-reserved, secret-value-invalid
 */
export function checkSecrets(values: ReadonlyMap<string, string>): void {
  if (values.size === 0 || values.size > SECRETS_MAX) {
    throw new UserError(
      'secret-name-invalid',
      `Cannot set secrets: ${values.size} were given, expected 1 to ${SECRETS_MAX}`,
      'Set fewer at once.',
    );
  }
  for (const name of values.keys()) checkSecretName(name);
  for (const [name, value] of values) checkValue(name, value);
}

/** @throws UserError secret-name-invalid, secret-name-reserved */
export function checkSecretName(name: string): void {
  if (name.length > NAME_CHARS_MAX || !/^[A-Z_][A-Z0-9_]*$/.test(name)) {
    throw new UserError(
      'secret-name-invalid',
      `Cannot use a name of ${name.length} characters: it is no name of a variable, expected capital letters, digits and underscores, ${NAME_CHARS_MAX} at most, not beginning with a digit`,
      'Write the name as it stands under env in .mcp-hosting.yml.',
    );
  }
  if (!/^(?:MCP_WRAPPER_|MCP_SERVER_ID$)/.test(name)) return;
  throw new UserError(
    'secret-name-reserved',
    `Cannot use ${name}: it belongs to the wrapper, expected a variable of the server`,
    'Choose another name, in the server too.',
  );
}

function checkValue(name: string, value: string): void {
  const problem = problemOfValue(name, value);
  if (problem === undefined) return;
  throw new UserError('secret-value-invalid', `Cannot set ${name}: ${problem}`, 'Nothing was changed; mend the value.');
}

function problemOfValue(name: string, value: string): string | undefined {
  if (value === '') return 'its value is empty, expected at least one character';
  if (value.includes('\0')) return 'its value holds a NUL character, which no environment can, expected none';
  if (!value.isWellFormed()) return 'its value is no valid Unicode, expected UTF-8 text';
  const bytes = new TextEncoder().encode(value).length;
  const bytesMax = VARIABLE_BYTES_MAX - name.length - 2;
  return bytes > bytesMax ? `its value has ${bytes} bytes, expected at most ${bytesMax}` : undefined;
}
