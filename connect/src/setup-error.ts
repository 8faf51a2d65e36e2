/** What the person who starts mcp-connect can mend: `message` says what is wrong, `hint` what to do. */
export class SetupError extends Error {
  readonly code: string;
  readonly hint: string;

  constructor(code: string, message: string, hint: string) {
    super(message);
    this.name = 'SetupError';
    this.code = code;
    this.hint = hint;
  }
}
