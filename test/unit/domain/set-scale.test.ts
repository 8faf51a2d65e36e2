import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { renderOverlay } from '../../../src/domain/render-overlay.ts';
import { setScale } from '../../../src/domain/set-scale.ts';
import { MINIMAL_OVERLAY, OVERLAY_CASES } from './overlay-cases.ts';

const { serverId } = MINIMAL_OVERLAY;
const caseOf = (name: string) => OVERLAY_CASES[name] ?? MINIMAL_OVERLAY;

function changedLines(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string[] {
  return Object.keys(after).flatMap((file) => {
    const was = (before[file] ?? '').split('\n');
    const is = (after[file] ?? '').split('\n');
    return [...was.filter((line) => !is.includes(line)), ...is.filter((line) => !was.includes(line))];
  });
}

describe.each(Object.entries(OVERLAY_CASES).filter(([, { replicas }]) => replicas > 0))(
  'setScale of "%s"',
  (_, input) => {
    const running = renderOverlay(input);
    const stopped = renderOverlay({ ...input, replicas: 0 });

    test('gives what rendering it stopped gives', () => {
      expect(setScale(running, input.serverId, 0)).toEqual(stopped);
    });

    test('undoes itself', () => {
      expect(setScale(stopped, input.serverId, input.replicas)).toEqual(running);
    });

    test('can be done twice', () => {
      expect(setScale(stopped, input.serverId, 0)).toEqual(stopped);
      expect(setScale(running, input.serverId, input.replicas)).toEqual(running);
    });

    test('changes one line of one file', () => {
      expect(Object.keys(stopped)).toEqual(Object.keys(running));
      expect(changedLines(running, stopped).length).toBeLessThanOrEqual(2);
      expect(Object.keys(running).filter((file) => running[file] !== stopped[file])).toHaveLength(1);
    });
  },
);

describe('setScale', () => {
  const scaled = renderOverlay(caseOf('scale-to-zero'));
  const held = renderOverlay(caseOf('scale-to-zero-held'));
  const file = 'scaledobject.yaml';
  const withFile = (text: string) => ({ ...scaled, [file]: text });

  test('holds a server that KEDA scales by its annotation', () => {
    const after = setScale(scaled, serverId, 0);

    expect(changedLines(scaled, after)).toEqual(['    autoscaling.keda.sh/paused-replicas: "0"']);
  });

  test('turns an autoscaler off by a count of 0', () => {
    const before = renderOverlay(caseOf('autoscaling'));

    expect(changedLines(before, setScale(before, serverId, 0))).toEqual([
      'replicas: [{name: mcp-stripe-k3v9x2, count: 0}]',
    ]);
  });

  test.each([
    ['CRLF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['comments', (text: string) => text.replace('sync-wave: "1"', 'sync-wave: "1" # last\n    # ours\n    team: a')],
    ['no end of line', (text: string) => text.trimEnd()],
  ])('keeps what people made of the file: %s', (_, edit) => {
    const text = edit(scaled[file] ?? '');
    const after = setScale(withFile(text), serverId, 0);

    expect(parse(after[file] ?? '').metadata.annotations['autoscaling.keda.sh/paused-replicas']).toBe('0');
    expect(setScale(after, serverId, 1)[file]).toBe(text);
  });

  test.each([
    ['annotations in braces', (text: string) => text.replace(/annotations:\n.*\n/, 'annotations: {a: b}\n')],
    ['no annotations', (text: string) => text.replace(/ {2}annotations:\n.*\n/, '')],
    ['no mapping', () => '- a'],
    ['broken YAML', () => 'metadata: ['],
    ['a huge file', (text: string) => `${text}#${'x'.repeat(300_000)}`],
  ])('refuses %s', (_, edit) => {
    expect(() => setScale(withFile(edit(scaled[file] ?? '')), serverId, 0)).toThrow(
      expect.objectContaining({ code: 'overlay-replicas-unclear' }),
    );
  });

  test('refuses to take away a hold of several lines', () => {
    const before = renderOverlay(caseOf('autoscaling'));
    const text = `${before['kustomization.yaml']}replicas:\n- name: mcp-${serverId}\n  count: 0\n`;

    expect(() => setScale({ ...before, 'kustomization.yaml': text }, serverId, 1)).toThrow(
      'the hold at 0 is more than one line',
    );
  });

  test('brings a count beside an autoscaler to 0', () => {
    const before = renderOverlay(caseOf('autoscaling'));
    const text = `${before['kustomization.yaml']}replicas: [{name: mcp-${serverId}, count: 4}]\n`;

    const after = setScale({ ...before, 'kustomization.yaml': text }, serverId, 0);

    expect(after).toEqual(renderOverlay(caseOf('autoscaling-stopped')));
  });

  test("brings another count of KEDA's hold to 0", () => {
    const text = (held[file] ?? '').replace('paused-replicas: "0"', 'paused-replicas: "2"');

    expect(setScale(withFile(text), serverId, 0)[file]).toBe(held[file]);
  });

  test('never throws anything but words for people, and never loses a byte', () => {
    const pieces = fc.constantFrom(
      'metadata:',
      '\n',
      '  annotations:',
      '\n    ',
      'a: b',
      '{',
      '}',
      '#',
      '? ',
      ': ',
      '"',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const text = `metadata:\n  annotations:\n    k: v${parts.join('')}`;
        let after: string | undefined;
        try {
          after = setScale(withFile(text), serverId, 0)[file];
        } catch (error) {
          expect(error).toMatchObject({ code: 'overlay-replicas-unclear' });
        }
        if (after !== undefined) {
          expect(parse(after).metadata.annotations['autoscaling.keda.sh/paused-replicas']).toBe('0');
          expect(setScale(withFile(after), serverId, 1)[file]?.trimEnd()).toBe(text.trimEnd());
        }
      }),
      { numRuns: 500 },
    );
  });

  test('leaves the other files as they are', () => {
    const { [file]: _, ...others } = setScale(held, serverId, 1);
    const { [file]: __, ...before } = held;
    expect(others).toEqual(before);
  });
});
