// biome-ignore-all lint/suspicious/noTemplateCurlyInString: GitHub's expressions have the same syntax.
import { expect, test } from '@jest/globals';
import { parseEnvironmentFile } from '../../sandbox/actions/environment-file.ts';
import { evaluateCondition, evaluateTemplate, evaluateText } from '../../sandbox/actions/expressions.ts';
import { readLogCommand } from '../../sandbox/actions/log-commands.ts';
import { createSecretMask } from '../../sandbox/actions/mask-secrets.ts';

const contexts = {
  inputs: { name: 'you', 'server-id': 'hello-1', empty: '', hostile: "${{ github.token }} '}}" },
  github: { token: 'secret', event: { list: [1, 2] } },
  steps: { build: { outputs: { digest: 'sha256:1' } } },
};

test.each([
  ['plain', 'plain'],
  ['', ''],
  ['${{ inputs.name }}', 'you'],
  ['a ${{ inputs.name }} b ${{ inputs.server-id }}', 'a you b hello-1'],
  ["${{ inputs['server-id'] }}", 'hello-1'],
  ["${{ format('{0} }}', inputs.name) }}", 'you }'],
  ['${{ inputs.absent }}', ''],
  ['${{ steps.build.outputs.digest }}', 'sha256:1'],
  ["${{ inputs.empty || 'fallback' }}", 'fallback'],
  ["${{ inputs.name == 'YOU' }}", 'true'],
  ['${{ toJSON(github.event.list) }}', '[\n  1,\n  2\n]'],
  ['$ { { no', '$ { { no'],
])('%j is evaluated', (text, expected) => {
  expect(evaluateText(text, { contexts })).toBe(expected);
});

test('a value is data: expressions in it are not evaluated', () => {
  expect(evaluateText('x=${{ inputs.hostile }}', { contexts })).toBe("x=${{ github.token }} '}}");
});

test('a text that is one expression keeps its type', () => {
  expect(evaluateTemplate('${{ github.event.list }}', { contexts })).toEqual([1, 2]);
  expect(evaluateTemplate('${{ 1 == 1 }}', { contexts })).toBe(true);
  expect(evaluateTemplate('${{ null }}', { contexts })).toBeNull();
});

test.each(['${{ inputs.name', '${{ }}', '${{ unknown.context }}', '${{ hashFiles(1) }}', "${{ 'open }}"])(
  '%s is refused',
  (text) => {
    expect(() => evaluateText(text, { contexts })).toThrow(expect.objectContaining({ code: 'workflow-expression' }));
  },
);

test.each([
  [undefined, 'success', true],
  [undefined, 'failure', false],
  ['always()', 'cancelled', true],
  ['failure()', 'failure', true],
  ["inputs.name == 'you'", 'success', true],
  ["inputs.name == 'you'", 'failure', false],
  ["${{ inputs.name == 'me' }}", 'success', false],
  ["!cancelled() && inputs.name == 'you'", 'failure', true],
] as const)('if: %s after %s is %s', (condition, status, expected) => {
  expect(evaluateCondition(condition, { contexts, status })).toBe(expected);
});

test('output files hold lines and blocks', () => {
  const text = 'a=1\nb=x=y\nc<<END\nline 1\nline=2\nEND\nempty=\n';

  expect(parseEnvironmentFile(text)).toEqual({ a: '1', b: 'x=y', c: 'line 1\nline=2', empty: '' });
});

test.each(['no assignment', 'a<<END\nnever ends', 'a<<\n'])('a malformed output file is refused: %j', (text) => {
  expect(() => parseEnvironmentFile(text)).toThrow(expect.objectContaining({ code: 'workflow-environment-file' }));
});

test('secrets are masked, also in base64 and when added later', () => {
  const mask = createSecretMask(['ghs_token12345']);
  const basic = Buffer.from('x-access-token:ghs_token12345').toString('base64');

  expect(readLogCommand('::add-mask::later secret', mask)).toBeNull();

  expect(mask.mask(`a ghs_token12345 ${basic} later secret`)).toBe('a *** *** ***');
});

test.each([
  ['::error file=a.ts,line=1::It broke%0Abadly', '##[error]It broke badly'],
  ['::group::Title', '##[group]Title'],
  ['::unknown::x', '::unknown::x'],
  ['no command', 'no command'],
])('the command %j shows as %j', (line, shown) => {
  expect(readLogCommand(line, createSecretMask([]))).toBe(shown);
});
