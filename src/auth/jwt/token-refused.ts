/** An access token that is not accepted. The message is for the log only: callers are told nothing of the reason. */
export class TokenRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TokenRefused';
  }
}
