/** Answers kept, over all repositories. */
const ENTRIES_MAX = 1_000;

const answers = new Map<string, Promise<unknown>>();

/**
 * Asks git once for what cannot change: facts about objects named by their full ids. Each question is a process, and one
 * webhook's payload asks several.
 */
export function remember<T>(question: readonly string[], ask: () => Promise<T>): Promise<T> {
  const key = question.join('\0');
  const known = answers.get(key) as Promise<T> | undefined;
  if (known) return known;
  const answer = ask();
  answers.set(key, answer);
  answer.catch(() => answers.delete(key));
  const oldest = answers.size > ENTRIES_MAX ? answers.keys().next().value : undefined;
  if (oldest !== undefined) answers.delete(oldest);
  return answer;
}
