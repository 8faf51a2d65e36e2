import { expect, test } from '@jest/globals';
import { parseConfig } from '../../../src/config.ts';
import { readProjectFile } from './project-files.ts';

/** The names that `parseConfig` looks up, found by watching it. */
function variablesRead(env: Record<string, string>): Set<string> {
  const names = new Set<string>();
  const watched = new Proxy(env, {
    get(target, name: string) {
      names.add(name);
      return target[name];
    },
  });
  parseConfig(watched, () => '');
  return names;
}

/** Names in the first column of the table of variables. */
function variablesDocumented(): string[] {
  const [table = ''] = /^\| variable \|.*?\n\n/ms.exec(readProjectFile('docs/configuration.md')) ?? [];
  const cells = [...table.matchAll(/^\| ([^|]*) \|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`([A-Z_]+)`/g)].map(([, name = '']) => name));
}

test('docs/configuration.md lists exactly the variables that the bot reads', () => {
  const read = new Set([...variablesRead({ ROUTE: 'gateway' }), ...variablesRead({ ROUTE: 'ingress' })]);

  expect(variablesDocumented().sort()).toEqual([...read].sort());
});
