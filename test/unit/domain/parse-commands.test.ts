import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { COMMAND_NAMES, COMMANDS_MAX, parseCommands } from '../../../src/domain/parse-commands.ts';

function names(body: string): string[] {
  return parseCommands(body).commands.map(({ name }) => name);
}

describe('parseCommands reads', () => {
  test.each<[string, string, string[]]>([
    [
      'each command',
      COMMAND_NAMES.map((name) => `/${name}`)
        .slice(0, 5)
        .join('\n'),
      ['host', 'stop', 'start', 'status', 'delete'],
    ],
    ['help', '/help', ['help']],
    ['several in order, a repeated one twice', '/stop\n/start\n/stop', ['stop', 'start', 'stop']],
    ['the same one in a row once', '/host\n\n/host\n/host\n/stop', ['host', 'stop']],
    ['a command amid text', 'Thanks!\n/host\nSee you.', ['host']],
    ['up to three spaces before it', '   /host', ['host']],
    ['blanks after it', '/host \t ', ['host']],
    ['CRLF', 'Hello\r\n/host\r\n/status\r\n', ['host', 'status']],
    ['lone CR', 'Hello\r/host', ['host']],
    ['a command after a closed fence', '```\n/stop\n```\n/host', ['host']],
    ['a command after a quote', '> /stop\n\n/host', ['host']],
    ['a command directly below a quote', '> shall I?\n/host', ['host']],
    ['a command after a closed HTML comment', '<!-- /stop -->\n/host', ['host']],
    ['a command after the shortest HTML comments', '<!-->\n/host\n<!--->\n/stop', ['host', 'stop']],
    ['a command below a fence whose list item it ends', '- ```\n  /stop\n/host', ['host']],
    ['a command below an info string that has a backtick and so opens nothing', '``` a`b\n/host', ['host']],
    ['a command below indented backticks, which open nothing', '    ```\n/host', ['host']],
    ['a command below a backtick that nothing closes', 'it`s\n/host', ['host']],
    ['a command below an escaped backtick', 'a \\` b\n/host\n`', ['host']],
    ['a command in the paragraph after a lone backtick', 'a ` b\n\n/host ` c', ['host']],
    ['a command below an unclosed inline comment', 'see <!-- here\n/host', ['host']],
    ['a command in a visible details block', '<details>\n\n/host\n\n</details>', ['host']],
  ])('%s', (_, body, expected) => {
    expect(names(body)).toEqual(expected);
  });

  test('the arguments of a command', () => {
    const { commands } = parseCommands('/host 4f2c1aa\n/host  a\tb ');

    expect(commands).toEqual([
      { name: 'host', args: ['4f2c1aa'] },
      { name: 'host', args: ['a', 'b'] },
    ]);
  });

  test('eight arguments of 100 characters at most', () => {
    const [command] = parseCommands(`/host ${'x'.repeat(5000)} ${'y '.repeat(5000)}`).commands;

    expect(command?.args).toHaveLength(8);
    expect(command?.args[0]).toHaveLength(100);
  });
});

describe('parseCommands does not read', () => {
  test.each<[string, string]>([
    ['an empty comment', ''],
    ['a word in a sentence', 'please /host this'],
    ['a quoted line', '> /host'],
    ['a quoted line after spaces', '   >/host'],
    ['a quote in a quote', '> > /host'],
    ['a quote in a list', '- > /host'],
    ['a fence', '```\n/host\n```'],
    ['a fence with a language', '```sh\n/host\n```'],
    ['a tilde fence', '~~~\n/host\n~~~'],
    ['a tilde fence with backticks inside', '~~~ a`b\n```\n/host\n~~~'],
    ['an unterminated fence', 'a\n```\n/host\n\n/stop'],
    ['a fence closed by fewer marks', '````\n```\n/host\n````'],
    ['a fence closed by other marks', '```\n~~~\n/host'],
    ['a fence whose closing line has text', '```\n``` x\n/host'],
    ['a fence in a list item', '- ```\n  /host\n  ```'],
    ['a fence in a numbered list item', '12. ```\n    /host\n    ```'],
    ['a fence below the text of a list item', '- a\n\n  ```\n  /host\n  ```'],
    ['a fence in a nested list item', '- a\n  - b\n    ```\n    /host\n    ```'],
    ['a fence in two list items of one line', '- - ```\n    /host'],
    ['a fence after CRLF', '```\r\n/host\r\n```'],
    ['indented code', '    /host'],
    ['code indented by a tab', '\t/host'],
    ['code indented by spaces and a tab', '  \t/host'],
    ['inline code', '`/host`'],
    ['inline code over lines', 'see `a\n/host\nb`'],
    ['inline code of two backticks over lines', '``a ` \n/host\n``'],
    ['an HTML comment', '<!--\n/host\n-->'],
    ['an unterminated HTML comment', '<!--\n\n/host'],
    ['an HTML comment amid text over lines', 'a <!-- b\n/host\n--> c'],
    ['a pre block', '<pre>\n/host\n</pre>'],
    ['a pre block with attributes, in capitals', '<PRE lang="sh">\n\n/host\n</PRE>'],
    ['an HTML block quote', '<blockquote>\n\n/host\n</blockquote>'],
    ['a list item', '- /host'],
    ['a table', '| /host |\n| --- |'],
    ['a heading', '# /host'],
    ['an escaped slash', '\\/host'],
    ['an HTML entity', '&#47;host'],
    ['a full-width slash', '／host'],
    ['a division slash', '∕host'],
    ['a Cyrillic letter', '/hоst'],
    ['a zero-width space in it', '/ho\u200bst'],
    ['a zero-width space after it', '/host\u200b'],
    ['a no-break space after it', '/host\u00a0now'],
    ['a no-break space before it', '\u00a0/host'],
    ['a byte order mark before it', '\ufeff/host'],
    ['a line separator before it', 'a\u2028/host'],
    ['a form feed before it', 'a\f/host'],
    ['capitals', '/HOST\n/Host'],
    ['a path', '/usr/bin\n/host/x\n/etc'.replace('\n/etc', '/')],
    ['a slash alone', '/\n//host\n/ host'],
    ['punctuation after it', '/host.\n/host!\n/host,now\n/host_it'],
    ['a word too long to be a command', `/${'a'.repeat(33)}`],
  ])('%s', (_, body) => {
    expect(parseCommands(body)).toEqual({ commands: [], unknown: [], tooMany: false });
  });
});

describe('parseCommands reports', () => {
  test('unknown commands once each, in order', () => {
    expect(parseCommands('/deploy now\n/hosting\n/deploy\n/host-it').unknown).toEqual(['deploy', 'hosting', 'host-it']);
  });

  test('no more unknown commands than commands', () => {
    expect(parseCommands('/a\n/b\n/c\n/d\n/e\n/f\n/g').unknown).toHaveLength(COMMANDS_MAX);
  });

  test('five commands, and that there were more', () => {
    const parsed = parseCommands('/stop\n/start\n'.repeat(3));

    expect(parsed.commands.map(({ name }) => name)).toEqual(['stop', 'start', 'stop', 'start', 'stop']);
    expect(parsed.tooMany).toBe(true);
  });

  test('five commands as not too many', () => {
    expect(parseCommands('/stop\n/start\n/stop\n/start\n/stop').tooMany).toBe(false);
  });

  test('names of Object as unknown, not as commands', () => {
    expect(parseCommands('/constructor\n/valueof').commands).toEqual([]);
  });
});

describe('parseCommands is bounded', () => {
  test('text beyond 65,536 characters is not read', () => {
    expect(names(`${'x'.repeat(65_536)}\n/host`)).toEqual([]);
  });

  test('a line that the bound cuts is not read', () => {
    const filler = 'x'.repeat(65_536 - '\n/stop'.length);

    expect(names(`${filler}\n/stopwatch`)).toEqual([]);
    expect(names(`/host\n${'x\n'.repeat(40_000)}`)).toEqual(['host']);
  });

  test.each([
    ['backticks', '`'.repeat(65_000)],
    ['backtick runs of all lengths', Array.from({ length: 350 }, (_, index) => '`'.repeat(index + 1)).join(' ')],
    ['backticks apart', '` '.repeat(32_000)],
    ['escaped backticks', '\\`'.repeat(32_000)],
    ['comment openings', '<!--'.repeat(16_000)],
    ['comment openings amid text', `a${' <!--'.repeat(13_000)}`],
    ['list markers', '- '.repeat(32_000)],
    ['nested lists', Array.from({ length: 350 }, (_, index) => `${'  '.repeat(index)}- a`).join('\n')],
    ['blanks', ' '.repeat(65_000)],
    ['lines', '\n'.repeat(65_000)],
    ['slashes', '/'.repeat(65_000)],
    ['commands', '/a\n'.repeat(21_000)],
  ])('hostile %s are read in linear time', (_, body) => {
    expect(parseCommands(body).commands).toEqual([]);
  });

  test('whatever the text, the result is within the limits and of known commands', () => {
    const pieces = [
      '/host',
      '/stop',
      '/x',
      '```',
      '~~~',
      '`',
      '> ',
      '- ',
      '<!--',
      '-->',
      '\n',
      '\r\n',
      '    ',
      '\t',
      'a',
      '\\',
    ];
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string()), { maxLength: 60 }), (parts) => {
        const { commands, unknown } = parseCommands(parts.join(''));
        expect(commands.length).toBeLessThanOrEqual(COMMANDS_MAX);
        expect(unknown.length).toBeLessThanOrEqual(COMMANDS_MAX);
        expect(commands.every(({ name }) => COMMAND_NAMES.includes(name))).toBe(true);
      }),
    );
  });

  test('whatever stands in a fence, it is not read', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('/host', '> ', '~~~', '``', '<!--', '', 'a', '- '), { maxLength: 20 }),
        (inside) => {
          expect(names(`\`\`\`\n${inside.join('\n')}\n/host\n\`\`\`\n/stop`)).toEqual(['stop']);
        },
      ),
    );
  });
});
