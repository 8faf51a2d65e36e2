/** Postgres refuses other text for a UUID; ids from outside are checked before they become part of a statement. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
