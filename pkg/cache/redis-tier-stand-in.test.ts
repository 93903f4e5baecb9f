import { test } from 'uvu';
import { redisTierContract } from './redis-tier-contract.ts';
import { createRedisStandIn } from './redis-tier-stand-in.ts';

redisTierContract(test, async () => createRedisStandIn(), Date.now);

test.run();
