/**
 * Lets the packets of a loopback port vanish, both ways, as a pulled cable does: nobody is told anything. By iptables, so as root alone.
 */
import { execFileSync } from 'node:child_process';

export interface PacketLoss {
  begin(): void;
  /** Safe twice. */
  end(): void;
}

const iptables = (...args: readonly string[]): void =>
  void execFileSync('iptables', ['--wait', '5', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });

const rulesFor = (port: string): readonly (readonly string[])[] =>
  ['--dport', '--sport'].map((side) => ['INPUT', '-i', 'lo', '-p', 'tcp', side, port, '-j', 'DROP']);

/** Why packets cannot be lost here, or undefined. */
export const whyNoPacketLoss = (): string | undefined => {
  const [rule = []] = rulesFor('1');
  try {
    iptables('-I', ...rule);
    iptables('-D', ...rule);
    return undefined;
  } catch {
    return 'packets: no right to set rules with iptables; run as root where it is installed';
  }
};

/** Ends with this process at the latest. */
export const createPacketLoss = (port: string): PacketLoss => {
  let isOn = false;
  const end = (): void => {
    if (!isOn) return;
    isOn = false;
    for (const rule of rulesFor(port)) iptables('-D', ...rule);
  };
  process.on('exit', end);
  return {
    begin: () => {
      if (!isOn) for (const rule of rulesFor(port)) iptables('-I', ...rule);
      isOn = true;
    },
    end,
  };
};
