// time limit: 180 s

import { test } from 'uvu';
import { realClusters } from '../services/kube-cluster.ts';
import { whyNoKube } from '../services/kube-programs.ts';
import { testUnless } from '../services/test-unless.ts';
import { clientContract } from './client-contract.ts';
import { leaseContract } from './lease-contract.ts';
import { defineWith } from './reflector-contract.ts';

const define = defineWith(realClusters(), testUnless(whyNoKube()));
clientContract(define);
leaseContract(define);

test.run();
