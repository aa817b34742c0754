import { Roster, type Seated } from './roster.js';

/** How late a deadline may be noticed. */
const RESOLUTION_MS = 50;

/** Something that wants to be told when its time is up. */
export interface Timed extends Seated {
  /** `performance.now()` at which the time is up; may be moved while it is watched. */
  deadline: number;
  onDeadline(): void;
}

/**
 * Watches many deadlines with one timer. A tool call has several, and nearly all of them are met: making and clearing a
 * timer for each costs more than looking at the few that are open every now and then.
 */
export class Deadlines {
  private readonly watched = new Roster<Timed>();
  private timer: NodeJS.Timeout | null = null;

  watch(timed: Timed): void {
    this.watched.add(timed);
    this.timer ??= setInterval(() => this.check(), RESOLUTION_MS).unref();
  }

  forget(timed: Timed): void {
    this.watched.remove(timed);
  }

  private check(): void {
    const now = performance.now();
    for (const timed of this.watched.members()) {
      if (timed.deadline > now) continue;
      this.watched.remove(timed);
      timed.onDeadline();
    }
    // Without this the process could not end while nothing is watched.
    if (this.watched.size > 0 || this.timer === null) return;
    clearInterval(this.timer);
    this.timer = null;
  }
}

/** The deadlines of this process. */
export const DEADLINES = new Deadlines();
