/** An argument that cannot stand where it belongs in a request. */
export class UnfitArgument extends Error {
  override readonly name = 'UnfitArgument';

  constructor(
    readonly argument: string,
    /** What is wrong with it; it holds nothing of the value. */
    readonly fault: string,
  ) {
    super(`${argument} ${fault}`);
  }
}
