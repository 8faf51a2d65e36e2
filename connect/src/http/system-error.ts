/** An error with a code, as the system's have one. */
export function withCode(code: string): Error {
  return Object.assign(new Error(code), { code });
}
