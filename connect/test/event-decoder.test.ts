import { expect, test } from '@jest/globals';
import { EventDecoder } from '../src/bridge/event-decoder.ts';

function decode(text: string): { data: string[]; lastEventId: string | undefined } {
  const data: string[] = [];
  const events = new EventDecoder(
    (one) => data.push(one),
    () => {},
  );
  events.push(Buffer.from(text));
  return { data, lastEventId: events.lastEventId };
}

test.each([
  ['whole', 'id: 1\ndata: a\n\n', ['a'], '1'],
  ['without data', 'id: 1\ndata: a\n\nid: 2\ndata:\n\n', ['a'], '2'],
  ['cut after its id', 'id: 1\ndata: a\n\nid: 2\n', ['a'], '1'],
  ['cut in its data', 'id: 1\ndata: a\n\nid: 2\ndata: {"js', ['a'], '1'],
  ['cut before its empty line', 'id: 2\ndata: a\n', [], undefined],
  ['of CRLF lines', 'id: 1\r\ndata: a\r\ndata: b\r\n\r\n', ['a\nb'], '1'],
  ['of CR lines', 'id: 1\rdata: a\rdata: b\r\r', ['a\nb'], '1'],
  ['after a byte order mark', '\uFEFFdata: a\n\n', ['a'], undefined],
  ['whose id is taken back', 'id: 1\ndata: a\n\nid:\ndata: b\n\n', ['a', 'b'], undefined],
])('an event %s is one to go on after only when all of it has come', (_name, text, data, lastEventId) => {
  expect(decode(text)).toEqual({ data, lastEventId });
});

test.each([['\n'], ['\r\n'], ['\r']])(
  'events of lines that end by %j are read byte by byte as they are whole',
  (eol) => {
    const text = ['id: 1', 'data: ä', '', 'data: b', 'data: c', '', ''].join(eol);
    const data: string[] = [];
    const events = new EventDecoder(
      (one) => data.push(one),
      () => {},
    );

    for (const byte of Buffer.from(text)) events.push(Buffer.from([byte]));

    expect(data).toEqual(['ä', 'b\nc']);
  },
);
