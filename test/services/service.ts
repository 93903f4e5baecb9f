/** What tests do to a real server: it keeps its own loopback port over stop, kill and start. */
export interface Service {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** Ends it as it wants to end. */
  stop(): Promise<void>;
  /** Ends it without a word. */
  kill(): Promise<void>;
  /** Resolves when it answers. */
  start(): Promise<void>;
  /** It hangs: connections stay open and unanswered. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}
