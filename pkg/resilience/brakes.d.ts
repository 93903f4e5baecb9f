/** The part of brakes 3.1.0 that breaker.ts uses; the package has no typings. Names with `_` are its internals: the
 * version is pinned, and breaker.test.ts fails when one of them goes away. */
declare module 'brakes' {
  import { EventEmitter } from 'node:events';

  class Brakes extends EventEmitter {
    constructor(
      service: <T>(work: () => Promise<T>) => Promise<T>,
      options: {
        readonly name: string;
        readonly timeout: number;
        readonly isPromise: boolean;
        readonly registerGlobal: boolean;
        readonly modifyError: boolean;
        readonly bucketNum: number;
        /** False: the call counts neither as a success nor as a failure. */
        readonly isFailure: (error: unknown) => boolean;
      },
    );
    /** Its arguments are the service's; a bluebird promise. */
    exec<T>(work: () => Promise<T>): PromiseLike<T>;
    isOpen(): boolean;
    destroy(): void;
    protected _open(): void;
    protected _close(): void;
    /** Called by `_open`: sees to it that the circuit closes again. */
    protected _resetCircuitTimeout(): void;
    protected _successHandler(runTimeMs: number): void;
    protected _failureHandler(runTimeMs: number, execGeneration: number): void;
    /** Counts openings, so that a call begun before one is not held against what comes after it. */
    protected readonly _circuitGeneration: number;
    protected readonly _stats: { stopSnapshots(): boolean; _stopBucketSpinning(): boolean };
  }

  export = Brakes;
}
