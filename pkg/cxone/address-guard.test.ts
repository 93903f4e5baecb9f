import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isPublicAddress } from './address-guard.ts';

const publicAddresses = [
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '168.63.129.15',
  '168.63.129.17',
  '169.253.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.0.1.0',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2001:200::1',
  '2a00:1450:4001:81b::200e',
  '::ffff:8.8.8.8',
  '0:0:0:0:0:ffff:808:808',
  '64:ff9b::808:808',
  '64:ff9b::8.8.8.8',
];

const refusedIpv4 = [
  '0.0.0.0',
  '0.255.255.255',
  '10.0.0.1',
  '10.255.255.255',
  '100.64.0.0',
  '100.100.100.200',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.0.1',
  '169.254.169.254',
  '169.254.170.2',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.0.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
];

const refusedIpv6 = [
  '::',
  '::1',
  '0:0:0:0:0:0:0:1',
  '::2',
  '::127.0.0.1',
  '::8.8.8.8',
  'fe80::1',
  'fe80::1%eth0',
  'febf::1',
  'fec0::1',
  'fc00::1',
  'fd00:ec2::254',
  'fdff:ffff::1',
  'ff02::1',
  '100::1',
  '2001::1',
  '2001:1::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '2002:808:808::',
  '3fff::1',
  '4000::1',
  '64:ff9b:1::808:808',
  '64:ff9b:0:1::808:808',
  '::ffff:0:808:808',
];

test('addresses of the public internet may be called', () => {
  for (const address of publicAddresses) assert.ok(isPublicAddress(address), address);
});

test('what is only reached from inside may not', () => {
  for (const address of [...refusedIpv4, ...refusedIpv6]) assert.not(isPublicAddress(address), address);
});

test('an IPv4 address is the same in every form that carries it', () => {
  for (const address of refusedIpv4) {
    const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
    const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
    const forms = [
      `::ffff:${address}`,
      `::FFFF:${hex}`,
      `0:0:0:0:0:ffff:${hex}`,
      `64:ff9b::${hex}`,
      `64:ff9b::${address}`,
    ];
    for (const form of forms) assert.not(isPublicAddress(form), form);
  }
});

test('what is no address is not public', () => {
  for (const text of [
    '',
    'localhost',
    'example.com',
    '127.1',
    '0x7f.1',
    '2130706433',
    '1.1.1.1.1',
    '[::1]',
    '::g',
    '1.1.1.1/8',
  ])
    assert.not(isPublicAddress(text), text);
});

test.run();
