/**
 * Leader election by a Lease, after client-go's algorithm, on the monotonic clock.
 *
 * idle       from creation; left by `start`
 * following  asks every `retryMs` (with jitter) and claims the Lease when it is free, ours, or its holder has been silent for the holder's own
 *            duration; left to leading when the claim is written
 * leading    renews every `retryMs`; left to following when nothing was renewed for `renewMs`, another holder is seen, or it is not fit any
 *            more, when it lets go of the Lease for one that is
 * stopped    by `stop`, which lets go of the Lease if it is ours, so that others need not wait
 *
 * Leaders can overlap: a write that a leader began may arrive after another one leads. With the same rate of clocks `leading` itself is
 * never true of two: it ends `renewMs` after the last renewal was *begun*, others count `leaseMs` from when they saw it. Writes have
 * to be repeatable all the same.
 *
 * Somebody leads though nobody is fit: who is not waits `leaseMs` for one that is, leads for `tenureMs`, and then asks again by letting go.
 */
import { type Clock, sleep } from '../process/clock.ts';
import { kubernetesLimits } from '../process/limits.ts';
import type { ApiFailure, ApiResult } from './api-result.ts';
import type { LeaseClaim } from './lease-record.ts';
import { leaseTurn, type Observation, observe } from './lease-turn.ts';
import type { LeaseName, Leases, SeenLease } from './leases.ts';

export interface LeaseTimes {
  readonly leaseMs: number;
  readonly renewMs: number;
  readonly retryMs: number;
  /** For how long one leads that is not fit. */
  readonly tenureMs: number;
  /** Of one request; below `renewMs`. */
  readonly requestTimeoutMs: number;
}

export interface ElectionHooks {
  /** Must not throw, as all of these. */
  readonly onLeading?: () => void;
  readonly onLost?: () => void;
  /** A request failed; it is tried again. */
  readonly onFailure?: (failure: ApiFailure) => void;
}

export interface ElectionOptions {
  readonly leases: Leases;
  readonly lease: LeaseName;
  /** Of this process alone, also after a restart in the same pod. */
  readonly identity: string;
  /** Whether this process should lead rather than another one; asked at each turn. Default: it always should. */
  readonly isFit?: () => boolean;
  readonly clock: Clock;
  readonly random?: () => number;
  /** Default: `leaseTimes()`. */
  readonly times?: LeaseTimes;
  readonly hooks?: ElectionHooks;
}

export interface Election {
  /** True only at this moment: to be asked again before every write. */
  readonly leading: boolean;
  start(): void;
  /** For good; safe twice. @returns resolves when the Lease is let go of, or after `leaseReleaseMs` */
  stop(): Promise<void>;
}

/** @param leaseMs  how long others wait; the rest grows with it, so that a leader is none before they stop to wait */
export const leaseTimes = (leaseMs: number = kubernetesLimits.leaseMs): LeaseTimes => {
  const longer = leaseMs / kubernetesLimits.leaseMs;
  return {
    leaseMs,
    renewMs: kubernetesLimits.leaseRenewMs * longer,
    retryMs: kubernetesLimits.leaseRetryMs * longer,
    tenureMs: kubernetesLimits.leaseTenureMs * longer,
    requestTimeoutMs: kubernetesLimits.leaseRequestTimeoutMs,
  };
};

export const createElection = (options: ElectionOptions): Election => {
  const { clock, random = Math.random, times = leaseTimes() } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const leadership = createLeadership(options, times);
  const campaign = createCampaign({ ...options, times, leadership, signal });
  let running: Promise<void> | undefined;
  let released: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await campaign.attempt();
      const factor = leadership.held() ? 1 : 1 + random() * kubernetesLimits.leaseRetryJitter;
      // Rejects by `stop` alone, which ends the loop.
      await sleep(clock, times.retryMs * factor, signal).catch(() => {});
    }
  };

  return {
    get leading() {
      return leadership.held() && !leadership.yields();
    },
    start: () => {
      if (!signal.aborted) running ??= run();
    },
    stop: async () => {
      stopping.abort();
      leadership.lose();
      if (running === undefined) return;
      await running;
      // Also of one that did not lead: its claim may have been taken, and the answer be on its way.
      released ??= campaign.release();
      await released;
    },
  };
};

/** Whether we lead, and until when. Ends by itself: a timer tells, but the clock decides. */
const createLeadership = (
  { clock, isFit = () => true, hooks = {} }: ElectionOptions,
  { renewMs, tenureMs }: LeaseTimes,
) => {
  let until: number | undefined;
  /** One that is not fit leads so long. */
  let tenureEnd = Number.NEGATIVE_INFINITY;
  let cancel: () => void = () => {};

  const lose = (): void => {
    if (until === undefined) return;
    until = undefined;
    cancel();
    hooks.onLost?.();
  };

  return {
    held: (): boolean => until !== undefined && clock.now() < until,
    remainingMs: (): number => (until === undefined ? Number.POSITIVE_INFINITY : Math.max(0, until - clock.now())),
    /** Somebody else should lead. */
    yields: (): boolean => {
      if (isFit()) tenureEnd = Number.NEGATIVE_INFINITY;
      return !isFit() && clock.now() >= tenureEnd;
    },
    lose,
    /** @param begunAt  when the request that renewed it was begun */
    renew: (begunAt: number): void => {
      const isNew = until === undefined;
      if (isNew) tenureEnd = isFit() ? Number.NEGATIVE_INFINITY : begunAt + tenureMs;
      until = begunAt + renewMs;
      cancel();
      cancel = clock.after(Math.max(0, Math.ceil(until - clock.now())), lose);
      if (isNew) hooks.onLeading?.();
    },
  };
};

interface CampaignOptions extends ElectionOptions {
  readonly times: LeaseTimes;
  readonly leadership: ReturnType<typeof createLeadership>;
  readonly signal: AbortSignal;
}

const createCampaign = (options: CampaignOptions) => {
  const { leases, lease, identity, isFit = () => true, clock, times, leadership, signal, hooks = {} } = options;
  let observation: Observation | undefined;
  let acquiredAtMs: number | undefined;

  const callOptions = () => ({ signal, timeoutMs: Math.min(times.requestTimeoutMs, leadership.remainingMs()) });

  const claimOf = (transitions: number): LeaseClaim => {
    acquiredAtMs ??= clock.wall();
    return { holder: identity, durationMs: times.leaseMs, acquiredAtMs, renewedAtMs: clock.wall(), transitions };
  };

  const write = async (send: (options: ReturnType<typeof callOptions>) => Promise<ApiResult<SeenLease>>) => {
    const begunAt = clock.now();
    const result = await send(callOptions());
    if (!result.ok || signal.aborted) return result;
    observation = { seen: result.value, at: clock.now() };
    leadership.renew(begunAt);
    return result;
  };

  const tell = (result: ApiResult<unknown>): void => {
    // A conflict is how others' claims show themselves.
    if (!result.ok && result.failure.reason !== 'conflict' && !signal.aborted) hooks.onFailure?.(result.failure);
  };

  /** As long as nobody else wrote it, one request renews it. @returns false when it has to be looked at */
  const renewUnseen = async (): Promise<boolean> => {
    if (!leadership.held() || observation === undefined) return false;
    const { seen } = observation;
    const result = await write((call) => leases.replace(seen, claimOf(seen.record.transitions), call));
    if (!result.ok && ['conflict', 'not_found'].includes(result.failure.reason)) return false;
    tell(result);
    return true;
  };

  const lookAndClaim = async (): Promise<void> => {
    const read = await leases.read(lease, callOptions());
    if (!read.ok && read.failure.reason === 'not_found') {
      tell(await write((call) => leases.create(lease, claimOf(0), call)));
      return;
    }
    if (!read.ok) {
      tell(read);
      return;
    }
    observation = observe(observation, read.value, clock.now());
    const turn = leaseTurn(observation, { identity, isFit: isFit() }, clock.now());
    if (turn.kind === 'wait') {
      leadership.lose();
      return;
    }
    if (!turn.isOurs) acquiredAtMs = undefined;
    tell(await write((call) => leases.replace(read.value, claimOf(turn.transitions), call)));
  };

  const release = async (): Promise<void> => {
    const until = { timeoutMs: kubernetesLimits.leaseReleaseMs / 2 };
    // What was written last may have been given up half-way: only a new look shows the version to replace.
    const read = await leases.read(lease, until);
    if (!read.ok || read.value.record.holder !== identity) return;
    const now = clock.wall();
    const { transitions } = read.value.record;
    // Who is not fit leaves it for so long to those that are.
    const { leaseMs: durationMs } = times;
    const claim = { holder: '', durationMs, acquiredAtMs: now, renewedAtMs: now, transitions };
    await leases.replace(read.value, claim, until);
  };

  return {
    attempt: async (): Promise<void> => {
      if (leadership.held() && leadership.yields()) {
        leadership.lose();
        await release();
        return;
      }
      if (!(await renewUnseen()) && !signal.aborted) await lookAndClaim();
    },
    release,
  };
};
