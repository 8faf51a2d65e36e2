import { readFileSync } from 'node:fs';

/** The version of this package. Both `src/` and `dist/` lie next to package.json. */
export const VERSION: string = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
