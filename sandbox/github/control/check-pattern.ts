import { unprocessable } from '../github-error.ts';

/** @throws GitHubError UNPROCESSABLE for what is no regular expression */
export function checkPattern(pattern: string): void {
  try {
    new RegExp(pattern);
  } catch {
    throw unprocessable(`"${pattern}" is no regular expression`);
  }
}
