import type { Hub } from '../hub.ts';

/** @returns undefined where there is no such page */
export async function renderPage(_hub: Hub, _path: string): Promise<string | undefined> {
  return undefined;
}
