import { test } from 'uvu';
import { redisTierContract } from './redis-tier-contract.ts';
import { createRedisStandIn } from './redis-tier-stand-in.ts';

const open = async () => {
  const tier = createRedisStandIn();
  return {
    tier,
    breakDown: () => {
      tier.outcome = 'error';
    },
  };
};

redisTierContract(test, open, Date.now);

test.run();
