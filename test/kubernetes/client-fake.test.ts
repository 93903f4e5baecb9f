// time limit: 120 s

import { test } from 'uvu';
import { startFakeCluster } from '../services/kube-cluster.ts';
import { clientContract } from './client-contract.ts';
import { leaseContract } from './lease-contract.ts';
import { defineWith } from './reflector-contract.ts';

const define = defineWith(startFakeCluster, test);
clientContract(define);
leaseContract(define);

test.run();
