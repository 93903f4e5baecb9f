// time limit: 120 s

import { test } from 'uvu';
import { startFakeCluster } from '../services/kube-cluster.ts';
import { defineWith, reflectorContract } from './reflector-contract.ts';

reflectorContract(defineWith(startFakeCluster, test));

test.run();
