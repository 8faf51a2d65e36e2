/**
 * A problem that the person can mend. Its three parts are shown to them.
 * Everything else that is thrown is a bug or an outage: logged with its cause, retried, shown as one neutral sentence.
 */
export class UserError extends Error {
  readonly code: string;
  readonly hint: string;

  /**
   * @param code kebab-case, listed in `docs/errors.md`
   * @param message `Cannot <verb> <object>: <current state>, expected <desired>`
   * @param hint what the person does now, one sentence
   */
  constructor(code: string, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UserError';
    this.code = code;
    this.hint = hint;
  }
}
