import { expect, test } from '@jest/globals';
import { parseExactly } from '../src/bridge/exact-json.ts';
import { encodeHeaderValue, mirrorArguments, readHeaderParameters } from '../src/bridge/tool-headers.ts';

const STRING = { type: 'string', 'x-mcp-header': 'Region' };

test('parameters are found at any depth of properties, and mirrored where they have a value', () => {
  const properties = {
    region: STRING,
    at: { type: 'object', properties: { row: { type: 'integer', 'x-mcp-header': 'Row' } } },
  };
  const read = readHeaderParameters({ type: 'object', properties });

  const parameters = 'parameters' in read ? read.parameters : [];
  expect(mirrorArguments(parameters, { region: 'eu', at: { row: 0 } })).toEqual({
    'Mcp-Param-Region': 'eu',
    'Mcp-Param-Row': '0',
  });
  expect(mirrorArguments(parameters, { region: null, at: 'elsewhere' })).toEqual({});
  expect(mirrorArguments(parameters, parseExactly('{"at":{"row":9007199254740993}}'))).toEqual({
    'Mcp-Param-Row': '9007199254740993',
  });
});

test.each([
  ['is empty', { a: { type: 'string', 'x-mcp-header': '' } }],
  ['is no token', { a: { type: 'string', 'x-mcp-header': 'a b' } }],
  ['is no text', { a: { type: 'string', 'x-mcp-header': 7 } }],
  ['is used twice', { a: STRING, b: { type: 'string', 'x-mcp-header': 'REGION' } }],
  ['stands at a number', { a: { type: 'number', 'x-mcp-header': 'A' } }],
  ['stands at an object', { a: { type: 'object', 'x-mcp-header': 'A' } }],
  ['stands in items', { a: { type: 'array', items: STRING } }],
  ['stands in a composition', { a: { oneOf: [STRING] } }],
])('a definition whose x-mcp-header %s is invalid', (_name, properties) => {
  expect(readHeaderParameters({ type: 'object', properties })).toHaveProperty('problem');
});

test('an annotation in data is none', () => {
  const properties = { a: { type: 'object', default: { 'x-mcp-header': '' }, examples: [{ 'x-mcp-header': '' }] } };

  expect(readHeaderParameters({ type: 'object', properties })).toEqual({ parameters: [] });
});

test.each([
  ['us-west1', 'us-west1'],
  ['us west', 'us west'],
  ['', ''],
  [' padded ', '=?base64?IHBhZGRlZCA=?='],
  ['line1\nline2', '=?base64?bGluZTEKbGluZTI=?='],
  ['Hello, 世界', '=?base64?SGVsbG8sIOS4lueVjA==?='],
  ['=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?='],
])('%j is written as %j', (value, header) => {
  expect(encodeHeaderValue(value)).toBe(header);
});
