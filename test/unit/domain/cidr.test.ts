import { expect, test } from '@jest/globals';
import {
  type Cidr,
  isNonPublic,
  METADATA_ADDRESSES,
  NON_PUBLIC_RANGES,
  nearestCidr,
  nonPublicRangesIn,
  parseCidr,
} from '../../../src/domain/cidr.ts';

test.each([
  '0.0.0.0/0',
  '203.0.113.0/24',
  '203.0.113.7/32',
  '::/0',
  '2001:db8::/32',
  '2001:DB8:0:0:0:0:0:1/128',
  '1:2:3:4:5:6:7::/112',
])('parseCidr takes %s', (text) => {
  expect(parseCidr(text)).toBeDefined();
});

test.each([
  '',
  '203.0.113.0',
  '203.0.113.0/33',
  '203.0.113.0/-1',
  '203.0.113.0/024',
  '203.0.113.1/24',
  '203.0.113/24',
  '256.0.0.0/8',
  '010.0.0.0/8',
  '1.2.3.4.5/32',
  '0x7f.0.0.1/32',
  '2001:db8::/129',
  '2001:db8::1/64',
  '1::2::3/128',
  '1:2:3:4:5:6:7/128',
  '1:2:3:4:5:6:7:8::/128',
  '::ffff:10.0.0.1/128',
  'g::/16',
  'fe80::%eth0/128',
  ' 203.0.113.0/24',
  '203.0.113.0/24\n',
  'localhost/8',
])('parseCidr refuses %j', (text) => {
  expect(parseCidr(text)).toBeUndefined();
});

test.each([
  '10.1.0.0/16',
  '169.254.169.254/32',
  '100.100.100.200/32',
  '168.63.129.16/32',
  '192.0.0.192/32',
  'fd00:ec2::254/128',
  'fd20:ce::254/128',
  '127.0.0.1/32',
  '::1/128',
  'fd00::/8',
  '::ffff:a00:0/104',
  '64:ff9b::a9fe:a9fe/128',
])('isNonPublic knows %s', (text) => {
  const cidr = parseCidr(text);
  expect(cidr && isNonPublic(cidr)).toBe(true);
});

test.each(['203.0.113.0/24', '0.0.0.0/0', '8.0.0.0/6', '2000::/3'])('isNonPublic leaves %s', (text) => {
  const cidr = parseCidr(text);
  expect(cidr && isNonPublic(cidr)).toBe(false);
});

test('every address where clouds tell credentials lies in a non-public range', () => {
  for (const address of METADATA_ADDRESSES) expect(isNonPublic(parseCidr(address) as Cidr)).toBe(true);
});

test('every non-public range is well-formed and lies in its own family', () => {
  expect(NON_PUBLIC_RANGES.every((range) => parseCidr(range))).toBe(true);
  expect(nonPublicRangesIn('0.0.0.0/0').concat(nonPublicRangesIn('::/0'))).toEqual(NON_PUBLIC_RANGES);
  expect(nonPublicRangesIn('8.0.0.0/6')).toEqual(['10.0.0.0/8']);
  expect(nonPublicRangesIn('203.0.113.0/24')).toEqual([]);
  expect(nonPublicRangesIn('8.0.0.0/6', ['9.9.0.0/16', '10.0.0.0/8', '12.0.0.0/8', '2001:db8::/32'])).toEqual([
    '10.0.0.0/8',
    '9.9.0.0/16',
  ]);
});

test.each([
  ['8.8.8.8', '8.8.8.8/32'],
  ['2001:db8::1', '2001:db8::1/128'],
  ['203.0.113.7/24', '203.0.113.0/24'],
  ['255.255.255.255/1', '128.0.0.0/1'],
  ['203.0.113.0/24', undefined],
  ['203.0.113.0/33', undefined],
  ['010.0.0.0/8', undefined],
  ['api.example.com', undefined],
  ['/', undefined],
])('nearestCidr(%j) is %s', (text, expected) => {
  expect(nearestCidr(text)).toBe(expected);
});
