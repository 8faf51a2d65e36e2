/** Ends a switch over a closed union: a case that was forgotten fails to compile. */
export function assertNever(value: never): never {
  throw new Error(`Cannot handle ${JSON.stringify(value)}: no case for it`);
}
