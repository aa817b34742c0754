import { Injectable } from '@nestjs/common';

/** Whether the process is on its way out; read by the readiness probe. */
@Injectable()
export class DrainState {
  #draining = false;

  get draining(): boolean {
    return this.#draining;
  }

  begin(): void {
    this.#draining = true;
  }
}
