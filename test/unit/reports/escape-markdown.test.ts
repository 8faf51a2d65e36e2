import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  codeBlock,
  codeSpan,
  escapeMarkdown,
  escapeProse,
  link,
  mention,
  plainLine,
  webAddress,
} from '../../../src/domain/reports/escape-markdown.ts';
import { HOSTILE_PIECES, hostileText } from './hostile-text.ts';
import { renderedMarkdown } from './rendered-markdown.ts';

const ROW = { table: 1, thead: 1, tbody: 1, tr: 2, th: 2, td: 2 };

test.each(HOSTILE_PIECES)('escapeMarkdown: %j stays one piece of text in a table cell', (piece) => {
  expectOneCell(escapeMarkdown(`a ${piece} b`), ROW);
  expectOneCell(escapeMarkdown(piece), ROW);
});

test('escapeMarkdown: any text stays one piece of text in a table cell', () => {
  fc.assert(
    fc.property(hostileText(), (text) => expectOneCell(escapeMarkdown(text), ROW)),
    { numRuns: 500 },
  );
});

test('escapeMarkdown: any text stays one paragraph', () => {
  fc.assert(
    fc.property(hostileText(), (text) => {
      const rendered = renderedMarkdown(`before\n\n${escapeMarkdown(text)}\n\nafter`);
      expect(rendered.tags).toEqual({ p: escapeMarkdown(text) === '' ? 2 : 3 });
      expectNoReferences(rendered.plainText);
    }),
    { numRuns: 500 },
  );
});

test('escapeMarkdown: a reader sees the text', () => {
  const text = 'a|b *c* _d_ <e> [f](g) ~h~ `i` \\j & k';

  const { plainText } = renderedMarkdown(escapeMarkdown(text));

  expect(plainText.trim().replaceAll('&#124;', '|')).toBe(text);
});

test('codeSpan: any text stays one code span in a table cell', () => {
  fc.assert(
    fc.property(hostileText(), (text) => expectOneCell(codeSpan(text), { ...ROW, code: 1 })),
    { numRuns: 500 },
  );
});

test('codeSpan: what stands between backticks is shown as it is', () => {
  const { code } = renderedMarkdown(codeSpan('a `b` <c> @d'));

  expect(code).toEqual(['a `b` <c> @d']);
});

test('escapeProse: pairs of backticks are code, a lone one is text', () => {
  expect(escapeProse('set `A_B` now')).toBe('set `A_B` now');
  expect(escapeProse('a `b` c ` d')).toBe('a `b` c \\` d');
  expect(escapeProse('``')).toBe('');
});

test('escapeProse: any text stays in one table cell', () => {
  fc.assert(
    fc.property(hostileText(), (text) => {
      const { tags, links, plainText, comments } = renderedMarkdown(row(escapeProse(text)));
      const { code: _, ...others } = tags;
      expect(others).toEqual(ROW);
      expect(links).toEqual([]);
      expect(comments).toEqual([]);
      expectNoReferences(plainText);
    }),
    { numRuns: 500 },
  );
});

test('codeBlock: any lines stay in one block inside a fold', () => {
  fc.assert(
    fc.property(fc.array(hostileText(), { maxLength: 6 }), (lines) => {
      const rendered = renderedMarkdown(`<details><summary>s</summary>\n\n${codeBlock(lines)}\n\n</details>\n\nafter`);
      expect(rendered.tags).toEqual({ details: 1, summary: 1, pre: 1, code: 1, p: 1 });
      expect(rendered.plainText.trim()).toMatch(/^s\s+after$/);
    }),
    { numRuns: 500 },
  );
});

test('codeBlock: a bound is kept, and what is cut is said', () => {
  const lines = Array.from({ length: 1_000 }, (_, index) => `line ${index}`);

  const block = codeBlock(lines, { charsMax: 500, cutNotice: 'cut here' });

  expect(block.length).toBeLessThanOrEqual(500);
  expect(block.split('\n').slice(-2)).toEqual(['cut here', '```']);
  expect(codeBlock(['a', 'b'], { charsMax: 12, cutNotice: '…' })).toBe('```\na\nb\n```');
});

test('plainLine: long text is cut to whole characters', () => {
  expect([...plainLine('👍'.repeat(1_000), 10)]).toHaveLength(10);
  expect(plainLine('x'.repeat(5_000_000), 10)).toBe('xxxxxxxxx…');
  expect(plainLine(' a\n\nb\u202e\u0000c ')).toBe('a bc');
});

test('link: only web addresses are linked', () => {
  expect(link('x', 'javascript:alert(1)')).toBe('x');
  expect(link('x', 'data:text/html,x')).toBe('x');
  expect(link('x', 'not an address')).toBe('x');
  expect(link('x', 'https://example.com/a)b "c|d')).toBe('[x](https://example.com/a%29b%20%22c%7Cd)');
  expect(webAddress(`https://example.com/${'a'.repeat(3_000)}`)).toBeUndefined();
});

test('mention: a login is mentioned, other text is not', () => {
  expect(mention('kim-2')).toBe('@kim-2');
  expect(mention('acme/team')).toBe('acme/team');
  expect(mention('dependabot[bot]')).toBe('dependabot\\[bot\\]');
  expect(mention('@x')).toBe('@&#8203;x');
});

function row(cell: string): string {
  return `| name | value |\n|---|---|\n| x | ${cell} |\n\n`;
}

function expectOneCell(cell: string, tags: Record<string, number>): void {
  const rendered = renderedMarkdown(row(cell));
  expect(rendered.tags).toEqual(tags);
  expect(rendered.links).toEqual([]);
  expect(rendered.comments).toEqual([]);
  expectNoReferences(rendered.plainText);
}

/** GitHub's own patterns for mentions, issue references and addresses, in text that is neither code nor a link. */
function expectNoReferences(text: string): void {
  expect(text).not.toMatch(/@[a-z0-9]/i);
  expect(text).not.toMatch(/#\d/);
  expect(text).not.toMatch(/\bgh-\d/i);
  expect(text).not.toMatch(/:\/\//);
  expect(text).not.toMatch(/www\./i);
}
