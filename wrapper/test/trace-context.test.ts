import { expect, test } from '@jest/globals';
import { requestIdOf } from '../src/measure/request-id.ts';
import { traceMeta } from '../src/measure/trace-context.ts';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('trace context of the headers goes into _meta', () => {
  const headers = {
    traceparent: PARENT,
    tracestate: 'rojo=00f067aa0ba902b7,,fw529a3039@dt=x y',
    baggage: 'userId=alice , serverNode = DF%2028;isProduction;level=1',
  };

  expect(traceMeta(headers, undefined)).toEqual(headers);
  expect(traceMeta({ traceparent: `01${PARENT.slice(2)}-what-comes-later` }, {})).toBeDefined();
});

test('what _meta says itself wins, and a state is not put to the parent of another', () => {
  const headers = { traceparent: PARENT, tracestate: 'a=1', baggage: 'a=1' };

  expect(traceMeta(headers, { traceparent: 'own' })).toEqual({ baggage: 'a=1' });
  expect(traceMeta(headers, { baggage: 'own=1' })).toEqual({ traceparent: PARENT, tracestate: 'a=1' });
});

test.each([
  '',
  'x',
  PARENT.toUpperCase(),
  PARENT.slice(0, -1),
  `${PARENT}-more`,
  `${PARENT}, ${PARENT}`,
  `ff${PARENT.slice(2)}`,
  `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
  `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`,
])('traceparent %j is dropped with its state', (traceparent) => {
  expect(traceMeta({ traceparent, tracestate: 'a=1' }, undefined)).toBeUndefined();
});

test.each([
  '',
  ',',
  'a',
  'A=1',
  'a=1,a=2',
  'a=1=2',
  'a=\u00e9',
  Array.from({ length: 33 }, (_, i) => `k${i}=1`).join(),
])('tracestate %j is dropped', (tracestate) => {
  expect(traceMeta({ traceparent: PARENT, tracestate }, undefined)).toEqual({ traceparent: PARENT });
});

test.each(['', 'a', 'a=1,', 'a=b c', 'a="1"', 'k\u00e9=1', `a=${'x'.repeat(9000)}`])(
  'baggage %j is dropped',
  (baggage) => {
    expect(traceMeta({ baggage }, undefined)).toBeUndefined();
  },
);

test('trace state without parent is dropped', () => {
  expect(traceMeta({ tracestate: 'a=1' }, undefined)).toBeUndefined();
});

test('long headers that almost fit are judged at once', () => {
  const baggage = `a=1${' ;'.repeat(4000)}!`;

  expect(traceMeta({ baggage, traceparent: PARENT, tracestate: `${'a'.repeat(8000)}=` }, undefined)).toEqual({
    traceparent: PARENT,
  });
});

test('request id is the client’s, its trace id, or one of our own', () => {
  expect(requestIdOf({ 'x-request-id': 'abc-1', traceparent: PARENT })).toBe('abc-1');
  expect(requestIdOf({ traceparent: PARENT })).toBe('0af7651916cd43dd8448eb211c80319c');
  expect(requestIdOf({ 'x-request-id': 'a\u001b[2J' })).toMatch(/^[\w-]{8}-[0-9a-z]+$/);
  expect(requestIdOf({})).not.toBe(requestIdOf({}));
});
