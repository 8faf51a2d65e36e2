/** Exit codes of `mcp-hosting`, as `--help` lists them. */
export const EXIT_CODES = {
  ok: 0,
  /** The command was understood and could not be done: a stage failed, GitHub or the API refused. */
  failed: 1,
  /** Wrong arguments, or settings that are missing. */
  usage: 2,
  /** No hosted server, access key or API token has this id. */
  notFound: 3,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** Codes of `UserError` that end with another exit code than `failed`. */
const BY_ERROR_CODE: Readonly<Record<string, ExitCode>> = {
  'usage-invalid': EXIT_CODES.usage,
  'settings-missing': EXIT_CODES.usage,
  'settings-invalid': EXIT_CODES.usage,
  'server-not-found': EXIT_CODES.notFound,
  'token-not-found': EXIT_CODES.notFound,
  'access-key-not-found': EXIT_CODES.notFound,
};

export function exitCodeOf(errorCode: string): ExitCode {
  return BY_ERROR_CODE[errorCode] ?? EXIT_CODES.failed;
}

export const EXIT_CODES_HELP = `
Exit codes:
  0  done
  1  failed: a stage failed, or GitHub or the API refused; stderr says which and why
  2  wrong arguments, or settings that are missing
  3  no hosted server, access key or API token has this id`;
