/**
 * The status of a DataActionConfig, as it is written and read back.
 */
import * as t from 'io-ts';
import { bundleLimits, controllerLimits } from '../process/limits.ts';
import { accepted, type Codec, decode, mapped } from '../tenant/codec.ts';
import { list, open } from '../tenant/codec-containers.ts';
import { oneOf, text, whole } from '../tenant/codec-scalars.ts';

/** In their order; each rests on those before it. */
export const conditionTypes = ['Accepted', 'SecretsResolved', 'Applied', 'Ready'] as const;
export type ConditionType = (typeof conditionTypes)[number];
export type ConditionStatus = 'True' | 'False' | 'Unknown';

/** metav1.Condition. */
export interface Condition {
  readonly type: ConditionType;
  readonly status: ConditionStatus;
  readonly observedGeneration: number;
  /** RFC 3339; when `status` last changed. */
  readonly lastTransitionTime: string;
  readonly reason: string;
  readonly message: string;
}

export interface ConfigStatus {
  readonly observedGeneration: number;
  /** How many the spec has; left out while that cannot be told. */
  readonly actions?: number;
  /** What the pod of the writing controller serves. */
  readonly revision?: string;
  /** One of each type, in their order; of what was read, those that are as we write them. */
  readonly conditions: readonly Condition[];
}

/** A message names what is wrong and what is served meanwhile. */
export const messageCharactersMax = 2 * bundleLimits.messageCharactersMax;
const generation = whole(0, Number.MAX_SAFE_INTEGER);

const condition: Codec<Condition> = open({
  type: oneOf(conditionTypes),
  status: oneOf(['True', 'False', 'Unknown']),
  observedGeneration: generation,
  lastTransitionTime: text({ min: 1, max: 40 }),
  reason: text({ min: 1, max: 1_024 }),
  message: text({ max: messageCharactersMax }),
});

/** Ours alone: anybody may add others. */
const conditions: Codec<readonly Condition[]> = mapped(
  list(t.unknown, 0, controllerLimits.conditionsMax),
  (all): readonly Condition[] => {
    const ours = all.flatMap((each) => accepted(condition, each) ?? []);
    return conditionTypes.flatMap((type) => ours.find((each) => each.type === type) ?? []);
  },
);

const configStatus: Codec<ConfigStatus> = open(
  { observedGeneration: generation, conditions },
  { actions: generation, revision: text({ max: 64 }) },
);

/** @returns undefined for one that we cannot have written */
export const readStatus = (status: unknown): ConfigStatus | undefined => {
  const read = decode(configStatus, status);
  return read.ok ? read.value : undefined;
};

export const conditionOf = (status: ConfigStatus | undefined, type: ConditionType): Condition | undefined =>
  status?.conditions.find((each) => each.type === type);
