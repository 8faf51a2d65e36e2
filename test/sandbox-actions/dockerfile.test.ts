// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have the same syntax for their variables.
import { expect, test } from '@jest/globals';
import { parseDockerIgnore } from '../../sandbox/images/docker-ignore.ts';
import { parseDockerfile } from '../../sandbox/images/dockerfile.ts';
import { replaceVariables } from '../../sandbox/images/dockerfile-variables.ts';

test('a Dockerfile is read with its stages, continuations, comments and forms', () => {
  const text = [
    '# syntax=docker/dockerfile:1',
    'ARG BASE=node:24',
    'from ${BASE} as Build',
    'RUN npm ci && \\',
    '  # a comment within',
    '',
    '  npm run build',
    'FROM scratch',
    'COPY --from=build --chown=1:1 --chmod=755 ["a b", "/x/"]',
    'ENV A=1 B="two words" C=three\\ words',
    'ENV OLD form of it',
    'CMD ["node", "x.js"]',
    'ENTRYPOINT exec node',
  ].join('\r\n');

  const { globalArgs, stages } = parseDockerfile(text);

  expect(globalArgs).toEqual([{ kind: 'arg', line: 2, name: 'BASE', value: 'node:24' }]);
  expect(stages).toEqual([
    {
      line: 3,
      image: '${BASE}',
      alias: 'build',
      instructions: [{ kind: 'run', line: 4, command: { form: 'shell', script: 'npm ci &&   npm run build' } }],
    },
    {
      line: 8,
      image: 'scratch',
      alias: null,
      instructions: [
        { kind: 'copy', line: 9, sources: ['a b'], destination: '/x/', from: 'build', mode: '755' },
        {
          kind: 'env',
          line: 10,
          pairs: [
            ['A', '1'],
            ['B', '"two words"'],
            ['C', 'three\\ words'],
          ],
        },
        { kind: 'env', line: 11, pairs: [['OLD', 'form of it']] },
        { kind: 'cmd', line: 12, command: { form: 'exec', argv: ['node', 'x.js'] } },
        { kind: 'entrypoint', line: 13, command: { form: 'shell', script: 'exec node' } },
      ],
    },
  ]);
});

test.each([
  ['', 'it has no FROM'],
  ['RUN true', 'RUN stands before FROM'],
  ['FROM a b c', '"FROM a b c"'],
  ['FROM a AS 1', '"FROM a AS 1"'],
  ['FROM a\nRUN', 'RUN stands alone'],
  ['FROM a\nCOPY x', '"COPY x"'],
  ['FROM a\nCOPY --chmod=u+x a b', '--chmod=u+x'],
  ['FROM a\nENV novalue', '"ENV novalue"'],
  ['FROM a\nARG 1=2', '"ARG 1=2"'],
  ['# escape=`\nFROM a', 'escape=`'],
  [`FROM a\n${'#'.repeat(300_000)}`, 'it has 300007 characters'],
])('a malformed Dockerfile is refused with its line: %#', (text, message) => {
  expect(() => parseDockerfile(text)).toThrow(
    expect.objectContaining({ code: 'dockerfile-invalid', message: expect.stringContaining(message) }),
  );
});

test.each([
  ['ADD https://example.com/x /x', '"ADD"'],
  ['VOLUME /data', '"VOLUME"'],
  ['ONBUILD RUN true', '"ONBUILD"'],
  ['HEALTHCHECK CMD true', '"HEALTHCHECK"'],
  ['SHELL ["bash"]', '"SHELL"'],
  ['RUN <<EOF', 'a here-document'],
  ['RUN --mount=type=secret,id=x true', 'type=secret'],
  ['RUN --network=none true', '"--network"'],
  ['COPY --parents a b', '"--parents"'],
])('what only Docker builds is refused and names Docker: %s', (line, what) => {
  expect(() => parseDockerfile(`FROM node:24\n${line}`)).toThrow(
    expect.objectContaining({
      code: 'dockerfile-needs-docker',
      message: expect.stringContaining(what),
      hint: expect.stringContaining('Docker'),
    }),
  );
});

test.each([
  ['$A', 'one'],
  ['${A}x', 'onex'],
  ['${B:-two}', 'two'],
  ['${A:-two}', 'one'],
  ['${A:+three}', 'three'],
  ['${B:+three}', ''],
  ['${B:-${A}}!', 'one!'],
  ['${B:-${A', '${B:-${A'],
  ["'$A'", '$A'],
  ['"$A b"', 'one b'],
  ['\\$A', '$A'],
  ['$', '$'],
  ['${', '${'],
  ['$constructor', ''],
])('variables are replaced as Docker does: %s', (text, expected) => {
  expect(replaceVariables(text, { A: 'one' })).toBe(expected);
});

test('a value that is replaced is not read again', () => {
  expect(replaceVariables('"$A"', { A: '["node","a b.js","$B"]' })).toBe('["node","a b.js","$B"]');
});

test.each([
  ['node_modules', 'node_modules/x/y.js', true],
  ['node_modules', 'sub/node_modules/x', false],
  ['**/node_modules', 'sub/node_modules/x', true],
  ['**/node_modules', 'node_modules', true],
  ['*.md', 'README.md', true],
  ['*.md', 'docs/README.md', false],
  ['*.md\n!README.md', 'README.md', false],
  ['/dist/', 'dist/a', true],
  ['# comment\n\n.git', '.git/config', true],
  ['a?c', 'abc', true],
  ['[ab].txt', 'b.txt', true],
  ['a+(b)', 'a+(b)', true],
  ['[z-a]', 'a', false],
])('.dockerignore %j on %s: %s', (text, path, ignored) => {
  expect(parseDockerIgnore(text)(path)).toBe(ignored);
});
