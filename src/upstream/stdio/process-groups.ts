import { systemCodeOf } from '../../common/gatehouse-error.js';

/** The process groups that run, so that none outlives the gateway even when it exits without a shutdown. */
export class ProcessGroups {
  readonly #leaders = new Set<number>();
  readonly #onExit = (): void => {
    for (const leader of this.#leaders) signalGroup(leader, 'SIGKILL');
  };

  add(leader: number): void {
    if (this.#leaders.size === 0) process.on('exit', this.#onExit);
    this.#leaders.add(leader);
  }

  remove(leader: number): void {
    this.#leaders.delete(leader);
    if (this.#leaders.size === 0) process.off('exit', this.#onExit);
  }
}

/** Signals a process and everything that it started. */
export function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    // ESRCH: nobody is left in the group, which is what was wanted.
    if (systemCodeOf(error) !== 'ESRCH') throw error;
  }
}
