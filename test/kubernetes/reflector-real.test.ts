// time limit: 180 s

import { test } from 'uvu';
import { realClusters } from '../services/kube-cluster.ts';
import { whyNoKube } from '../services/kube-programs.ts';
import { testUnless } from '../services/test-unless.ts';
import { defineWith, reflectorContract } from './reflector-contract.ts';

reflectorContract(defineWith(realClusters(), testUnless(whyNoKube())));

test.run();
