import { describe, expect, it } from 'vitest';
import { clientKey } from '../../src/limits.ts';

describe('the key that a client is counted by', () => {
  it.each([
    [null, 'no address'],
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '::ffff:203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::', 'fe80:0:0:0::/64'],
  ])('%s is %s', (ip, key) => {
    expect(clientKey(ip)).toBe(key);
  });
});
