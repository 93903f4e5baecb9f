/** The flags of `mock`. */
import type { Flags, Values } from '../flag.ts';

const port = { min: 0, max: 65_535 } as const;

export const mockFlags = {
  manifests: {
    type: 'string',
    short: 'f',
    value: 'FILE',
    file: true,
    help: 'DataActionConfig and Secret manifests; every tenant in them is served; - for standard input',
  },
  port: {
    type: 'string',
    value: 'N',
    whole: port,
    default: '8080',
    help: 'where /data-action is served, 0 for a free one',
  },
  host: { type: 'string', value: 'ADDRESS', default: '127.0.0.1', help: 'address to listen on, 0.0.0.0 for all' },
  'cxone-port': { type: 'string', value: 'N', whole: port, help: 'serve a fake CXone API here, 0 for a free one' },
  json: { type: 'boolean', help: 'print JSON, one object a line: first what is served, then each request' },
} as const satisfies Flags;

export type MockFlags = Values<typeof mockFlags>;
