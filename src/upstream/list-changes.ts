import { Injectable } from '@nestjs/common';

type Listener = (serverId: string) => void;

/** Tells who keeps lists that those of a server are out of date: it said so, or it refused a call for it. */
@Injectable()
export class ListChanges {
  readonly #listeners = new Set<Listener>();

  /** @returns a function that ends the subscription. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  announce(serverId: string): void {
    for (const listener of this.#listeners) listener(serverId);
  }
}
