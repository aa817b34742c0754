/**
 * Thrown when what a request belongs to is held by another process: a session, or a call that is parked. Whoever
 * catches it hands the request over, and answers with `refusal` when that process cannot be reached.
 */
export class HeldElsewhere extends Error {
  override readonly name = 'HeldElsewhere';

  constructor(
    readonly replicaId: string,
    readonly refusal: Error,
  ) {
    super('held by another replica');
  }
}
